"""What every recogniser is: 16 kHz samples in, phones with times out.

A recogniser hears one stretch at a time, so a line of any length runs through `recognise_stream`
with flat memory; `listen` is what the service calls. Implementations: our own trained
ears, and `babble` (energy alone, never fails).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.errors import SoliloquyError

from .phones import SILENCE

SAMPLE_RATE: Final = 16_000
"""Hz, mono: what recognisers hear."""
FEATURE_RATE: Final = 100
"""Hz: loudness, posteriors and features; frame i is centred on i / 100 seconds."""

Samples: TypeAlias = NDArray[np.float32]


class SpeechError(SoliloquyError):
    """Base of everything that goes wrong while listening."""

    code = "bad_audio"


class RecogniserError(SpeechError):
    """A recogniser cannot be used here, or could make nothing of its input."""


@dataclass(frozen=True)
class AlignedWord:
    """Where a word was said, seconds; confidence 0..1; start = end when it was not said."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True)
class Recognition:
    """What a recogniser heard in one stretch.

    Attributes:
        phones: in order and without gaps from 0 to the end of the stretch (silence is a phone);
            seconds from the first sample of the stretch, symbols of `phones.PHONES`.
        seconds: length of the stretch.
        loudness: float32 [F], dB relative to full scale at 100 Hz, F = floor(seconds * 100) + 1.
        posteriors: float32 [F, len(PHONES)], probabilities, or None.
        features: float32 [F, D], hidden features of the recogniser, or None.
        notes: sentences for the user.
        stress: float32 [F], probability that the vowel under the frame is stressed, or None.
        words: of the transcript that was obeyed, or none.
    """

    phones: tuple[Phone, ...]
    seconds: float
    loudness: NDArray[np.float32]
    posteriors: NDArray[np.float32] | None = None
    features: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()
    stress: NDArray[np.float32] | None = None
    words: tuple[AlignedWord, ...] = ()


@runtime_checkable
class Recogniser(Protocol):
    """Hears phones; holds no state between calls, so that several lines may be heard at once."""

    name: str

    def recognise(
        self, samples: Samples, transcript: str | None = None, language: str = "en"
    ) -> Recognition:
        """Hear one whole line.

        Args:
            samples: float32 [S], 16 kHz mono, -1..1; may be empty.
            transcript: the words spoken, when known: the phones are then aligned to them.
            language: ISO 639-1 code; a recogniser that does not know it says so in the notes.

        Raises:
            RecogniserError: nothing can be said about these samples.
        """
        ...

    def recognise_stream(
        self, blocks: Iterable[Samples], language: str = "en"
    ) -> Iterator[Recognition]:
        """Hear a line of any length in order, with memory that does not grow.

        Args:
            blocks: consecutive float32 samples, 16 kHz mono, of any lengths.
            language: as in `recognise`.

        Yields:
            Consecutive stretches; their seconds add up to the length of the line.
        """
        ...


@runtime_checkable
class GuessesWords(Protocol):
    """A recogniser that can also guess what an English line says, and hears better for it."""

    def recognise_guessing(
        self, samples: Samples, language: str, on_heard: Callable[[float], None]
    ) -> Recognition:
        """Hear one whole line and guess its words.

        Args:
            samples: float32 [S], 16 kHz mono. language: an English one.
            on_heard: called with the seconds done so far; may raise to cancel.
        """
        ...


def n_feature_frames(n_samples: int) -> int:
    """Return how many 100 Hz frames describe `n_samples`: the first at 0, the last in reach."""
    return n_samples * FEATURE_RATE // SAMPLE_RATE + 1 if n_samples else 0


