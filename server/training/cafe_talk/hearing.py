"""The sound's evidence of the mouth from the corpus' log-mel features, which stand for samples."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.generators.articulate.evidence import (
    N_BANDS,
    EvidenceNet,
    Hearing,
    colour_of,
    line_level,
    normalised,
)
from server.speech.features import N_MELS
from server.speech.recogniser import FEATURE_RATE

Array = NDArray[np.float32]

_SMOOTHING: Final = np.array([0.01, 0.05, 0.12, 0.2, 0.24, 0.2, 0.12, 0.05, 0.01], np.float32)


class MelHearing(Hearing):
    """`Hearing` of a line whose mel features [F, 80] and loudness [F] were kept."""

    def __init__(self, mel: Array, loudness: Array, net: EvidenceNet) -> None:
        n = min(len(mel), len(loudness))
        powers = np.exp(mel[:n].astype(np.float64)).reshape(n, N_BANDS, N_MELS // N_BANDS)
        bands = np.log(powers.mean(axis=2)).astype(np.float32)
        level = line_level(loudness[:n])
        bands = normalised(bands, level, colour_of(bands, loudness[:n], level))
        said = net(bands, 0, n)
        kernel = _SMOOTHING / _SMOOTHING.sum()
        half = len(kernel) // 2
        padded = np.pad(said, ((half, half), (0, 0)), mode="edge")
        self._said = sum(weight * padded[i : i + n] for i, weight in enumerate(kernel))

    def curves(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the sound says at ascending times (seconds), [T, K]."""
        said = np.asarray(self._said)
        clock = np.arange(len(said)) / FEATURE_RATE
        return np.stack([np.interp(times, clock, column) for column in said.T], axis=1)
