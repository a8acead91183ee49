"""Log-mel features at 100 Hz and their running normalisation, the same offline and in a stream.

Frame i is centred on i / 100 s, so a phone that starts at 0.50 s starts at frame 50. Nothing looks
at the whole line: level and mean are recursions, with state that a stream carries along.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from .recogniser import FEATURE_RATE, SAMPLE_RATE

Array = NDArray[np.float32]

N_MELS: Final = 80
HOP: Final = SAMPLE_RATE // FEATURE_RATE
WINDOW: Final = SAMPLE_RATE // 40
"""25 ms."""
FFT_SIZE: Final = 1024
"""Longer than the window, so that the lowest bands, narrower than 1 / 25 ms, are not empty."""
LOWEST_HZ, HIGHEST_HZ = 20.0, 7800.0
POWER_FLOOR: Final = 1e-8

PEAK_DECAY: Final = 0.005
"""Nats a frame that the level tracker falls: 2 dB a second."""
PEAK_PRIOR: Final = -1.0
"""Level assumed before anything was heard: quiet speech, so that a noise before it looks quiet."""
SPEECH_RANGE: Final = 6.0
"""Frames within this many nats (26 dB) of the level count as speech in the mean."""
MEAN_FORGETTING: Final = 0.999
"""Per speech-free frame too: a time constant of ten seconds."""
PRIOR_FRAMES: Final = 100.0
"""Weight of the long-term mean against what was heard, in frames."""
SCALE: Final = 2.5

NOISE_SMOOTHING: Final = 3
NOISE_WINDOW: Final = 7
"""Powers of two: noise is the least of the last 128 frames' means over 8 frames."""
NOISE_BIAS: Final = 1.5
"""The least is below the mean."""
NOISE_LEFT: Final = 0.1
"""Of a frame's power, at least: 10 dB are taken off at most."""
NOISE_HISTORY: Final = 2**NOISE_SMOOTHING - 1 + 2**NOISE_WINDOW - 1
"""Frames before its own that a frame's noise depends on."""


@lru_cache(maxsize=1)
def mel_filters() -> Array:
    """Return triangular filters [N_MELS, FFT_SIZE // 2 + 1], equally spaced in mel."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOWEST_HZ, HIGHEST_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, N_MELS + 2) / 2595) - 1)
    bins = np.linspace(0, SAMPLE_RATE / 2, FFT_SIZE // 2 + 1)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


def mel_centres() -> NDArray[np.float64]:
    """Return the centre of each mel band in Hz, [N_MELS]."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOWEST_HZ, HIGHEST_HZ))
    return 700 * (10 ** (np.linspace(low, high, N_MELS + 2)[1:-1] / 2595) - 1)


@lru_cache(maxsize=1)
def _window() -> Array:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


def log_mel(samples: Array) -> Array:
    """Return log mel power [F, N_MELS] of a whole line, F = S // HOP + 1; none for no samples."""
    stream = MelStream()
    return np.concatenate([stream.push(samples), stream.finish()])


