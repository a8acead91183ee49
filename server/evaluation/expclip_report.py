"""All figures of `expclip`, with pictures, into a folder.

    python -m server.evaluation.expclip_report --corpus FOLDER --out FOLDER
        [--ablation NAME=FILE ...] [--section NAME ...] [--directions FILE]

Lines are of voices that were not trained on, with exact phones; the built-in text encoder reads
the directions. A file of directions is JSON, {"directions": [{"text": ...}, ...], "groups": {name:
[blendshapes], ...}}; the groups are what moves together, both sides of a muscle if there are none.
`expclip.json` keeps the figures of sections that are not asked for again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, TWO_SIDED_AU_CODES
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.articulate.evidence import load_evidence
from server.generators.base import Speech
from server.generators.expclip.pipeline import ExpClipGenerator, shipped
from server.generators.expclip.weights import load_animator
from server.language.express import Director, default_director
from server.training.corpus.reader import CorpusReader
from server.training.language.tead import Composer, Quadruple
from server.training.language.tune import corpus_poses, random_poses
from server.wire.messages import StripSpec

from . import expclip_plots, expclip_space
from .expclip import (
    FPS,
    Groups,
    Shown,
    added_over_time,
    change,
    closures,
    follow_all,
    monotone_share,
    play,
    show_poses,
)
from .expclip_unseen import Pose, never_together, seen_together, thrown_together, times_as_much
from .intervals import mean
from .lips import load_built_in_lips
from .tsne import tsne

N_LINES: Final = 12
N_POSES: Final = 30
FULL: Final = "full"
"""The ablation that all others are compared with: the same steps, nothing left out."""
DIRECTIONS: Final = (
    "a broad smile", "furious", "terrified", "utterly astonished", "deep sadness", "disgust",
    "one eyebrow up, left", "contempt",
)  # fmt: skip
"""For strips and blends; any will do."""
_START: Final = 1.5  # seconds at which direction strips begin
_MAPPED: Final = 400
_PLAIN: Final = 0.3  # a face with less than this is hardly one


def _sides() -> Groups:
    """Return both sides of each blendshape as a group."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in ARKIT_NAMES:
        groups[name.removesuffix("Left").removesuffix("Right")].append(name)
    return groups


@dataclass(frozen=True)
class Directions:
    """Texts, and the blendshapes that move together."""

    texts: Sequence[str] = DIRECTIONS
    groups: Groups = field(default_factory=_sides)

    @classmethod
    def read(cls, path: Path) -> Directions:
        """Read a file; see the module.

        Raises:
            KeyError: it names no directions, or a group names no blendshape of ours.
        """
        found = json.loads(path.read_text("utf-8"))
        groups: Groups = found.get("groups") or _sides()
        for members in groups.values():
            for name in members:
                INDEX[name]
        return cls([str(one["text"]) for one in found["directions"]], groups)


@dataclass(frozen=True)
class Material:
    """What is measured, on what.

    Attributes:
        ablations: name -> weights file. lines: speech of unseen voices. asked: for `directions`.
    """

    corpus: CorpusReader
    generator: ExpClipGenerator
    director: Director
    lines: Sequence[Speech]
    out: Path
    ablations: Mapping[str, Path] = field(default_factory=dict)
    asked: Directions = field(default_factory=Directions)

    def of(self, path: Path) -> ExpClipGenerator:
        """Return the generator with other weights."""
        model, digest = load_animator(path)
        return ExpClipGenerator(model, digest, self.director, self.generator.evidence)


