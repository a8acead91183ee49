"""Audio in, `Speech` out: the one call by which a service hears a line.

Any length runs with flat memory: blocks are heard as they come and their samples are kept in a
temporary file, not in memory.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import IO, Final

import numpy as np

from arkit.clip import Phone
from server.generators.base import Speech
from server.wire.messages import TimedPhone

from .babble import BabbleRecogniser
from .g2p import is_english
from .notations import own_phones
from .recogniser import (
    SAMPLE_RATE,
    GuessesWords,
    Recogniser,
    RecogniserError,
    Recognition,
    Samples,
    joined,
    loudness_db,
    without_gaps,
)
from .segments import stretches
from .words import LONGEST_SECONDS as LONGEST_GUESSED_SECONDS

RECOGNISERS: Final[dict[str, str]] = {
    "ears": "server.speech.ears_recogniser:EarsRecogniser",
    "babble": "server.speech.babble:BabbleRecogniser",
    "ears-research": "server.speech.ears_recogniser:ResearchEars",
}
"""Name -> where it is, best first; `auto` takes the first that this machine can load."""
_BY_NAME_ONLY: Final = frozenset({"ears-research"})
"""Its weights may not be used commercially, so nobody gets them without asking."""

_LONGEST_ALIGNED_SECONDS = 180.0
_BLOCK: Final = 10 * SAMPLE_RATE

OnHeard = Callable[[float], None]
"""Called with the seconds heard so far; may raise to cancel."""


def _ignore(_seconds: float) -> None:
    """Report to nobody."""


def load_recogniser(name: str = "auto") -> Recogniser:
    """Return a recogniser by name, or the best one that can be loaded here.

    Raises:
        RecogniserError: no such name, or it cannot be used on this machine.
    """
    if name != "auto" and name not in RECOGNISERS:
        known = ", ".join(RECOGNISERS)
        raise RecogniserError(f"There is no recogniser '{name}'; known are {known}, auto")
    free = tuple(known for known in RECOGNISERS if known not in _BY_NAME_ONLY)
    for candidate in free if name == "auto" else (name,):
        module, _, cls = RECOGNISERS[candidate].partition(":")
        try:
            return getattr(importlib.import_module(module), cls)()
        except RecogniserError:
            if name != "auto":
                raise
    return BabbleRecogniser()


def listen(
    audio: Samples | Iterable[Samples],
    *,
    transcript: str = "",
    language: str = "en",
    phones: Sequence[Phone | TimedPhone] = (),
    guess_words: bool = False,
    recogniser: Recogniser | None = None,
    on_heard: OnHeard = _ignore,
) -> Speech:
    """Hear a line. The service calls exactly this; its signature is stable.

    Args:
        audio: float32 samples, 16 kHz mono, or consecutive blocks of them of any lengths (then
            memory stays flat: the samples of the result lie in a temporary file).
        transcript: the words, when known; used up to three minutes.
        language: ISO 639-1 code of what is spoken.
        phones: the user's corrected phones, ours or ARPABET; obeyed as they are, and nothing is
            recognised then.
        guess_words: whether the words of an English line without transcript are guessed, up to
            three minutes: slower, and better heard; see `words`.
        recogniser: `load_recogniser()` when None; loading takes up to a second, so a service
            keeps one.
        on_heard: called with the seconds heard so far, after every 6 to 20 s of audio; it may
            raise to cancel.

    Returns:
        Speech whose phones run from 0 to its end without gaps. Strange audio never fails: at
        worst the phones follow loudness and a note says so.

    Raises:
        NotationError: a given phone has a symbol or times that make no sense.
    """
    recogniser = recogniser or load_recogniser()
    given = own_phones(phones)
    transcript = transcript.strip()
    guess_words = guess_words and not transcript and is_english(language)
    hear = partial(
        _heard,
        given=given,
        transcript=transcript,
        language=language,
        guess_words=guess_words,
        recogniser=recogniser,
        on_heard=on_heard,
    )
    if isinstance(audio, np.ndarray):
        samples = np.nan_to_num(np.asarray(audio, np.float32))
        return _speech(samples, hear(samples), is_guessed=not transcript)
    with tempfile.TemporaryFile() as spool:
        blocks = _spooled(audio, spool)
        if transcript or given or guess_words:
            for _ in blocks:
                pass
            samples = _mapped(spool)
            heard = hear(samples)
        else:
            heard = joined(_counted(recogniser.recognise_stream(blocks, language), on_heard))
            samples = _mapped(spool)
        return _speech(samples, heard, is_guessed=not transcript)


def recognise_line(
    samples: Samples,
    transcript: str,
    language: str,
    recogniser: Recogniser,
    *,
    guess_words: bool = False,
) -> Recognition:
    """Hear a line as `listen` does, and return all that the recogniser knows of it.

    Its phones run from 0 to its end without gaps.
    """
    transcript = transcript.strip()
    heard = _heard(
        samples,
        given=(),
        transcript=transcript,
        language=language,
        guess_words=guess_words and not transcript and is_english(language),
        recogniser=recogniser,
        on_heard=_ignore,
    )
    return replace(heard, phones=without_gaps(heard.phones, len(samples) / SAMPLE_RATE))


def _heard(
    samples: Samples,
    *,
    given: tuple[Phone, ...],
    transcript: str,
    language: str,
    guess_words: bool,
    recogniser: Recogniser,
    on_heard: OnHeard,
) -> Recognition:
    """Hear samples that lie in memory or in a mapped file."""
    seconds = len(samples) / SAMPLE_RATE
    if given:
        cut = stretches(_blocks(samples))
        parts = (Recognition((), len(s) / SAMPLE_RATE, loudness_db(s)) for s in cut)
        return replace(joined(_counted(parts, on_heard)), phones=without_gaps(given, seconds))
    notes: tuple[str, ...] = ()
    if transcript and seconds <= _LONGEST_ALIGNED_SECONDS:
        heard = recogniser.recognise(samples, transcript, language)
        on_heard(seconds)
        return heard
    if transcript:
        notes = (
            f"The transcript was not used: the line has {seconds:.1f} s, "
            f"more than {_LONGEST_ALIGNED_SECONDS:.0f}.",
        )
    if guess_words and seconds <= LONGEST_GUESSED_SECONDS and isinstance(recogniser, GuessesWords):
        heard = recogniser.recognise_guessing(samples, language, on_heard)
        on_heard(seconds)
        return heard
    if guess_words and seconds > LONGEST_GUESSED_SECONDS:
        notes = (
            f"The words were not guessed: the line has {seconds:.1f} s, "
            f"more than {LONGEST_GUESSED_SECONDS:.0f}.",
        )
    heard = joined(_counted(recogniser.recognise_stream(_blocks(samples), language), on_heard))
    return replace(heard, notes=notes + heard.notes)


def _blocks(samples: Samples) -> Iterator[Samples]:
    """Yield a line a piece at a time: an hour in a mapped file never lies in memory whole."""
    for start in range(0, len(samples), _BLOCK):
        yield samples[start : start + _BLOCK]


def _counted(parts: Iterable[Recognition], on_heard: OnHeard) -> Iterator[Recognition]:
    seconds = 0.0
    for part in parts:
        seconds += part.seconds
        on_heard(seconds)
        yield part


def _spooled(blocks: Iterable[Samples], spool: IO[bytes]) -> Iterator[Samples]:
    for block in blocks:
        clean = np.nan_to_num(np.asarray(block, np.float32))
        spool.write(clean.astype("<f4").tobytes())
        yield clean


def _mapped(spool: IO[bytes]) -> Samples:
    """Return the samples of the spool without reading them into memory."""
    spool.flush()
    if not spool.tell():
        return np.zeros(0, np.float32)
    return np.memmap(spool, np.dtype("<f4"), mode="r")


def _speech(samples: Samples, heard: Recognition, *, is_guessed: bool) -> Speech:
    """Return what the service takes; words that nobody gave can only be guessed ones."""
    seconds = len(samples) / SAMPLE_RATE
    return Speech(
        samples=samples,
        seconds=seconds,
        phones=without_gaps(heard.phones, seconds),
        loudness=heard.loudness,
        features=heard.features,
        notes=heard.notes,
        guessed_words=tuple(word.text for word in heard.words) if is_guessed else (),
    )
