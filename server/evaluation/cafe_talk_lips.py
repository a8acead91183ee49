"""Do the lips speak: vertex error on held-out lines, captured mouths, closures; and `articulate`.

Against captured mouths `articulate` and what lies under the generator can be fitted without the
take that they are tested on. Without a style the generator's neutral mouth is that articulation, so
its own training, which had all captured mouths, has no say; in the style of the captured speaker it
has, and that figure is never one of a take left out.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip
from arkit.retime import resample
from server.generators.articulate import ArticulateGenerator
from server.generators.articulate.evidence import EvidenceNet
from server.generators.base import Generator, Speech
from server.speech.listen import listen, load_recogniser
from server.speech.recogniser import SAMPLE_RATE
from server.training import articulation as recipe
from server.training.corpus.reader import REAL_ACTOR
from server.training.facegood import CALIBRATION_TAKES, CAPTURE_FPS, Take, load_take
from server.wire.messages import GenerateRequest

from .articulation import agreement, refitted
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


def measure_captured(stage: Stage, data: Path, ears_corpus: Path | None = None) -> dict[str, Any]:
    """Return r of jawOpen and mean r of the moving channels against captured mouths, each take.

    Args:
        ears_corpus: given, the articulation is fitted anew for each take without it; else the
            shipped one, which saw all takes, is used.
    """
    if not (data / "facegood").is_dir():
        return {"skipped": "the captures are not here"}
    ears = load_recogniser("auto")
    takes = {name: load_take(data, name) for name in CALIBRATION_TAKES}
    made = recipe.synthetic_examples(ears_corpus, recipe.FitConfig()) if ears_corpus else None
    rows: dict[str, Any] = {}
    for name, whole in takes.items():
        take = _cut(whole, stage.protocol.real_seconds)
        speech = listen(take.samples, language="zh", recogniser=ears)
        others = [other for n, other in takes.items() if n != name]
        evidence = refitted(others, made) if made else None
        rows[name] = _captured(stage, take, speech, evidence)
    names = list(next(iter(rows.values())))
    rows["mean"] = {
        n: {
            key: float(np.mean([rows[t][n][key] for t in CALIBRATION_TAKES]))
            for key in ("jawOpen", "mean")
        }
        for n in names
    }
    return {"left_out": made is not None, "rows": rows}


def _captured(stage: Stage, take: Take, speech: Speech, evidence: EvidenceNet | None
              ) -> dict[str, Any]:  # fmt: skip
    generator = stage.generator
    if evidence is not None:
        generator = copy.copy(generator)
        generator.evidence = evidence  # type: ignore[attr-defined]
    styles = {"no style": ""}
    if REAL_ACTOR in stage.styles:
        styles["their style"] = REAL_ACTOR
    row: dict[str, Any] = {}
    for label, style in styles.items():
        request = GenerateRequest(
            take.name, generator=generator.name, style=style, intensity=0.5, fps=FPS,
            language="zh", seed=_SEED,
        )  # fmt: skip
        row[f"cafe_talk, {label}"] = _agreement(generator, request, speech, take)
    request = GenerateRequest(take.name, generator="articulate", fps=CAPTURE_FPS)
    rules = ArticulateGenerator(evidence=evidence)
    row["articulate"] = _agreement(rules, request, speech, take)
    return row


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