def lines_of(corpus: CorpusReader, count: int = N_LINES) -> list[Speech]:
    """Return lines of voices that were not trained on, with exact phones and no sound."""
    numbers = [
        i for i in corpus.split("test_voice")
        if corpus.utterances[i].phones and corpus.utterances[i].seconds > 3.5
    ]  # fmt: skip
    chosen = numbers[:: max(1, len(numbers) // count)][:count]
    return [
        Speech(np.zeros(0, np.float32), corpus.utterances[i].seconds, corpus.utterances[i].phones,
               corpus.loudness(i))
        for i in chosen
    ]  # fmt: skip


def held_out_faces(count: int, seed: int = 7) -> list[Quadruple]:
    """Return TEAD's quadruples with a face whose words or wording were never trained on."""
    found = [q for q in Composer(seed).compose(12 * count) if q.split != "train"]
    return [q for q in found if max(q.blendshapes().values()) >= _PLAIN][:count]


def poses_of(material: Material) -> dict[str, list[Pose]]:
    """Return the sets of poses that EPA and the losses are judged by."""
    tead = [{n: v for n, v in q.blendshapes().items() if v > 0} for q in held_out_faces(N_POSES)]
    return {
        "never together in speech": never_together(N_POSES, 3, seen_together(material.corpus)),
        "thrown together": thrown_together(N_POSES, 3),
        "held-out TEAD": tead,
    }


def ablations(material: Material) -> dict[str, Any]:
    """Show each set of poses by the shipped network and by each ablation."""
    sets = poses_of(material)
    others = {name: material.of(path) for name, path in material.ablations.items()}
    networks = {"shipped": material.generator, **others}
    expclip = material.director.expclip
    found: dict[str, Any] = {}
    for name, poses in sets.items():
        shown = {k: show_poses(g, material.lines, poses, expclip) for k, g in networks.items()}
        found[name] = {k: _row(s, shown, k) for k, s in shown.items()}
    return found


def _row(own: Shown, shown: Mapping[str, Shown], name: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "movement": mean(own.share).as_json(),
        "alike": mean(own.alike).as_json(),
        "lip_motion": mean(own.lip_motion).as_json(),
    }
    full = name.replace("_without_epa", "") if name.endswith("_without_epa") else FULL
    if full in shown and name not in (full, "shipped"):
        row[f"times as much by '{full}'"] = times_as_much(shown[full].share, own.share).as_json()
    return row


def directions(material: Material) -> dict[str, Any]:
    """Play directions in lines in turn: do their groups move, do others and the lips stay?

    What is asked of a group is what `express` makes of the text, so this says nothing of how well
    a text is read.
    """
    asked, generator = material.asked, material.generator
    found = follow_all(
        generator, material.lines, asked.texts,
        lambda text: material.director.express(text).blendshapes, asked.groups,
    )  # fmt: skip
    plain, directed = closures(generator, material.lines, asked.texts[::5], load_built_in_lips())
    moving = [one for one in found if one.reached]
    return {
        "right": mean([float(one.right) for one in found]).as_json(),
        "right_of_those_that_ask": mean([float(one.right) for one in moving]).as_json(),
        "median_reached": float(np.median([v for one in moving for v in one.reached.values()])),
        "closed": {"without": plain, "with": directed},
        "wrong": [one.text for one in found if not one.right],
    }


def changes(material: Material) -> dict[str, Any]:
    """Lay directions over a line from its middle on, and draw how they come in."""
    rows: dict[str, Any] = {}
    curves: dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]] = {}
    for i, text in enumerate(DIRECTIONS):
        line = material.lines[i % len(material.lines)]
        came = change(material.generator, line, text, _START)
        rows[text] = asdict(came)
        curves[text] = added_over_time(material.generator, line, text, _START)
    expclip_plots.plot_changes(curves, _START, FPS, material.out / "changes.png")
    return rows


def blends(material: Material, pairs: int = 24) -> dict[str, Any]:
    """Blend pairs of directions and see whether every group goes one way."""
    rng = np.random.default_rng(1)
    drawn = [[str(t) for t in rng.choice(DIRECTIONS, 2, replace=False)] for _ in range(pairs)]
    right = [
        monotone_share(material.generator, material.lines[i % len(material.lines)], [(a, b)])
        for i, (a, b) in enumerate(drawn)
    ]
    return {"one_way": mean(right).as_json()}


def strips(material: Material) -> dict[str, Any]:
    """Lay each two-sided AU as a strip over a line: how much of it shows, how far it reaches.

    `shown`: what the strip adds to the AU's own blendshapes in the middle 60 % of its hold, over
    what the AU asks of them. `outside`: the most that it adds beyond .3 s of the strip.
    """
    line = max(material.lines, key=lambda speech: speech.seconds)
    start, end = 1.0, min(line.seconds - 1.0, 3.0)
    middle = slice(round((start + 0.2 * (end - start)) * FPS), round((end - 0.2) * FPS))
    shown, outside = {}, []
    for code in TWO_SIDED_AU_CODES:
        strip = StripSpec(code, start, end, ((start, 1.0),))
        clip = play(material.generator, line, strips=(strip,))
        added = (clip.layers or {})["strips"]
        asked = ACTION_UNITS[code].blendshapes
        own = [added[middle, INDEX[name]].mean() / value for name, value in asked.items()]
        shown[code] = float(np.mean(own))
        far = np.r_[0 : round((start - 0.3) * FPS), round((end + 0.3) * FPS) : len(added)]
        outside.append(float(np.abs(added[far]).max()))
    return {"shown": mean(list(shown.values())).as_json(), "each": shown, "outside": max(outside)}


