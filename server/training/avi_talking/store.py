"""The performed corpus as FLAME motion, beside Cafe-Talk's store of the same lines.

Features, labels and blendshapes are read from that store (`server.training.cafe_talk.store`); what
is made here, once, is the motion of its faces on the built-in head, and whom they are spoken by.
Captured mouths are left out: their upper face was never seen, and FLAME has no mask by channel.

    python -m server.training.avi_talking.store CAFE_TALK_STORE FOLDER
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES
from server.generators.avi_talking.space import built_in_space
from server.speech.phones import PHONES
from server.training.cafe_talk.store import Store, StoredLine, open_store

LIPS: Final = slice(len(PHONES), len(PHONES) + len(ARKIT_NAMES))
"""Where the articulated mouth stands among the speech features."""
_PIECE: Final = 50_000  # rows converted at once
_FILE: Final = "motion.f16"


@dataclass(frozen=True)
class MotionStore:
    """Cafe-Talk's store and the motion of each of its rows, half floats [N, M]."""

    spoken: Store
    motion: NDArray[np.float16]

    def line(self, number: int) -> StoredLine:
        """Return a line by its number."""
        return self.spoken.lines[number]

    def of_split(self, split: str) -> list[int]:
        """Return the numbers of the performed lines of a split."""
        return [i for i in self.spoken.of_split(split) if not self.spoken.lines[i].real]

    def rows(self, number: int) -> slice:
        """Return the rows of a line."""
        line = self.spoken.lines[number]
        return slice(line.start, line.start + line.frames)

    @property
    def actors(self) -> tuple[str, ...]:
        """Who performs."""
        return tuple(sorted({line.actor for line in self.spoken.lines if not line.real}))


def make_motion(cafe_talk: Path, folder: Path) -> None:
    """Write the motion of a store; one that is there already is left as it is."""
    if (folder / _FILE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    store, space = open_store(cafe_talk), built_in_space()
    partial = folder / "motion.part"
    with partial.open("wb") as out:
        for start in range(0, len(store.faces), _PIECE):
            faces = np.asarray(store.faces[start : start + _PIECE], np.float64)
            out.write(space.of_blendshapes(faces).astype(np.float16).tobytes())
    partial.replace(folder / _FILE)


def open_motion(cafe_talk: Path, folder: Path) -> MotionStore:
    """Open what `make_motion` wrote."""
    store = open_store(cafe_talk)
    shape = (len(store.faces), built_in_space().n_motion)
    return MotionStore(store, np.memmap(folder / _FILE, np.float16, "r", shape=shape))


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cafe_talk", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    make_motion(options.cafe_talk, options.folder)


if __name__ == "__main__":
    main()
