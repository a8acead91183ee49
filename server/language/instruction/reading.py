"""A sentence -> what it means: emotion, how strong, Action Units. The one reading of instructions.

What the network says is read by the same rules as a direction that the user types, so that an
edited sentence means the same wherever it goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.language import scope
from server.language.express import Director, default_director
from server.language.faces import family_of

INTENSITY_WORDS: Final = ("slightly", "clearly", "strongly")
"""The steps of an emotion's strength; a face at rest has none of them."""

_CLEARLY_FROM: Final = 0.5
_STRONGLY_FROM: Final = 0.755
"""Between a plain face (.62-.73) and the same at degree 1.5 (.77-.87); see families.tsv."""

NAMED_FROM: Final = 0.15
"""Intensity from which an Action Unit counts as one that the sentence asks for."""


@dataclass(frozen=True)
class Meaning:
    """What a sentence asks of the face.

    Attributes:
        emotion: one of `tables.EMOTIONS`. calm: whether a neutral one is at ease rather than plain.
        intensity: 0..1. word: one of `INTENSITY_WORDS`, or "" for a face at rest.
        aus: AU code -> 0..1. explicit: those that are described, not only implied by the feeling.
        confidence: of the reading, 0..1. notes: sentences for the user.
    """

    emotion: str
    calm: bool
    intensity: float
    word: str
    aus: dict[str, float]
    explicit: dict[str, float]
    confidence: float
    notes: tuple[str, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """The set of Action Units without sides, from `NAMED_FROM` up."""
        return named_set(self.aus)


def named_set(aus: dict[str, float]) -> frozenset[str]:
    """Action Units of a face without sides, from `NAMED_FROM` up."""
    return frozenset(family_of(code) for code, value in aus.items() if value >= NAMED_FROM)


def read(text: str, director: Director | None = None) -> Meaning:
    """Read a sentence by the rules and networks of `server.language`; never raises on text.

    Raises:
        WeightsError: the text encoder's files are absent.
    """
    found = (director or default_director()).express(text)
    contents = [c for c in scope.read(text).contents if not c.negated]
    explicit: dict[str, float] = {}
    for content in contents:
        if content.kind in ("action", "au", "named"):
            for code, value in content.shown().items():
                explicit[code] = max(explicit.get(code, 0.0), value)
    feelings = [c for c in contents if c.kind == "feeling"]
    calm = found.emotion == "neutral" and any(c.family == "calm" for c in feelings)
    degree = max((c.degree for c in feelings), default=1.0)
    return Meaning(
        found.emotion, calm, found.intensity,
        _word(found.emotion, found.intensity, degree, calm),
        dict(found.aus), explicit, found.confidence, tuple(found.notes),
    )  # fmt: skip


def _word(emotion: str, intensity: float, degree: float, calm: bool) -> str:
    if emotion == "neutral":
        # A calm face shows next to nothing, so that only the word can say how calm.
        return INTENSITY_WORDS[(degree >= 0.7) + (degree >= 1.3)] if calm else ""
    return INTENSITY_WORDS[(intensity >= _CLEARLY_FROM) + (intensity >= _STRONGLY_FROM)]
