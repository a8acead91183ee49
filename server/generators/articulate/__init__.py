"""Rule-based speech animation: the generator `articulate`."""

from .config import ArticulateConfig, LifeConfig, Timing
from .pipeline import ArticulateGenerator

__all__ = ["ArticulateConfig", "ArticulateGenerator", "LifeConfig", "Timing"]
