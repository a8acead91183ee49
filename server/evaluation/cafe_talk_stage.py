"""Where `cafe_talk` is measured: held-out lines of a performed corpus, and takes made of them.

The lines are chosen by a fixed draw, so that two generators are asked for the same takes. Voices,
sentences and emotion words of the lines are not in any training utterance.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from server.generators.base import Generator, Speech
from server.speech.phones import BILABIALS
from server.training.corpus.reader import CorpusReader, Utterance
from server.wire.messages import GenerateRequest, StripSpec

from .emotion_training import is_plain, without_strips
from .perform import Order, perform_all

HELD_OUT: Final = ("test", "test_voice", "test_word")
"""Splits, the one that holds out voices, sentences and words together first."""
FPS: Final = 25.0
_SILENCE: Final = "silence"


@dataclass(frozen=True)
class Protocol:
    """How much is measured; fixed before the weights that are measured.

    Attributes:
        emotion_lines: utterances with one feeling, whose emotions are asked for again.
        word_lines: the same, asked for by an emotion word that no training utterance has.
        intensity_lines: for each emotion. intensities: of one line, rising.
        pool: lines that strips are laid on.
        strip_lines: of the pool for each AU. strip_seconds: length of a strip.
        order_lines: for each AU, at all `strip_intensities` and all `betas`.
        lip_lines: for each AU, those with most p b m, under a strip over the whole line.
        ablation_lines: for each AU and each variant.
        step_lines: at all counts of sampling `steps`.
        real_seconds: of each captured mouth, from its start; 0 leaves them out.
        seed: of the draw and of the takes.
    """

    emotion_lines: int = 96
    word_lines: int = 64
    intensity_lines: int = 2
    intensities: tuple[float, ...] = (0.3, 0.6, 0.9)
    pool: int = 16
    strip_lines: int = 3
    strip_seconds: float = 0.8
    order_lines: int = 1
    strip_intensities: tuple[float, ...] = (0.33, 0.67, 1.0)
    betas: tuple[float, ...] = (0.5, 1.0, 2.0)
    lip_lines: int = 4
    ablation_lines: int = 1
    step_lines: int = 32
    steps: tuple[int, ...] = (4, 6, 8, 25)
    real_seconds: float = 40.0
    seed: int = 20


TINY: Final = Protocol(
    emotion_lines=6, word_lines=3, intensity_lines=1, intensities=(0.3, 0.9), pool=2, strip_lines=1,
    order_lines=1, strip_intensities=(0.5, 1.0), betas=(0.5, 1.0), lip_lines=1, ablation_lines=1,
    step_lines=3, steps=(2, 3), real_seconds=4.0,
)  # fmt: skip
"""The whole way in a minute, for tests."""


@dataclass(frozen=True)
class Line:
    """An utterance as it is asked for again.

    Attributes:
        number: in the corpus. truth: its face without strips, [T, 52] at the corpus' rate.
    """

    number: int
    utterance: Utterance
    speech: Speech
    truth: NDArray[np.float32]

    @property
    def n_frames(self) -> int:
        return len(self.truth)

    @property
    def n_bilabials(self) -> int:
        return sum(p.phone in BILABIALS for p in self.speech.phones)


@dataclass
class Stage:
    """Corpus, generator and what was performed already.

    Attributes:
        styles: names that the generator knows; others are left out of requests.
    """

    corpus: CorpusReader
    generator: Generator
    protocol: Protocol = field(default_factory=Protocol)
    styles: frozenset[str] = frozenset()
    _lines: dict[int, Line] = field(default_factory=dict)

    def line(self, number: int) -> Line:
        """Return an utterance of the corpus as a line."""
        if number not in self._lines:
            utterance = self.corpus.utterances[number]
            speech = Speech(
                samples=np.zeros(0, np.float32),
                seconds=utterance.seconds,
                phones=utterance.phones,
                loudness=self.corpus.loudness(number),
            )
            truth = without_strips(self.corpus, number)
            self._lines[number] = Line(number, utterance, speech, truth)
        return self._lines[number]

    def draw(
        self,
        n_lines: int,
        purpose: str,
        fits: Callable[[Line], bool] = lambda _: True,
        splits: Sequence[str] = HELD_OUT,
    ) -> list[Line]:
        """Return held-out lines with one feeling that fit, the strictest split first."""
        found: list[Line] = []
        for split in splits:
            numbers = [n for n in self.corpus.split(split) if is_plain(self.corpus.utterances[n])]
            random.Random(f"{self.protocol.seed} {purpose} {split}").shuffle(numbers)
            for number in numbers:
                if len(found) == n_lines:
                    return found
                line = self.line(number)
                if fits(line):
                    found.append(line)
        return found

    def order(self, line: Line, **changes: Any) -> Order:
        """Return what asks for a line again, with its emotion, intensity and style."""
        utterance = line.utterance
        fields: dict[str, Any] = {
            "request_id": utterance.id,
            "generator": self.generator.name,
            "seconds": utterance.seconds,
            "emotion": utterance.emotion,
            "intensity": utterance.intensity,
            "style": utterance.actor if utterance.actor in self.styles else "",
            "language": utterance.language,
            "fps": FPS,
            "seed": self.protocol.seed,
        }
        return Order(GenerateRequest(**{**fields, **changes}), line.speech)

    def perform(self, orders: Sequence[Order]) -> list[NDArray[np.float32]]:
        """Return the coefficients of each take, [T, 52]."""
        return [clip.coefficients for clip in self.clips(orders)]

    def clips(self, orders: Sequence[Order]) -> list[ArkitClip]:
        """Return the takes. Lines of about one length share a batch."""
        by_length = sorted(range(len(orders)), key=lambda k: orders[k].speech.seconds)
        made = perform_all(self.generator, [orders[k] for k in by_length])
        return [clip for _, clip in sorted(zip(by_length, made, strict=True), key=lambda x: x[0])]


def is_spoken(line: Line, shortest: float = 2.2, longest: float = 3.8) -> bool:
    """Whether a line has a voice and is of a length that strips fit into."""
    return line.utterance.voice != _SILENCE and shortest <= line.utterance.seconds <= longest


def strip(au: str, start: float, end: float, intensity: float = 1.0) -> StripSpec:
    """Return a held strip of one intensity."""
    return StripSpec(au, start, end, ((start, intensity),))
