"""How something is said, as numbers: frames of timbre and prosody, and figures of the whole line.

No frame knows the recording's gain: levels are taken from the line's own loud parts. Pitch is given
both as it is and against the line's median, as a voice is heard for the first time.

Shapes: F frames at 100 Hz, T steps at 25 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, irfft, rfft

from server.speech.features import N_MELS, log_mel, mel_centres
from server.speech.pitch import pitch_hz
from server.speech.recogniser import SAMPLE_RATE, Samples, n_feature_frames

Array = NDArray[np.float32]

STEP: Final = 4
"""100 Hz frames in one step of the network: 40 ms."""
N_BANDS: Final = N_MELS // 2
N_PROSODY: Final = 8
N_STREAM: Final = N_BANDS + N_PROSODY
_N_CEPSTRA: Final = 13
_FLOOR_NATS: Final = 9.0
"""Under the line's level by 39 dB lies the room, not the voice."""
_SPEECH_NATS: Final = 6.5
"""Within 28 dB of the level is speech."""
_TILT_HZ: Final = 1000.0
_REFERENCE_HZ: Final = 150.0
_WINDOW: Final = SAMPLE_RATE // 20
_FFT: Final = 2048
_LEAST_VOICED: Final = 12
"""Voiced frames (120 ms) that a voice needs."""
_QUIETEST: Final = -62.0
"""dB relative to full scale that the loud parts of a voice reach at least."""


@dataclass(frozen=True)
class Voice:
    """A line as it sounds.

    Attributes:
        stream: float32 [T, N_STREAM], log-mel bands below the line's level, then prosody.
        figures: float32 [N_FIGURES], of the whole line.
        voiced: seconds of voice.
    """

    stream: Array
    figures: Array
    voiced: float


@dataclass(frozen=True)
class _Frames:
    """At 100 Hz: bands and energy below the level (nats), pitch in octaves, masks, harmonicity."""

    bands: Array
    energy: Array
    octaves: Array
    voiced: NDArray[np.bool_]
    speech: NDArray[np.bool_]
    harmonic: Array
    level: float


def has_voice(samples: Samples) -> bool:
    """Whether anything in a line is voiced and loud enough to be a voice."""
    if len(samples) < SAMPLE_RATE // 10:
        return False
    return _has_voice(_frames(np.asarray(samples, np.float32)))


def hear_voice(samples: Samples) -> Voice | None:
    """Describe a line, float32 16 kHz; None where no voice is in it."""
    if len(samples) < SAMPLE_RATE // 10:
        return None
    frames = _frames(np.nan_to_num(np.asarray(samples, np.float32)))
    if not _has_voice(frames):
        return None
    return Voice(_stream(frames), _figures(frames), float(frames.voiced.sum()) / 100)


def _has_voice(frames: _Frames) -> bool:
    loud = frames.level * 10 / np.log(10) >= _QUIETEST
    return bool(loud) and int(frames.voiced.sum()) >= _LEAST_VOICED


