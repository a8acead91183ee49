"""Table 3 in the paper's setting: networks whose AU sequences were those of clips (Algorithm 1).

    python -m server.evaluation.cafe_talk_table3 CORPUS REPORT.json NAME=WEIGHTS ... [--lines N]

Each network is trained by `server/training/recipes/cafe_talk_ablations_paper.toml`. It knows AUs as
the paper means them only, as muscles that are excited, so strips are asked of it so, without
floors; under our guidance, under Eq. 7 to the letter, and without the mask. REPORT.json keeps what
was measured, and a second run goes on where the first ended. All are compared with the first
network that is named.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from server.generators.cafe_talk import create
from server.generators.cafe_talk.pipeline import CafeTalkGenerator
from server.training.corpus.reader import CorpusReader

from .cafe_talk_ablations import measure_variant
from .cafe_talk_stage import Protocol, Stage
from .cafe_talk_unmasked import UnmaskedCafeTalk
from .intervals import mean

log = logging.getLogger(__name__)


class ExcitedCafeTalk(CafeTalkGenerator):
    """The same weights as another generator, asked with AUs as excited muscles."""

    def _marked(self, window: Any, before: Any, scene: int) -> Any:
        marked = super()._marked(window, before, scene)
        assert marked.fine is not None
        swapped = marked.fine.roll(marked.fine.shape[-1] // 2, -1)  # held and excited halves
        return replace(marked, fine=swapped, floor=None)


class UnmaskedExcitedCafeTalk(UnmaskedCafeTalk, ExcitedCafeTalk):
    """The same, without the mask of its guidance."""


def excited(generator: CafeTalkGenerator, *, masked: bool = True) -> CafeTalkGenerator:
    """Return a generator with the same weights that is asked as the paper asks."""
    other = copy.copy(generator)
    other.__class__ = ExcitedCafeTalk if masked else UnmaskedExcitedCafeTalk
    return other


WAYS: Final[dict[str, tuple[bool, dict[str, str]]]] = {
    "ours": (True, {}),
    "Eq. 7": (True, {"guidance_mode": "paper"}),
    "w/o mask": (False, {}),
}
"""Name of a guidance -> whether it has a mask, and fields of the request."""


def measure(corpus: CorpusReader, weights: Path, way: str, protocol: Protocol) -> dict[str, Any]:
    """Return what `measure_variant` does, of one network under one guidance."""
    masked, fields = WAYS[way]
    generator = excited(create("cpu", weights), masked=masked)
    stage = Stage(corpus, generator, protocol, frozenset(generator.config.styles))
    return measure_variant(stage, **fields)


def fallen(full: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return by how much a variant differs from the full model on the same strips and lines.

    `net` and `raw` are control rates, the variant's minus the full model's, strip by strip;
    `lve_none` millimetres of the lips on the lines without strips.
    """
    pairs = list(zip(full["each"], other["each"], strict=True))
    lines = [a["line"] for a, _ in pairs]
    return {
        key: mean([b[key] - a[key] for a, b in pairs], lines).as_json()
        for key in ("net", "raw", "lve_none")
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("report", type=Path)
    parser.add_argument("networks", nargs="+", metavar="NAME=WEIGHTS")
    parser.add_argument("--lines", type=int, default=1, help="for each of 19 AUs")
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    corpus, protocol = CorpusReader(options.corpus), Protocol(ablation_lines=options.lines)
    found = json.loads(options.report.read_text("utf-8")) if options.report.is_file() else {}
    for name, _, file in (text.partition("=") for text in options.networks):
        for way in options.ways:
            key = f"{name}, {way}, {options.lines}"
            if key not in found:
                found[key] = measure(corpus, Path(file), way, protocol)
                options.report.write_text(json.dumps(found, indent=1), "utf-8")
            log.info("%s: %s", key, _told(found[key]))
            first = f"{options.networks[0].partition('=')[0]}, {way}, {options.lines}"
            if key != first:
                log.info("  minus %s: %s", first, _told(fallen(found[first], found[key])))


def _told(row: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {v['value']:.3f} [{v['low']:.3f}, {v['high']:.3f}]"
        for name, v in row.items()
        if isinstance(v, dict)
    )


if __name__ == "__main__":
    main()
