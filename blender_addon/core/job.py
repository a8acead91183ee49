"""The state of one generation, from the request to the last written take.

Fed with the events of the wire, it says what the panel shows and which takes are ready. It knows
neither sockets nor Blender.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from ..vendor import assemble, clip, flame_clip, messages, names, wire_errors


class State(Enum):
    """Where a job stands; the last three are final."""

    SENT = "Sent"
    WAITING = "Waiting"
    RUNNING = "Running"
    WRITING = "Writing"
    DONE = "Done"
    CANCELLED = "Cancelled"
    FAILED = "Failed"


FINAL = frozenset({State.DONE, State.CANCELLED, State.FAILED})

_STAGES = {
    "upload": "Sending the recording",
    "listen": "Listening",
    "perform": "Performing",
    "send": "Receiving",
}


@dataclass(frozen=True)
class Made:
    """A take that has arrived: its blendshapes, and the same on a FLAME head if asked for."""

    clip: clip.ArkitClip
    flame: flame_clip.FlameClip | None = None


def stage_text(stage: str) -> str:
    """What the server is doing, for the user."""
    return _STAGES.get(stage, stage.capitalize())


@dataclass
class Job:
    """One request on its way.

    Attributes:
        request_id: events of other requests are ignored.
        fraction: how much is done, 0..1.
        text: what is going on, or how it ended, for the user.
        ready: takes that are complete and not written yet, as they came.
    """

    request_id: str
    state: State = State.SENT
    fraction: float = 0.0
    text: str = "Connecting"
    ready: list[assemble.Arrived] = field(default_factory=list)
    received_all: bool = False
    _assembler: assemble.TakeAssembler = field(default_factory=assemble.TakeAssembler)

    @property
    def is_over(self) -> bool:
        return self.state in FINAL

    def apply(self, event: object) -> None:
        """Take in one event of the wire; nothing moves a job that is over."""
        if self.is_over or getattr(event, "request_id", self.request_id) != self.request_id:
            return
        try:
            self._apply(event)
        except wire_errors.WireError as error:
            self.fail(str(error))

    def _apply(self, event: object) -> None:
        match event:
            case messages.Accepted(queue_position=position):
                self.state = State.WAITING
                self.text = f"Waiting behind {position} others" if position else "Accepted"
            case messages.Progress(stage=stage, fraction=fraction):
                self.state = State.RUNNING
                self.fraction = max(self.fraction, min(fraction, 1.0))
                self.text = stage_text(stage)
            case messages.Chunk():
                self.state = State.RUNNING
                self._assembler.add(event)
            case messages.Result():
                take = self._assembler.arrived(event)
                _check_columns(take.names)
                self.ready.append(take)
                self.received_all = self.received_all or event.last
            case messages.Failed(code="cancelled"):
                self.cancelled()
            case messages.Failed(message=message, hint=hint):
                self.fail(f"{message} {hint}".strip())

    def writing(self) -> None:
        """The last take has arrived and is being written."""
        self.state, self.fraction, self.text = State.WRITING, 1.0, "Writing keys"

    def done(self, text: str) -> None:
        """Everything is written."""
        self.state, self.fraction, self.text = State.DONE, 1.0, text

    def cancelled(self) -> None:
        """The user, or a new file, ended it."""
        self.state, self.text = State.CANCELLED, "Cancelled. Takes that were complete are kept."

    def fail(self, text: str) -> None:
        """It ended without a result."""
        self.state, self.text = State.FAILED, text


def made_of(arrived: assemble.Arrived) -> Made:
    """A take of the wire as clips; a long one takes long enough for a thread of its own."""
    take = arrived.whole()
    return Made(_clip_of(take), _flame_of(take))


def _clip_of(take: assemble.Take) -> clip.ArkitClip:
    """A take of the wire as a clip with all 52 columns; absent ones stay at rest."""
    result = take.result
    return clip.ArkitClip(
        coefficients=_all_columns(take.coefficients, take.names),
        fps=result.fps,
        head=take.head,
        eyes=take.eyes,
        layers={name: _all_columns(layer, take.names) for name, layer in take.layers.items()},
        contacts=tuple(clip.Contact(*contact) for contact in result.contacts),
        phones=tuple(clip.Phone(p.phone, p.start, p.end) for p in result.phones),
        notes=result.notes,
        provenance=dict(result.provenance),
    )


def _flame_of(take: assemble.Take) -> flame_clip.FlameClip | None:
    """The FLAME frames of a take of the wire as a clip, None where there are none."""
    frames, result = take.flame, take.result
    if frames is None:
        return None
    return flame_clip.FlameClip(
        expression=frames.expression,
        fps=result.fps,
        basis_id=frames.basis_id,
        jaw=frames.jaw,
        neck=frames.neck,
        eyes=frames.eyes,
        contacts=result.contacts,
    )


def _check_columns(columns: tuple[str, ...]) -> None:
    unknown = [name for name in columns if name not in names.INDEX]
    if unknown:
        raise wire_errors.WireError(
            f"The server sent '{unknown[0]}', which is not one of the 52 blendshapes.",
            "Ask for the output 'arkit52'.",
        )


def _all_columns(array: np.ndarray, columns: tuple[str, ...]) -> np.ndarray:
    full = np.zeros((len(array), len(names.ARKIT_NAMES)), np.float32)
    full[:, [names.INDEX[name] for name in columns]] = array
    return full
