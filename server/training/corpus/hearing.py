"""What a performer hears in a line: where it is stressed, where it pauses.

Stress is taken from the sound (louder and longer than its surroundings) as well as from the
dictionary, so that a generator which only hears the audio can learn when brows and head beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.generators.base import Speech
from server.speech.phones import SILENCE, VOWELS
from server.speech.recogniser import FEATURE_RATE

from .curves import Array, Keys, keys

_LEXICAL = 0.25  # what a dictionary stress adds to prominence
_PROMINENT = 0.75  # quantile of vowels that counts as prominent
_PAUSE = 0.12  # seconds; a shorter silence is the closure of a stop
_BREATH = 0.15  # seconds over which a face turns from silence to speech


@dataclass(frozen=True)
class Line:
    """A spoken line, without its words.

    Attributes:
        seconds: length. phones: in order, without gaps. stressed: one a phone, None = unknown.
        loudness: float32 [F] at 100 Hz, dB relative to full scale.
    """

    seconds: float
    phones: tuple[Phone, ...]
    stressed: tuple[bool | None, ...]
    loudness: NDArray[np.float32]

    @cached_property
    def speech(self) -> Speech:
        """The same for `server.generators.articulate`."""
        return Speech(np.zeros(0, np.float32), self.seconds, self.phones, self.loudness)

    @cached_property
    def prominent(self) -> tuple[tuple[float, float], ...]:
        """(seconds, strength 0..1) of the middle of each prominent vowel."""
        vowels = [i for i, p in enumerate(self.phones) if p.phone in VOWELS]
        if not vowels:
            return ()
        scores = _scores(self, vowels)
        limit = float(np.quantile(scores, _PROMINENT))
        spread = max(float(scores.max()) - limit, 0.2)
        found = []
        for i, score in zip(vowels, scores, strict=True):
            if score >= limit:
                middle = 0.5 * (self.phones[i].start + self.phones[i].end)
                found.append((middle, float(min(1.0, 0.4 + 0.6 * (score - limit) / spread))))
        return tuple(found)

    @cached_property
    def pauses(self) -> tuple[tuple[float, float], ...]:
        """Start and end of each silence that is a pause."""
        silences = [p for p in self.phones if p.phone == SILENCE and p.end - p.start > _PAUSE]
        return tuple((p.start, p.end) for p in silences)

    def voice(self, times: Array) -> Array:
        """Return 1 where there is speech and 0 in pauses, with soft edges, [T]."""
        return self._voice_keys.at(times)

    @cached_property
    def _voice_keys(self) -> Keys:
        points = [(0.0, 0.0 if self._silent_at(0.0) else 1.0)]
        for start, end in self.pauses:
            depth = max(0.0, 1.0 - (end - start) / (4 * _BREATH))
            points += [(start, 1.0), (start + _BREATH, depth), (end - _BREATH, depth), (end, 1.0)]
        last = self.seconds
        points = [(t, v) for t, v in points if 0 < t < last - 0.05] or points[:1]
        first = 0.0 if self._silent_at(0.0) else 1.0
        final = 0.0 if self._silent_at(last - 1e-3) else 1.0
        return keys([(0.0, first), *((t, v) for t, v in points if t > 0.05), (last, final)])

    def _silent_at(self, when: float) -> bool:
        return not self.phones or any(start <= when < end for start, end in self.pauses)


def _scores(line: Line, vowels: Sequence[int]) -> Array:
    levels, lengths = [], []
    for i in vowels:
        phone = line.phones[i]
        first = min(int(phone.start * FEATURE_RATE), max(len(line.loudness) - 1, 0))
        span = line.loudness[first : max(int(phone.end * FEATURE_RATE), first + 1)]
        levels.append(float(span.max()) if len(span) else 0.0)
        lengths.append(max(phone.end - phone.start, 0.02))
    level, length = np.array(levels), np.log(np.array(lengths))
    lexical = np.array([_LEXICAL * (line.stressed[i] is True) for i in vowels])
    return (level - np.median(level)) / 8.0 + 0.5 * (length - np.median(length)) + lexical
