"""A sentence -> what it means: emotion, how strong, Action Units. The one reading of instructions.

What the network says is read by the same rules as a direction that the user types, so that an
edited sentence means the same wherever it goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from server.language import scope, tables
from server.language.express import Director, default_director
from server.language.faces import family_of

INTENSITY_WORDS: Final = ("slightly", "clearly", "strongly")
"""The steps of an emotion's strength; a face at rest has none of them."""

_CLEARLY_FROM: Final = 0.5
_STRONGLY_FROM: Final = 0.755
"""Between a plain face (.62-.73) and the same at degree 1.5 (.77-.87); see families.tsv."""

NAMED_FROM: Final = 0.2
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
    felt = [
        c for c in contents
        if c.kind == "feeling" and tables.families()[c.family].emotion == found.emotion
    ]  # fmt: skip
    calm = found.emotion == "neutral" and any(c.family == "calm" for c in felt)
    degree = max((c.degree for c in felt), default=1.0)
    # How strong is what the feeling's words say; "the lips pressed" does not make it stronger.
    strengths = [_strength(c.shown()) for c in felt]
    intensity = max(strengths) if strengths else found.intensity
    return Meaning(
        found.emotion, calm, intensity,
        intensity_word(found.emotion, intensity, degree, calm),
        dict(found.aus), explicit, found.confidence, tuple(found.notes),
    )  # fmt: skip


def _strength(face: Mapping[str, float]) -> float:
    """The mean of the four strongest muscles, as `express` measures a face."""
    strongest = sorted(face.values(), reverse=True)[:4]
    return round(sum(strongest) / len(strongest), 3) if strongest else 0.0


def intensity_word(emotion: str, intensity: float, degree: float, calm: bool) -> str:
    """The step of an emotion's strength, from the intensity of its face.

    Args:
        degree: of the word of feeling, which alone tells how calm a calm face is.
        calm: whether a neutral face is at ease rather than plain.
    """
    if emotion in ("neutral", "calm"):
        return INTENSITY_WORDS[(degree >= 0.7) + (degree >= 1.3)] if calm else ""
    return INTENSITY_WORDS[(intensity >= _CLEARLY_FROM) + (intensity >= _STRONGLY_FROM)]
