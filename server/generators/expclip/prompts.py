"""What is asked of the face over time: direction, pose, emotion, direction strips, AU strips.

The expression prompt is a face (52 blendshapes) for every frame; the style embedding is what
ExpCLIP's encoder E makes of it. AU strips and intensity are blended into the prompt, for the paper
knows neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from arkit.strips import AUStrip, own_channel_intensities, render_strips
from server.language.express import Director
from server.validation import au_strip
from server.wire.messages import DirectionStrip, GenerateRequest

Array = NDArray[np.float64]

CHANGE_SECONDS: Final = 0.3
"""A direction strip takes over, and lets go, within this time."""
_USUAL_INTENSITY: Final = 0.5
_TOP: Final = 0.98


@dataclass(frozen=True)
class Prompt:
    """The expression asked for at each time.

    Attributes:
        base: [52], the direction of the whole line.
        changes: direction strips with their faces, [52] each.
        strips: AU strips. notes: sentences for the user.
    """

    base: Array
    changes: tuple[tuple[DirectionStrip, Array], ...]
    strips: tuple[AUStrip, ...]
    notes: tuple[str, ...]

    def directed(self, times: Array) -> Array:
        """Return the prompt without AU strips, [T, 52]."""
        if not self.changes:
            return np.broadcast_to(self.base, (len(times), len(self.base))).copy()
        weights = np.stack([_presence(strip, times) for strip, _ in self.changes])  # [N, T]
        total = weights.sum(axis=0)
        weights = weights / np.maximum(total, 1.0)
        faces = np.stack([face for _, face in self.changes])
        rest = 1.0 - weights.sum(axis=0)
        return weights.T @ faces + rest[:, None] * self.base

    def with_strips(self, times: Array) -> Array:
        """Return the prompt with AU strips, which win where they lie, [T, 52]."""
        face = self.directed(times)
        if not self.strips:
            return face
        asked = render_strips(self.strips, times).astype(np.float64)
        claims = own_channel_intensities(self.strips, times).astype(np.float64)
        return np.maximum(face * (1.0 - claims), 0.0) + asked


def prompt_of(request: GenerateRequest, director: Director) -> Prompt:
    """Read the prompt out of a request.

    A pose counts before a direction, a direction before an emotion: the most definite wins, and a
    note says what was left out.
    """
    face, notes = _base(request, director)
    changes: list[tuple[DirectionStrip, Array]] = []
    for strip in request.direction_strips:
        found, said = _express(strip.text, director)
        changes.append((strip, found))
        notes += [f"'{strip.text}': {note}" for note in said]
    if request.strips:
        notes.append(
            "AU strips and intensity are blended into the expression that the line is played with."
        )
    strips = tuple(au_strip(spec) for spec in request.strips)
    return Prompt(face, tuple(changes), strips, tuple(notes))


def _base(request: GenerateRequest, director: Director) -> tuple[Array, list[str]]:
    feeling = request.emotion if request.emotion not in ("", "neutral") else ""
    given = {"the pose": bool(request.pose), "the direction": bool(request.direction.strip()),
             "the emotion": bool(feeling)}  # fmt: skip
    said = [name for name, used in given.items() if used]
    notes: list[str] = []
    if request.pose:
        face = np.zeros(len(ARKIT_NAMES))
        for name, value in request.pose.items():
            face[INDEX[name]] = value
    elif request.direction.strip():
        face, notes = _express(request.direction, director)
    elif feeling:
        face, notes = _express(feeling, director)
    else:
        face = np.zeros(len(ARKIT_NAMES))
    if len(said) > 1:
        notes = [*notes, f"{said[0].capitalize()} decides; {' and '.join(said[1:])} was not used."]
    return _at_intensity(face, request.intensity), notes


def _express(text: str, director: Director) -> tuple[Array, list[str]]:
    found = director.express(text)
    return np.array([found.blendshapes[name] for name in ARKIT_NAMES]), list(found.notes)


def _at_intensity(face: Array, intensity: float) -> Array:
    """Scale a face: .5 leaves it as it is, 0 is neutral, 1 is far, never past 1."""
    degree = intensity / _USUAL_INTENSITY
    return 1.0 - (1.0 - np.minimum(face, _TOP)) ** degree


def _presence(strip: DirectionStrip, times: Array) -> Array:
    """Return how much a direction strip is there, [T]: smooth within `CHANGE_SECONDS`.

    One that starts with the line is there from its first frame.
    """
    ramp = max(min(CHANGE_SECONDS, (strip.end - strip.start) / 2), 1e-6)
    here = (times >= strip.start) & (times < strip.end)
    since = (times - strip.start) / ramp if strip.start > 0 else np.ones(len(times))
    x = np.where(here, np.clip(np.minimum(since, (strip.end - times) / ramp), 0.0, 1.0), 0.0)
    return strip.intensity * x * x * (3.0 - 2.0 * x)
