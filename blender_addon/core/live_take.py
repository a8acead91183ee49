"""The frames of a take while it is being made: what a face should look like at a time."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
from numpy.typing import NDArray

from ..vendor import messages, names


class LiveTake:
    """Grows with the chunks of the wire; the next take of a request starts it anew.

    Args:
        fps: frames per second of the chunks.
    """

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self.take = 0
        self._n_frames = 0
        self._is_done = False
        # Never one long array: copying minutes into a longer one would be noticed.
        self._blocks: list[NDArray[np.float32]] = []
        self._starts: list[int] = []

    @property
    def seconds(self) -> float:
        """How far it is made."""
        return self._n_frames / self.fps

    def add(self, chunk: messages.Chunk) -> None:
        """Take in frames in order; columns that are no blendshapes are left out.

        Frames out of order are ignored: the take itself is checked elsewhere.
        """
        if chunk.take > self.take and chunk.start_frame == 0:
            self._begin(chunk.take)
        if chunk.take != self.take or chunk.start_frame != self._n_frames or self._is_done:
            return
        block = np.zeros((len(chunk.coefficients), len(names.ARKIT_NAMES)), np.float32)
        for column, name in enumerate(chunk.names):
            if name in names.INDEX:
                block[:, names.INDEX[name]] = chunk.coefficients[:, column]
        self._starts.append(self._n_frames)
        self._blocks.append(block)
        self._n_frames += len(block)

    def written(self, n_takes: int) -> None:
        """The first `n_takes` takes are keys now and need no preview."""
        if self.take < n_takes:
            self._begin(self.take)
            self._is_done = True

    def at(self, seconds: float) -> NDArray[np.float32] | None:
        """Coefficients [1, 52] at a time of the line; None where it is not made.

        Between two frames they are interpolated on a straight line, as the keys will be.
        """
        position = seconds * self.fps
        if not -1e-6 <= position < self._n_frames - 1e-6:
            return None
        before = int(max(position, 0.0))
        share = np.float32(max(position, 0.0) - before)
        first, second = self._frame(before), self._frame(min(before + 1, self._n_frames - 1))
        return (first + share * (second - first))[None]

    def _begin(self, take: int) -> None:
        self.take, self._n_frames, self._is_done = take, 0, False
        self._blocks, self._starts = [], []

    def _frame(self, frame: int) -> NDArray[np.float32]:
        block = bisect_right(self._starts, frame) - 1
        return self._blocks[block][frame - self._starts[block]]
