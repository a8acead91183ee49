"""The performed corpus as Cafe-Talk reads it, mapped into memory: made once, read often.

Faces are the whole face without AU strips and without life (blinks, gaze, brow beats), which the
generator adds by rule. What an actor and a feeling add to the plain articulation is kept and put on
the mouth that `articulate` makes of the phones at hand: where those are shaken as our ears shake
them, the target goes with them, for a generator obeys the phones that it is given.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import au_blendshapes
from arkit.clip import Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.articulate.evidence import load_evidence
from server.generators.base import Speech
from server.generators.cafe_talk.styles import clip_statistics
from server.generators.spoken import N_SPOKEN, SpokenLine, spoken_line
from server.speech.phones import PHONES, SILENCE
from server.training.corpus.actors import actor_named
from server.training.corpus.facegood import RealPiece, real_pieces
from server.training.corpus.performing import LAYERS
from server.training.corpus.reader import REAL_ACTOR, CorpusReader, Utterance

from .hearing import MelHearing

log = logging.getLogger(__name__)

Array = NDArray[np.float64]

_INDEX: Final = "lines.json"
_WIDTH: Final = len(ARKIT_NAMES)
_SHAKEN: Final = 0.5
_JITTER: Final = 0.015  # seconds
_WRONG: Final = 0.06


@dataclass(frozen=True)
class StoredLine:
    """An utterance in the store: rows `start` to `start + frames` and its labels."""

    start: int
    frames: int
    split: str
    real: bool
    actor: str
    emotion: str
    intensity: float
    families: tuple[str, ...]
    texts: tuple[str, ...]
    number: int


@dataclass(frozen=True)
class Store:
    """Features [N, A], faces [N, 52] half floats; valid [U, 52]; statistics [U, S]; lines."""

    features: NDArray[np.float16]
    faces: NDArray[np.float16]
    valid: NDArray[np.bool_]
    statistics: NDArray[np.float32]
    lines: tuple[StoredLine, ...]

    def of_split(self, split: str) -> list[int]:
        """Return the numbers of the lines of a split."""
        return [i for i, line in enumerate(self.lines) if line.split == split]


def shaken(phones: tuple[Phone, ...], rng: np.random.Generator) -> tuple[Phone, ...]:
    """Return phones as our ears might have heard them: moved bounds, some wrong."""
    if len(phones) < 2:
        return phones
    edges = np.array([p.start for p in phones] + [phones[-1].end])
    edges[1:-1] += rng.normal(0.0, _JITTER, len(edges) - 2)
    edges = np.maximum.accumulate(np.clip(edges, 0.0, edges[-1]))
    wrong = rng.random(len(phones)) < _WRONG
    names = [
        str(rng.choice(PHONES)) if w and p.phone != SILENCE else p.phone
        for p, w in zip(phones, wrong, strict=True)
    ]
    return tuple(
        Phone(name, float(a), float(b))
        for name, a, b in zip(names, edges[:-1], edges[1:], strict=True)
        if b - a > 1e-3
    )


def rest_face(actor: str) -> Array:
    """Return the resting face of an actor, [52]."""
    face = np.zeros(_WIDTH)
    for au, value in actor_named(actor).rest.items():
        for name, weight in au_blendshapes(au, value).items():
            face[INDEX[name]] = max(face[INDEX[name]], weight)
    return face


def _heard_by(corpus: CorpusReader, number: int, phones: tuple[Phone, ...]) -> SpokenLine:
    """Return the line with the evidence of its sound."""
    utterance = corpus.utterances[number]
    loudness = corpus.loudness(number)
    speech = Speech(np.zeros(0, np.float32), utterance.seconds, phones, loudness)
    line = spoken_line(speech, None)
    net = load_evidence()
    if not len(loudness) or not phones:
        return line
    return replace(line, hearing=MelHearing(corpus.mel(number), loudness, net), evidence=net)


def _performed(corpus: CorpusReader, number: int, rng: np.random.Generator) -> dict[str, Any]:
    utterance = corpus.utterances[number]
    times = np.arange(utterance.frames) / corpus.fps
    exact = spoken_line(
        Speech(np.zeros(0, np.float32), utterance.seconds, utterance.phones,
               corpus.loudness(number)), None,
    )  # fmt: skip
    layers = corpus.layers(number).astype(np.float64)
    acted = layers[:, LAYERS.index("lips")] + layers[:, LAYERS.index("emotion")]
    added = acted + rest_face(utterance.actor) - exact.lips(times)
    phones = shaken(utterance.phones, rng) if rng.random() < _SHAKEN else utterance.phones
    line = _heard_by(corpus, number, phones)
    lips = line.lips(times)
    whole = np.clip(layers.sum(axis=1) - layers[:, LAYERS.index("strips")], 0.0, 1.0)
    return {
        "features": line.features(times, lips).astype(np.float16),
        "faces": np.clip(lips + added, 0.0, 1.0).astype(np.float16),
        "statistics": clip_statistics(whole, corpus.fps),
        "valid": utterance.valid,
        "label": _label(utterance, number),
    }


def _captured(piece: RealPiece, utterance: Utterance, number: int, fps: float) -> dict[str, Any]:
    from server.speech.listen import listen

    speech = listen(piece.samples, on_heard=lambda _: None)
    line = spoken_line(speech, load_evidence())
    face = piece.performance.coefficients.astype(np.float64)
    times = np.arange(len(face)) / fps
    lips = line.lips(times)
    return {
        "features": line.features(times, lips).astype(np.float16),
        "faces": np.where(utterance.valid, face, lips).astype(np.float16),
        "statistics": clip_statistics(face, fps),
        "valid": utterance.valid,
        "label": _label(utterance, number),
    }


def _label(utterance: Utterance, number: int) -> dict[str, Any]:
    single = not utterance.in_turn and len(utterance.families) == 1
    words = utterance.words if single else ()
    return {
        "split": utterance.split,
        "real": utterance.kind == "real",
        "actor": utterance.actor,
        "emotion": utterance.emotion,
        "intensity": utterance.intensity,
        "families": list(utterance.families),
        "texts": list(dict.fromkeys([utterance.direction, *words])),
        "number": number,
    }


def _chunk(folder: Path, numbers: list[int], seed: int) -> list[dict[str, Any]]:
    corpus = CorpusReader(folder)
    return [_performed(corpus, i, np.random.default_rng((seed, i))) for i in numbers]


def _made(folder: Path, data: Path | None, seed: int, jobs: int) -> Iterator[dict[str, Any]]:
    corpus = CorpusReader(folder)
    performed = [
        i for i, u in enumerate(corpus.utterances)
        if u.kind == "performed" and not u.in_turn and u.frames >= 10
    ]  # fmt: skip
    chunks = [performed[k : k + 40] for k in range(0, len(performed), 40)]
    with ProcessPoolExecutor(jobs) as pool:
        found = pool.map(_chunk, [folder] * len(chunks), chunks, [seed] * len(chunks))
        for done, chunk in enumerate(found):
            log.info("chunk %d of %d", done + 1, len(chunks))
            yield from chunk
    if data is None:
        return
    by_id = {u.id: i for i, u in enumerate(corpus.utterances)}
    for piece in real_pieces(data / "facegood", corpus.fps):
        number = by_id.get(f"{REAL_ACTOR}-{piece.name}")
        if number is not None:
            yield _captured(piece, corpus.utterances[number], number, corpus.fps)


def make_store(corpus: Path, folder: Path, data: Path | None, seed: int, jobs: int = 1) -> None:
    """Write the store of a corpus; one that is there already is left as it is.

    Args:
        data: folder that holds `facegood`, for the captured mouths; None leaves them out.
    """
    if (folder / _INDEX).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    labels: list[dict[str, Any]] = []
    valid, statistics, start = [], [], 0
    with (folder / "features.f16").open("wb") as features, (folder / "faces.f16").open("wb") as out:
        for line in _made(corpus, data, seed, jobs):
            features.write(line["features"].tobytes())
            out.write(line["faces"].tobytes())
            n = len(line["faces"])
            labels.append({"start": start, "frames": n, **line["label"]})
            valid.append(line["valid"])
            statistics.append(line["statistics"])
            start += n
    np.save(folder / "valid.npy", np.stack(valid))
    np.save(folder / "statistics.npy", np.stack(statistics).astype(np.float32))
    (folder / _INDEX).write_text(json.dumps(labels), "utf-8")


def open_store(folder: Path) -> Store:
    """Open what `make_store` wrote."""
    labels = json.loads((folder / _INDEX).read_text("utf-8"))
    lines = tuple(
        StoredLine(**{**v, "families": tuple(v["families"]), "texts": tuple(v["texts"])})
        for v in labels
    )
    n_rows = lines[-1].start + lines[-1].frames
    return Store(
        np.memmap(folder / "features.f16", np.float16, "r", shape=(n_rows, N_SPOKEN)),
        np.memmap(folder / "faces.f16", np.float16, "r", shape=(n_rows, _WIDTH)),
        np.load(folder / "valid.npy"),
        np.load(folder / "statistics.npy"),
        lines,
    )


def main() -> None:
    """Make a store: corpus folder, store folder, data folder, jobs."""
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    make_store(options.corpus, options.folder, options.data, options.seed, options.jobs)


if __name__ == "__main__":
    main()
