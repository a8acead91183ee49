"""Pitch by autocorrelation, at the ears' 100 Hz: for curves and accents, no training.

Source of the window correction: P. Boersma, "Accurate short-term analysis of the fundamental
frequency", 1993 (dividing by the window's own autocorrelation).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from .recogniser import FEATURE_RATE, SAMPLE_RATE, Samples, loudness_db, n_feature_frames

LOWEST_HZ: Final = 60.0
HIGHEST_HZ: Final = 500.0
VOICED: Final = 0.45
"""Normalised autocorrelation from which a frame is voiced."""
_WINDOW: Final = SAMPLE_RATE // 20
_FFT: Final = 2048
_OCTAVE_COST: Final = 0.02
"""Per octave below the highest pitch: of two equal peaks the higher pitch wins."""
_BATCH: Final = 2000
_RANGE_DB: Final = 28.0
"""Frames this far under the line's loud ones are not voiced."""


def pitch_hz(samples: Samples) -> NDArray[np.float32]:
    """Return the pitch in Hz, [F] at 100 Hz, 0 where nothing is voiced; frames are centred."""
    n_frames = n_feature_frames(len(samples))
    half = _WINDOW // 2
    padded = np.pad(np.asarray(samples, np.float32), (half, half + _WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    hop = SAMPLE_RATE // FEATURE_RATE
    parts = [
        _of_windows(windows[i * hop : min(i + _BATCH, n_frames) * hop : hop])
        for i in range(0, n_frames, _BATCH)
    ]
    if not parts:
        return np.zeros(0, np.float32)
    loudness = loudness_db(np.asarray(samples, np.float32))
    is_loud = loudness > np.percentile(loudness, 95) - _RANGE_DB  # hum in a pause is no voice
    return np.where(is_loud, np.concatenate(parts), 0.0).astype(np.float32)


def _of_windows(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    shape = np.hanning(_WINDOW).astype(np.float32)
    framed = (windows - windows.mean(1, keepdims=True)) * shape
    lags = np.arange(int(SAMPLE_RATE / HIGHEST_HZ), int(SAMPLE_RATE / LOWEST_HZ) + 1)
    n_lags = int(lags[-1]) + 2
    correlation = _autocorrelation(framed)[:, :n_lags]
    own = _autocorrelation(shape[None])[0, :n_lags]
    normal = correlation / np.maximum(correlation[:, :1], 1e-9) / (own / own[0])[None]
    strength = normal[:, lags] - _OCTAVE_COST * np.log2(lags * HIGHEST_HZ / SAMPLE_RATE)
    best = lags[strength.argmax(1)]
    rows = np.arange(len(best))
    before, at, after = normal[rows, best - 1], normal[rows, best], normal[rows, best + 1]
    bend = before - 2 * at + after
    curved = np.where(np.abs(bend) > 1e-6, bend, 1.0)
    shift = np.where(np.abs(bend) > 1e-6, (before - after) / (2 * curved), 0.0)
    voiced = (at > VOICED) & (correlation[:, 0] > 1e-4)
    pitch = SAMPLE_RATE / (best + np.clip(shift, -0.5, 0.5))
    return np.where(voiced, pitch, 0.0).astype(np.float32)


def _autocorrelation(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    power = np.abs(np.asarray(rfft(frames, _FFT, axis=1))) ** 2
    return np.asarray(irfft(power, _FFT, axis=1), np.float32)
