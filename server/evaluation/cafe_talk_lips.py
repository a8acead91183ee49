"""Do the lips speak: vertex error on held-out lines, captured mouths, closures; and `articulate`.

The generator that is measured had all captured mouths in its training corpus, so against them it is
not left out (a training run for each take would be needed); `articulate` is shown with the shipped
calibration, which saw them too, so that both are compared as they are shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from arkit.retime import resample
from server.generators.articulate import ArticulateGenerator
from server.generators.base import Generator
from server.speech.listen import listen, load_recogniser
from server.speech.recogniser import SAMPLE_RATE
from server.training.corpus.reader import REAL_ACTOR
from server.training.facegood import CALIBRATION_TAKES, CAPTURE_FPS, Take, load_take
from server.wire.messages import GenerateRequest

from .articulation import agreement
from .cafe_talk_stage import FPS, Line, Stage
from .closures import count_line, summary
from .intervals import mean
from .lips import load_built_in_lips
from .lve import lip_vertex_errors
from .perform import Order, perform_all

_SEED: Final = 0
Curves = NDArray[np.float32]


def measure_lve(lines: Sequence[Line], faces: Sequence[Curves]) -> dict[str, Any]:
    """Return lip vertex error in mm and closures of takes [T, 52], beside those of `articulate`."""
    spoken = [k for k, line in enumerate(lines) if line.speech.phones and line.n_bilabials]
    kept = [lines[k] for k in spoken]
    orders = [
        Order(GenerateRequest(str(x.number), generator="articulate", fps=FPS), x.speech)
        for x in kept
    ]
    rules = [clip.coefficients for clip in perform_all(ArticulateGenerator(), orders)]
    sets = {"cafe_talk": [faces[k] for k in spoken], "articulate": rules,
            "truth": [x.truth for x in kept]}  # fmt: skip
    gap = load_built_in_lips()
    found: dict[str, Any] = {}
    for name, made in sets.items():
        errors = [
            float(lip_vertex_errors(a, x.truth).mean()) for a, x in zip(made, kept, strict=True)
        ]
        counts = [
            count_line(ArkitClip(np.clip(a, 0, 1), FPS), x.speech.phones, gap)
            for a, x in zip(made, kept, strict=True)
        ]
        found[name] = {"lve_mm": mean(errors).as_json(), "closures": summary(counts)}
    return found


def measure_captured(stage: Stage, data: Path) -> dict[str, Any]:
    """Return r of jawOpen and mean r of the moving channels against captured mouths, each take."""
    if not (data / "facegood").is_dir():
        return {"skipped": "the captures are not here"}
    ears = load_recogniser("auto")
    styles = {"no style": ""}
    if REAL_ACTOR in stage.styles:
        styles["their style"] = REAL_ACTOR
    rows: dict[str, Any] = {}
    for name in CALIBRATION_TAKES:
        take = _cut(load_take(data, name), stage.protocol.real_seconds)
        speech = listen(take.samples, language="zh", recogniser=ears)
        row: dict[str, Any] = {}
        for label, style in styles.items():
            request = GenerateRequest(
                name, generator=stage.generator.name, style=style, intensity=0.5, fps=FPS,
                language="zh", seed=_SEED,
            )  # fmt: skip
            row[f"cafe_talk, {label}"] = _agreement(stage.generator, request, speech, take)
        request = GenerateRequest(name, generator="articulate", fps=CAPTURE_FPS)
        row["articulate"] = _agreement(ArticulateGenerator(), request, speech, take)
        rows[name] = row
    names = list(next(iter(rows.values())))
    rows["mean"] = {
        n: {
            key: float(np.mean([rows[t][n][key] for t in CALIBRATION_TAKES]))
            for key in ("jawOpen", "mean")
        }
        for n in names
    }
    return rows


def _cut(take: Take, seconds: float) -> Take:
    n_samples = int(min(seconds * SAMPLE_RATE, len(take.samples)))
    n_frames = int(n_samples / SAMPLE_RATE * CAPTURE_FPS)
    return Take(take.name, take.samples[:n_samples], take.channels, take.coefficients[:n_frames])


def _agreement(
    generator: Generator, request: GenerateRequest, speech: Any, take: Take
) -> dict[str, Any]:
    (clip,) = perform_all(generator, [Order(request, speech)])
    clip = resample(clip, CAPTURE_FPS)
    found = agreement({name: clip.curve(name) for name in take.moving}, take)
    return {key: found[key] for key in ("jawOpen", "mean")}
