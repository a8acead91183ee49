"""How good `cafe_talk` is, on held-out voices, sentences and emotion words, in one run.

    soliloquy evaluate cafe_talk --corpus DIR --report FOLDER [--data RECORDINGS] [--weights FILE]

What is measured, on how much, and what is wanted is fixed here and in `Protocol`; the run writes
`cafe_talk.json`, `cafe_talk.md` and pictures. Each section is written as soon as it is measured.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from server.generators.base import Generator
from server.training.corpus.manners import EMOTIONS
from server.training.corpus.reader import CorpusReader

from .cafe_talk_ablations import coarse_table, fine_table, steps_table
from .cafe_talk_emotion import measure_emotion, measure_intensity, measure_live_link
from .cafe_talk_lips import measure_captured, measure_lve
from .cafe_talk_plots import plot_betas, plot_single_aus
from .cafe_talk_report import as_markdown, judged
from .cafe_talk_speed import line_speed
from .cafe_talk_stage import Protocol, Stage
from .cafe_talk_strips import (
    beta_curves,
    measure_lips,
    measure_order,
    measure_strips,
)
from .emotion_classifier import EmotionClassifier
from .emotion_figures import plot_confusion

log = logging.getLogger(__name__)

PLOTTED_AUS: Final = ("AU2", "AU4", "AU12", "AU15")


@dataclass
class Material:
    """What a run needs.

    Attributes:
        data: folder of recordings, or None: sections that need them say so.
        ablations, coarse_ablations: name -> generator with other weights, for Tables 3 and 2.
        ears_corpus: with it, captured mouths are met by an articulation that never saw them.
        about_judge: how the classifier was made.
    """

    corpus: CorpusReader
    generator: Generator
    judge: EmotionClassifier
    out: Path
    data: Path | None = None
    protocol: Protocol = field(default_factory=Protocol)
    styles: frozenset[str] = frozenset()
    ablations: Mapping[str, Generator] = field(default_factory=dict)
    coarse_ablations: Mapping[str, Generator] = field(default_factory=dict)
    ears_corpus: Path | None = None
    about_judge: Mapping[str, Any] = field(default_factory=dict)


def report(material: Material, only: Sequence[str] = ()) -> dict[str, Any]:
    """Measure every section (or `only` some), write JSON, Markdown and pictures, return it all.

    A section that was measured before with the same weights is kept.
    """
    material.out.mkdir(parents=True, exist_ok=True)
    stage = Stage(material.corpus, material.generator, material.protocol, material.styles)
    path = material.out / "cafe_talk.json"
    found = _begun(path, material)
    for name, measure in _sections(material, stage).items():
        if name in found["sections"] or (only and name not in only):
            continue
        begun = time.process_time()
        found["sections"][name] = measure()
        found["cpu_seconds"][name] = round(time.process_time() - begun, 1)
        log.info("%s took %.0f CPU seconds", name, found["cpu_seconds"][name])
        found["judged"] = judged(found["sections"])
        path.write_text(json.dumps(found, indent=1), encoding="utf-8")
        (material.out / "cafe_talk.md").write_text(as_markdown(found), encoding="utf-8")
    return found


def _begun(path: Path, material: Material) -> dict[str, Any]:
    fresh = {
        "generator": material.generator.provenance(),
        "corpus": material.corpus.about.get("fingerprint", ""),
        "protocol": json.loads(json.dumps(asdict(material.protocol))),
        "judge": dict(material.about_judge),
        "sections": {},
        "cpu_seconds": {},
    }
    if path.is_file():
        before = json.loads(path.read_text("utf-8"))
        same = ("generator", "corpus", "protocol", "judge")
        if all(before.get(key) == fresh[key] for key in same):
            return before
    return fresh


def _sections(material: Material, stage: Stage) -> dict[str, Callable[[], dict[str, Any]]]:
    def emotion() -> dict[str, Any]:
        made = measure_emotion(stage, material.judge)
        plot_confusion(made.matrices, EMOTIONS, material.out / "confusion.png")
        return {**made.figures, "lips": measure_lve(made.lines, made.faces)}

    def plots() -> dict[str, Any]:
        drawn = [beta_curves(stage, au) for au in PLOTTED_AUS]
        plot_betas(drawn, material.out / "strips.png")
        return {"aus": PLOTTED_AUS}

    def lips() -> dict[str, Any]:
        return measure_lips(stage)

    def captured() -> dict[str, Any]:
        if material.data is None:
            return {"skipped": "no folder of recordings was named"}
        return measure_captured(stage, material.data, material.ears_corpus)

    def live_link() -> dict[str, Any]:
        if material.data is None:
            return {"skipped": "no folder of recordings was named"}
        return measure_live_link(material.judge, material.data)

    return {
        "strips": lambda: measure_strips(stage),
        "emotion": emotion,
        "lips": lips,
        "order": lambda: measure_order(stage),
        "intensity": lambda: measure_intensity(stage),
        "ablations": lambda: fine_table(stage, material.ablations),
        "coarse_ablations": lambda: coarse_table(stage, material.judge, material.coarse_ablations),
        "steps": lambda: steps_table(stage, material.judge),
        "plots": plots,
        "live_link": live_link,
        "captured": captured,
        "speed": lambda: _speed(material),
    }


def _speed(material: Material) -> dict[str, float]:
    """Return CPU seconds of a 30 s line of real speech where there is one, else of a hum."""
    samples = 0.05 * np.sin(np.arange(32_000) * 0.1).astype(np.float32)
    if material.data is not None and (material.data / "facegood").is_dir():
        from server.training.facegood import CALIBRATION_TAKES, load_take

        samples = load_take(material.data, CALIBRATION_TAKES[0]).samples
    line_speed(material.generator, samples, 2.0)  # loads the ears
    return line_speed(material.generator, samples)


def draw_single_aus(found: Mapping[str, Any], out: Path) -> None:
    """Draw the single-AU table of a finished run."""
    sections = found["sections"]
    plot_single_aus(sections["strips"]["each"], sections["lips"]["each"], out / "single_aus.png")
