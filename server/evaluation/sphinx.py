"""A second opinion on phones with times: pocketsphinx, whose package carries its English model.

Its phones are only a judge of the ears; its words serve the product (`server.speech.words`).

Without a transcript it decodes phones freely, stretch by stretch; with one it aligns the words.
Its labels are 10 ms early against exact synthetic times, which is corrected here.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.speech.babble import NOTE as BABBLE_NOTE
from server.speech.babble import babble, runs, speech_threshold_db
from server.speech.notations import arpabet, spread
from server.speech.phones import SILENCE
from server.speech.recogniser import (
    FEATURE_RATE,
    SAMPLE_RATE,
    RecogniserError,
    Recognition,
    Samples,
    joined,
    loudness_db,
    shifted,
    without_gaps,
)
from server.speech.segments import stretches
from server.speech.words import pcm16

from .sphinx_alignment import AlignmentError, align_words

_log = logging.getLogger(__name__)

LATENESS_SECONDS = 0.01
_BEAMS = (1e-30, 1e-80)  # tighter ones lose the end of a stretch
_LANGUAGE_WEIGHT = 1.5
_PAUSE_SECONDS = 0.15  # quiet that is longer than a stop consonant's closure


class SphinxRecogniser:
    """English phones through pocketsphinx; other languages get the nearest English sounds.

    Raises:
        RecogniserError: the package is not installed.
    """

    name = "sphinx"

    def __init__(self) -> None:
        if importlib.util.find_spec("pocketsphinx") is None:
            raise RecogniserError(
                "pocketsphinx is not installed; run: pip install 'soliloquy[server]'"
            )

    def recognise(
        self, samples: Samples, transcript: str | None = None, language: str = "en"
    ) -> Recognition:
        """Hear one whole line; see `Recogniser`. A transcript that does not fit is noted."""
        heard: tuple[str, ...] = ()
        if transcript and transcript.strip():
            aligned, heard = self._aligned(samples, transcript, language)
            if aligned is not None:
                return aligned
        free = joined(self.recognise_stream([samples], language))
        return Recognition(
            free.phones, free.seconds, free.loudness, notes=tuple(heard) + free.notes
        )

    def recognise_stream(
        self, blocks: Iterable[Samples], language: str = "en"
    ) -> Iterator[Recognition]:
        """Hear a line of any length; see `Recogniser`."""
        decoder = phone_decoder(_BEAMS[0])
        for samples in stretches(blocks):
            yield self._stretch(decoder, samples)

    def _stretch(self, decoder: Any, samples: Samples) -> Recognition:
        loudness = loudness_db(samples)
        seconds = len(samples) / SAMPLE_RATE
        if not len(loudness) or loudness.max() <= speech_threshold_db(loudness):
            return Recognition(without_gaps((), seconds), seconds, loudness)
        labels = decoded(decoder, samples) or decoded(phone_decoder(_BEAMS[1]), samples)
        if not labels:
            return Recognition(babble(loudness, seconds), seconds, loudness, notes=(BABBLE_NOTE,))
        phones = with_pauses(timed(labels, seconds), loudness, seconds)
        return Recognition(phones, seconds, loudness)

    def _aligned(
        self, samples: Samples, transcript: str, language: str
    ) -> tuple[Recognition | None, tuple[str, ...]]:
        if language != "en":
            return None, (
                f"The transcript was not used: pocketsphinx aligns English, not '{language}'.",
            )
        try:
            labels, notes = align_words(pcm16(samples), transcript)
        except AlignmentError as error:
            return None, (str(error),)
        seconds = len(samples) / SAMPLE_RATE
        loudness = loudness_db(samples)
        phones = timed(labels, seconds)
        return Recognition(phones, seconds, loudness, notes=notes), notes


def phone_decoder(beam: float) -> Any:
    """Return a pocketsphinx decoder that hears phones without words."""
    pocketsphinx: Any = importlib.import_module("pocketsphinx")

    model = Path(pocketsphinx.get_model_path()) / "en-us"
    return pocketsphinx.Decoder(
        hmm=str(model / "en-us"),
        allphone=str(model / "en-us-phone.lm.bin"),
        lm=None,
        dict=None,
        loglevel="FATAL",
        lw=_LANGUAGE_WEIGHT,
        beam=beam,
        pbeam=beam,
    )


def decoded(decoder: Any, samples: Samples) -> list[tuple[str, float, float]]:
    """Return pocketsphinx labels with start and end in seconds; empty where it found no path."""
    try:
        decoder.start_utt()
        decoder.process_raw(pcm16(samples), full_utt=True)
        decoder.end_utt()
        segments = decoder.seg() or ()
    except RuntimeError as error:
        _log.warning("pocketsphinx gave up on %.1f s: %s", len(samples) / SAMPLE_RATE, error)
        return []
    rate = FEATURE_RATE
    return [(s.word, s.start_frame / rate, (s.end_frame + 1) / rate) for s in segments]


def timed(labels: Iterable[tuple[str, float, float]], seconds: float) -> tuple[Phone, ...]:
    """Return ARPABET labels as our phones, moved by pocketsphinx's earliness, without gaps."""
    phones: list[Phone] = []
    for symbol, start, end in labels:
        phones += spread(arpabet(symbol), start, end)
    moved = list(shifted(phones, LATENESS_SECONDS))
    if moved and phones[0].start == 0:
        moved[0] = Phone(moved[0].phone, 0.0, moved[0].end)
    return without_gaps(moved, seconds)


def with_pauses(
    phones: tuple[Phone, ...], loudness: NDArray[np.float32], seconds: float
) -> tuple[Phone, ...]:
    """Return the phones with silence wherever the line is quiet for longer than a stop."""
    quiet = loudness <= speech_threshold_db(loudness)
    pauses = [
        Phone(SILENCE, first / FEATURE_RATE, last / FEATURE_RATE)
        for first, last in runs(quiet)
        if last - first >= _PAUSE_SECONDS * FEATURE_RATE
    ]
    kept = list(phones)
    for pause in pauses:
        kept = [piece for phone in kept for piece in _outside(phone, pause)]
    return without_gaps([*kept, *pauses], seconds)


def _outside(phone: Phone, pause: Phone) -> list[Phone]:
    if phone.end <= pause.start or phone.start >= pause.end:
        return [phone]
    pieces = (
        Phone(phone.phone, phone.start, pause.start),
        Phone(phone.phone, pause.end, phone.end),
    )
    return [piece for piece in pieces if piece.end - piece.start > LATENESS_SECONDS]
