"""Asked for by the voice alone: does the face show what the line was spoken with (Table 1).

Lines of a corpus with sound, from splits that neither stage was trained on, go through both stages:
the voice's instruction in words, then the face. `by_words=False` hands the voice's embedding over
in place of the sentence's ("w/o LLM"). The judge is that of the other figures; a feeling that is
drawn by chance for each line says what guessing gives.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.generators.avi_talking.pipeline import AviTalkingGenerator
from server.generators.base import Speech
from server.language.instruction import Instruction, instruct
from server.training.corpus.manners import EMOTIONS
from server.training.corpus.reader import CorpusReader, Utterance
from server.wire.messages import GenerateRequest

from .cafe_talk_stage import FPS, HELD_OUT
from .emotion_classifier import EmotionClassifier
from .emotion_figures import accuracy
from .emotion_training import is_plain
from .perform import Order, perform_all


def hear(speech: Speech) -> Instruction:
    """Return what the voice asks for; the first stage listens itself."""
    return instruct(speech.samples)


def lines_with_sound(
    corpus: CorpusReader, count: int, splits: Sequence[str] = HELD_OUT, seed: int = 0
) -> list[int]:
    """Return held-out lines of one feeling that are spoken, drawn by a fixed order."""
    fit = [n for split in splits for n in corpus.split(split)
           if _is_spoken(corpus.utterances[n])]  # fmt: skip
    random.Random(seed).shuffle(fit)
    return fit[:count]


def _is_spoken(utterance: Utterance) -> bool:
    return is_plain(utterance) and utterance.voice != "silence" and utterance.seconds >= 1.5


def measure_voice(
    generator: AviTalkingGenerator, corpus: CorpusReader, judge: EmotionClassifier,
    numbers: Sequence[int],
) -> dict[str, Any]:  # fmt: skip
    """Return how often the face shows the feeling of the line, by sentence and by embedding."""
    spoken = [_speech(corpus, n) for n in numbers]
    true = [corpus.utterances[n].emotion for n in numbers]
    drawn = list(true)
    random.Random(0).shuffle(drawn)
    found: dict[str, Any] = {"lines": len(numbers)}
    said = [hear(speech).emotion for speech in spoken]
    found["sentence"] = accuracy(true, said, numbers).as_json()
    listen, by_words = generator.listen, generator.by_words
    for name, words in (("with_words", True), ("without_words", False)):
        generator.listen, generator.by_words = hear, words
        labels = judge.judge([(face, FPS) for face in _faces(generator, spoken)]).labels
        found[name] = accuracy(true, labels, numbers).as_json()
        found[f"{name}_chance"] = accuracy(drawn, labels, numbers).as_json()
    generator.listen, generator.by_words = listen, by_words
    found["emotions"] = {e: true.count(e) for e in EMOTIONS}
    return found


def _speech(corpus: CorpusReader, number: int) -> Speech:
    utterance = corpus.utterances[number]
    return Speech(
        corpus.audio(number), utterance.seconds, utterance.phones, corpus.loudness(number)
    )


def _faces(generator: AviTalkingGenerator, spoken: Sequence[Speech]) -> list[NDArray[np.float32]]:
    request = GenerateRequest("voice", generator=generator.name, fps=FPS)
    return [c.coefficients for c in perform_all(generator, [Order(request, s) for s in spoken])]
