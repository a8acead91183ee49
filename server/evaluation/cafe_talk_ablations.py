"""What each part of Cafe-Talk is worth: its Tables 2 and 3, and sampling with fewer steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from server.generators.base import Generator
from server.training.corpus.performing import LAYERS

from .cafe_talk_emotion import measure_emotion
from .cafe_talk_lips import measure_lve
from .cafe_talk_stage import FPS, Line, Stage, strip
from .cafe_talk_strips import bare, recall, trials
from .closures import count_line
from .emotion_classifier import EmotionClassifier
from .emotion_figures import accuracy, diversity
from .intervals import mean, ratio
from .lips import load_built_in_lips
from .lve import lip_vertex_errors
from .strips_eval import UPPER_AUS, control_rate, leak_p99, leaks, net_control_rate

PAPER_MODE = "Eq. 7 to the letter"
_EACH: Final = ("au", "line", "raw", "net", "lve", "lve_none")


def fine_table(stage: Stage, others: Mapping[str, Generator]) -> dict[str, Any]:
    """Return Table 3's rows: this generator and others, each with our guidance and with Eq. 7's."""
    rows: dict[str, Any] = {}
    for name, generator in {"ours": stage.generator, **others}.items():
        other = Stage(stage.corpus, generator, stage.protocol, stage.styles)
        rows[name] = measure_variant(other)
        rows[f"{name}, {PAPER_MODE}"] = measure_variant(other, guidance_mode="paper")
    return rows


def measure_variant(stage: Stage, **changes: Any) -> dict[str, Any]:
    """Return control rate, leak and lips with strips, as Table 3 compares variants.

    `lve_mm` is of lines under upper-face strips, which should leave lips alone; `lve_none_mm` of
    the same lines without strips, `net_upper` the control rate of these strips; `each` is of every
    strip.
    """
    found = trials(stage, stage.protocol.ablation_lines, "ablation")
    without = bare(stage, [t.line for t in found], **changes)
    clips = stage.clips(
        [stage.order(t.line, strips=(strip(t.slot.au, *t.seconds),), **changes) for t in found]
    )
    gap = load_built_in_lips()
    rows = []
    for t, clip in zip(found, clips, strict=True):
        face, plain = clip.coefficients, without[t.line.number].coefficients
        rows.append(
            {
                "au": t.slot.au,
                "line": t.line.number,
                "upper": t.slot.au in UPPER_AUS,
                "raw": control_rate(face, t.slot),
                "net": net_control_rate(face, plain, t.slot),
                "leaks": leaks(face, plain, t.slot),
                "lve": float(lip_vertex_errors(face, t.line.truth).mean()),
                "lve_none": float(lip_vertex_errors(plain, t.line.truth).mean()),
                "counts": count_line(clip, t.line.speech.phones, gap),
            }
        )
    lines = [r["line"] for r in rows]
    upper = [r for r in rows if r["upper"]]
    upper_lines = [r["line"] for r in upper]
    return {
        "raw": mean([r["raw"] for r in rows], lines).as_json(),
        "net": mean([r["net"] for r in rows], lines).as_json(),
        "net_upper": mean([r["net"] for r in upper], upper_lines).as_json(),
        "leak_p99": leak_p99([r["leaks"] for r in rows]),
        "recall": recall([r["counts"] for r in rows]).as_json(),
        "lve_mm": mean([r["lve"] for r in upper], upper_lines).as_json(),
        "lve_none_mm": mean([r["lve_none"] for r in upper], upper_lines).as_json(),
        "each": [{key: r[key] for key in _EACH} for r in rows],
    }


def coarse_table(
    stage: Stage, judge: EmotionClassifier, others: Mapping[str, Generator]
) -> dict[str, Any]:
    """Return Table 2's rows (lip vertex error, accuracy, diversity) of other networks."""
    rows: dict[str, Any] = {}
    for name, generator in others.items():
        other = Stage(stage.corpus, generator, stage.protocol, stage.styles)
        made = measure_emotion(other, judge)
        kept = ("made", "truth", "words", "truth_of_words", "div_made", "div_truth", "div_within")
        lips = measure_lve(made.lines, made.faces)["cafe_talk"]
        rows[name] = {**{key: made.figures[key] for key in kept}, "lve_mm": lips["lve_mm"]}
    return rows


def steps_table(stage: Stage, judge: EmotionClassifier) -> dict[str, Any]:
    """Return what fewer sampling steps cost: lips, emotion, movement and strips for each count."""
    lines = stage.draw(stage.protocol.step_lines, "steps", lambda x: x.n_frames >= FPS)
    return {str(n): _with_steps(stage, judge, lines, n) for n in stage.protocol.steps}


def _with_steps(stage: Stage, judge: EmotionClassifier, lines: list[Line], n: int
                ) -> dict[str, Any]:  # fmt: skip
    clips = stage.clips([stage.order(line, steps=n) for line in lines])
    faces = [clip.coefficients for clip in clips]
    verdict = judge.judge([(face, FPS) for face in faces])
    asked, numbers = [x.utterance.emotion for x in lines], [x.number for x in lines]
    acted = [(_acted(clip), _acted_truth(stage, x)) for clip, x in zip(clips, lines, strict=True)]
    variant = measure_variant(stage, steps=n)
    return {
        "accuracy": accuracy(asked, verdict.labels, numbers).as_json(),
        "div": diversity(verdict.features),
        "lve_mm": mean(
            [lip_vertex_errors(f, x.truth).mean() for f, x in zip(faces, lines, strict=True)]
        ).as_json(),
        "spread": ratio(*zip(*((_spread(a), _spread(b)) for a, b in acted), strict=True)).as_json(),
        "pace": ratio(*zip(*((_pace(a), _pace(b)) for a, b in acted), strict=True)).as_json(),
        "net": variant["net"],
    }


def _acted(clip: ArkitClip) -> NDArray[np.floating]:
    """Return what the network made of a take without strips, [T, 52]: no life by rule."""
    return clip.layers["lips"] + clip.layers["emotion"]


def _acted_truth(stage: Stage, line: Line) -> NDArray[np.floating]:
    layers = stage.corpus.layers(line.number)
    return layers[:, LAYERS.index("lips")] + layers[:, LAYERS.index("emotion")]


def _spread(face: NDArray[np.floating]) -> float:
    """Return how much the channels vary over a line: their mean standard deviation."""
    return float(face.std(axis=0).mean())


def _pace(face: NDArray[np.floating]) -> float:
    """Return the mean speed of the channels, 1/s."""
    return float(np.abs(np.diff(face, axis=0)).mean() * FPS)
