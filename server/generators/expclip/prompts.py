"""What is asked of the face over time: direction, pose, picture, emotion, strips, blends.

An expression prompt is a face (52 blendshapes); the style embedding is what ExpCLIP's encoder E
makes of it. A line has one prompt, or several that take turns (direction strips) or are mixed (a
blend): each is a `faces` row, and `weights` says how much of each there is at a time. AU strips
and intensity are blended into the prompt, for the paper knows neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from arkit.strips import AUStrip, own_channel_intensities, render_strips
from server.language.express import Director
from server.validation import au_strip
from server.wire.messages import DirectionStrip, GenerateRequest

from .image import prompt_of_image

Array = NDArray[np.float64]

CHANGE_SECONDS: Final = 0.28
"""A direction strip takes over, and lets go, within this time."""
_TOUCHING: Final = 0.05  # seconds between two strips that follow each other
_USUAL_INTENSITY: Final = 0.5
_TOP: Final = 0.98


@dataclass(frozen=True)
class Prompt:
    """The expressions asked for and when.

    Attributes:
        base: [B, 52], the faces that the whole line is played with; base_shares: [B], their
            shares, summing to one: two with a blend, otherwise one.
        changes: direction strips with their faces, [52] each; an end of infinity is never.
        strips: AU strips. notes: sentences for the user.
    """

    base: Array
    base_shares: Array
    changes: tuple[tuple[DirectionStrip, Array], ...]
    strips: tuple[AUStrip, ...]
    notes: tuple[str, ...]

    @property
    def faces(self) -> Array:
        """Every face that is shown at some time, [K, 52]."""
        return np.stack([*self.base, *(face for _, face in self.changes)])

    def weights(self, times: Array) -> Array:
        """Return how much of each face there is at each time, [T, K]; rows sum to one.

        Weights change within `CHANGE_SECONDS` and never jump, except at the first frame.
        """
        here = np.zeros((0, len(times)))
        if self.changes:
            spans = [strip for strip, _ in self.changes]
            here = np.stack([_presence(strip, spans, times) for strip in spans])
        here = here / np.maximum(here.sum(axis=0), 1.0)
        rest = (1.0 - here.sum(axis=0))[:, None] * self.base_shares
        return np.concatenate([rest, here.T], axis=1)

    def directed(self, times: Array) -> Array:
        """Return the prompt without AU strips, [T, 52]."""
        return self.weights(times) @ self.faces

    def with_strips(self, times: Array) -> Array:
        """Return the prompt with AU strips, which win where they lie, [T, 52]."""
        face = self.directed(times)
        if not self.strips:
            return face
        asked = render_strips(self.strips, times).astype(np.float64)
        claims = own_channel_intensities(self.strips, times).astype(np.float64)
        return np.maximum(face * (1.0 - claims), 0.0) + asked


def prompt_of(
    request: GenerateRequest,
    director: Director,
    seconds: float = np.inf,
    encoders: Path | None = None,
) -> Prompt:
    """Read the prompt out of a request.

    A pose counts before a picture, a picture before a direction, a direction before an emotion:
    the most definite wins, and a note says what was left out.

    Args:
        seconds: length of the line; a direction strip that reaches its end stays until then.
        encoders: see `image.prompt_of_image`.

    Raises:
        Unavailable: a picture is the direction and cannot be read on this machine.
        BadRequest: it is no picture.
        ActionUnitError, StripError: an AU strip makes no sense.
    """
    first, notes = _base(request, director, encoders)
    base, shares = [first], [1.0]
    if request.blend is not None and request.blend.text.strip():
        second, said = _express(request.blend.text, director)
        base.append(second)
        shares = [1.0 - request.blend.share, request.blend.share]
        notes += _told(request.blend.text, said)
    changes: list[tuple[DirectionStrip, Array]] = []
    for strip in request.direction_strips:
        found, said = _express(strip.text, director)
        ends = strip if strip.end < seconds - _TOUCHING else replace(strip, end=np.inf)
        changes.append((ends, found))
        notes += _told(strip.text, said)
    if request.strips:
        notes.append(
            "AU strips and intensity are blended into the expression that the line is played with."
        )
    strips = tuple(au_strip(spec) for spec in request.strips)
    scaled = np.stack([_at_intensity(face, request.intensity) for face in base])
    return Prompt(scaled, np.array(shares), tuple(changes), strips, tuple(notes))


def _told(text: str, notes: list[str]) -> list[str]:
    return [f"'{text}': {note}" for note in notes]


def _base(
    request: GenerateRequest, director: Director, encoders: Path | None
) -> tuple[Array, list[str]]:
    """Return the face of the whole line at its usual intensity, and notes."""
    feeling = request.emotion if request.emotion not in ("", "neutral") else ""
    given = {"the pose": bool(request.pose), "the picture": bool(request.image),
             "the direction": bool(request.direction.strip()),
             "the emotion": bool(feeling)}  # fmt: skip
    said = [name for name, used in given.items() if used]
    notes: list[str] = []
    face = np.zeros(len(ARKIT_NAMES))
    if request.pose:
        for name, value in request.pose.items():
            face[INDEX[name]] = value
    elif request.image:
        face = prompt_of_image(request.image, director.expclip, encoders)
    elif said:
        face, notes = _express(request.direction.strip() or feeling, director)
    if len(said) > 1:
        notes = [*notes, f"{said[0].capitalize()} decides; {' and '.join(said[1:])} was not used."]
    return face, notes


def _express(text: str, director: Director) -> tuple[Array, list[str]]:
    found = director.express(text)
    return np.array([found.blendshapes[name] for name in ARKIT_NAMES]), list(found.notes)


def _at_intensity(face: Array, intensity: float) -> Array:
    """Scale a face: .5 leaves it as it is, 0 is neutral, 1 is far, never past 1."""
    degree = intensity / _USUAL_INTENSITY
    return 1.0 - (1.0 - np.minimum(face, _TOP)) ** degree


def _presence(strip: DirectionStrip, others: list[DirectionStrip], times: Array) -> Array:
    """Return how much a direction strip is there, [T]: smooth within `CHANGE_SECONDS`.

    One that starts with the line is there from its first frame. One that another follows at once
    goes while the other comes, so that the face between them is neither's absence.
    """
    ramp = max(min(CHANGE_SECONDS, (strip.end - strip.start) / 2), 1e-6)
    follows = [o.start for o in others if abs(o.start - strip.end) <= _TOUCHING]
    leaves = follows[0] if follows else strip.end - ramp
    comes = _minimum_jerk((times - strip.start) / ramp) if strip.start > 0 else 1.0
    return strip.intensity * comes * (1.0 - _minimum_jerk((times - leaves) / ramp))


def _minimum_jerk(x: Array) -> Array:
    """Return the smoothest way from 0 to 1, [T]: 0 before x = 0, 1 after x = 1."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * x * (10.0 + x * (6.0 * x - 15.0))
