"""One request on its way: its takes, what is due next, and final frames turned into events.

Holds no frames: what a generator returns leaves as chunks at once, so memory stays flat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_51_NAMES, ARKIT_NAMES

from .errors import InternalError
from .flame_output import FlameOutput
from .generators.base import CheckCancel, FlameFrames, Frames, Generator, Plan, Speech
from .regeneration import Regeneration
from .retiming import StreamRetimer
from .speech.mapped import forget_pages
from .wire import codec
from .wire.messages import Chunk, Event, GenerateRequest, Progress, Result, TimedPhone

CHUNK_FRAMES: Final = 256
"""Frames in one chunk: about a quarter of a mebibyte with four layers."""

OnEvent = Callable[[Event], None]
LISTEN_SHARE: Final = 0.4
"""Share of the progress bar that listening takes; performing takes the rest."""


@dataclass
class _Take:
    """One take: its plan and how many of its frames have left."""

    index: int
    plan: Plan
    retimer: StreamRetimer | None
    n_sent: int = 0
    ended: bool = False


@dataclass
class Performance:
    """A request that was listened to and planned.

    Attributes:
        generator: makes the windows.
        emit: takes events.
        check_cancel: raises `Cancelled` when the request is no longer wanted.
        provenance: of the request; seed and generator are added per take.
        timings: stage -> seconds so far.
        regeneration: the take that only a part is made anew of, or None.
        flame: puts FLAME frames beside the others, or None.
    """

    request: GenerateRequest
    speech: Speech
    generator: Generator
    emit: OnEvent
    check_cancel: CheckCancel
    notes: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    regeneration: Regeneration | None = None
    flame: FlameOutput | None = None
    _takes: list[_Take] = field(default_factory=list)
    _started: float = field(default_factory=time.perf_counter)

    def plan(self) -> None:
        """Lay out all takes; take k has the request's seed plus k.

        Raises:
            BadRequest: the take that a part is made anew of is of another line.
        """
        for index in range(self.request.takes):
            self.check_cancel()
            plan = self.generator.plan(self.request, self.speech, self.request.seed + index)
            if plan.n_windows < 1 or plan.n_frames < 1:
                raise InternalError(f"'{self.generator.name}' planned no frames.")
            same = abs(plan.fps - self.request.fps) < 1e-9
            retimer = None if same else StreamRetimer(plan, self.request.fps)
            if self.regeneration is not None:
                self.regeneration.check_length(retimer.n_frames if retimer else plan.n_frames)
            self._takes.append(_Take(index, plan, retimer))

    @property
    def due(self) -> list[Plan]:
        """Plans that have a window to make, takes in order."""
        return [take.plan for take in self._takes if not take.ended]

    @property
    def done(self) -> bool:
        """Whether all takes have their result."""
        return all(take.ended for take in self._takes)

    def deliver(self, plan: Plan, frames: Frames) -> None:
        """Send the final frames of a window, and the result after the last window.

        Raises:
            InternalError: the generator broke its contract on frames or windows.
        """
        take = next(take for take in self._takes if take.plan is plan)
        last = plan.next_window >= plan.n_windows
        pieces = [frames] if take.retimer is None else take.retimer.push(frames, last)
        for piece in pieces:
            self._send(take, piece)
        done = sum(min(t.plan.next_window / t.plan.n_windows, 1.0) for t in self._takes)
        fraction = LISTEN_SHARE + (1 - LISTEN_SHARE) * done / len(self._takes)
        self.emit(Progress(self.request.request_id, "perform", fraction))
        forget_pages(self.speech.samples)
        if last:
            self._end(take)

    def _send(self, take: _Take, frames: Frames) -> None:
        n = len(frames.head)
        if frames.start_frame != take.n_sent:
            raise InternalError(
                f"'{self.generator.name}' made frame {frames.start_frame} when frame "
                f"{take.n_sent} was due."
            )
        for first in range(0, n, CHUNK_FRAMES):
            chunk = self._chunk(take, frames, first, min(first + CHUNK_FRAMES, n))
            self.emit(self._finished(chunk, frames.flame, first))
        take.n_sent += n

    def _finished(self, chunk: Chunk, native: FlameFrames | None, first: int) -> Chunk:
        """Return a chunk with what is kept of an earlier take, and on a FLAME head."""
        if self.regeneration is not None:
            chunk, native = self.regeneration.applied(chunk), None  # what is kept has none
        if self.flame is None:
            return chunk
        rows = slice(first, first + len(chunk.coefficients))
        here = None if native is None else FlameFrames(*(part[rows] for part in native))
        return self.flame.beside(chunk, here)

    def _chunk(self, take: _Take, frames: Frames, first: int, last: int) -> Chunk:
        names = ARKIT_51_NAMES if self.request.output == "arkit51" else ARKIT_NAMES
        layers = {name: _rows(a, first, last, len(names)) for name, a in frames.layers.items()}
        total = sum(layers.values(), np.zeros((last - first, len(names)), np.float32))
        return Chunk(
            request_id=self.request.request_id,
            take=take.index,
            start_frame=frames.start_frame + first,
            names=names,
            coefficients=np.clip(total, 0, 1).astype(np.float32),
            head=np.asarray(frames.head[first:last], np.float32),
            eyes=np.asarray(frames.eyes[first:last], np.float32),
            layers=layers,
        )

    def _end(self, take: _Take) -> None:
        plan = take.plan
        wanted = plan.n_frames if take.retimer is None else take.retimer.n_frames
        if take.n_sent != wanted:
            raise InternalError(f"'{self.generator.name}' made {take.n_sent} of {wanted} frames.")
        take.ended = True
        now = time.perf_counter()
        self.timings["perform"] = now - self._started
        self.timings["total"] = sum(
            self.timings.get(stage, 0.0) for stage in ("read_and_listen", "plan", "perform")
        )
        self.emit(
            Result(
                request_id=self.request.request_id,
                take=take.index,
                n_frames=take.n_sent,
                fps=self.request.fps,
                contacts=tuple((c.kind, float(c.start), float(c.end)) for c in plan.contacts),
                phones=tuple(
                    TimedPhone(p.phone, float(p.start), float(p.end)) for p in self.speech.phones
                ),
                notes=self._notes(plan),
                provenance=self._take_provenance(take),
                timings=dict(self.timings),
                last=self.done,
            )
        )

    def _notes(self, plan: Plan) -> tuple[str, ...]:
        converted = self.flame.notes if self.flame else ()
        return tuple(dict.fromkeys((*self.speech.notes, *self.notes, *plan.notes, *converted)))

    def _take_provenance(self, take: _Take) -> dict[str, Any]:
        # Clips and pictures are too large to be kept: their digests are in `provenance`.
        alone = replace(
            self.request, seed=take.plan.seed, takes=1, base=None, style_clip=None, image=b""
        )
        guessed = " ".join(self.speech.guessed_words)
        return {
            "generator": self.generator.name,
            **self.generator.provenance(),
            **take.plan.provenance,
            "seed": take.plan.seed,
            **self.provenance,
            **({"guessed_words": guessed} if guessed else {}),
            "request": codec.as_json(alone),
        }


def make_windows(
    generator: Generator, plans: list[Plan], check_cancel: CheckCancel
) -> Iterator[tuple[Plan, Frames]]:
    """Make the next window of every plan in one batch and yield each with its plan.

    Raises:
        InternalError: the generator returned another number of windows or did not advance.
    """
    before = [plan.next_window for plan in plans]
    try:
        made = generator.denoise(plans, check_cancel)
    except BaseException:
        for plan, window in zip(plans, before, strict=True):
            plan.next_window = window  # so that the blameless ones can be made again
        raise
    if len(made) != len(plans):
        raise InternalError(
            f"'{generator.name}' returned {len(made)} windows for {len(plans)} plans."
        )
    for plan, window, frames in zip(plans, before, made, strict=True):
        if plan.next_window != window + 1:
            raise InternalError(
                f"'{generator.name}' went from window {window} to {plan.next_window}."
            )
        yield plan, frames


def _rows(array: NDArray[np.float32], first: int, last: int, width: int) -> NDArray[np.float32]:
    return np.asarray(array[first:last, :width], np.float32)
