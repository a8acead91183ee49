"""Pitch by autocorrelation, at the ears' 100 Hz: for curves and accents, no training.

`pitch_hz` judges each frame on its own, as the weights that hear how a line is played were trained;
`pitch_track` follows one voice through the line, for curves that are looked at.

Source of the window correction and of the track: P. Boersma, "Accurate short-term analysis of the
fundamental frequency", 1993 (dividing by the window's own autocorrelation; candidates and the costs
of a path through them, with the defaults of that paper where none is measured here).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from .recogniser import FEATURE_RATE, SAMPLE_RATE, Samples, loudness_db, n_feature_frames

LOWEST_HZ: Final = 60.0
HIGHEST_HZ: Final = 500.0
VOICED: Final = 0.45
"""Normalised autocorrelation from which a frame is voiced."""
_Array: TypeAlias = NDArray[np.floating[Any]]
_WINDOW: Final = SAMPLE_RATE // 20
_FFT: Final = 2048
_LAGS: Final = (int(SAMPLE_RATE / HIGHEST_HZ), int(SAMPLE_RATE / LOWEST_HZ))
_OCTAVE_COST: Final = 0.02
"""Per octave below the highest pitch: of two equal peaks the higher pitch wins."""
_BATCH: Final = 2000
_RANGE_DB: Final = 28.0
"""Frames this far under the line's loud ones are not voiced."""
_CANDIDATES: Final = 6
_OCTAVE_JUMP_COST: Final = 0.35
"""Per octave between neighbouring frames of a track."""
_VOICING_COST: Final = 0.14
"""Of a change between voiced and unvoiced."""
_SILENCE: Final = 0.03
"""Share of the line's peak under which a frame is silent."""
_SHORTEST_VOICED: Final = 4
"""Frames: a voice that starts and stops within 40 ms is a burst."""


def pitch_hz(samples: Samples) -> NDArray[np.float32]:
    """Return the pitch in Hz, [F] at 100 Hz, 0 where nothing is voiced; frames are centred."""
    parts = [_of_windows(windows) for windows in _windows(samples)]
    if not parts:
        return np.zeros(0, np.float32)
    return np.where(_is_loud(samples), np.concatenate(parts), 0.0).astype(np.float32)


def pitch_track(samples: Samples) -> NDArray[np.float32]:
    """Return the pitch of one voice in Hz, [F] at 100 Hz, 0 where nothing is voiced.

    Neighbouring frames decide together whether there is a voice, and in which octave.
    """
    peak = float(np.abs(samples).max()) if len(samples) else 0.0
    parts = [_candidates(windows, peak) for windows in _windows(samples)]
    if not parts:
        return np.zeros(0, np.float32)
    hertz, strength = (np.concatenate(column) for column in zip(*parts, strict=True))
    pitch = np.where(_is_loud(samples), hertz[np.arange(len(hertz)), _path(hertz, strength)], 0.0)
    return _without_bursts(pitch).astype(np.float32)


