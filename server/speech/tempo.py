"""What was heard at natural speed, on the time base of a strip that plays faster or slower."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.generators.base import Speech

from .recogniser import FEATURE_RATE, SAMPLE_RATE, Samples


def at_rate(speech: Speech, playback_rate: float) -> Speech:
    """Return the line as it is heard when it plays `playback_rate` times as fast.

    Phones were recognised at natural speed, where recognisers are at home; only times change.
    Samples are read faster or slower, which also shifts their pitch.
    """
    if playback_rate == 1.0:
        return speech
    seconds = speech.seconds / playback_rate
    return replace(
        speech,
        seconds=seconds,
        phones=tuple(
            Phone(p.phone, p.start / playback_rate, p.end / playback_rate) for p in speech.phones
        ),
        samples=_stretched_samples(speech.samples, round(seconds * SAMPLE_RATE)),
        loudness=_stretched(speech.loudness, seconds, playback_rate),
        features=None
        if speech.features is None
        else _stretched(speech.features, seconds, playback_rate),
    )


def _stretched(values: NDArray[np.float32], seconds: float, rate: float) -> NDArray[np.float32]:
    """Resample [F] or [F, D] at 100 Hz linearly onto the new time base."""
    if not len(values):
        return values
    n_frames = int(seconds * FEATURE_RATE) + 1
    at = np.minimum(np.arange(n_frames) * rate, len(values) - 1)
    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, len(values) - 1)
    share = (at - low).reshape(-1, *[1] * (values.ndim - 1)).astype(np.float32)
    return (values[low] * (1 - share) + values[high] * share).astype(np.float32)


def _stretched_samples(samples: Samples, n: int) -> Samples:
    if not len(samples) or not n:
        return samples[:0]
    import soxr

    changed = soxr.resample(samples, len(samples), n, quality="HQ")
    return np.pad(changed[:n], (0, max(n - len(changed), 0))).astype(np.float32)
