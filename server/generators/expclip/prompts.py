"""What is asked of the face over time: direction, pose, picture, emotion, strips, blends.

An expression prompt is a face (52 blendshapes); the style embedding is what ExpCLIP's encoder E
makes of it. A line has one prompt, or several that take turns (stages of a direction, direction
strips) or are mixed (a blend): each is a `faces` row, and `weights` says how much of each there is
at a time. AU strips and intensity are blended into the prompt, for the paper knows neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from arkit.strips import AUStrip, own_channel_intensities, render_strips
from server.language.express import Director
from server.language.strips import stages_of
from server.validation import au_strip
from server.wire.messages import DirectionStrip, GenerateRequest

from .image import prompt_of_image

Array = NDArray[np.float64]

CHANGE_SECONDS: Final = 0.28
"""A direction strip takes over, and lets go, within this time."""
_TOUCHING: Final = 0.05  # seconds between two strips that follow each other
_UNKNOWN_SECONDS: Final = 4.0
"""Length of a line that nobody has told, to share out the stages of a direction."""
_USUAL_INTENSITY: Final = 0.5
_TOP: Final = 0.98


@dataclass(frozen=True)
class Acting:
    """One direction over time.

    Attributes:
        face: [52], where no change lies.
        changes: spans with the faces shown there, [52] each; an end of infinity is never.
    """

    face: Array
    changes: tuple[tuple[DirectionStrip, Array], ...] = ()

    @property
    def faces(self) -> Array:
        """Every face that is shown at some time, [K, 52]."""
        return np.stack([self.face, *(face for _, face in self.changes)])

    def weights(self, times: Array) -> Array:
        """Return how much of each face there is at each time, [T, K]; rows sum to one."""
        here = _shares([span for span, _ in self.changes], times)
        return np.concatenate([1.0 - here.sum(axis=1, keepdims=True), here], axis=1)


@dataclass(frozen=True)
class Prompt:
    """The expressions asked for and when.

    Attributes:
        base: the directions that the whole line is played with. base_shares: [B], their shares,
            summing to one: two with a blend, otherwise one.
        changes: direction strips with their faces, as in `Acting`; they win over the base.
        strips: AU strips. notes: sentences for the user.
    """

    base: tuple[Acting, ...]
    base_shares: Array
    changes: tuple[tuple[DirectionStrip, Array], ...]
    strips: tuple[AUStrip, ...]
    notes: tuple[str, ...]

    @property
    def faces(self) -> Array:
        """Every face that is shown at some time, [K, 52]."""
        laid = [face[None] for _, face in self.changes]
        return np.concatenate([*(acting.faces for acting in self.base), *laid])

    def weights(self, times: Array) -> Array:
        """Return how much of each face there is at each time, [T, K]; rows sum to one.

        Weights change within `CHANGE_SECONDS` and never jump, except at the first frame.
        """
        here = _shares([strip for strip, _ in self.changes], times)
        rest = 1.0 - here.sum(axis=1, keepdims=True)
        shared = zip(self.base, self.base_shares, strict=True)
        played = [rest * share * acting.weights(times) for acting, share in shared]
        return np.concatenate([*played, here], axis=1)

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
    first, notes = _base(request, director, seconds, encoders)
    base, shares = [first], [1.0]
    if request.blend is not None and request.blend.text.strip():
        second, said = _acting(request.blend.text, director, seconds)
        base.append(second)
        shares = [1.0 - request.blend.share, request.blend.share]
        notes += _told(request.blend.text, said)
    changes: list[tuple[DirectionStrip, Array]] = []
    for strip in request.direction_strips:
        found, said = _express(strip.text, director)
        changes.append((_to_the_end(strip, seconds), found))
        notes += _told(strip.text, said)
    if request.strips:
        notes.append(
            "AU strips and intensity are blended into the expression that the line is played with."
        )
    strips = tuple(au_strip(spec) for spec in request.strips)
    scaled = tuple(_at_intensity(acting, request.intensity) for acting in base)
    return Prompt(scaled, np.array(shares), tuple(changes), strips, tuple(notes))


def _told(text: str, notes: list[str]) -> list[str]:
    return [f"'{text}': {note}" for note in notes]


def _base(
    request: GenerateRequest, director: Director, seconds: float, encoders: Path | None
) -> tuple[Acting, list[str]]:
    """Return how the whole line is played at its usual intensity, and notes."""
    feeling = request.emotion if request.emotion not in ("", "neutral") else ""
    given = {"the pose": bool(request.pose), "the picture": bool(request.image),
             "the direction": bool(request.direction.strip()),
             "the emotion": bool(feeling)}  # fmt: skip
    said = [name for name, used in given.items() if used]
    notes: list[str] = []
    acting = Acting(np.zeros(len(ARKIT_NAMES)))
    if request.pose:
        for name, value in request.pose.items():
            acting.face[INDEX[name]] = value
    elif request.image:
        acting = Acting(prompt_of_image(request.image, director.expclip, encoders))
    elif said:
        acting, notes = _acting(request.direction.strip() or feeling, director, seconds)
    if len(said) > 1:
        notes = [*notes, f"{said[0].capitalize()} decides; {' and '.join(said[1:])} was not used."]
    return acting, notes


def _acting(text: str, director: Director, seconds: float) -> tuple[Acting, list[str]]:
    """Read a direction of a line in stages: "furious, then a bitter little smile".

    The first stage is the face that the others change, if it begins the line and nothing lies
    free after it; otherwise the face is neutral where no stage lies.
    """
    stages = stages_of(text, seconds if np.isfinite(seconds) else _UNKNOWN_SECONDS)
    if not stages:
        return Acting(np.zeros(len(ARKIT_NAMES))), _express(text, director)[1]
    shown: list[tuple[DirectionStrip, Array]] = []
    notes: list[str] = []
    for stage in stages:
        face, said = _express(stage.text, director)
        notes += [note for note in said if note not in notes]
        span = DirectionStrip(text=stage.text, start=stage.start, end=stage.end)
        shown.append((_to_the_end(span, seconds), face))
    lasts = stages[0].end >= stages[-1].end or all(
        abs(a.end - b.start) <= _TOUCHING for a, b in pairwise(stages)
    )
    if stages[0].start <= 0 and lasts and (len(stages) == 1 or np.isinf(shown[-1][0].end)):
        return Acting(shown[0][1], tuple(shown[1:])), notes
    return Acting(np.zeros(len(ARKIT_NAMES)), tuple(shown)), notes


def _to_the_end(strip: DirectionStrip, seconds: float) -> DirectionStrip:
    """Return a span that stays for good if it reaches the end of a line of `seconds`."""
    return strip if strip.end < seconds - _TOUCHING else replace(strip, end=np.inf)


def _express(text: str, director: Director) -> tuple[Array, list[str]]:
    found = director.express(text)
    return np.array([found.blendshapes[name] for name in ARKIT_NAMES]), list(found.notes)


def _at_intensity(acting: Acting, intensity: float) -> Acting:
    """Scale faces: .5 leaves them as they are, 0 is neutral, 1 is far, never past 1."""
    degree = intensity / _USUAL_INTENSITY
    faces = 1.0 - (1.0 - np.minimum(acting.faces, _TOP)) ** degree
    spans = (span for span, _ in acting.changes)
    return Acting(faces[0], tuple(zip(spans, faces[1:], strict=True)))


def _shares(spans: list[DirectionStrip], times: Array) -> Array:
    """Return how much of each span there is at each time, [T, K]; rows sum to 1 at most."""
    here = [_presence(span, spans, times) for span in spans]
    stacked = np.stack(here, axis=1) if here else np.zeros((len(times), 0))
    return stacked / np.maximum(stacked.sum(axis=1, keepdims=True), 1.0)


def _presence(strip: DirectionStrip, others: list[DirectionStrip], times: Array) -> Array:
    """Return how much a direction strip is there, [T]: smooth within `CHANGE_SECONDS`.

    One that starts with the line is there from its first frame. One that another follows at once
    goes while the other comes, so that the face between them is neither's absence.
    """
    ramp = max(min(CHANGE_SECONDS, (strip.end - strip.start) / 2), 1e-6)
    follows = [o.start for o in others if abs(o.start - strip.end) <= _TOUCHING]
    leaves = follows[0] if follows else strip.end - ramp
    comes = _eased((times - strip.start) / ramp) if strip.start > 0 else 1.0
    return strip.intensity * comes * (1.0 - _eased((times - leaves) / ramp))


def _eased(x: Array) -> Array:
    """Return the way from 0 to 1 that is never fast, [T]: 0 before x = 0, 1 after x = 1."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
