"""Windows for training: lines of one speaker in a row, pauses between, from many shards."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.speech.features import N_MELS, POWER_FLOOR, SPEECH_RANGE
from server.training.ears.shards import UNKNOWN, Shard, read_shard

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 90
"""Frames of silence put before a line or between two."""
_SIL = 0
_BEGINS = 0.45
"""Share of windows that start where a line does, usually with silence."""


@dataclass(frozen=True)
class Batch:
    """log mels float32 [B, F, 80]; phone and stress uint8 [B, F], 255 = unknown.

    `begins` bool [B]: the window starts where a line does.
    """

    mel: NDArray[np.float32]
    phone: NDArray[np.uint8]
    stress: NDArray[np.uint8]
    begins: NDArray[np.bool_]


class Mixture:
    """Draws windows from shards by weight; shards that appear later are taken in by `reload`.

    Args:
        folder: of the shards. weights: shard name -> share of the windows.
        frames: length of a window. seed: same seed, same windows.
    """

    def __init__(self, folder: Path, weights: dict[str, float], frames: int, seed: int) -> None:
        self._folder, self._weights, self._frames = folder, weights, frames
        self._rng = np.random.default_rng(seed)
        self._changed: dict[str, float] = {}
        self.shards: list[Shard] = []
        self.reload()

    def reload(self) -> None:
        """Open the shards that are there now, again where they were rewritten."""
        found = [n for n in self._weights if (self._folder / f"{n}.json").exists()]
        changed = {n: (self._folder / f"{n}.json").stat().st_mtime for n in found}
        if changed == self._changed:
            return
        self._changed = changed
        self.shards = [read_shard(self._folder, name) for name in found]
        shares = np.array([self._weights[s.name] for s in self.shards])
        self._shares = shares / shares.sum()
        lengths = [np.array([u["n"] for u in s.utterances], np.float64) for s in self.shards]
        self._edges = [np.cumsum(n) / n.sum() for n in lengths]
        log.info("%d shards, %.1f h", len(found), sum(s.hours for s in self.shards))

    def batch(self, n: int) -> Batch:
        """Draw `n` windows."""
        mel = np.full((n, self._frames, N_MELS), np.log(POWER_FLOOR), np.float32)
        phone = np.full((n, self._frames), _SIL, np.uint8)
        stress = np.full((n, self._frames), UNKNOWN, np.uint8)
        begins = [self._fill(mel[i], phone[i], stress[i]) for i in range(n)]
        return Batch(mel, phone, stress, np.array(begins))

    def _fill(
        self, mel: NDArray[np.float32], phone: NDArray[np.uint8], stress: NDArray[np.uint8]
    ) -> bool:
        which = int(self._rng.choice(len(self.shards), p=self._shares))
        shard = self.shards[which]
        line = int(np.searchsorted(self._edges[which], self._rng.random()))
        length = shard.utterances[line]["n"]
        begins = bool(self._rng.random() < _BEGINS)
        last = 1 if begins else max(1, length - 50)
        skip = int(self._rng.integers(-_LONGEST_PAUSE if begins else 0, last))
        at, skip = max(0, -skip), max(0, skip)
        while at < self._frames and line < len(shard.utterances):
            entry = shard.utterances[line]
            first = entry["start"] + skip
            n = min(self._frames - at, entry["n"] - skip)
            mel[at : at + n] = shard.mel[first : first + n]
            phone[at : at + n] = shard.phone[first : first + n]
            stress[at : at + n] = shard.stress[first : first + n]
            at += n + int(self._rng.integers(0, _LONGEST_PAUSE))
            line, skip = line + 1, 0
        return begins


def speech_mean(shards: list[Shard], n_utterances: int = 60, seed: int = 0) -> NDArray[np.float32]:
    """Return the mean of (log mel - level) over speech frames, [80]: the normalisation's prior."""
    rng = np.random.default_rng(seed)
    total, weight = np.zeros(N_MELS), 0.0
    for shard in shards:
        for i in rng.choice(len(shard.utterances), min(n_utterances, len(shard.utterances))):
            entry = shard.utterances[int(i)]
            x = np.asarray(shard.mel[entry["start"] : entry["start"] + entry["n"]], np.float64)
            energy = np.logaddexp.reduce(x, axis=1)
            speech = energy > energy.max() - SPEECH_RANGE
            total += (x[speech] - energy.max()).sum(0) / len(shards)
            weight += float(speech.sum()) / len(shards)
    return (total / max(weight, 1.0)).astype(np.float32)