@dataclass
class MelStream:
    """Log-mel frames of a line that arrives in pieces; the frames are those of `log_mel`."""

    _buffer: Array = field(default_factory=lambda: np.zeros(WINDOW // 2, np.float32))
    _n_samples: int = 0
    _n_frames: int = 0

    def push(self, samples: Array) -> Array:
        """Return the frames that `samples` complete, [n, N_MELS], possibly none."""
        self._n_samples += len(samples)
        self._buffer = np.concatenate([self._buffer, np.asarray(samples, np.float32)])
        n = max(0, (len(self._buffer) - WINDOW) // HOP + 1)
        return self._frames(n)

    def finish(self) -> Array:
        """Return the last frames, those whose window reaches beyond the end."""
        if not self._n_samples:
            return np.zeros((0, N_MELS), np.float32)
        missing = self._n_samples // HOP + 1 - self._n_frames
        self._buffer = np.concatenate([self._buffer, np.zeros(WINDOW, np.float32)])
        return self._frames(missing)

    def _frames(self, n: int) -> Array:
        if n <= 0:
            return np.zeros((0, N_MELS), np.float32)
        view = np.lib.stride_tricks.sliding_window_view(self._buffer, WINDOW)[: n * HOP : HOP]
        spectrum = np.asarray(rfft(view * _window(), FFT_SIZE, axis=1))
        power = spectrum.real**2 + spectrum.imag**2
        self._buffer = self._buffer[n * HOP :]
        self._n_frames += n
        return np.log(power @ mel_filters().T + POWER_FLOOR).astype(np.float32)


class NoiseFloor:
    """Takes steady noise off: in each band, what was there all of the last 1.3 s.

    Minimum statistics (Martin 2001) without look-ahead, and spectral subtraction with a floor.
    """

    def __init__(self) -> None:
        self._power: NDArray[np.float64] | None = None

    def push(self, log_mels: Array) -> Array:
        """Return log mel frames [n, N_MELS] without the noise, and remember."""
        if not len(log_mels):
            return np.asarray(log_mels, np.float32)
        power = np.exp(np.asarray(log_mels, np.float64))
        if self._power is None:
            self._power = np.repeat(power[:1], NOISE_HISTORY, axis=0)
        known = np.concatenate([self._power, power])
        self._power = known[-NOISE_HISTORY:]
        noise = known
        for shift in (2**k for k in range(NOISE_SMOOTHING)):
            noise = (noise[shift:] + noise[:-shift]) / 2
        for shift in (2**k for k in range(NOISE_WINDOW)):
            noise = np.minimum(noise[shift:], noise[:-shift])
        left = np.maximum(power - NOISE_BIAS * noise, NOISE_LEFT * power)
        return np.log(left + POWER_FLOOR).astype(np.float32)


class RunningNorm:
    """Level and mean of what was heard so far are taken off; the first seconds lean on a prior.

    Args:
        prior_mean: [N_MELS], the long-term mean of (log mel - level) over speech.
        noise_floor: whether steady noise is taken off first.
    """

    def __init__(self, prior_mean: Array, *, noise_floor: bool = False) -> None:
        self._noise = NoiseFloor() if noise_floor else None
        self._peak = PEAK_PRIOR
        mean = np.asarray(prior_mean, np.float64)
        # Weighted sum and weight, side by side, so that one recursion carries both.
        self._sums = np.concatenate([mean * PRIOR_FRAMES, [PRIOR_FRAMES]])

    def push(self, log_mels: Array) -> Array:
        """Return normalised frames [n, N_MELS], float32, and remember."""
        if not len(log_mels):
            return np.zeros((0, N_MELS), np.float32)
        if self._noise is not None:
            log_mels = self._noise.push(log_mels)
        frames = np.asarray(log_mels, np.float64)
        energy = np.logaddexp.reduce(frames, axis=1)
        fall = PEAK_DECAY * np.arange(1, len(frames) + 1)
        level = np.maximum(np.maximum.accumulate(energy + fall), self._peak) - fall
        self._peak = float(level[-1])
        relative = frames - level[:, None]
        speech = (energy > level - SPEECH_RANGE)[:, None]
        heard = np.concatenate([relative, np.ones((len(frames), 1))], axis=1) * speech
        sums = _running_sums(heard, self._sums)
        self._sums = sums[-1].copy()
        return ((relative - sums[:, :-1] / sums[:, -1:]) / SCALE).astype(np.float32)


def _running_sums(values: NDArray[np.float64], before: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return sums [n, D] of values [n, D] that forget, from `before` [D] on.

    `scipy.signal.lfilter` does the same, but loading it takes half a second.
    """
    sums = values.copy()
    for i in range(len(sums)):
        sums[i] += MEAN_FORGETTING * before
        before = sums[i]
    return sums
