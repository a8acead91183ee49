"""Calibrate strips on development lines: which AUs the network shows too weakly by itself.

    python -m server.training.cafe_talk.calibrate CORPUS WEIGHTS

Each AU is laid in full over the middle of lines that were not trained on; where the strips pass
stays under `ENOUGH` of what the FACS table asks for, the AU gets a floor in the weights' metadata.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from arkit.action_units import ACTION_UNITS, AU_CODES
from arkit.names import INDEX
from server.evaluation.perform import Order, perform_all
from server.generators.base import Speech
from server.generators.cafe_talk.config import N_CHANNELS
from server.generators.cafe_talk.pipeline import CafeTalkGenerator, load_generator
from server.generators.cafe_talk.weights import load_weights, note_of, save_weights
from server.training.corpus.reader import CorpusReader
from server.wire.messages import GenerateRequest, StripSpec

log = logging.getLogger(__name__)

ENOUGH: Final = 0.85
FLOOR: Final = 0.9
_EASE: Final = 0.3  # seconds at either end that are not looked at


def development_lines(corpus: CorpusReader, count: int) -> list[tuple[str, float, Speech]]:
    """Return (emotion word, intensity, what is heard) of short lines of the split `valid`."""
    found: list[tuple[str, float, Speech]] = []
    for number in corpus.split("valid"):
        u = corpus.utterances[number]
        if u.kind == "performed" and not u.in_turn and 2.5 < u.seconds < 3.5 and u.phones:
            heard = Speech(np.zeros(0, np.float32), u.seconds, u.phones, corpus.loudness(number))
            found.append((u.words[0], u.intensity, heard))
    return found[:count]


def shown_shares(
    generator: CafeTalkGenerator, lines: Sequence[tuple[str, float, Speech]]
) -> dict[str, float]:
    """Return AU code -> share of its coefficient that its own channels show, over all lines."""
    shares: dict[str, float] = {}
    for code in AU_CODES:
        own = [name for name in ACTION_UNITS[code].own_channels if INDEX[name] < N_CHANNELS]
        if not own:
            continue
        orders = [Order(_request(code, *line), line[2]) for line in lines]
        asked = np.array([ACTION_UNITS[code].blendshapes[name] for name in own])
        seen = []
        for clip, order in zip(perform_all(generator, orders), orders, strict=True):
            strip = order.request.strips[0]
            times = np.arange(clip.n_frames) / clip.fps
            inside = (times > strip.start + _EASE) & (times < strip.end - _EASE)
            passed = sum(clip.layers[name] for name in ("lips", "emotion", "strips"))
            face = np.asarray(passed)[inside][:, [INDEX[name] for name in own]]
            seen.append(np.percentile(np.minimum(face / asked, 1.0), 25.0, axis=0).min())
        shares[code] = float(np.mean(seen))
        log.info("%s %.2f", code, shares[code])
    return shares


def _request(code: str, word: str, intensity: float, speech: Speech) -> GenerateRequest:
    middle = speech.seconds / 2
    strip = StripSpec(code, middle - 0.7, middle + 0.7)
    return GenerateRequest("calibration", emotion=word, intensity=intensity, strips=(strip,))


def calibrate(corpus: Path, weights: Path, count: int) -> dict[str, float]:
    """Measure every AU, write floors into the weights' metadata, and return the shares."""
    lines = development_lines(CorpusReader(corpus), count)
    generator = load_generator("cpu", weights)
    generator.floors = {}
    shares = shown_shares(generator, lines)
    network, _ = load_weights(weights)
    floors = {code: FLOOR for code, share in shares.items() if share < ENOUGH}
    network.calibration = {**network.calibration, "floors": floors}
    shown = json.dumps({code: round(share, 3) for code, share in shares.items()})
    save_weights(network, weights, {**note_of(weights), "strips": shown})
    return shares


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("weights", type=Path)
    parser.add_argument("--lines", type=int, default=3)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    shares = calibrate(options.corpus, options.weights, options.lines)
    log.info("mean %.3f, %d AUs with a floor", np.mean(list(shares.values())),
             sum(share < ENOUGH for share in shares.values()))  # fmt: skip


if __name__ == "__main__":
    main()
