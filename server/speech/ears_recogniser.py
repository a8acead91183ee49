"""Our own recogniser: phones of any language with times, by the trained network.

`EarsStream` is the live road: samples in, posteriors out 182 ms later, the same numbers as for the
whole line. `EarsRecogniser` adds decoding, and alignment when the words are known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from arkit.clip import Phone

from .alignment import (
    Alignment,
    TranscriptError,
    Word,
    align,
    viseme_posteriors,
    voice_activity,
)
from .decoding import decode, loud_frames, noisiness, still_frames
from .ears_model import Ears, Heard
from .ears_weights import DEFAULT_WEIGHTS, RESEARCH_WEIGHTS, load_ears
from .features import MelStream
from .g2p import PronunciationError, words_of
from .guided import belief, favoured
from .recogniser import (
    FEATURE_RATE,
    SAMPLE_RATE,
    AlignedWord,
    Recognition,
    Samples,
    joined,
    loudness_db,
    n_feature_frames,
    without_gaps,
)
from .segments import stretches
from .words import WordsError, guess_words

Array = NDArray[np.float32]

_TOLD_WORDS: Final = 40
"""Guessed words that a note tells at most."""
_PIECE_SECONDS: Final = 20.0
"""A long line is heard in pieces of this length, so that memory stays flat."""


@dataclass(frozen=True)
class EarsOutput:
    """What the network says of F frames at 100 Hz.

    Attributes:
        posteriors: float32 [F, len(PHONES)], sums of one.
        stress: float32 [F], probability that the vowel under the frame is stressed.
        features: float32 [F, D], hidden features for the generators.
    """

    posteriors: Array
    stress: Array
    features: Array

    @property
    def visemes(self) -> Array:
        """Soft visemes, float32 [F, len(VISEMES)]."""
        return viseme_posteriors(self.posteriors)

    @property
    def voice(self) -> Array:
        """Probability of speech, float32 [F]."""
        return voice_activity(self.posteriors)

    @classmethod
    def joined(cls, parts: Sequence[EarsOutput]) -> EarsOutput:
        """Return consecutive outputs as one."""
        return cls(
            np.concatenate([p.posteriors for p in parts]),
            np.concatenate([p.stress for p in parts]),
            np.concatenate([p.features for p in parts]),
        )

    def __getitem__(self, frames: slice) -> EarsOutput:
        return EarsOutput(self.posteriors[frames], self.stress[frames], self.features[frames])

    def __len__(self) -> int:
        return len(self.posteriors)


class EarsStream:
    """Hears one line as it arrives; outputs lag `model.config.look_ahead` behind the samples.

    Args:
        model: network that hears. language: ISO 639-1 code of what is spoken, "" when unknown.
    """

    def __init__(self, model: Ears, language: str = "") -> None:
        self._model = model
        self._mel = MelStream()
        self._norm = model.normalisation()
        like = torch.zeros(1, 0, model.prior_mean.shape[0])
        self._state = model.begin(like, _told(model, language))

    def push(self, samples: Samples) -> EarsOutput:
        """Take samples, float32 16 kHz; returns the frames that are now complete."""
        return self._step(self._mel.push(samples), last=False)

    def finish(self) -> EarsOutput:
        """End the line; returns the frames that were still waiting for the future."""
        return self._step(self._mel.finish(), last=True)

    def _step(self, log_mels: Array, last: bool) -> EarsOutput:
        frames = torch.from_numpy(self._norm.push(log_mels))[None]
        with torch.inference_mode():
            return _output(self._model.step(frames, self._state, last))


def _output(heard: Heard) -> EarsOutput:
    return EarsOutput(
        torch.softmax(heard.phone_logits[0], -1).numpy(),
        torch.sigmoid(heard.stress_logits[0]).numpy(),
        heard.features[0].numpy(),
    )


def _told(model: Ears, language: str) -> torch.Tensor:
    return torch.tensor([model.config.told(language)])


def hear(model: Ears, samples: Samples, language: str = "") -> EarsOutput:
    """Hear a whole line, float32 16 kHz mono; F = n_feature_frames(S)."""
    stream = EarsStream(model, language)
    step = int(_PIECE_SECONDS * SAMPLE_RATE)
    pieces = [stream.push(samples[i : i + step]) for i in range(0, len(samples), step)]
    return EarsOutput.joined([*pieces, stream.finish()])


def hear_mel(model: Ears, log_mels: Array, language: str = "") -> EarsOutput:
    """Hear a line that is log mel frames [F, N_MELS] already."""
    frames = torch.from_numpy(model.normalisation().push(log_mels))[None]
    with torch.inference_mode():
        return _output(model(frames, _told(model, language)))


class EarsRecogniser:
    """The trained ears as a `Recogniser`.

    Args:
        weights: file that `save_ears` wrote; the shipped one by default.

    Raises:
        RecogniserError: there are no weights, or they are for another phone inventory.
    """

    name = "ears"

    def __init__(self, weights: Path = DEFAULT_WEIGHTS) -> None:
        self.model = load_ears(weights)

    def hear(self, samples: Samples, language: str = "") -> EarsOutput:
        """Return posteriors, stress and features of a whole line, its language told or not."""
        return hear(self.model, np.asarray(samples, np.float32), language)

    def align(self, samples: Samples, transcript: str, language: str = "en") -> Alignment:
        """Lay a transcript over a line.

        Raises:
            TranscriptError: it holds no words, or they do not fit.
            PronunciationError: nothing here can pronounce this language.
        """
        return self.align_words(samples, words_of(transcript, language), language)

    def align_words(self, samples: Samples, words: Sequence[Word], language: str = "") -> Alignment:
        """Lay words with known pronunciations over a line.

        Raises:
            TranscriptError: there are none, or they do not fit.
        """
        return align(self.hear(samples, language).posteriors, words)

    def recognise(
        self, samples: Samples, transcript: str | None = None, language: str = "en"
    ) -> Recognition:
        """Hear one whole line; see `Recogniser`. Notes say where a transcript does not match."""
        if not (transcript and transcript.strip()) or not len(samples):
            return joined(self.recognise_stream([samples], language))
        heard = self.hear(samples, language)
        seconds = len(samples) / SAMPLE_RATE
        try:
            aligned = align(heard.posteriors, words_of(transcript, language))
        except (TranscriptError, PronunciationError) as error:
            note = f"The transcript was not used: {error}."
            return _freely(samples, heard, note)
        if aligned.is_of_another_line:
            return _freely(samples, heard, aligned.note())
        notes = (aligned.note(),) if aligned.note() else ()
        phones = without_gaps(aligned.phones, seconds)
        return _recognition(samples, heard, phones, notes, aligned.words)

    def recognise_guessing(
        self, samples: Samples, language: str, on_heard: Callable[[float], None]
    ) -> Recognition:
        """Hear one whole English line by its sounds and by the words that it probably says.

        Its notes tell the words, or why there are none.

        Args:
            samples: float32 [S], 16 kHz mono.
            language: that the ears are told.
            on_heard: called with the seconds done so far; may raise to cancel.
        """
        if not len(samples):
            return joined(self.recognise_stream([samples], language))
        heard = self.hear(samples, language)
        try:
            words = guess_words(samples, on_heard)
        except WordsError as error:
            return _freely(samples, heard, f"The words were not guessed: {error}.")
        guess = _laid(heard, words)
        if guess is None or belief(guess) == 0.0:
            return _freely(samples, heard, "No words were made out.")
        likelier = favoured(heard.posteriors, guess, noisiness(loudness_db(samples)))
        note = f"Words guessed: {_told_words(words)}. Give the transcript where they are wrong."
        return _recognition(samples, heard, _decoded(samples, likelier), (note,), guess.words)

    def recognise_stream(
        self, blocks: Iterable[Samples], language: str = "en"
    ) -> Iterator[Recognition]:
        """Hear a line of any length; see `Recogniser`. Any language will do, "" if unknown."""
        stream = EarsStream(self.model, language)
        waiting: list[tuple[Samples, int]] = []
        heard: list[EarsOutput] = []
        n_heard = 0
        for samples in stretches(blocks):
            heard.append(stream.push(samples))
            n_heard += len(heard[-1])
            waiting.append((samples, n_feature_frames(len(samples))))
            while waiting and n_heard >= waiting[0][1]:
                recognition, heard, n_heard = _taken(*waiting.pop(0), heard)
                yield recognition
        if waiting:
            heard.append(stream.finish())
        while waiting:
            recognition, heard, _ = _taken(*waiting.pop(0), heard)
            yield recognition


RESEARCH_NOTE: Final = (
    "Heard by the research ears (CC BY-NC-SA 4.0), so this is not for commercial use."
)


class ResearchEars(EarsRecogniser):
    """The ears with weights from non-commercial recordings, a file that is not handed out.

    What they hear says so in a note.

    Raises:
        RecogniserError: the file is not installed.
    """

    name = "ears-research"

    def __init__(self, weights: Path = RESEARCH_WEIGHTS) -> None:
        super().__init__(weights)

    def recognise(
        self, samples: Samples, transcript: str | None = None, language: str = "en"
    ) -> Recognition:
        """Hear one whole line; see `Recogniser`."""
        heard = super().recognise(samples, transcript, language)
        return replace(heard, notes=tuple(dict.fromkeys((RESEARCH_NOTE, *heard.notes))))

    def recognise_guessing(
        self, samples: Samples, language: str, on_heard: Callable[[float], None]
    ) -> Recognition:
        """Hear one whole English line and guess its words; see `EarsRecogniser`."""
        heard = super().recognise_guessing(samples, language, on_heard)
        return replace(heard, notes=(RESEARCH_NOTE, *heard.notes))

    def recognise_stream(
        self, blocks: Iterable[Samples], language: str = "en"
    ) -> Iterator[Recognition]:
        """Hear a line of any length; see `Recogniser`. Every stretch carries the note."""
        for heard in super().recognise_stream(blocks, language):
            yield replace(heard, notes=(RESEARCH_NOTE, *heard.notes))


def _taken(
    samples: Samples, n_frames: int, heard: Sequence[EarsOutput]
) -> tuple[Recognition, list[EarsOutput], int]:
    """Split what was heard into one stretch and the rest; both hold the frame at the cut."""
    whole = EarsOutput.joined(heard)
    own, rest = whole[:n_frames], whole[len(samples) // (SAMPLE_RATE // FEATURE_RATE) :]
    recognition = _recognition(samples, own, _decoded(samples, own.posteriors), ())
    return recognition, [rest], len(rest)


def _laid(heard: EarsOutput, words: Sequence[str]) -> Alignment | None:
    """Return guessed words laid over a line, None where they cannot be."""
    try:
        return align(heard.posteriors, words_of(" ".join(words)))
    except TranscriptError:
        return None


def _told_words(words: Sequence[str]) -> str:
    more = len(words) - _TOLD_WORDS
    return " ".join(words[:_TOLD_WORDS]) + (f" ... and {more} more" if more > 0 else "")


def _freely(samples: Samples, heard: EarsOutput, note: str) -> Recognition:
    """Return what was heard without words, and why."""
    return _recognition(samples, heard, _decoded(samples, heard.posteriors), (note,))


def _decoded(samples: Samples, posteriors: Array) -> tuple[Phone, ...]:
    loudness = loudness_db(samples)
    noise = noisiness(loudness)
    return decode(posteriors, noise, loud_frames(loudness), still_frames(loudness))


def _recognition(
    samples: Samples,
    heard: EarsOutput,
    phones: Sequence[Phone],
    notes: tuple[str, ...],
    words: tuple[AlignedWord, ...] = (),
) -> Recognition:
    seconds = len(samples) / SAMPLE_RATE
    return Recognition(
        phones=without_gaps(phones, seconds),
        seconds=seconds,
        loudness=loudness_db(samples),
        posteriors=heard.posteriors,
        features=heard.features,
        notes=notes,
        stress=heard.stress,
        words=words,
    )
