"""Labelled recordings of others, read where they lie; which may train what is a matter of licence.

`ravdess` and `emodb` are for non-commercial use and only ever in research weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from server.training.language.corpora import data_folder

from .truth import CALM, Cell

Array = NDArray[np.float32]
RATE: Final = 16_000


@dataclass(frozen=True)
class Recording:
    """A line with its label. `speaker` is unique among all sources."""

    samples: Array
    cell: Cell
    speaker: str
    name: str


def _read(path: Path) -> Array:
    read, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = np.asarray(read, np.float32)
    if rate != RATE:
        samples = np.asarray(resample_poly(samples, RATE, rate, axis=0), np.float32)
    return np.ascontiguousarray(samples[:, 0], np.float32)


_RAVDESS: Final = (
    "neutral", CALM, "happy", "sad", "angry", "fearful", "disgusted", "surprised",
)  # fmt: skip


def ravdess(actors: range) -> Iterator[Recording]:
    """Recordings of RAVDESS (CC BY-NC-SA 4.0); "strong" is strongly, "normal" clearly."""
    for actor in actors:
        folder = data_folder() / "ravdess" / f"Actor_{actor:02d}"
        for path in sorted(folder.glob("*.flac")):
            emotion = _RAVDESS[int(path.name[6:8]) - 1]
            word = ("clearly", "strongly")[int(path.name[9:11]) - 1]
            cell = Cell(emotion, "" if emotion == "neutral" else word)
            yield Recording(_read(path), cell, f"ravdess{actor:02d}", path.stem)


_EMODB: Final = {"W": "angry", "N": "neutral", "F": "happy", "T": "sad"}


def emodb(speakers: range) -> Iterator[Recording]:
    """Recordings of EMO-DB (free for research); their strength is not labelled: "clearly"."""
    for path in sorted((data_folder() / "emodb").glob("*.flac")):
        if int(path.name[:2]) in speakers:
            emotion = _EMODB[path.name[5]]
            cell = Cell(emotion, "" if emotion == "neutral" else "clearly")
            yield Recording(_read(path), cell, f"emodb{path.name[:2]}", path.stem)


_A2F: Final = {"anger": "angry", "joy": "happy", "neutral": "neutral", "sadness": "sad"}
_A2F_SECONDS: Final = 4.0


def a2f() -> Iterator[Recording]:
    """Pieces of four seconds of the Apache-2.0 sample clips; out of breath is no emotion."""
    for path in sorted((data_folder() / "a2f_samples").glob("*.flac")):
        voice, emotion = path.stem.split("_")[:2]
        if emotion not in _A2F:
            continue
        found = _A2F[emotion]
        cell = Cell(found, "" if found == "neutral" else "clearly")
        samples = _read(path)
        n_pieces = max(round(len(samples) / RATE / _A2F_SECONDS), 1)
        for i, piece in enumerate(np.array_split(samples, n_pieces)):
            yield Recording(piece, cell, f"a2f{voice}", f"{path.stem}.{i}")
