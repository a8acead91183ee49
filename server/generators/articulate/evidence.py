"""What the sound itself says about the mouth: a small regression from log-mel to lip channels.

It was fitted on captured mouths and on many synthetic voices (see the card beside the weights), and
is mixed with what the phones say, so that a doubtful phone does less harm and no two vowels are
alike. Level and colour of the recording are taken off first. Random access: the curves of a span
depend on the samples around it only, never on which windows were asked for before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from server.generators.base import Speech
from server.speech.features import FFT_SIZE, HOP, POWER_FLOOR, WINDOW, mel_filters
from server.speech.recogniser import FEATURE_RATE

Array = NDArray[np.float32]

WEIGHTS: Final = Path(__file__).parents[2] / "weights" / "articulate.safetensors"
N_BANDS: Final = 20
NATS_PER_DB: Final = float(np.log(10) / 10)
FULL_SCALE_DB: Final = 48.6
"""What the mel bands of a full-scale voice sum to; measured on six recordings, spread 0.1 dB."""
_LEVEL_REACH: Final = 8 * FEATURE_RATE
_LEVEL_PERCENTILE: Final = 95.0
_SPEECH_RANGE_DB: Final = 25.0
_FLOOR: Final = -9.0  # nats under the level; what is softer is noise
_SCALE: Final = 2.5  # nats
_COLOUR_PIECES: Final = 40  # seconds, spread over the line, in which its colour is measured
_SMOOTHING: Final = 2.0  # feature frames, standard deviation


class EvidenceError(ValueError):
    """The weights are not those of this regression."""


@dataclass(frozen=True)
class EvidenceNet:
    """A regression with two hidden layers.

    Attributes:
        names: blendshapes that it speaks of, K.
        taps: feature frames around the present that it hears.
        layers: (weight [in, out], bias [out]) three times.
        digest: hash of the weights.
    """

    names: tuple[str, ...]
    taps: NDArray[np.intp]
    layers: tuple[tuple[Array, Array], ...]
    digest: str

    def __call__(self, bands: Array, first: int, last: int) -> Array:
        """Return coefficients [last - first, K] for normalised bands [F, N_BANDS]."""
        at = np.clip(np.arange(first, last)[:, None] + self.taps, 0, len(bands) - 1)
        x = bands[at].reshape(last - first, -1)
        for weight, bias in self.layers[:-1]:
            x = x @ weight + bias
            x = 0.5 * x * (1 + np.tanh(0.5 * x))  # SiLU
        weight, bias = self.layers[-1]
        return x @ weight + bias


@lru_cache(maxsize=4)
def load_evidence(path: Path = WEIGHTS) -> EvidenceNet:
    """Read the regression.

    Raises:
        EvidenceError: the file is missing or holds something else.
    """
    try:
        with safe_open(str(path), framework="numpy") as file:
            about = json.loads((file.metadata() or {})["config"])
            layers = tuple(
                (_tensor(file, f"weight{i}"), _tensor(file, f"bias{i}")) for i in range(3)
            )
        names, taps = tuple(about["names"]), np.array(about["taps"], np.intp)
    except (OSError, KeyError, ValueError, SafetensorError) as error:
        raise EvidenceError(f"{path} does not hold the weights of 'articulate': {error}") from error
    digest = hashlib.sha256(b"".join(a.tobytes() for pair in layers for a in pair))
    return EvidenceNet(names, taps, layers, digest.hexdigest()[:16])


def _tensor(file: Any, name: str) -> Array:
    return np.asarray(file.get_tensor(name), np.float32)


@lru_cache(maxsize=1)
def _band_filters() -> Array:
    """Return [FFT_SIZE // 2 + 1, N_BANDS]: neighbouring mel filters averaged."""
    return mel_filters().reshape(N_BANDS, -1, FFT_SIZE // 2 + 1).mean(axis=1).T.copy()


@lru_cache(maxsize=1)
def _window() -> Array:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def bands_between(samples: Array, first: int, last: int) -> Array:
    """Return log band powers [last - first, N_BANDS] of feature frames; silence beyond the ends."""
    start = first * HOP - WINDOW // 2
    end = (last - 1) * HOP - WINDOW // 2 + WINDOW
    piece = np.zeros(max(end - start, 0), np.float32)
    inner_start, inner_end = max(start, 0), min(end, len(samples))
    if inner_end > inner_start:
        piece[inner_start - start : inner_end - start] = samples[inner_start:inner_end]
    if last <= first:
        return np.zeros((0, N_BANDS), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(piece, WINDOW)[::HOP]
    spectrum = np.fft.rfft(view * _window(), FFT_SIZE, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    return np.log(power @ _band_filters() + POWER_FLOOR)


def line_level(loudness: Array) -> NDArray[np.float64]:
    """Return the level of the voice around each feature frame, dB, [F]: slow and robust."""
    n_frames = len(loudness)
    nodes = np.arange(0, n_frames + FEATURE_RATE, FEATURE_RATE)
    levels = [
        np.percentile(loudness[max(0, n - _LEVEL_REACH) : n + _LEVEL_REACH], _LEVEL_PERCENTILE)
        for n in np.minimum(nodes, max(n_frames - 1, 0))
    ]
    return np.interp(np.arange(n_frames), nodes, levels)


def normalised(bands: Array, level_db: NDArray[np.float64], colour: Array | float) -> Array:
    """Return log bands without level and colour, floor applied, [F, N_BANDS]."""
    level = (level_db + FULL_SCALE_DB) * NATS_PER_DB
    relative = np.maximum(bands - level[:, None], _FLOOR)
    return ((relative - colour) / _SCALE).astype(np.float32)


def colour_of(bands: Array, loudness: Array, level_db: NDArray[np.float64]) -> Array:
    """Return the mean of the speech in relative log bands, [N_BANDS]."""
    speech = loudness > level_db - _SPEECH_RANGE_DB
    if not speech.any():
        return np.zeros(N_BANDS, np.float32)
    level = (level_db + FULL_SCALE_DB) * NATS_PER_DB
    return np.maximum(bands - level[:, None], _FLOOR)[speech].mean(axis=0).astype(np.float32)


class Hearing:
    """The evidence of one line, span by span."""

    def __init__(self, speech: Speech, net: EvidenceNet) -> None:
        self._samples = speech.samples
        self._level = line_level(speech.loudness)
        self._net = net
        self._kernel = _gaussian(_SMOOTHING)
        self._colour = self._measured_colour(speech)

    def _measured_colour(self, speech: Speech) -> Array:
        n_frames = len(speech.loudness)
        n_pieces = min(_COLOUR_PIECES, max(1, n_frames // FEATURE_RATE))
        starts = np.linspace(0, max(n_frames - FEATURE_RATE, 0), n_pieces).astype(int)
        pieces = [(s, min(s + FEATURE_RATE, n_frames)) for s in starts]
        frames = np.concatenate([np.arange(a, b) for a, b in pieces])
        bands = np.concatenate([bands_between(self._samples, a, b) for a, b in pieces])
        return colour_of(bands, speech.loudness[frames], self._level[frames])

    def curves(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the sound says at ascending times (seconds), [T, K]."""
        n_frames = len(self._level)
        half = len(self._kernel) // 2
        first = int(np.clip(np.floor(times[0] * FEATURE_RATE), 0, n_frames - 1))
        last = int(np.clip(np.ceil(times[-1] * FEATURE_RATE) + 1, first + 1, n_frames))
        reach = half + int(np.abs(self._net.taps).max())
        from_frame, to_frame = max(first - reach, 0), min(last + reach, n_frames)
        bands = bands_between(self._samples, from_frame, to_frame)
        bands = normalised(bands, self._level[from_frame:to_frame], self._colour)
        said_from, said_to = max(first - half, 0), min(last + half, n_frames)
        said = self._net(bands, said_from - from_frame, said_to - from_frame)
        padded = np.pad(
            said,
            ((half - (first - said_from), half - (said_to - last)), (0, 0)),
            mode="edge",
        )
        smooth = sum(weight * padded[i : i + last - first] for i, weight in enumerate(self._kernel))
        at = np.arange(first, last) / FEATURE_RATE
        return np.stack([np.interp(times, at, column) for column in np.asarray(smooth).T], axis=1)


def _gaussian(sigma: float) -> Array:
    half = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    return (kernel / kernel.sum()).astype(np.float32)