def _windows(samples: Samples) -> Iterator[NDArray[np.float32]]:
    """Yield the windows of consecutive frames, [n, _WINDOW], in batches."""
    n_frames = n_feature_frames(len(samples))
    half = _WINDOW // 2
    padded = np.pad(np.asarray(samples, np.float32), (half, half + _WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)
    hop = SAMPLE_RATE // FEATURE_RATE
    for i in range(0, n_frames, _BATCH):
        yield windows[i * hop : min(i + _BATCH, n_frames) * hop : hop]


def _is_loud(samples: Samples) -> NDArray[np.bool_]:
    loudness = loudness_db(np.asarray(samples, np.float32))
    return loudness > np.percentile(loudness, 95) - _RANGE_DB  # hum in a pause is no voice


def _candidates(windows: NDArray[np.float32], peak: float) -> tuple[_Array, _Array]:
    """Return Hz and strength of the candidates of each frame, [n, K + 1]; the first is unvoiced."""
    normal, _ = _normalised_correlation(windows)
    lags = np.arange(_LAGS[0], _LAGS[1] + 1)
    before, at, after = normal[:, lags - 1], normal[:, lags], normal[:, lags + 1]
    is_peak = (at > before) & (at >= after) & (at > VOICED / 2)
    bend = np.minimum(before - 2 * at + after, -1e-6)
    shift = np.clip((before - after) / (2 * bend), -0.5, 0.5)
    height = np.minimum(at - (before - after) * shift / 4, 1.0)
    strength = np.where(is_peak, height - _OCTAVE_COST * np.log2((lags + shift) / _LAGS[0]), -1.0)
    best = np.argsort(-strength, axis=1)[:, :_CANDIDATES]
    hertz = SAMPLE_RATE / np.take_along_axis(lags + shift, best, 1)
    local = np.abs(windows - windows.mean(1, keepdims=True)).max(1) / max(peak, 1e-9)
    unvoiced = VOICED + np.maximum(0.0, 2.0 - local / (_SILENCE / (1 + VOICED)))
    return (
        np.concatenate([np.zeros((len(windows), 1)), hertz], 1),
        np.concatenate([unvoiced[:, None], np.take_along_axis(strength, best, 1)], 1),
    )


def _path(hertz: _Array, strength: _Array) -> NDArray[np.intp]:
    """Return the candidate of each frame on the strongest path, [F]."""
    octaves = np.log2(np.maximum(hertz, 1.0))
    voiced = hertz > 0
    total = strength[0]
    came_from = np.zeros(strength.shape, np.intp)
    for i in range(1, len(strength)):
        jump = _OCTAVE_JUMP_COST * np.abs(octaves[i][:, None] - octaves[i - 1][None])
        change = np.where(voiced[i][:, None] & voiced[i - 1][None], jump, _VOICING_COST)
        change[0, 0] = 0.0
        ways = total[None] - change
        came_from[i] = ways.argmax(1)
        total = strength[i] + ways.max(1)
    path = np.zeros(len(strength), np.intp)
    path[-1] = total.argmax()
    for i in range(len(strength) - 1, 0, -1):
        path[i - 1] = came_from[i][path[i]]
    return path


def _without_bursts(pitch: _Array) -> _Array:
    """Return the track without voiced stretches that are too short for a voice."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], pitch > 0, [0]])))
    kept = pitch.copy()
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start < _SHORTEST_VOICED:
            kept[start:end] = 0.0
    return kept


def _of_windows(windows: NDArray[np.float32]) -> NDArray[np.float32]:
    normal, energy = _normalised_correlation(windows)
    lags = np.arange(_LAGS[0], _LAGS[1] + 1)
    strength = normal[:, lags] - _OCTAVE_COST * np.log2(lags * HIGHEST_HZ / SAMPLE_RATE)
    best = lags[strength.argmax(1)]
    rows = np.arange(len(best))
    before, at, after = normal[rows, best - 1], normal[rows, best], normal[rows, best + 1]
    bend = before - 2 * at + after
    curved = np.where(np.abs(bend) > 1e-6, bend, 1.0)
    shift = np.where(np.abs(bend) > 1e-6, (before - after) / (2 * curved), 0.0)
    voiced = (at > VOICED) & (energy > 1e-4)
    pitch = SAMPLE_RATE / (best + np.clip(shift, -0.5, 0.5))
    return np.where(voiced, pitch, 0.0).astype(np.float32)


def _normalised_correlation(
    windows: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the autocorrelation over that of the window, [n, lags], 1 at lag 0; and energy [n]."""
    shape = np.hanning(_WINDOW).astype(np.float32)
    framed = (windows - windows.mean(1, keepdims=True)) * shape
    n_lags = _LAGS[1] + 2
    correlation = _autocorrelation(framed)[:, :n_lags]
    own = _autocorrelation(shape[None])[0, :n_lags]
    normal = correlation / np.maximum(correlation[:, :1], 1e-9) / (own / own[0])[None]
    return normal, correlation[:, 0]


def _autocorrelation(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    power = np.abs(np.asarray(rfft(frames, _FFT, axis=1))) ** 2
    return np.asarray(irfft(power, _FFT, axis=1), np.float32)
