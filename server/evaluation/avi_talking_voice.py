"""Asked for by the voice alone: does the face show what the line was spoken with (Table 1).

Acted recordings of speakers that the first stage never heard go through both stages: the voice's
instruction in words, then the face. `by_words=False` hands the voice's embedding over in place of
the sentence's ("w/o LLM"). The label is the actor's task; the judge of faces is that of the other
figures, trained on performed faces. How often a face fits another line's label says what guessing
gives, and faces that are told the label say what is lost in the second stage.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.generators.avi_talking.pipeline import AviTalkingGenerator
from server.generators.base import Speech
from server.language.instruction import InstructionError, Instructor
from server.speech.listen import listen
from server.training.corpus.manners import EMOTIONS
from server.training.instruction.recordings import ravdess
from server.training.instruction.truth import CALM
from server.wire.messages import GenerateRequest

from .cafe_talk_stage import FPS
from .emotion_classifier import EmotionClassifier
from .emotion_figures import accuracy
from .perform import Order, perform_all


@dataclass(frozen=True)
class VoicedLine:
    """A recording as it was heard, the emotion that was to be acted, and who acted it."""

    speech: Speech
    emotion: str
    speaker: str


@dataclass(frozen=True)
class Voices:
    """Recordings, and the first stage that has not heard their speakers."""

    lines: Sequence[VoicedLine]
    instructor: Instructor


def voices_of(weights: str | Path, actors: Sequence[int], count: int, seed: int = 0) -> Voices:
    """Return `count` recordings of RAVDESS' actors, heard, and the first stage of `weights`.

    Calm ones are left out, as the judge does not tell them from neutral ones.

    Raises:
        InstructionError: the weights were trained on one of the actors, or are absent.
    """
    instructor = Instructor(weights)
    refuse_heard(instructor.about, [f"ravdess{actor:02d}" for actor in actors])
    found = [r for actor in actors for r in ravdess(range(actor, actor + 1))
             if r.cell.emotion != CALM]  # fmt: skip
    random.Random(seed).shuffle(found)
    lines = [VoicedLine(listen(r.samples), r.cell.emotion, r.speaker) for r in found[:count]]
    return Voices(lines, instructor)


def refuse_heard(about: dict[str, str], speakers: Sequence[str]) -> None:
    """Refuse weights that were trained on one of the speakers, by what their file says of them.

    Raises:
        InstructionError: naming the speaker.
    """
    known = set(json.loads(about.get("speakers", "[]")))
    for speaker in speakers:
        if speaker in known:
            raise InstructionError(
                f"these weights were trained on {speaker}", "Name actors that they never heard."
            )


def measure_voice(
    generator: AviTalkingGenerator, voices: Voices, judge: EmotionClassifier
) -> dict[str, Any]:
    """Return how often the face shows the emotion of the line, by sentence and by embedding."""
    lines = voices.lines
    said = [voices.instructor.instruct(line.speech.samples, heard=line.speech) for line in lines]
    by_speech = {id(line.speech): one for line, one in zip(lines, said, strict=True)}
    true = [line.emotion for line in lines]
    drawn = list(true)
    random.Random(0).shuffle(drawn)
    numbers = range(len(lines))
    found: dict[str, Any] = {
        "lines": len(lines),
        "speakers": sorted({line.speaker for line in lines}),
        "emotions": {e: true.count(e) for e in EMOTIONS},
        "sentence": accuracy(true, [one.emotion for one in said], numbers).as_json(),
    }
    listen_before, by_words_before = generator.listen, generator.by_words
    generator.listen = lambda speech: by_speech[id(speech)]
    for name, words in (("with_words", True), ("without_words", False)):
        generator.by_words = words
        labels = judge.judge([(face, FPS) for face in _faces(generator, lines)]).labels
        found[name] = accuracy(true, labels, numbers).as_json()
        found[f"{name}_chance"] = accuracy(drawn, labels, numbers).as_json()
        meant = [one.emotion for one in said]
        found[f"{name}_as_sentence"] = accuracy(meant, labels, numbers).as_json()
    generator.listen, generator.by_words = listen_before, by_words_before
    labels = judge.judge([(face, FPS) for face in _faces(generator, lines, told=True)]).labels
    found["told"] = accuracy(true, labels, numbers).as_json()
    return found


def _faces(
    generator: AviTalkingGenerator, lines: Sequence[VoicedLine], told: bool = False
) -> list[NDArray[np.float32]]:
    """Return the face of each line, by its voice or, where it is told, by its label."""
    orders = [
        Order(
            GenerateRequest(
                "voice", generator=generator.name, fps=FPS,
                direction=f"the speaker is {line.emotion}." if told else "",
            ),
            line.speech,
        )
        for line in lines
    ]  # fmt: skip
    return [clip.coefficients for clip in perform_all(generator, orders)]
