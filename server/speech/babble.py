"""The recogniser of last resort: syllables from loudness alone.

It never fails and never invents a lip closure: each swell of the voice is a neutral consonant and
a vowel, open when loud. Lines that no other recogniser can take still move, with a note.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone

from .phones import SILENCE
from .recogniser import (
    FEATURE_RATE,
    SAMPLE_RATE,
    Recognition,
    Samples,
    joined,
    loudness_db,
    without_gaps,
)
from .segments import stretches

NOTE = "The sounds of this line were not recognised: the mouth follows its loudness only."
_ABSOLUTE_FLOOR_DB = -62.0
_SPEECH_RANGE_DB = 32.0  # from the loud syllables down to what still counts as speech
_FLOOR_SHARE = 0.25  # of the way from the noise to the loud syllables
_VALLEY_DB = 3.0
_ONSET_SHARE = 0.3
_OPEN_WITHIN_DB = 7.0


def speech_threshold_db(loudness: NDArray[np.float32]) -> float:
    """Return the loudness under which a frame is taken for silence."""
    if not len(loudness):
        return _ABSOLUTE_FLOOR_DB
    floor, top = np.percentile(loudness, [5, 95])
    return float(
        max(_ABSOLUTE_FLOOR_DB, floor + _FLOOR_SHARE * (top - floor), top - _SPEECH_RANGE_DB)
    )


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return [first, last) of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


class BabbleRecogniser:
    """Hears syllables, not sounds."""

    name = "babble"

    def recognise(
        self, samples: Samples, transcript: str | None = None, language: str = "en"
    ) -> Recognition:
        """Hear one whole line; transcript and language make no difference."""
        return joined(self.recognise_stream([samples], language))

    def recognise_stream(
        self, blocks: Iterable[Samples], language: str = "en"
    ) -> Iterator[Recognition]:
        """Hear a line of any length; see `Recogniser`."""
        for samples in stretches(blocks):
            loudness = loudness_db(samples)
            seconds = len(samples) / SAMPLE_RATE
            yield Recognition(babble(loudness, seconds), seconds, loudness, notes=(NOTE,))


def babble(loudness: NDArray[np.float32], seconds: float) -> tuple[Phone, ...]:
    """Return a consonant and a vowel for each swell of `loudness` (dB, 100 Hz)."""
    threshold = speech_threshold_db(loudness)
    smooth = np.convolve(np.pad(loudness, 3, mode="edge"), np.full(7, 1 / 7), "valid")
    top = float(np.percentile(loudness, 95)) if len(loudness) else 0.0
    phones: list[Phone] = []
    for first, last in runs(loudness > threshold):
        for start, end in _swells(smooth, first, last):
            vowel = "ɑ" if smooth[start:end].max() > top - _OPEN_WITHIN_DB else "ə"
            middle = start + _ONSET_SHARE * (end - start)
            phones.append(Phone("d", start / FEATURE_RATE, middle / FEATURE_RATE))
            phones.append(Phone(vowel, middle / FEATURE_RATE, end / FEATURE_RATE))
    return without_gaps(phones, seconds) if phones else _silence(seconds)


def _silence(seconds: float) -> tuple[Phone, ...]:
    return (Phone(SILENCE, 0.0, seconds),) if seconds > 0 else ()


def _swells(loudness: NDArray[np.float32], first: int, last: int) -> list[tuple[int, int]]:
    """Cut [first, last) at valleys that lie `_VALLEY_DB` under the peaks on both sides."""
    cuts = [first]
    peak, valley, valley_at = loudness[first], loudness[first], first
    for frame in range(first, last):
        value = loudness[frame]
        if value < valley:
            valley, valley_at = value, frame
        if value - valley > _VALLEY_DB and peak - valley > _VALLEY_DB:
            cuts.append(valley_at)
            peak, valley, valley_at = value, value, frame
        elif value > peak:
            peak, valley, valley_at = value, value, frame
    cuts.append(last)
    return [(a, b) for a, b in itertools.pairwise(cuts) if b > a]
