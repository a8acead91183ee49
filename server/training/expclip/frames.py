"""The performed corpus as the generator reads it: speech features and faces at 15 fps, on disk.

Made once from a corpus and mapped into memory afterwards. Faces are lips with feeling, without AU
strips and without life: blinks and gaze have no place in an expression prompt. For a network that
reads wav2vec 2.0 the features are its own, with the articulated mouth behind them: the losses need
it, the network does not see it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from arkit.names import ARKIT_NAMES
from arkit.retime import monotone_interpolate
from server.generators.base import Speech
from server.generators.cafe_talk.xlsr import at_times
from server.generators.spoken import N_SPOKEN, spoken_line
from server.speech.phones import PHONES, SILENCE
from server.training.corpus.performing import LAYERS
from server.training.corpus.reader import CorpusReader, Utterance

Half = NDArray[np.float16]

_INDEX: Final = "frames.json"
_SHAKEN: Final = 0.5
"""Share of utterances whose phones are as uncertain as our ears hear them."""
_JITTER: Final = 0.015  # seconds
_WRONG: Final = 0.08
LIPS: Final = slice(len(PHONES), len(PHONES) + len(ARKIT_NAMES))
"""Where the articulated mouth stands among the speech features of phones."""
LAST: Final = slice(-len(ARKIT_NAMES), None)
"""Where it stands behind the features of an encoder."""


class SpeechEncoder(Protocol):
    """Samples at 16 kHz -> features [F, A] and the seconds that they stand at [F]."""

    def encode(
        self, samples: NDArray[np.float32], /
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Return features and their times."""
        ...


@dataclass(frozen=True)
class Span:
    """An utterance: rows `start` to `start + frames`, and whether it is captured."""

    start: int
    frames: int
    split: str
    real: bool


@dataclass(frozen=True)
class FrameStore:
    """Speech features [N, A], faces [N, 52], which channels count [U, 52], and utterances."""

    features: Half
    faces: Half
    valid: NDArray[np.bool_]
    spans: tuple[Span, ...]

    def of_split(self, split: str) -> list[int]:
        """Return the numbers of the utterances of a split."""
        return [i for i, span in enumerate(self.spans) if span.split == split]


def shaken(speech: Speech, rng: np.random.Generator) -> Speech:
    """Return a line as our ears might have heard it: moved bounds, some wrong phones."""
    if len(speech.phones) < 2:
        return speech
    edges = np.array([p.start for p in speech.phones] + [speech.phones[-1].end])
    edges[1:-1] += rng.normal(0.0, _JITTER, len(edges) - 2)
    edges = np.maximum.accumulate(np.clip(edges, 0.0, edges[-1]))
    wrong = rng.random(len(speech.phones)) < _WRONG
    names = [
        str(rng.choice(PHONES)) if w and p.phone != SILENCE else p.phone
        for p, w in zip(speech.phones, wrong, strict=True)
    ]
    phones = tuple(
        Phone(name, float(a), float(b))
        for name, a, b in zip(names, edges[:-1], edges[1:], strict=True)
        if b - a > 1e-3
    )
    return Speech(speech.samples, speech.seconds, phones, speech.loudness)


def _rows(corpus: CorpusReader, number: int, fps: float, rng: np.random.Generator,
          encoder: SpeechEncoder | None) -> tuple[Half, Half]:  # fmt: skip
    utterance = corpus.utterances[number]
    speech = Speech(
        np.zeros(0, np.float32), utterance.seconds, utterance.phones, corpus.loudness(number)
    )
    if rng.random() < _SHAKEN:
        speech = shaken(speech, rng)
    times = np.arange(max(int(utterance.frames / corpus.fps * fps), 1)) / fps
    line = spoken_line(speech, None)
    lips = line.lips(times)
    if encoder is None:
        features = line.features(times, lips)
    else:
        heard = at_times(*encoder.encode(corpus.audio(number)), times)
        features = np.concatenate([heard, lips], axis=1)
    layers = corpus.layers(number)
    spoken = layers[:, LAYERS.index("lips")] + layers[:, LAYERS.index("emotion")]
    clock = np.arange(len(spoken)) / corpus.fps
    faces = monotone_interpolate(clock, np.clip(spoken, 0.0, 1.0), times)
    return features.astype(np.float16), faces.astype(np.float16)


