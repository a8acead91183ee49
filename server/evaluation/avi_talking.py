"""How good `avi_talking`'s synthesis is, on held-out voices, sentences and emotion words.

    python -m server.evaluation.avi_talking --corpus DIR --classifier FILE --report FOLDER
        [--weights FILE] [--ablation NAME=FILE ...] [--data RECORDINGS] [--section NAME ...]
        [--voice INSTRUCTION_WEIGHTS --actors 19,20]

Writes `avi_talking.json`; each section is written as soon as it is measured. The held-out lines and
the judge of emotions are those of `cafe_talk`'s evaluation, so that figures stand side by side.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from server.generators.avi_talking.pipeline import AviTalkingGenerator, load_generator
from server.training.corpus.reader import CorpusReader

from .avi_talking_following import measure_following
from .avi_talking_named import measure_named
from .avi_talking_takes import measure_takes, takes_of
from .avi_talking_voice import Voices, measure_voice, voices_of
from .cafe_talk_emotion import measure_emotion, measure_intensity
from .cafe_talk_lips import measure_lve
from .cafe_talk_speed import line_speed
from .cafe_talk_stage import Line, Protocol, Stage, is_spoken
from .emotion_classifier import EmotionClassifier, load_classifier

log = logging.getLogger(__name__)

PROTOCOL: Final = Protocol(emotion_lines=96, word_lines=48, seed=20)
TAKE_LINES, FOLLOW_LINES, ABLATION_LINES, VOICE_LINES = 32, 64, 48, 96


@dataclass
class Material:
    """What a run needs.

    Attributes:
        ablations: name -> generator with other weights, Table 4. data: recordings, for the speed.
        voices: recordings, for the way from the voice.
    """

    corpus: CorpusReader
    generator: AviTalkingGenerator
    judge: EmotionClassifier
    out: Path
    data: Path | None = None
    ablations: Mapping[str, AviTalkingGenerator] = field(default_factory=dict)
    voices: Voices | None = None
    take_lines: int = TAKE_LINES
    follow_lines: int = FOLLOW_LINES
    ablation_lines: int = ABLATION_LINES
    protocol: Protocol = PROTOCOL


def _feels(line: Line) -> bool:
    return is_spoken(line, 1.5, 6.0) and line.utterance.emotion != "neutral"


def _has_closures(line: Line) -> bool:
    return is_spoken(line, 2.0, 5.0) and line.n_bilabials >= 3


def report(material: Material, only: Sequence[str] = ()) -> dict[str, Any]:
    """Measure every section (or `only` some) that is not there yet, and write what is found."""
    material.out.mkdir(parents=True, exist_ok=True)
    path = material.out / "avi_talking.json"
    about = material.generator.provenance()
    found: dict[str, Any] = {"generator": about, "sections": {}, "cpu_seconds": {}}
    if path.is_file() and (before := json.loads(path.read_text("utf-8")))["generator"] == about:
        found = before
    for name, measure in _sections(material).items():
        if name in found["sections"] or (only and name not in only):
            continue
        begun = time.process_time()
        found["sections"][name] = measure()
        found["cpu_seconds"][name] = round(time.process_time() - begun, 1)
        path.write_text(json.dumps(found, indent=1), "utf-8")
        log.info("%s took %.0f CPU seconds", name, found["cpu_seconds"][name])
    return found


def _sections(material: Material) -> dict[str, Callable[[], dict[str, Any]]]:
    stage = Stage(material.corpus, material.generator, material.protocol)

    def takes() -> dict[str, Any]:
        return measure_takes(takes_of(stage, stage.draw(material.take_lines, "takes", _feels)))

    def emotion() -> dict[str, Any]:
        made = measure_emotion(stage, material.judge)
        lips = measure_lve(made.lines, made.faces)
        return {**made.figures, "lips": _renamed(lips)}

    def following() -> dict[str, Any]:
        lines = stage.draw(material.follow_lines, "following", _feels)
        return measure_following(stage, lines)

    return {
        "takes": takes,
        "emotion": emotion,
        "following": following,
        "named": lambda: measure_named(stage, stage.draw(4, "named", _has_closures)),
        "intensity": lambda: measure_intensity(stage),
        "voice": lambda: _voice(material),
        "ablations": lambda: _ablations(material),
        "speed": lambda: _speed(material),
    }


def _voice(material: Material) -> dict[str, Any]:
    if material.voices is None:
        return {"skipped": "no weights of the first stage and no actors were named"}
    return measure_voice(material.generator, material.voices, material.judge)


def _renamed(lips: dict[str, Any]) -> dict[str, Any]:
    return {"avi_talking" if name == "cafe_talk" else name: row for name, row in lips.items()}


def _ablations(material: Material) -> dict[str, Any]:
    """Return Table 4: the full model and each without a part, on the same fewer lines."""
    fewer = replace(material.protocol, emotion_lines=material.ablation_lines, word_lines=16)
    rows: dict[str, Any] = {}
    for name, generator in {"full": material.generator, **material.ablations}.items():
        stage = Stage(material.corpus, generator, fewer)
        takes = measure_takes(takes_of(stage, stage.draw(12, "ablations", _feels)))
        made = measure_emotion(stage, material.judge)
        follow = measure_following(stage, stage.draw(24, "ablations", _feels))
        rows[name] = {
            **{key: takes[key] for key in ("diversity", "upper_spread_mm", "closures_agree")},
            "emotion": made.figures["made"], "unseen_words": made.figures["words"],
            "aus": follow["f1"], "lips": _renamed(measure_lve(made.lines, made.faces)),
        }  # fmt: skip
    return rows


def _speed(material: Material) -> dict[str, float]:
    """Return CPU seconds of a 30 s line of real speech where there is one, else of a hum."""
    samples = 0.05 * np.sin(np.arange(32_000) * 0.1).astype(np.float32)
    if material.data is not None and (material.data / "facegood").is_dir():
        from server.training.facegood import CALIBRATION_TAKES, load_take

        samples = load_take(material.data, CALIBRATION_TAKES[0]).samples
    line_speed(material.generator, samples, 2.0)  # loads the ears
    return line_speed(material.generator, samples)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("corpus", "classifier", "report"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--voice", help="weights of the first stage, by name or file")
    parser.add_argument("--actors", help="of RAVDESS, whom those weights never heard: 19,20")
    parser.add_argument("--ablation", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--section", action="append", default=[])
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    named = dict(item.split("=", 1) for item in options.ablation)
    report(
        Material(
            CorpusReader(options.corpus), load_generator("cpu", options.weights),
            load_classifier(options.classifier)[0], options.report, options.data,
            {name: load_generator("cpu", Path(file)) for name, file in named.items()},
            voices_of(options.voice, [int(n) for n in options.actors.split(",")], VOICE_LINES)
            if options.voice and options.actors else None,
        ),
        options.section,
    )  # fmt: skip


if __name__ == "__main__":
    main()
