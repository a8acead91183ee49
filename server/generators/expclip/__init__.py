"""ExpCLIP's animation generator: acting from a sentence or a pose (papers: ExpCLIP, AAAI 2024)."""

from .config import BASE, PAPER, TINY, ExpClipConfig
from .pipeline import ExpClipGenerator, create

__all__ = ["BASE", "PAPER", "TINY", "ExpClipConfig", "ExpClipGenerator", "create"]
