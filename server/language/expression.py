"""What a direction becomes: a face with its blendshapes and confidence, and its coarse emotion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Expression:
    """The face of a direction.

    Attributes:
        aus: AU code -> intensity 0..1, in table order ("AU12", "AU12L").
        blendshapes: all 52, ARKit order. confidence: 0..1.
        nearest: known expressions that it resembles, best first. notes: sentences for the user.
        embed: gives `embedding` when it is asked for.
        emotion, intensity: the coarse emotion and how strong (0..1).
        head: AUs of the head and others that no blendshape shows -> intensity.
    """

    aus: dict[str, float]
    blendshapes: dict[str, float]
    confidence: float
    nearest: list[str]
    notes: list[str]
    embed: Callable[[], NDArray[np.float32]] = field(repr=False, compare=False)
    emotion: str = "neutral"
    intensity: float = 0.0
    head: dict[str, float] = field(default_factory=dict)

    @cached_property
    def embedding(self) -> NDArray[np.float32]:
        """float32 [256], unit length, of this face in ExpCLIP's space."""
        return self.embed()

    def to_json(self) -> dict[str, Any]:
        """What `soliloquy express --json` prints."""
        return {
            "aus": dict(self.aus),
            "blendshapes": dict(self.blendshapes),
            "confidence": round(self.confidence, 3),
            "emotion": self.emotion,
            "intensity": round(self.intensity, 3),
            "nearest": list(self.nearest),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class EmotionReading:
    """The coarse emotion of a direction.

    Attributes:
        emotion: one of `tables.EMOTIONS`. intensity: 0..1.
        scores: emotion -> share, summing to 1. family: the finer family, or "".
    """

    emotion: str
    intensity: float
    scores: dict[str, float]
    family: str = ""