def loudness_db(samples: Samples, window_seconds: float = 0.025) -> NDArray[np.float32]:
    """Return short-time RMS loudness in dB relative to full scale, [F] at 100 Hz, floor -100.

    Each frame is centred on its own time, so loudness is neither early nor late.
    """
    n_frames = n_feature_frames(len(samples))
    if not n_frames:
        return np.zeros(0, np.float32)
    half = int(window_seconds * SAMPLE_RATE / 2)
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    centres = np.arange(n_frames) * (SAMPLE_RATE // FEATURE_RATE)
    first = np.clip(centres - half, 0, len(samples))
    last = np.clip(centres + half, 0, len(samples))
    mean = (power[last] - power[first]) / np.maximum(last - first, 1)
    return (10 * np.log10(np.maximum(mean, 1e-10))).astype(np.float32)


def without_gaps(phones: Sequence[Phone], seconds: float) -> tuple[Phone, ...]:
    """Return the phones in order from 0 to `seconds`, overlaps cut and gaps filled with silence.

    Phones left without time are dropped; neighbouring silences become one.
    """
    filled: list[Phone] = []
    clock = 0.0
    for phone in sorted(phones, key=lambda p: p.start):
        start, end = max(phone.start, clock), min(phone.end, seconds)
        if end - start < 1e-6:
            continue
        if start - clock > 1e-6:
            _append(filled, Phone(SILENCE, clock, start))
        _append(filled, Phone(phone.phone, max(start, clock), end))
        clock = end
    if seconds - clock > 1e-6:
        _append(filled, Phone(SILENCE, clock, seconds))
    return tuple(filled)


def _append(phones: list[Phone], phone: Phone) -> None:
    if phones and phones[-1].phone == phone.phone == SILENCE:
        phones[-1] = Phone(SILENCE, phones[-1].start, phone.end)
    else:
        phones.append(phone)


def shifted(phones: Iterable[Phone], seconds: float) -> tuple[Phone, ...]:
    """Return the phones moved by `seconds`."""
    return tuple(Phone(p.phone, p.start + seconds, p.end + seconds) for p in phones)


def joined(parts: Iterable[Recognition]) -> Recognition:
    """Return consecutive stretches as one; a note that comes several times is kept once."""
    phones: list[Phone] = []
    pieces: list[Recognition] = []
    words: list[AlignedWord] = []
    notes: dict[str, None] = {}
    seconds = 0.0
    for part in parts:
        for phone in shifted(part.phones, seconds):
            _append(phones, phone)
        words += (replace(w, start=w.start + seconds, end=w.end + seconds) for w in part.words)
        notes |= dict.fromkeys(part.notes)
        pieces.append(part)
        seconds += part.seconds
    n_frames = n_feature_frames(round(seconds * SAMPLE_RATE))
    return Recognition(
        phones=tuple(phones),
        seconds=seconds,
        loudness=_stitched([p.loudness for p in pieces], pieces, n_frames),
        posteriors=_stitched_if_all([p.posteriors for p in pieces], pieces, n_frames),
        features=_stitched_if_all([p.features for p in pieces], pieces, n_frames),
        notes=tuple(notes),
        stress=_stitched_if_all([p.stress for p in pieces], pieces, n_frames),
        words=tuple(words),
    )


def _stitched_if_all(
    arrays: Sequence[NDArray[np.float32] | None], pieces: Sequence[Recognition], n_frames: int
) -> NDArray[np.float32] | None:
    present = [a for a in arrays if a is not None]
    return _stitched(present, pieces, n_frames) if arrays and len(present) == len(arrays) else None


def _stitched(
    arrays: Sequence[NDArray[np.float32]], pieces: Sequence[Recognition], n_frames: int
) -> NDArray[np.float32]:
    """Lay each piece at its own time; where two meet the later one wins."""
    width = arrays[0].shape[1:] if arrays else ()
    whole = np.zeros((n_frames, *width), np.float32)
    start = 0.0
    for array, piece in zip(arrays, pieces, strict=True):
        first = round(start * FEATURE_RATE)
        n = min(len(array), n_frames - first)
        whole[first : first + n] = array[:n]
        start += piece.seconds
    return whole
