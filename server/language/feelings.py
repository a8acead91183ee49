"""Faces of feelings from the tables: of a word, of a denial, of two at once, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from . import faces, tables
from .faces import Face

MIXING: Final = 0.85
"""Degree of each feeling when two are felt at once."""

_SMILE: Final = 0.45
_YIELDS: Final = 0.25
"""What is left of lowered mouth corners beside another feeling's smile."""

_DENIED_JOY: Final = {"AU1": 0.2, "AU4": 0.2, "AU15": 0.3}
"""Someone told to be "not happy" is a little sad (Cafe-Talk, Tab. 9)."""


def family_face(family: str) -> Face:
    """A family's face at plain strength."""
    return faces.expand(tables.families()[family].aus)


def word_face(word: tables.FeelingWord) -> Face:
    """A feeling word's face: its family's at the word's strength."""
    return faces.scaled(family_face(word.family), word.strength)


def denial_face(family: str) -> Face:
    """What is left of a direction that only denies a feeling."""
    happy = tables.families()[family].emotion == "happy"
    return faces.expand(_DENIED_JOY) if happy else {}


def mixed_face(parts: Sequence[Face]) -> Face:
    """Feelings at once: each a little weaker, the stronger of each muscle; both stay readable."""
    if len(parts) == 1:
        return dict(parts[0])
    mixed = faces.union([faces.scaled(part, MIXING) for part in parts])
    if any(_smiles(part) for part in parts):
        # A smile under sad brows reads as both; a mouth pulled both ways reads as neither.
        mixed = {
            c: v * (_YIELDS if faces.family_of(c) == "AU15" else 1.0) for c, v in mixed.items()
        }
    return faces.settle(mixed, give=0.4)


def _smiles(face: Face) -> bool:
    return max(face.get("AU12L", 0.0), face.get("AU12R", 0.0)) >= _SMILE


def likely_face(chances: Mapping[str, float], least: float = 0.12) -> tuple[Face, str, float]:
    """The face of the likeliest coarse emotion: (face, family, chance of the emotion).

    Families of that emotion are averaged by their chances; others would only blur the face.
    """
    known = tables.families()
    by_emotion: dict[str, float] = {}
    for name, chance in chances.items():
        emotion = known[name].emotion
        by_emotion[emotion] = by_emotion.get(emotion, 0.0) + chance
    emotion = max(by_emotion, key=lambda name: by_emotion[name])
    own = {name: c for name, c in chances.items() if known[name].emotion == emotion}
    best = max(own, key=lambda name: own[name])
    kept = {name: c for name, c in own.items() if c >= 0.15 * own[best]}
    total = sum(kept.values())
    face: Face = {}
    for name, chance in kept.items():
        for code, value in family_face(name).items():
            face[code] = face.get(code, 0.0) + value * chance / total
    shown = {code: value for code, value in face.items() if value >= least}
    return faces.settle(shown), best, by_emotion[emotion]


@lru_cache(maxsize=1)
def _family_vectors() -> tuple[tuple[str, Face, float], ...]:
    found: list[tuple[str, Face, float]] = []
    for name in tables.families():
        face = family_face(name)
        found.append((name, face, sum(v * v for v in face.values()) ** 0.5))
    return tuple(found)


def nearest_families(face: Mapping[str, float], least: float = 0.6) -> list[tuple[str, float]]:
    """Families by the cosine of their faces, best first, those under `least` left out."""
    size = sum(v * v for v in face.values()) ** 0.5
    if not size:
        return []
    scored = [
        (name, sum(face.get(code, 0.0) * v for code, v in other.items()) / (size * norm))
        for name, other, norm in _family_vectors()
        if norm
    ]
    return sorted((entry for entry in scored if entry[1] >= least), key=lambda entry: -entry[1])
