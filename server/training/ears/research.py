"""Recordings under non-commercial licences, as shards: for weights named `*-research` only.

    python -m server.training.ears.research --weights W --out CORPUS [--set emodb ravdess]

`real_emodb`: German, speakers 03-12, labelled by hand, without the sentences of `HELD_OUT_TEXTS`,
as all speakers say the same ten. `real_ravdess`: English, actors 01-18, laid
along its two sentences by the ears. The speakers of the tests (EMO-DB 13, 14; RAVDESS 19, 20) are
in neither. MBROLA's voices (`mbrola_voices`) are for research, too. No recipe of weights that are
shipped may name them; a test holds that.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Final

import numpy as np
import torch

from server.speech.ears_recogniser import EarsRecogniser
from server.speech.features import log_mel
from server.speech.notations import NotationError, read_emodb
from server.speech.recogniser import FEATURE_RATE
from server.training.ears import mbrola_voices
from server.training.ears.corpus import data_folder
from server.training.ears.realign import write_set
from server.training.ears.recordings import Line, read_audio
from server.training.ears.shards import UNKNOWN, ShardWriter, frame_labels

log = logging.getLogger(__name__)

RESEARCH_SHARDS: Final = ("real_emodb", "real_ravdess", *mbrola_voices.SHARDS)
TEST_SPEAKERS: Final = ("13", "14")
HELD_OUT_TEXTS: Final = ("a02", "b03")
"""A quarter of the lips' events: what is heard of these was not learned by heart."""
TEST_ACTORS: Final = ("19", "20")
STATEMENTS: Final = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}
_PEAK = 0.5


def write_emodb(folder: Path, out: Path) -> float:
    """Write the hand-labelled lines of the training speakers; returns the hours."""
    writer = ShardWriter(out, "real_emodb", {"set": "emodb", "licence": "research only"})
    for path in sorted(folder.glob("*.flac")):
        if path.stem[:2] in TEST_SPEAKERS or path.stem[2:5] in HELD_OUT_TEXTS:
            continue
        try:
            phones = read_emodb(path.with_suffix(".lablaut"))
        except NotationError as error:  # a few label files of the database are empty
            log.info("left out: %s", error)
            continue
        samples = read_audio(path)
        samples = samples * (_PEAK / max(float(np.abs(samples).max()), 1e-6))
        mel = log_mel(samples).astype(np.float16)
        labels = frame_labels(phones, len(mel))
        labels[int(phones[-1].end * FEATURE_RATE) :] = UNKNOWN
        stress = np.full(len(mel), UNKNOWN, np.uint8)
        writer.add_frames(mel, labels, stress, f"emodb_{path.stem[:2]}", "")
    writer.close()
    return writer.n_frames / 360_000


def ravdess_lines(folder: Path) -> list[Line]:
    """Return the spoken lines of the training actors with what they say."""
    lines = []
    for path in sorted(folder.rglob("*.flac")):
        parts = path.stem.split("-")
        if len(parts) == 7 and parts[6] not in TEST_ACTORS and parts[4] in STATEMENTS:
            lines.append(Line(path, f"ravdess_{parts[6]}", STATEMENTS[parts[4]], "en"))
    return lines


def main() -> None:
    """Write the sets that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="ears that lay the sentences")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--set", nargs="+", default=["emodb", "ravdess"])
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    if "emodb" in options.set:
        log.info("emodb: %.2f h", write_emodb(data_folder() / "emodb", options.out))
    if "ravdess" in options.set:
        ears = EarsRecogniser(options.weights)
        write_set("ravdess", ravdess_lines(data_folder() / "ravdess"), ears, options.out)


if __name__ == "__main__":
    main()
