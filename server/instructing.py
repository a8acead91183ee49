"""Answers to `InstructRequest`: a voice, or a direction in words, -> what the face should show."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from .errors import BadRequest
from .generators.base import Speech
from .settings import Limits
from .speech.recogniser import Samples
from .validation import check_line, check_text
from .wire.messages import Instruction, InstructRequest, StripSpec

if TYPE_CHECKING:
    from server.language.instruction import Instruction as Heard

WEIGHTS: Final[Mapping[str, str]] = {"": "instruction", "research": "instruction-research"}
"""Name on the wire -> weights. A path is never taken from a client."""


class Instruct(Protocol):
    """What `server.language.instruction.instruct` is, as far as the service calls it."""

    def __call__(self, samples_16k: Samples, *, weights: str, heard: Speech | None) -> Heard: ...


def check_instruct_request(request: InstructRequest, limits: Limits) -> None:
    """Refuse what cannot be answered, before any work.

    Raises:
        BadRequest: a field has an impossible value, or there is nothing to listen to or to read.
        LimitExceeded: it asks for more than the limits allow.
    """
    check_text("The direction", request.text, limits)
    if request.audio is None and not request.text.strip():
        raise BadRequest(
            "There is neither a recording nor a direction to make an instruction of.",
            "Send a recording, or the words to be read.",
        )
    if request.audio is not None and request.text.strip():
        raise BadRequest(
            "There is a recording and a direction.",
            "Send the recording to hear an instruction, or the words to have them read.",
        )
    check_line(request, limits)
    if request.weights not in WEIGHTS:
        raise BadRequest(
            f"There are no instruction weights '{request.weights[:64]}'.",
            "Leave the name empty, or use research.",
        )


def at_natural_speed(request: InstructRequest) -> InstructRequest:
    """Return a request for the recording as it was spoken: a strip's speed shifts its pitch."""
    info = request.audio
    if info is None or info.playback_rate == 1.0:
        return request
    rate = info.playback_rate
    phones = tuple(replace(p, start=p.start * rate, end=p.end * rate) for p in request.phones)
    return replace(request, audio=replace(info, playback_rate=1.0), phones=phones)


def heard_instruction(
    request: InstructRequest, speech: Speech, seconds: float, instruct: Instruct | None
) -> Instruction:
    """Return the instruction that a line's voice gives.

    Args:
        speech: as it was spoken. seconds: how long the line is where it plays.
        instruct: the shipped one by default.

    Raises:
        Unavailable: its weights are not there.
    """
    if instruct is None:
        from server.language.instruction import instruct
    started = time.perf_counter()
    weights = WEIGHTS[request.weights]
    found = instruct(speech.samples, weights=weights, heard=speech)
    spent = time.perf_counter() - started
    return Instruction(
        request_id=request.request_id,
        text=found.text,
        emotion=found.emotion,
        intensity=found.intensity,
        aus=dict(found.aus),
        confidence=found.confidence,
        strips=_strips(found.text, seconds),
        notes=tuple(dict.fromkeys((*speech.notes, *found.notes))),
        provenance={"weights": weights},
        timings={"instruct": spent},
    )


def read_instruction(request: InstructRequest) -> Instruction:
    """Return what a direction in words asks of the face.

    Raises:
        Unavailable: the text encoder's weights are not there.
    """
    from server.language.instruction import read

    meaning = read(request.text)
    return Instruction(
        request_id=request.request_id,
        text=request.text,
        emotion=meaning.emotion,
        intensity=meaning.intensity,
        aus=meaning.aus,
        confidence=meaning.confidence,
        strips=_strips(request.text, request.seconds),
        notes=meaning.notes,
    )


def _strips(text: str, seconds: float) -> tuple[StripSpec, ...]:
    """Lay a direction over a line as AU strips."""
    from server.language.strips import strips_from_text

    if seconds <= 0:
        return ()
    return tuple(
        StripSpec(s.au, s.start, s.end, s.keys, s.mode, s.ease_in, s.ease_out)
        for s in strips_from_text(text, seconds)
    )
