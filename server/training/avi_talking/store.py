"""The performed corpus as FLAME motion, beside Cafe-Talk's store of the same lines.

Features, labels and blendshapes are read from that store (`server.training.cafe_talk.store`); what
is made here, once, is the motion of its faces on the built-in head, and whom they are spoken by.
Captured mouths are left out: their upper face was never seen, and FLAME has no mask by channel.

    python -m server.training.avi_talking.store CAFE_TALK_STORE FOLDER

A network that reads wav2vec 2.0 has features of its own (`make_heard`), and motion that goes with
the sound: Cafe-Talk's faces go with phones, which are shaken in half of its lines.
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
from server.generators.cafe_talk.xlsr import at_times
from server.speech.phones import PHONES
from server.training.cafe_talk.store import Store, StoredLine, open_store, rest_face
from server.training.corpus.performing import LAYERS
from server.training.corpus.reader import CorpusReader
from server.training.expclip.frames import SpeechEncoder

LIPS: Final = slice(len(PHONES), len(PHONES) + len(ARKIT_NAMES))
"""Where the articulated mouth stands among the speech features."""
_PIECE: Final = 50_000  # rows converted at once
_FILE: Final = "motion.f16"
_HEARD: Final = "heard.f16"
_HEARD_MOTION: Final = "heard_motion.f16"


@dataclass(frozen=True)
class MotionStore:
    """Cafe-Talk's store and the motion of each of its rows, half floats [N, M].

    Attributes:
        heard: [N, A], features of the encoder that the network reads in place of phones, or None.
    """

    spoken: Store
    motion: NDArray[np.float16]
    heard: NDArray[np.float16] | None = None

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


def make_heard(cafe_talk: Path, folder: Path, corpus: CorpusReader, encoder: SpeechEncoder) -> None:
    """Write an encoder's features of a store's lines, and the motion that goes with their sound.

    What is there already is left as it is. Rows of captured mouths are zeros.

    Raises:
        ShardError: the corpus has no audio.
    """
    if (folder / _HEARD).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "heard.part"
    with partial.open("wb") as features, (folder / _HEARD_MOTION).open("wb") as motion:
        width = 0
        for line in open_store(cafe_talk).lines:
            times = np.arange(line.frames) / corpus.fps
            if line.real:
                heard = np.zeros((line.frames, width))
                face = np.zeros((line.frames, len(ARKIT_NAMES)))
            else:
                heard = at_times(*encoder.encode(corpus.audio(line.number)), times)
                face = _face(corpus, line)
            width = heard.shape[1]
            features.write(heard.astype(np.float16).tobytes())
            motion.write(built_in_space().of_blendshapes(face).astype(np.float16).tobytes())
    partial.replace(folder / _HEARD)


def _face(corpus: CorpusReader, line: StoredLine) -> NDArray[np.float64]:
    """Return a line as Cafe-Talk's store has it where no phone is shaken, [T, 52]."""
    layers = corpus.layers(line.number).astype(np.float64)
    acted = layers[:, LAYERS.index("lips")] + layers[:, LAYERS.index("emotion")]
    return np.clip(acted[: line.frames] + rest_face(line.actor), 0.0, 1.0)


def open_motion(cafe_talk: Path, folder: Path, heard: bool = False) -> MotionStore:
    """Open what `make_motion` wrote, or `make_heard`."""
    store, space = open_store(cafe_talk), built_in_space()
    shape = (len(store.faces), space.n_motion)
    if not heard:
        return MotionStore(store, np.memmap(folder / _FILE, np.float16, "r", shape=shape))
    features = np.memmap(folder / _HEARD, np.float16, "r").reshape(len(store.faces), -1)
    motion = np.memmap(folder / _HEARD_MOTION, np.float16, "r", shape=shape)
    return MotionStore(store, motion, features)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cafe_talk", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    make_motion(options.cafe_talk, options.folder)


if __name__ == "__main__":
    main()
