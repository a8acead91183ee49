"""Frames at a generator's own rate to the rate asked for, while they come, in flat memory.

Holds a few source frames of context only. Interpolation and contacts are `arkit`'s; what a contact
moves is given to the `lips` layer, so that the layers still sum to the clip.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.closure import impose_closure
from arkit.names import ARKIT_NAMES
from arkit.retime import monotone_interpolate

from .generators.base import FlameFrames, Frames, Plan

_CONTEXT: Final = 4
"""Source frames that are kept before and waited for after an output frame."""
_HEAD_AND_EYES: Final = 9


class StreamRetimer:
    """Resamples one take as its windows become final.

    Args:
        plan: tells the source rate, its length and the contacts.
        fps: frames per second asked for.

    Attributes:
        n_frames: frames that will come out in all.
    """

    def __init__(self, plan: Plan, fps: float) -> None:
        self.n_frames = max(1, math.ceil(plan.n_frames / plan.fps * fps - 1e-6))
        self._plan = plan
        self._fps = fps
        self._names: tuple[str, ...] = ()
        self._rows = np.zeros((0, 0), np.float32)  # [held, layers * 52 + flame + 9]
        self._n_expressions: int | None = None  # of a generator that works in FLAME's terms
        self._first = 0  # source frame of the first row held
        self._n_out = 0

    def push(self, frames: Frames, last: bool) -> list[Frames]:
        """Take source frames in; return the output frames that are final now.

        Args:
            frames: consecutive source frames.
            last: no more follow, so everything comes out.
        """
        self._append(frames)
        available = self._first + len(self._rows) - 1  # index of the newest source frame
        if available < 0:
            return []
        if last:
            end = self.n_frames
        else:
            latest = (available - _CONTEXT) / self._plan.fps
            end = min(self.n_frames, max(self._n_out, math.floor(latest * self._fps)))
        if end <= self._n_out:
            return []
        made = self._make(self._n_out, end)
        self._n_out = end
        self._forget()
        return [made]

    def _append(self, frames: Frames) -> None:
        n = len(frames.head)
        self._names = tuple(frames.layers) or self._names
        rows = np.concatenate(
            [
                *(frames.layers[name] for name in self._names if frames.layers),
                *(frames.flame or ()),
                np.asarray(frames.head).reshape(n, 3),
                np.asarray(frames.eyes).reshape(n, 6),
            ],
            axis=1,
        ).astype(np.float32)
        if frames.flame is not None:
            self._n_expressions = frames.flame.expression.shape[1]
        if n:
            self._rows = np.concatenate([self._rows, rows]) if len(self._rows) else rows

    def _forget(self) -> None:
        """Drop source frames that no output frame to come will look at."""
        next_time = max(self._n_out - 1 - _CONTEXT, 0) / self._fps
        keep_from = max(math.floor(next_time * self._plan.fps) - _CONTEXT, 0)
        drop = min(max(keep_from - self._first, 0), len(self._rows))
        self._rows = self._rows[drop:]
        self._first += drop

    def _make(self, first: int, end: int) -> Frames:
        """Interpolate output frames; a few before and after let contacts find their nearest."""
        low, high = max(first - _CONTEXT, 0), min(end + _CONTEXT, self.n_frames)
        times = np.arange(low, high) / self._fps
        source = (self._first + np.arange(len(self._rows))) / self._plan.fps
        rows = monotone_interpolate(source, self._rows, times).astype(np.float32)
        width = len(ARKIT_NAMES)
        layers = {name: rows[:, k * width : (k + 1) * width] for k, name in enumerate(self._names)}
        self._impose(layers, times)
        cut = slice(first - low, end - low)
        angles = rows[cut, -_HEAD_AND_EYES:]
        return Frames(
            start_frame=first,
            layers={name: layer[cut] for name, layer in layers.items()},
            head=angles[:, :3],
            eyes=angles[:, 3:].reshape(-1, 2, 3),
            flame=self._flame(rows[cut, len(self._names) * width : -_HEAD_AND_EYES]),
        )

    def _flame(self, rows: NDArray[np.float32]) -> FlameFrames | None:
        """Take expression and jaw apart; a jaw turns so little that its vector may be mixed."""
        n = self._n_expressions
        return None if n is None else FlameFrames(rows[:, :n], rows[:, n:])

    def _impose(self, layers: dict[str, NDArray[np.float32]], times: NDArray[np.float64]) -> None:
        near = [
            c for c in self._plan.contacts if c.end >= times[0] - 1 and c.start <= times[-1] + 1
        ]
        if not near or not layers:
            return
        name = "lips" if "lips" in layers else next(iter(layers))
        total = np.clip(np.sum(list(layers.values()), axis=0), 0, 1)
        closed = impose_closure(total, times, near)
        layers[name] = layers[name] + np.where(closed != total, closed - total, 0).astype(
            np.float32
        )
