"""What a request asks of the face: instructions over time, a pose, AU strips.

The user's words win; then the emotion, said as a sentence; and where nothing is asked for, the
voice says it itself (III-C).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from arkit.strips import AUStrip, own_channel_intensities, render_strips
from server.generators.base import Speech
from server.generators.cafe_talk.coarse import Direction, Feeling, Stretch, emotion_notes
from server.language.express import Director
from server.language.instruction import Instruction, InstructionError, instruct
from server.language.strips import stages_of
from server.validation import au_strip
from server.wire.messages import GenerateRequest

from .named import IN_SPEECH, Bounds, bounds_of

Array = NDArray[np.float64]

NEUTRAL: Final = "neutral"
_USUAL: Final = 0.5  # intensity of a request at which words count as they are said
_EXPONENT: Final = 0.75
_DEGREES: Final = (
    (0.25, "barely "), (0.42, "slightly "), (0.68, ""), (0.85, "very "), (2.0, "extremely "),
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What is asked of the face.

    Attributes:
        direction: instructions over time. degrees: how strongly each of its feelings is shown.
        voice: what was heard in the voice, where it decides.
        pose: [52] or None. strips: AU strips. notes: sentences for the user.
        bounds: what each feeling's words say of single muscles, or None.
    """

    direction: Direction
    degrees: tuple[float, ...]
    voice: Instruction | None = None
    pose: Array | None = None
    strips: tuple[AUStrip, ...] = ()
    notes: tuple[str, ...] = ()
    bounds: tuple[Bounds | None, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The instruction of each feeling of the direction."""
        return tuple(feeling.text for feeling in self.direction.feelings)

    def posed(self, lips: Array) -> Array:
        """Return a face that holds the pose while it speaks, [T, 52]."""
        assert self.pose is not None
        return np.clip(lips + self.pose * (1.0 - IN_SPEECH * lips), 0.0, 1.0)

    def held(self, face: Array, lips: Array, times: Array) -> Array:
        """Return a face [T, 52] that does what the words say of single muscles and sides."""
        if not any(self.bounds):
            return face
        shares = self.direction.shares(times)
        whole = np.zeros_like(face)
        for share, bounds, degree in zip(shares, self.bounds, self.degrees, strict=True):
            shown = face if bounds is None else bounds.held(face, lips, degree)
            whole += share[:, None] * shown
        return whole

    def with_strips(self, face: Array, times: Array) -> tuple[Array, Array]:
        """Return a face [T, 52] with AU strips, which win where they lie, and their claim."""
        claim = own_channel_intensities(self.strips, times).astype(np.float64)
        asked = render_strips(self.strips, times).astype(np.float64)
        return np.clip(face * (1.0 - claim) + asked, 0.0, 1.0), claim


def plain_sentence(emotion: str, intensity: float) -> str:
    """Return an emotion and its intensity 0..1 as a sentence."""
    if emotion in ("", NEUTRAL):
        return "the speaker is neutral."
    degree = next(word for limit, word in _DEGREES if intensity < limit)
    return f"the speaker is {degree}{emotion}."


Listen = Callable[[Speech], Instruction]


def heard(speech: Speech) -> Instruction:
    """Return what the voice of a line asks for, by the shipped first stage.

    Raises:
        InstructionError: its weights are not there.
    """
    return instruct(speech.samples, heard=speech)


@dataclass
class _Draft:
    """What was read of a request so far."""

    base: Feeling
    degrees: list[float]
    stretches: list[Stretch] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    voice: Instruction | None = None


def asked_of(
    request: GenerateRequest, speech: Speech, director: Director, listen: Listen = heard
) -> Asked:
    """Read what a request asks for.

    Raises:
        ActionUnitError, StripError: a strip of the request makes no sense.
    """
    draft = _Draft(_feeling(plain_sentence(NEUTRAL, 0.0), director), [1.0])
    seconds = max(speech.seconds, 1e-3)
    emotion = request.emotion if request.emotion not in ("", NEUTRAL) else ""
    if request.pose:
        draft.notes += _unused(request, emotion)
    elif request.direction.strip():
        _read_direction(draft, request, seconds, director)
    elif emotion:
        draft.base = _feeling(plain_sentence(emotion, request.intensity), director)
        draft.notes += emotion_notes(emotion, director)
    elif not request.direction_strips:
        _listen_to(draft, speech, director, listen)
    for strip in request.direction_strips:
        stretch = Stretch(_feeling(strip.text, director), strip.start, strip.end)
        draft.stretches.append(stretch)
        draft.degrees.append(degree_of(_USUAL * strip.intensity))  # 1 is as the words say
    direction = Direction(draft.base, tuple(draft.stretches))
    bounds = _bounds(draft, direction, director)
    if request.strips:
        draft.notes.append("AU strips are blended over what the instruction makes of the face.")
    return Asked(
        direction, tuple(draft.degrees), draft.voice, _pose_of(request),
        tuple(au_strip(spec) for spec in request.strips), tuple(draft.notes), bounds,
    )  # fmt: skip


def _bounds(draft: _Draft, direction: Direction, director: Director) -> tuple[Bounds | None, ...]:
    found = tuple(bounds_of(feeling.text, director) for feeling in direction.feelings)
    names = dict.fromkeys(name for bounds in found if bounds for name in bounds.names)
    if names:
        draft.notes.append(
            f"What the words say of single muscles and sides ({', '.join(names)}) is blended over "
            "what the instruction makes of the face."
        )
    return found


def degree_of(intensity: float) -> float:
    """Return how much of an expression is shown at an intensity 0..1: 1 at .5."""
    return float((max(intensity, 0.0) / _USUAL) ** _EXPONENT)


def _read_direction(draft: _Draft, request: GenerateRequest, seconds: float, director: Director
                    ) -> None:  # fmt: skip
    degree = degree_of(request.intensity)
    stages = stages_of(request.direction, seconds)
    if len(stages) < 2:
        draft.base, draft.degrees = _feeling(request.direction.strip(), director), [degree]
    else:
        draft.base, draft.degrees = _feeling(stages[0].text, director), [degree]
        for stage in stages[1:]:
            stretch = Stretch(_feeling(stage.text, director), stage.start, seconds)
            draft.stretches.append(stretch)
            draft.degrees.append(degree)
    if abs(request.intensity - _USUAL) > 1e-3:
        draft.notes.append(
            f"The intensity {request.intensity:g} scales what the instruction makes of the face."
        )
    if request.emotion not in ("", NEUTRAL):
        draft.notes.append("The direction decides; the emotion was not used.")


def _listen_to(draft: _Draft, speech: Speech, director: Director, listen: Listen) -> None:
    if not len(speech.samples):
        return
    try:
        found = listen(speech)
    except InstructionError as error:
        draft.notes.append(f"The voice was not asked how it is played: {error}.")
        return
    draft.voice = found
    draft.base = _feeling(found.text, director)
    draft.notes += [f'Heard in the voice: "{found.text}"', *found.notes]


def _feeling(text: str, director: Director) -> Feeling:
    reading = director.emotion_of(text)
    return Feeling(text, reading.intensity, tuple(reading.scores.items()))


def _pose_of(request: GenerateRequest) -> Array | None:
    if not request.pose:
        return None
    face = np.zeros(len(ARKIT_NAMES))
    for name, value in request.pose.items():
        face[INDEX[name]] = value
    top = np.minimum(face, 0.98)
    return 1.0 - (1.0 - top) ** (request.intensity / _USUAL)


def _unused(request: GenerateRequest, emotion: str) -> list[str]:
    given = {"the direction": bool(request.direction.strip()), "the emotion": bool(emotion)}
    unused = [name for name, used in given.items() if used]
    note = ["The pose is blended with the speech; no instruction is followed."]
    return note + ([f"The pose decides; {' and '.join(unused)} was not used."] if unused else [])
