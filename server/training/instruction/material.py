"""Recordings with a label -> a store of voices: streams, figures, cells. No audio is kept.

Which recordings may train what is a matter of licence (docs/design.md, section 6): `ravdess` and
`emodb` are for non-commercial use and only ever in research weights.

    python -m server.training.instruction.material ravdess STORE --variants 4
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, resample_poly

from server.language.instruction.voice import N_FIGURES, N_STREAM, hear_voice

from .recordings import RATE, Recording, a2f, emodb, ravdess
from .truth import Cell

log = logging.getLogger(__name__)

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Store:
    """Voices of N recordings.

    Attributes:
        streams: N of float32 [T, N_STREAM]. figures: float32 [N, N_FIGURES].
        cells, speakers, names: N each. variants: [N], 0 is the recording as it is.
    """

    streams: list[Array]
    figures: Array
    cells: list[Cell]
    speakers: list[str]
    names: list[str]
    variants: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.streams)

    def of(self, rows: Iterable[int]) -> Store:
        """Some of the recordings."""
        kept = list(rows)
        return Store(
            [self.streams[i] for i in kept], self.figures[kept], [self.cells[i] for i in kept],
            [self.speakers[i] for i in kept], [self.names[i] for i in kept], self.variants[kept],
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write arrays only; labels as text."""
        np.savez(
            path, streams=np.concatenate(self.streams).astype(np.float16),
            lengths=np.array([len(s) for s in self.streams]), figures=self.figures,
            cells=np.array([f"{c.emotion}/{c.word}" for c in self.cells]),
            speakers=np.array(self.speakers), names=np.array(self.names), variants=self.variants,
        )  # fmt: skip

    @staticmethod
    def load(paths: Iterable[Path]) -> Store:
        """Read what `save` wrote, several as one."""
        streams: list[Array] = []
        columns: dict[str, list[NDArray[np.generic]]] = {}
        for path in paths:
            with np.load(path, allow_pickle=False) as file:
                ends = np.cumsum(file["lengths"])
                whole = file["streams"].astype(np.float32)
                streams += np.split(whole, ends[:-1])
                for name in ("figures", "cells", "speakers", "names", "variants"):
                    columns.setdefault(name, []).append(file[name])
        joined = {name: np.concatenate(parts) for name, parts in columns.items()}
        return Store(
            streams, joined["figures"].astype(np.float32),
            [cell_named(str(c)) for c in joined["cells"]], [str(s) for s in joined["speakers"]],
            [str(n) for n in joined["names"]], joined["variants"].astype(np.int64),
        )  # fmt: skip


def cell_named(name: str) -> Cell:
    """ "angry/strongly" -> the cell."""
    emotion, _, word = name.partition("/")
    return Cell(emotion, word)


def varied(samples: Array, variant: int, rng: np.random.Generator) -> Array:
    """A recording as another voice, room and microphone would give it; 0 is as it is."""
    if variant == 0:
        return samples
    up, down = ((10, 9), (9, 10), (20, 21), (21, 20))[(variant - 1) % 4]
    x = np.asarray(resample_poly(samples, up, down), np.float32)
    x = np.concatenate([x[:1], x[1:] + rng.uniform(-0.25, 0.25) * x[:-1]])
    if rng.random() < 0.5:
        x = np.asarray(fftconvolve(x, _room(rng)), np.float64)[: len(x)]
    loudness = np.sqrt(np.mean(np.square(x)))
    noise = rng.standard_normal(len(x)) * loudness * 10 ** (-rng.uniform(18, 45) / 20)
    return (x + noise).astype(np.float32)


def _room(rng: np.random.Generator) -> NDArray[np.float64]:
    n_samples = int(rng.uniform(0.1, 0.35) * RATE)
    tail = rng.standard_normal(n_samples) * np.exp(-6 * np.arange(n_samples) / n_samples)
    tail *= rng.uniform(0.05, 0.25) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail


def build(recordings: Iterable[Recording], variants: Iterable[int]) -> Store:
    """Hear all recordings in all variants; those without a voice are left out and named."""
    kept = list(variants)
    streams: list[Array] = []
    figures: list[Array] = []
    labels: list[tuple[Cell, str, str, int]] = []
    for number, recording in enumerate(recordings):
        for variant in kept:
            rng = np.random.default_rng(10 * number + variant)
            voice = hear_voice(varied(recording.samples, variant, rng))
            if voice is None:
                log.warning("no voice in %s, variant %d", recording.name, variant)
                continue
            streams.append(voice.stream)
            figures.append(voice.figures)
            labels.append((recording.cell, recording.speaker, recording.name, variant))
    stacked = np.stack(figures) if figures else np.zeros((0, N_FIGURES), np.float32)
    return Store(
        streams, stacked, [row[0] for row in labels], [row[1] for row in labels],
        [row[2] for row in labels], np.array([row[3] for row in labels], np.int64),
    )  # fmt: skip


def main() -> None:
    """Build one store from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", choices=("ravdess", "ravdess_test", "emodb", "a2f", "acted"))
    parser.add_argument("store", type=Path)
    parser.add_argument("--variants", default="0", help="for instance 0,1,2")
    parser.add_argument("--count", type=int, default=1200, help="lines of `acted`")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    build(_source(args.source, args.count), map(int, args.variants.split(","))).save(args.store)


def _source(name: str, count: int) -> Iterable[Recording]:
    if name == "acted":
        from .acted import acted

        return acted(count)
    return {
        "ravdess": lambda: ravdess(range(1, 19)), "ravdess_test": lambda: ravdess(range(19, 21)),
        "emodb": lambda: emodb(range(3, 13)), "a2f": a2f,
    }[name]()  # fmt: skip


if __name__ == "__main__":
    main()

__all__ = ["N_STREAM", "Store", "build", "varied"]
