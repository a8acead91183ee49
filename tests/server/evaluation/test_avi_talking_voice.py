"""The way from the voice is measured on speakers that the first stage has not heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from arkit.clip import Phone
from server.evaluation.avi_talking_voice import VoicedLine, Voices, measure_voice, refuse_heard
from server.generators.avi_talking.config import TINY
from server.generators.avi_talking.pipeline import random_generator
from server.generators.avi_talking.space import built_in_space
from server.generators.base import Speech
from server.language.instruction import Instruction, InstructionError

EMOTIONS = ("angry", "happy", "sad")


class Ears:
    """Hears the emotion that the first sample of a line codes, or always the first."""

    def __init__(self, deaf: bool = False) -> None:
        self.deaf = deaf

    def instruct(self, samples: NDArray[np.float32], **_: Any) -> Instruction:
        emotion = EMOTIONS[0 if self.deaf else int(samples[0])]
        embedding = np.eye(256, dtype=np.float32)[EMOTIONS.index(emotion)]
        return Instruction(f"the speaker is {emotion}.", emotion, 0.6, "clearly", {}, 1, embedding)


def line(k: int) -> VoicedLine:
    samples = np.full(8000, k, np.float32)
    phones = (Phone("sil", 0, 0.1), Phone("a", 0.1, 0.5))
    speech = Speech(samples, 0.5, phones, np.full(50, -20.0, np.float32))
    return VoicedLine(speech, EMOTIONS[k], f"ravdess{k:02d}")


def judge(asked: list[int]) -> Any:
    def said(performances: Sequence[Any]) -> Any:
        asked.append(len(performances))
        return SimpleNamespace(labels=["angry"] * len(performances))

    return SimpleNamespace(judge=said)


def measured(deaf: bool) -> tuple[dict[str, Any], list[int]]:
    generator = random_generator(replace(TINY, n_motion=built_in_space().n_motion))
    before = generator.listen, generator.by_words
    asked: list[int] = []
    voices = Voices([line(k) for k in range(3)], cast("Any", Ears(deaf)))
    found = measure_voice(generator, voices, judge(asked))
    assert (generator.listen, generator.by_words) == before
    return found, asked


def test_sentences_and_faces_are_counted_against_the_label() -> None:
    found, asked = measured(deaf=False)

    assert found["sentence"]["value"] == 1.0
    assert found["with_words"]["value"] == found["told"]["value"] == pytest.approx(1 / 3)
    assert asked == [3, 3, 3]  # by words, by embedding, told


def test_ears_that_hear_one_emotion_are_right_where_it_is() -> None:
    found, _ = measured(deaf=True)

    assert found["sentence"]["value"] == pytest.approx(1 / 3)
    assert found["with_words_as_sentence"]["value"] == 1.0


def test_weights_that_heard_a_speaker_are_refused() -> None:
    about = {"speakers": '["ravdess01", "ravdess02"]'}
    refuse_heard(about, ["ravdess19"])
    with pytest.raises(InstructionError, match="ravdess02"):
        refuse_heard(about, ["ravdess19", "ravdess02"])
