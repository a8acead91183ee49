"""Windows of the store with reference frames of the same line, as training batches.

Shapes: B windows, T frames, S references, M motion coordinates, A speech features.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from server.generators.avi_talking.config import AviTalkingConfig
from server.generators.avi_talking.model import Labels
from server.generators.avi_talking.space import built_in_space

from .store import LIPS, MotionStore


@dataclass(frozen=True)
class Batch:
    """What a step of the talking prior needs.

    Attributes:
        audio: [B, T, A]. lips, motion: [B, T, M], of the articulated and of the true face.
        references: [B, S, M]. counts: [B, T], 0 at frames that are references or beyond the line.
        labels: of each line. numbers: of the lines, in the store.
    """

    audio: Tensor
    lips: Tensor
    motion: Tensor
    references: Tensor
    counts: Tensor
    labels: Labels
    numbers: list[int]


class Drawer:
    """Draws batches from the performed lines of a split."""

    def __init__(self, store: MotionStore, config: AviTalkingConfig, split: str) -> None:
        self.store, self.config = store, config
        self.numbers = store.of_split(split)
        lengths = np.array([float(store.line(i).frames) for i in self.numbers])
        self.shares = lengths / lengths.sum()
        self._emotion = {name: row for row, name in enumerate(config.emotions)}
        self._actor = {name: row for row, name in enumerate(config.actors)}

    def draw(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw windows, longer lines more often; a short line holds its last frame, uncounted."""
        chosen = rng.choice(len(self.numbers), size, p=self.shares)
        numbers = [self.numbers[k] for k in chosen]
        rows, references, counts = zip(*(self._window(i, rng) for i in numbers), strict=True)
        at, seen = np.stack(rows), np.stack(references)
        spoken = np.asarray(self.store.spoken.features[at], np.float32)
        heard = self.store.heard
        return Batch(
            audio=torch.from_numpy(spoken if heard is None else np.asarray(heard[at], np.float32)),
            lips=torch.from_numpy(lips_motion(spoken)),
            motion=torch.from_numpy(np.asarray(self.store.motion[at], np.float32)),
            references=torch.from_numpy(np.asarray(self.store.motion[seen], np.float32)),
            counts=torch.from_numpy(np.stack(counts)),
            labels=self.labels(numbers),
            numbers=numbers,
        )

    def _window(self, number: int, rng: np.random.Generator
                ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:  # fmt: skip
        """Return rows of a window, rows of references, and which of the window's frames count."""
        line, n_frames = self.store.line(number), self.config.n_frames
        first = int(rng.integers(0, max(line.frames - n_frames, 0) + 1))
        window = first + np.arange(n_frames)
        references = reference_frames(line.frames, self.config.n_references, rng)
        counts = (window < line.frames) & ~np.isin(window, references)
        rows = line.start + np.minimum(window, line.frames - 1)
        return rows, line.start + references, counts.astype(np.float32)

    def labels(self, numbers: list[int]) -> Labels:
        """Return what is known of lines."""
        lines = [self.store.line(i) for i in numbers]
        return Labels(
            torch.tensor([self._emotion[line.emotion] for line in lines]),
            torch.tensor([line.intensity for line in lines], dtype=torch.float32),
            torch.tensor([self._actor[line.actor] for line in lines]),
        )


def reference_frames(n_frames: int, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw S frames of a line to know its style by; at most half of a short line, some twice.

    The frames that are predicted from them are never among them (III-D1).
    """
    distinct = max(1, min(count, n_frames // 2))
    drawn = rng.choice(n_frames, distinct, replace=False)
    return np.resize(drawn, count)


def lips_motion(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the motion of the articulated mouth in speech features [B, T, A], [B, T, M]."""
    lips = audio[..., LIPS].reshape(-1, LIPS.stop - LIPS.start)
    motion = built_in_space().of_blendshapes(lips)
    return motion.reshape(*audio.shape[:-1], -1).astype(np.float32)