def _frames(samples: Array) -> _Frames:
    mels = log_mel(samples)
    bands = np.logaddexp(mels[:, ::2], mels[:, 1::2])
    energy = np.logaddexp.reduce(mels, axis=1)
    level = float(np.percentile(energy, 95))
    pitch = pitch_hz(samples)
    speech = energy > level - _SPEECH_NATS
    voiced = (pitch > 0) & speech
    octaves = np.where(voiced, np.log2(np.maximum(pitch, 1.0) / _REFERENCE_HZ), 0.0)
    return _Frames(
        np.maximum(bands - level, -_FLOOR_NATS).astype(np.float32),
        np.maximum(energy - level, -_FLOOR_NATS).astype(np.float32),
        octaves.astype(np.float32), voiced, speech,
        _harmonicity(samples, pitch), level - _mel_gain(),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _mel_gain() -> float:
    """Log-mel energy of a full-scale sine, so that a level is in nats relative to full scale."""
    clock = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    sine = np.sin(2 * np.pi * 300 * clock).astype(np.float32) * np.float32(np.sqrt(2))
    return float(np.median(np.logaddexp.reduce(log_mel(sine), axis=1)))


def _harmonicity(samples: Array, pitch: Array) -> Array:
    """Autocorrelation at the pitch period, 0..1, [F]; 0 where nothing is voiced."""
    n_frames = n_feature_frames(len(samples))
    found = np.zeros(n_frames, np.float32)
    where = np.flatnonzero(pitch[:n_frames] > 0)
    if not len(where):
        return found
    padded = np.pad(samples, (_WINDOW // 2, _WINDOW))
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: SAMPLE_RATE // 100]
    shape = np.hanning(_WINDOW).astype(np.float32)
    own = _autocorrelation(shape[None])[0]
    lags = np.round(SAMPLE_RATE / pitch[where]).astype(int)
    for first in range(0, len(where), 2000):
        rows = where[first : first + 2000]
        lag = lags[first : first + 2000]
        correlation = _autocorrelation(windows[rows] * shape)
        at = correlation[np.arange(len(rows)), lag] / np.maximum(correlation[:, 0], 1e-9)
        found[rows] = np.clip(at / (own[lag] / own[0]), 0.0, 0.999)
    return found


def _autocorrelation(frames: Array) -> Array:
    power = np.abs(np.asarray(rfft(frames, _FFT, axis=1))) ** 2
    return np.asarray(irfft(power, _FFT, axis=1), np.float32)


def _stream(frames: _Frames) -> Array:
    """Steps of four frames: means over them, prosody over the voiced ones."""
    voiced = frames.voiced.astype(np.float32)
    median = float(np.median(frames.octaves[frames.voiced]))
    relative = np.where(frames.voiced, frames.octaves - median, 0.0)
    change = _change(frames)
    columns = [
        frames.bands / 4.0 + 1.0, (frames.energy / 4.0 + 1.0)[:, None], voiced[:, None],
        (frames.octaves * voiced)[:, None], (3.0 * relative)[:, None], (20.0 * change)[:, None],
        (frames.harmonic * voiced)[:, None], frames.speech.astype(np.float32)[:, None],
        _tilt(frames)[:, None],
    ]  # fmt: skip
    stacked = np.concatenate(columns, 1).astype(np.float32)
    n_steps = max(len(stacked) // STEP, 1)
    padded = np.pad(stacked, ((0, max(n_steps * STEP - len(stacked), 0)), (0, 0)))
    return padded[: n_steps * STEP].reshape(n_steps, STEP, -1).mean(1)


def _change(frames: _Frames) -> Array:
    """Octaves of pitch a frame, between voiced neighbours, [F]."""
    both = frames.voiced[1:] & frames.voiced[:-1]
    steps = np.where(both, np.diff(frames.octaves), 0.0)
    return np.concatenate([[0.0], np.where(np.abs(steps) < 0.2, steps, 0.0)]).astype(np.float32)


@lru_cache(maxsize=1)
def _is_low() -> NDArray[np.bool_]:
    return mel_centres()[::2] < _TILT_HZ


def _tilt(frames: _Frames) -> Array:
    """Energy over 1 kHz against under it, in nats / 4, [F]."""
    low = np.logaddexp.reduce(frames.bands[:, _is_low()], axis=1)
    high = np.logaddexp.reduce(frames.bands[:, ~_is_low()], axis=1)
    return ((high - low) / 4.0).astype(np.float32)


def _figures(frames: _Frames) -> Array:
    cepstra = np.asarray(dct(frames.bands, axis=1, norm="ortho"))[:, 1 : _N_CEPSTRA + 1]
    tilt, change = _tilt(frames), _change(frames)
    unvoiced = frames.speech & ~frames.voiced
    moving = np.abs(np.diff(cepstra, axis=0, prepend=cepstra[:1]))
    speech, voiced = frames.speech, frames.voiced
    values = [
        *_spread(frames.octaves[voiced]), *_spread(frames.energy[speech]),
        *_spread(frames.energy[voiced]), *_spread(tilt[voiced]), *_spread(tilt[unvoiced]),
        *_spread(frames.harmonic[voiced]), *_spread(10 * change[voiced]),
        *_spread(np.abs(10 * change[voiced])), *_rhythm(frames), *_melody(frames),
        *cepstra[voiced].mean(0), *cepstra[voiced].std(0), *cepstra[speech].mean(0),
        *cepstra[speech].std(0), *moving[speech].mean(0),
        *frames.bands[voiced].mean(0)[::2], *np.percentile(frames.bands[speech], 90, axis=0)[::2],
    ]  # fmt: skip
    return np.nan_to_num(np.asarray(values, np.float32))


def _spread(values: Array) -> list[float]:
    """Mean, deviation and five percentiles; zeros of nothing."""
    if not len(values):
        return [0.0] * 7
    return [float(values.mean()), float(values.std()),
            *(float(v) for v in np.percentile(values, [5, 25, 50, 75, 95]))]  # fmt: skip


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lengths of the runs of true frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return edges[1::2] - edges[::2]


def _rhythm(frames: _Frames) -> list[float]:
    """Rate and pauses: how long, how much voice, how many bursts, how long they last."""
    where = np.flatnonzero(frames.speech)
    inside = frames.speech[where[0] : where[-1] + 1]
    seconds = len(inside) / 100
    runs, gaps = _runs(frames.voiced), _runs(~inside)
    smooth = np.convolve(frames.energy, np.hanning(13) / 6.0, "same")
    peaks = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & frames.speech[1:-1]
    return [
        float(np.log(seconds)), float(inside.mean()),
        float(frames.voiced.sum() / max(frames.speech.sum(), 1)), len(runs) / seconds,
        float(np.log(runs.mean())) if len(runs) else 0.0,
        float(np.log(runs.max())) if len(runs) else 0.0, float(peaks.sum()) / seconds,
        len(gaps) / seconds, float(gaps.sum()) / 100,
    ]  # fmt: skip


def _melody(frames: _Frames) -> list[float]:
    """Where pitch and loudness go over the line: slopes, and thirds against the whole."""
    where = np.flatnonzero(frames.voiced)
    octaves, energy = frames.octaves[where], frames.energy[where]
    clock = (where - where.mean()) / max(float(where.std()), 1.0)
    thirds = np.array_split(np.arange(len(where)), 3)
    return [
        float((clock * octaves).mean()), float((clock * energy).mean()),
        *(float(octaves[t].mean() - octaves.mean()) for t in thirds),
        *(float(energy[t].mean() - energy.mean()) for t in thirds),
        float(np.corrcoef(octaves, energy)[0, 1]) if octaves.std() > 1e-4 else 0.0,
    ]  # fmt: skip


N_FIGURES: Final = 8 * 7 + 9 + 9 + 5 * _N_CEPSTRA + 2 * ((N_BANDS + 1) // 2)