def intensity(material: Material) -> dict[str, Any]:
    """Play directions at five intensities: is more asked more shown?"""
    levels = (0.0, 0.25, 0.5, 0.75, 1.0)
    right: list[bool] = []
    for i, text in enumerate(DIRECTIONS):
        line = material.lines[i % len(material.lines)]
        sizes = [
            float((play(material.generator, line, text, intensity=level).layers or {})["emotion"]
                  .sum(axis=1).mean())
            for level in levels
        ]  # fmt: skip
        right += [a < b for a, b in pairwise(sizes)]
    return {"ordered": mean(np.array(right, float)).as_json()}


def space(material: Material) -> dict[str, Any]:
    """Measure and draw the space of the autoencoder."""
    expclip = material.director.expclip
    quadruples = held_out_faces(_MAPPED)
    faces = np.array([[q.blendshapes()[n] for n in ARKIT_NAMES] for q in quadruples], np.float32)
    texts = material.director.encoder.encode([q.text for q in quadruples])
    sets = {
        "held-out TEAD": faces,
        "random AUs": random_poses(1000, 99),
        "held-out corpus": corpus_poses(material.corpus.folder, "test", 1000, 0),
    }
    labelled = expclip_space.Labelled(faces, texts, tuple(q.family for q in quadruples))
    found = expclip_space.report(expclip, sets, labelled)
    _draw_space(material, quadruples, expclip_space.embedded(expclip, faces))
    return found


def _draw_space(
    material: Material, quadruples: Sequence[Quadruple], embeddings: NDArray[np.float32]
) -> None:
    emotions = [material.director.emotion_of(q.text).emotion for q in quadruples]
    placed = tsne(embeddings.astype(np.float64))
    expclip_plots.plot_map(placed, emotions, material.out / "map.png")
    pairs = expclip_space.distant_pairs(embeddings, 5, 3)
    rows = [
        (f"{quadruples[a].text[:40]} -> {quadruples[b].text[:40]}",
         expclip_space.between(material.director.expclip, embeddings[a], embeddings[b], 7))
        for a, b in pairs
    ]  # fmt: skip
    expclip_plots.draw_faces(rows, material.out / "between.png")


def speed(material: Material) -> dict[str, float]:
    """Return the CPU seconds of a line of 30 s, whose phones are those of a line said again."""
    line = material.lines[0]
    times = int(np.ceil(30.0 / line.seconds))
    phones = tuple(
        type(p)(p.phone, p.start + k * line.seconds, p.end + k * line.seconds)
        for k in range(times) for p in line.phones if p.end + k * line.seconds <= 30.0
    )  # fmt: skip
    sound = np.random.default_rng(0).normal(0, 0.05, 480_000).astype(np.float32)
    speech = Speech(sound, 30.0, phones, np.full(3000, -26.0, np.float32))
    play(material.generator, speech, "furious")
    before = time.process_time()
    play(material.generator, speech, "furious")
    return {"cpu_seconds_without_ears": time.process_time() - before}


SECTIONS: Final[Mapping[str, Callable[[Material], Any]]] = {
    "directions": directions, "ablations": ablations, "changes": changes, "blends": blends,
    "strips": strips, "intensity": intensity, "space": space, "speed": speed,
}  # fmt: skip


def report(material: Material, sections: Sequence[str] = ()) -> dict[str, Any]:
    """Measure the sections, all by default, and write `expclip.json`."""
    material.out.mkdir(parents=True, exist_ok=True)
    path = material.out / "expclip.json"
    found = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    for name in sections or SECTIONS:
        found[name] = SECTIONS[name](material)
        path.write_text(json.dumps(found, indent=1), "utf-8")
    return found


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="another file than the shipped weights")
    parser.add_argument("--ablation", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--section", action="append", default=[], choices=list(SECTIONS))
    parser.add_argument("--directions", type=Path, help="a file of them; a few by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    corpus, director = CorpusReader(options.corpus), default_director()
    generator = shipped("cpu")
    if options.weights:
        model, digest = load_animator(options.weights)
        generator = ExpClipGenerator(model, digest, director, load_evidence())
    named = [text.partition("=") for text in options.ablation]
    material = Material(
        corpus, generator, director, lines_of(corpus), options.out,
        {name: Path(file) for name, _, file in named},
        Directions.read(options.directions) if options.directions else Directions(),
    )  # fmt: skip
    report(material, options.section)


if __name__ == "__main__":
    main()
