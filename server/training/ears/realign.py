"""Label recorded speakers with the ears that were trained so far, and write them as shards.

    python -m server.training.ears.realign --weights W --out CORPUS --root UNPACKED [--set fr_june]

Lines with a text are aligned to it; words that were not heard there, and speech that is not in the
text, stay without label. Lines without text are labelled by free decoding where the ears are sure
(self-training). A running `train` takes rewritten shards in: start this again for the next round.
"""

from __future__ import annotations

import argparse
import logging
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from arkit.clip import Phone
from server.speech import g2p
from server.speech.alignment import Alignment, TranscriptError, Word, align
from server.speech.decoding import decode
from server.speech.ears_recogniser import EarsRecogniser
from server.speech.phones import SILENCE
from server.speech.recogniser import FEATURE_RATE
from server.training.ears.corpus import data_folder
from server.training.ears.packaged_speech import PACKAGED
from server.training.ears.recordings import (
    PROMPTS,
    Line,
    digit_lines,
    pieces,
    prompt_lines,
    read_audio,
    untranscribed_lines,
)
from server.training.ears.shards import UNKNOWN, ShardWriter, frame_labels
from server.training.ears.synthesis import Espeak, Say

log = logging.getLogger(__name__)

SURE: float = 0.6
"""Posterior of a frame's phone from which free decoding counts as a label."""
LEAST_CONFIDENCE: float = 0.3
"""Mean confidence of the words from which an aligned line is used."""
_PEAK = 0.5
_TESTS = Path(__file__).parents[2] / "evaluation" / "ears_tests.toml"


class Pronouncer:
    """Words of any language: English by our own g2p, others by espeak-ng."""

    def __init__(self) -> None:
        self._espeak: Espeak | None = None
        self._look_up = lru_cache(maxsize=20_000)(self._other)

    def words(self, text: str, language: str) -> list[Word]:
        """Return the words of a text with their pronunciations."""
        if language == "en":
            return g2p.words_of(text)
        return [Word(w, self._look_up(w, language)) for w in g2p.normalised(text)]

    def _other(self, word: str, language: str) -> tuple[tuple[str, ...], ...]:
        self._espeak = self._espeak or Espeak()
        spoken = self._espeak.say(language, Say(word))
        if spoken is None:
            return ()
        phones = tuple(p.phone for p in spoken.phones if p.phone != SILENCE)
        return g2p.with_reductions(phones, language) if phones else ()


def usable_labels(alignment: Alignment, n_frames: int) -> NDArray[np.uint8]:
    """Return frame labels of an alignment, unknown where words and sound disagree."""
    labels = frame_labels(alignment.phones, n_frames)
    hidden = [(w.start, w.end) for w in alignment.words if w.confidence < LEAST_CONFIDENCE / 2]
    for start, end in [*hidden, *alignment.other]:
        labels[int(start * FEATURE_RATE) : int(end * FEATURE_RATE) + 1] = UNKNOWN
    return labels


def sure_labels(posteriors: NDArray[np.float32], phones: tuple[Phone, ...]) -> NDArray[np.uint8]:
    """Return the decoded phone of every frame where the ears are sure, else unknown."""
    labels = frame_labels(phones, len(posteriors))
    certainty = posteriors[np.arange(len(labels)), labels]
    return np.where(certainty >= SURE, labels, UNKNOWN).astype(np.uint8)


def text_labels(posteriors: NDArray[np.float32], words: list[Word]) -> NDArray[np.uint8] | None:
    """Return frame labels from words laid along posteriors; None when they hardly fit."""
    try:
        aligned = align(posteriors, words)
    except TranscriptError:
        return None
    if np.mean([w.confidence for w in aligned.words]) < LEAST_CONFIDENCE:
        return None
    return usable_labels(aligned, len(posteriors))


def write_set(name: str, lines: Iterable[Line], ears: EarsRecogniser, out: Path) -> float:
    """Label the lines and write the shard `real_{name}`; returns its hours."""
    writer = ShardWriter(out, f"real_{name}", {"set": name})
    pronouncer = Pronouncer()
    n_lines = n_dropped = 0
    for line in lines:
        whole = read_audio(line.path)
        whole = whole * (_PEAK / max(float(np.abs(whole).max(initial=0.0)), 1e-6))
        for _, samples in pieces(whole) if not line.text else [(0, whole)]:
            if len(samples) < 1600:
                continue
            n_lines += 1
            heard = ears.hear(samples, line.language).posteriors
            if not line.text:
                labels = sure_labels(heard, decode(heard))
            else:
                labels = text_labels(heard, pronouncer.words(line.text, line.language))
            if labels is None:
                n_dropped += 1
                continue
            stress = np.full(len(labels), UNKNOWN, np.uint8)
            writer.add_samples(samples, labels, stress, line.speaker, line.text)
    writer.close()
    log.info("%s: %d lines, %d dropped, %.2f h", name, n_lines, n_dropped, writer.n_frames / 36e4)
    return writer.n_frames / 360_000


def lines_of(name: str, root: Path) -> list[Line]:
    """Return the lines of a set: prompts without the tested ones, packaged speech, recordings."""
    if name in PACKAGED:
        return PACKAGED[name](root)
    if name in PROMPTS:
        listed = tomllib.loads(_TESTS.read_text(encoding="utf-8"))
        tested = set(listed["allison"]["prompts"])
        lines = prompt_lines(name, root)
        return [x for x in lines if f"{x.path.parent.name}/{x.path.stem}" not in tested]
    return digit_lines(data_folder()) if name == "digits" else untranscribed_lines(
        name, data_folder()
    )  # fmt: skip


def main() -> None:
    """Label the sets that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards")
    parser.add_argument("--root", type=Path, default=Path("/"), help="where packages are unpacked")
    parser.add_argument("--set", nargs="+", default=["fr_june", "it_carlo", "ru_maxim", "digits"])
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(1)
    ears = EarsRecogniser(options.weights)
    for name in options.set:
        write_set(name, lines_of(name, options.root), ears, options.out)


if __name__ == "__main__":
    main()
