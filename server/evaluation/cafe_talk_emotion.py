"""Does the face show the emotion that was asked for: Acc, Div, unseen words, order of intensity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.training.corpus.feelings import families, is_held_out_word, shown_aus
from server.training.corpus.manners import EMOTIONS

from .cafe_talk_stage import FPS, Line, Stage, is_spoken
from .emotion_classifier import EmotionClassifier, Verdict
from .emotion_figures import accuracy, confusion, diversity, ordered, strength
from .intervals import ratio
from .naturalness import live_link_takes

MAIN_FAMILY: Final = {
    "happy": "joy", "sad": "sadness", "angry": "anger", "fearful": "fear", "disgusted": "disgust",
    "surprised": "surprise", "contemptuous": "contempt",
}  # fmt: skip
_LIVE_LINK_SECONDS: Final = 5.0

Curves = NDArray[np.float32]


@dataclass(frozen=True)
class EmotionFound:
    """The figures, the confusion matrices for a picture, and the lines with what was made of them.

    Attributes:
        lines, faces: held-out lines, and each asked for again, coefficients [T, 52].
    """

    figures: dict[str, Any]
    matrices: dict[str, NDArray[np.float64]]
    lines: list[Line]
    faces: list[Curves]


def measure_emotion(stage: Stage, judge: EmotionClassifier) -> EmotionFound:
    """Ask held-out lines again by their emotion, and some by a word never trained on."""
    lines = stage.draw(stage.protocol.emotion_lines, "emotion", _has_feeling)
    worded = stage.draw(stage.protocol.word_lines, "word", _has_unseen_word, ("test", "test_word"))
    faces = stage.perform([stage.order(line) for line in lines])
    verdicts = {
        "truth": _judged(judge, [line.truth for line in lines]),
        "made": _judged(judge, faces),
        "words": _judged(
            judge,
            stage.perform([stage.order(x, emotion=x.utterance.words[0]) for x in worded]),
        ),
        "truth_of_words": _judged(judge, [line.truth for line in worded]),
    }
    asked = {"truth": lines, "made": lines, "words": worded, "truth_of_words": worded}
    figures: dict[str, Any] = {
        name: accuracy(
            _emotions(asked[name]), verdict.labels, [x.number for x in asked[name]]
        ).as_json()
        for name, verdict in verdicts.items()
    }
    figures["div_truth"] = diversity(verdicts["truth"].features)
    figures["div_made"] = diversity(verdicts["made"].features)
    figures["div_within"] = {name: _within(verdicts[name], lines) for name in ("truth", "made")}
    matrices = {
        name: confusion(_emotions(asked[name]), verdict.labels, EMOTIONS)
        for name, verdict in verdicts.items()
        if name != "truth_of_words"
    }
    figures["confusion"] = {name: matrix.round(3).tolist() for name, matrix in matrices.items()}
    return EmotionFound(figures, matrices, lines, faces)


def _has_feeling(line: Line) -> bool:
    return line.n_frames >= FPS


def _has_unseen_word(line: Line) -> bool:
    return _has_feeling(line) and is_held_out_word(line.utterance.words[0])


def _emotions(lines: Sequence[Line]) -> list[str]:
    return [line.utterance.emotion for line in lines]


def _judged(judge: EmotionClassifier, faces: Sequence[Curves]) -> Verdict:
    return judge.judge([(face, FPS) for face in faces])


def _within(verdict: Verdict, lines: Sequence[Line]) -> float:
    """Return the diversity of performances of one emotion, mean over emotions."""
    emotions = np.array(_emotions(lines))
    found = [
        diversity(verdict.features[emotions == emotion])
        for emotion in EMOTIONS
        if (emotions == emotion).sum() > 1
    ]
    return float(np.mean(found)) if found else float("nan")


def measure_intensity(stage: Stage) -> dict[str, Any]:
    """Ask lines at rising intensities: how often the emotion's Action Units rise with them."""
    right: list[int] = []
    wanted: list[int] = []
    means: dict[str, list[float]] = {}
    levels = stage.protocol.intensities
    for emotion, family in MAIN_FAMILY.items():
        aus = shown_aus(families()[family])
        lines = stage.draw(stage.protocol.intensity_lines, f"intensity {emotion}", is_spoken)
        orders = [
            stage.order(line, emotion=emotion, intensity=level)
            for line in lines
            for level in levels
        ]
        strengths = np.array([strength(face, aus) for face in stage.perform(orders)])
        table = strengths.reshape(len(lines), len(levels))
        for row in table:
            in_order, pairs = ordered(list(row))
            right.append(in_order)
            wanted.append(pairs)
        means[emotion] = table.mean(axis=0).round(4).tolist()
    return {"ordered": ratio(right, wanted).as_json(), "intensities": levels, "strengths": means}


def measure_live_link(judge: EmotionClassifier, data: Path) -> dict[str, Any]:
    """Return what the classifier says of captured silent takes, a verdict every five seconds."""
    if not (data / "live_link").is_dir():
        return {"skipped": "the captures are not here"}
    found: dict[str, Any] = {}
    for take in live_link_takes(data / "live_link"):
        if not take.name.startswith("silent_"):
            continue
        step = round(_LIVE_LINK_SECONDS * take.fps)
        face = np.clip(take.coefficients, 0.0, 1.0)
        parts = [face[k : k + step] for k in range(0, max(len(face) - step // 2, 1), step)]
        verdict = judge.judge([(part, take.fps) for part in parts])
        found[take.name] = {
            "pieces": len(parts),
            "said": {e: verdict.labels.count(e) for e in EMOTIONS if e in verdict.labels},
        }
    return found
