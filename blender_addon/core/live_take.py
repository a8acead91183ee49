"""The frames of a take while it is being made: what a face should look like at a time."""

from __future__ import annotations

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
        self._frames = np.zeros((1024, len(names.ARKIT_NAMES)), np.float32)

    @property
    def seconds(self) -> float:
        """How far it is made."""
        return self._n_frames / self.fps

    def add(self, chunk: messages.Chunk) -> None:
        """Take in frames in order; columns that are no blendshapes are left out.

        Frames out of order are ignored: the take itself is checked elsewhere.
        """
        if chunk.take > self.take and chunk.start_frame == 0:
            self.take, self._n_frames, self._is_done = chunk.take, 0, False
        if chunk.take != self.take or chunk.start_frame != self._n_frames or self._is_done:
            return
        end = self._n_frames + len(chunk.coefficients)
        if end > len(self._frames):
            grown = np.zeros((max(end, 2 * len(self._frames)), self._frames.shape[1]), np.float32)
            grown[: self._n_frames] = self._frames[: self._n_frames]
            self._frames = grown
        for column, name in enumerate(chunk.names):
            if name in names.INDEX:
                rows = slice(self._n_frames, end)
                self._frames[rows, names.INDEX[name]] = chunk.coefficients[:, column]
        self._n_frames = end

    def written(self, n_takes: int) -> None:
        """The first `n_takes` takes are keys now and need no preview."""
        if self.take < n_takes:
            self._n_frames = 0
            self._is_done = True

    def at(self, seconds: float) -> NDArray[np.float32] | None:
        """Coefficients [1, 52] at a time of the line; None where it is not made.

        Between two frames they are interpolated on a straight line, as the keys will be.
        """
        position = seconds * self.fps
        if not -1e-6 <= position < self._n_frames - 1e-6:
            return None
        before = int(max(position, 0.0))
        after = min(before + 1, self._n_frames - 1)
        share = np.float32(max(position, 0.0) - before)
        row = self._frames[before] + share * (self._frames[after] - self._frames[before])
        return row[None]