def _usable(utterance: Utterance, fps: float) -> bool:
    return utterance.seconds * fps >= 8 and not utterance.in_turn


def make_store(
    corpus: CorpusReader, folder: Path, fps: float, seed: int,
    encoder: SpeechEncoder | None = None,
) -> None:  # fmt: skip
    """Write the store of a corpus; one that is there already is left as it is.

    Args:
        encoder: what the network reads instead of phones.

    Raises:
        ShardError: an encoder is given, and the corpus has no audio.
    """
    if (folder / _INDEX).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    numbers = [i for i, u in enumerate(corpus.utterances) if _usable(u, fps)]
    spans: list[Span] = []
    start, width = 0, N_SPOKEN
    with (folder / "features.f16").open("wb") as features, (folder / "faces.f16").open("wb") as out:
        for number in numbers:
            utterance = corpus.utterances[number]
            spoken, faces = _rows(corpus, number, fps, rng, encoder)
            width = spoken.shape[1]
            features.write(spoken.tobytes())
            out.write(faces.tobytes())
            spans.append(Span(start, len(faces), utterance.split, utterance.kind == "real"))
            start += len(faces)
    valid = np.stack([corpus.utterances[i].valid for i in numbers])
    np.save(folder / "valid.npy", valid)
    about = [[s.start, s.frames, s.split, s.real] for s in spans]
    (folder / _INDEX).write_text(json.dumps({"fps": fps, "width": width, "spans": about}), "utf-8")


def open_store(folder: Path) -> FrameStore:
    """Open what `make_store` wrote."""
    about = json.loads((folder / _INDEX).read_text("utf-8"))
    spans = tuple(Span(int(a), int(n), str(s), bool(r)) for a, n, s, r in about["spans"])
    n_rows = spans[-1].start + spans[-1].frames
    shape = (n_rows, int(about.get("width", N_SPOKEN)))
    features = np.memmap(folder / "features.f16", np.float16, "r", shape=shape)
    faces = np.memmap(folder / "faces.f16", np.float16, "r", shape=(n_rows, len(ARKIT_NAMES)))
    return FrameStore(features, faces, np.load(folder / "valid.npy"), spans)


@dataclass(frozen=True)
class Batch:
    """B windows of T frames: features [B, T, A], faces [B, T, 52], valid [B, 1, 52]."""

    features: NDArray[np.float32]
    faces: NDArray[np.float32]
    valid: NDArray[np.float32]


def draw(store: FrameStore, numbers: list[int], size: int, n_frames: int,
         rng: np.random.Generator) -> Batch:  # fmt: skip
    """Draw windows, longer utterances more often; a short one holds its last frame."""
    lengths = np.array([store.spans[i].frames for i in numbers], float)
    chosen = rng.choice(len(numbers), size, p=lengths / lengths.sum())
    rows = []
    for pick in chosen:
        span = store.spans[numbers[pick]]
        first = int(rng.integers(0, max(span.frames - n_frames, 0) + 1))
        rows.append(span.start + np.minimum(first + np.arange(n_frames), span.frames - 1))
    at = np.stack(rows)
    valid = np.stack([store.valid[numbers[pick]] for pick in chosen])[:, None]
    return Batch(
        np.asarray(store.features[at], np.float32), np.asarray(store.faces[at], np.float32),
        valid.astype(np.float32),
    )  # fmt: skip


def whole_utterances(store: FrameStore, split: str) -> Iterator[tuple[Half, Half]]:
    """Yield features and faces of each performed utterance of a split."""
    for number in store.of_split(split):
        span = store.spans[number]
        if not span.real:
            here = slice(span.start, span.start + span.frames)
            yield store.features[here], store.faces[here]
