"""ExpCLIP's animation generator: acting from a sentence or a pose (papers: ExpCLIP, AAAI 2024).

Importing this package loads no torch; `create` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .config import BASE, PAPER, TINY, ExpClipConfig

if TYPE_CHECKING:
    from .pipeline import ExpClipGenerator

__all__ = ["BASE", "PAPER", "TINY", "ExpClipConfig", "create"]


def create(device: str) -> ExpClipGenerator:
    """Return the generator with the shipped weights, for the registry.

    Raises:
        WeightsError: weights are missing.
    """
    from .pipeline import shipped

    return shipped(device)
