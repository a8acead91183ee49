"""Rule-based speech animation: the generator `articulate`."""

from .config import ArticulateConfig, LifeConfig, Timing
from .pipeline import ArticulateGenerator

__all__ = ["ArticulateConfig", "ArticulateGenerator", "LifeConfig", "Timing", "create"]


def create(_device: str) -> ArticulateGenerator:
    """Return the generator for the registry; rules need no device."""
    return ArticulateGenerator()
