"""What a direction becomes: a face with its blendshapes and confidence, and its coarse emotion."""

from __future__ import annotations

from dataclasses import dataclass, field
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
        embedding: float32 [256], unit length, of this face in ExpCLIP's space.
        emotion, intensity: the coarse emotion and how strong (0..1).
        head: AUs of the head and others that no blendshape shows -> intensity.
    """

    aus: dict[str, float]
    blendshapes: dict[str, float]
    confidence: float
    nearest: list[str]
    notes: list[str]
    embedding: NDArray[np.float32]
    emotion: str = "neutral"
    intensity: float = 0.0
    head: dict[str, float] = field(default_factory=dict)

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
