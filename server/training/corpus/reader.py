"""Reading a performed corpus: utterances with labels, targets, and windows of them. No torch.

    corpus = CorpusReader(folder)
    for window in corpus.windows("train", seconds=4.0, hop=2.0):
        data = corpus.read(window)
        data.target, data.without_strips, data.mel, data.mask ...

Shapes: T frames at `corpus.fps`, F feature frames at 100 Hz.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact, Phone
from arkit.names import ARKIT_NAMES, INDEX
from arkit.strips import AUStrip, au_intensities, own_channel_intensities
from server.speech.phones import PHONE_INDEX, SILENCE
from server.speech.recogniser import FEATURE_RATE

from .errors import ShardError
from .hearing import Line
from .performing import LAYERS, Performance, Programme, perform
from .programmes import programme_for
from .scenes import Scene
from .shards import FORMAT, open_array, read_index

_STRIPS: Final = LAYERS.index("strips")
_SAME: Final = 4e-3
"""Half floats between 2 and 4 are this coarse."""
REAL_ACTOR: Final = "facegood"
"""The talking style of the captured mouths."""


@dataclass(frozen=True)
class Utterance:
    """One utterance and its labels.

    Attributes:
        id, kind ("performed" or "real"), split, seconds, text, sentence: what it is.
        voice, language, actor: who speaks, who acts. emotion, intensity: coarse labels.
        blend: emotion -> share, for those with more than one. in_turn: one after the other.
        families, words: finer labels. direction: free text a user would have typed.
        phones, contacts, strips: with exact times in seconds.
        expression_aus: (au, start, end, peak) of what the feeling shows, strips not counted.
        valid: bool [52], which channels were seen; all of them in performed utterances.
        frames, features: lengths.
    """

    id: str
    kind: str
    split: str
    seconds: float
    text: str
    sentence: str
    voice: str
    language: str
    actor: str
    emotion: str
    intensity: float
    blend: dict[str, float]
    in_turn: bool
    families: tuple[str, ...]
    words: tuple[str, ...]
    direction: str
    phones: tuple[Phone, ...]
    contacts: tuple[Contact, ...]
    strips: tuple[AUStrip, ...]
    expression_aus: tuple[tuple[str, float, float, float], ...]
    valid: NDArray[np.bool_]
    frames: int
    features: int
    part: str
    entry: dict[str, Any]

    @property
    def triplets(self) -> tuple[tuple[str, float, float, float, str], ...]:
        """(au, start, end, peak intensity, mode) of each strip."""
        return tuple((s.au, s.start, s.end, max(v for _, v in s.keys), s.mode) for s in self.strips)


class Window(NamedTuple):
    """Frames `start` to `start + frames` of utterance number `utterance`."""

    utterance: int
    start: int
    frames: int


@dataclass(frozen=True)
class WindowData:
    """What a training step needs of a window.

    Attributes:
        layers: float32 [T, 4, 52] in the order of `LAYERS`; they sum to the unclamped target.
        target: float32 [T, 52], 0..1. without_strips: the same line, same seed, no strips.
        head: float32 [T, 3]. eyes: float32 [T, 2, 3]. radians.
        mel: float32 [F, 80]; F = T / fps * 100, zero-padded where the line ends.
        phones: int64 [T], the phone under each frame. -1 where unknown.
        strips: float32 [T, len(AU_CODES)], intensity of each AU that strips ask for.
        claims: float32 [T, 52], how strongly strips claim each channel.
        mask: bool [52], channels to learn from.
    """

    utterance: Utterance
    layers: NDArray[np.float32]
    head: NDArray[np.float32]
    eyes: NDArray[np.float32]
    mel: NDArray[np.float32]
    phones: NDArray[np.int64]
    strips: NDArray[np.float32]
    claims: NDArray[np.float32]
    mask: NDArray[np.bool_]

    @property
    def target(self) -> NDArray[np.float32]:
        """The whole face, 0..1, [T, 52]."""
        return np.clip(self.layers.sum(axis=1), 0.0, 1.0)

    @property
    def without_strips(self) -> NDArray[np.float32]:
        """The same line without its strips, 0..1, [T, 52]."""
        return np.clip(self.layers.sum(axis=1) - self.layers[:, _STRIPS], 0.0, 1.0)


class CorpusReader:
    """A corpus folder, opened."""

    def __init__(self, folder: Path) -> None:
        """Read the index.

        Raises:
            ShardError: the folder holds no corpus, or a part is missing or damaged.
        """
        try:
            about: dict[str, Any] = json.loads((folder / "corpus.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ShardError(
                f"no performed corpus in {folder} ({error}); make one with "
                "python -m server.training.corpus.build"
            ) from error
        if about.get("format") != FORMAT:
            raise ShardError(f"{folder} has format {about.get('format')!r}, expected {FORMAT!r}")
        self.folder, self.about = folder, about
        self.fps, self.seed = float(about["fps"]), int(about["seed"])
        self._indexes = {name: read_index(folder, name) for name in about["parts"]}
        self._arrays: dict[tuple[str, str], NDArray[Any]] = {}

    @cached_property
    def utterances(self) -> tuple[Utterance, ...]:
        """All utterances, in order."""
        return tuple(
            _utterance(entry, part)
            for part, index in self._indexes.items()
            for entry in index["utterances"]
        )

    def split(self, name: str) -> list[int]:
        """Return the numbers of the utterances of a split."""
        return [i for i, utterance in enumerate(self.utterances) if utterance.split == name]

    @property
    def hours(self) -> float:
        """Length of everything."""
        return sum(u.frames for u in self.utterances) / self.fps / 3600

    def _rows(self, utterance: Utterance, kind: str, axis: str) -> NDArray[Any]:
        key = (utterance.part, kind)
        if key not in self._arrays:
            index = self._indexes[utterance.part]
            self._arrays[key] = open_array(self.folder, utterance.part, kind, index)
        start = utterance.entry[f"{axis}_start"]
        return self._arrays[key][start : start + utterance.entry[axis]]

    def layers(self, number: int) -> NDArray[np.float32]:
        """Return the layers of an utterance, float32 [T, 4, 52]."""
        return np.asarray(self._rows(self.utterances[number], "layers", "frames"), np.float32)

    def pose(self, number: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return head [T, 3] and eyes [T, 2, 3] in radians."""
        pose = np.asarray(self._rows(self.utterances[number], "pose", "frames"), np.float32)
        return pose[:, :3], pose[:, 3:].reshape(-1, 2, 3)

    def mel(self, number: int) -> NDArray[np.float32]:
        """Return the log-mel features of an utterance, float32 [F, 80]."""
        return np.asarray(self._rows(self.utterances[number], "mel", "features"), np.float32)

    def loudness(self, number: int) -> NDArray[np.float32]:
        """Return the loudness of an utterance in dB, float32 [F]."""
        return np.asarray(self._rows(self.utterances[number], "loudness", "features"), np.float32)

    def audio(self, number: int) -> NDArray[np.float32]:
        """Return 16 kHz samples.

        Raises:
            ShardError: the recipe did not store audio.
        """
        rows = self._rows(self.utterances[number], "audio", "samples")
        if not len(rows):
            raise ShardError("this corpus has no audio: build it with store_audio = true")
        return np.asarray(rows, np.float32) / 32767

    def programme(self, number: int) -> Programme:
        """Return the performance of an utterance as data, to be evaluated at any frame rate.

        Raises:
            ShardError: it is a captured utterance.
        """
        utterance = self.utterances[number]
        if utterance.entry["scene"] is None:
            raise ShardError(f"{utterance.id} was captured: it has no programme")
        scene = Scene.from_json(utterance.entry["scene"])
        line = Line(
            float(utterance.entry["seconds"]), utterance.phones,
            tuple(utterance.entry["stressed"]), self.loudness(number),
        )  # fmt: skip
        return programme_for(scene, line, self.seed)

    def perform(self, number: int, fps: float) -> Performance:
        """Return an utterance at another frame rate, made anew from its programme.

        Raises:
            ShardError: it is a captured utterance, or the code or the tables have changed since
                the corpus was made, so that its programme is no longer what is stored.
        """
        programme = self.programme(number)
        again = perform(programme, self.fps)
        made = np.stack([again.layers[name] for name in LAYERS], axis=1)
        stored = self.layers(number)
        if made.shape != stored.shape or np.abs(made - stored).max() > _SAME:
            raise ShardError(
                f"{self.utterances[number].id} would now be performed in another way than is "
                f"stored in {self.folder}: build the corpus again"
            )
        return perform(programme, fps)

    def windows(
        self,
        split: str,
        *,
        seconds: float,
        hop: float,
        kinds: Sequence[str] = ("performed", "real"),
    ) -> Iterator[Window]:
        """Yield windows of `seconds` every `hop` seconds; a shorter utterance is one window."""
        length, step = round(seconds * self.fps), max(1, round(hop * self.fps))
        for number in self.split(split):
            utterance = self.utterances[number]
            if utterance.kind not in kinds:
                continue
            last = max(utterance.frames - length, 0)
            starts = [*range(0, last, step), last]
            for start in starts:
                yield Window(number, start, min(length, utterance.frames))

    def read(self, window: Window) -> WindowData:
        """Return the data of a window."""
        utterance = self.utterances[window.utterance]
        here = slice(window.start, window.start + window.frames)
        times = np.arange(here.start, here.stop) / self.fps
        head, eyes = self.pose(window.utterance)
        return WindowData(
            utterance=utterance,
            layers=self.layers(window.utterance)[here],
            head=head[here],
            eyes=eyes[here],
            mel=self._mel_between(window.utterance, here),
            phones=_phones_at(utterance.phones, times),
            strips=au_intensities(utterance.strips, times),
            claims=own_channel_intensities(utterance.strips, times),
            mask=utterance.valid,
        )

    def _mel_between(self, number: int, frames: slice) -> NDArray[np.float32]:
        first = round(frames.start / self.fps * FEATURE_RATE)
        last = round(frames.stop / self.fps * FEATURE_RATE)
        here = self.mel(number)[first:last]
        return np.pad(here, ((0, last - first - len(here)), (0, 0)), mode="edge")


def _phones_at(phones: tuple[Phone, ...], times: NDArray[np.float64]) -> NDArray[np.int64]:
    if not phones:
        return np.full(len(times), -1, np.int64)
    starts = np.array([p.start for p in phones])
    labels = np.array([PHONE_INDEX[p.phone] for p in phones])
    under = labels[np.maximum(np.searchsorted(starts, times + 1e-6, side="right") - 1, 0)]
    return np.where(times < phones[-1].end, under, PHONE_INDEX[SILENCE]).astype(np.int64)


def _utterance(entry: dict[str, Any], part: str) -> Utterance:
    scene: dict[str, Any] = entry["scene"] or _real_scene(entry)
    valid = np.ones(len(ARKIT_NAMES), bool)
    if entry["valid"] is not None:
        valid[:] = False
        valid[[INDEX[name] for name in entry["valid"]]] = True
    return Utterance(
        id=entry["id"],
        kind=entry["kind"],
        split=scene["split"],
        seconds=entry["seconds"],
        text=entry["text"],
        sentence=entry["sentence"],
        voice=scene["voice"],
        language=scene["language"],
        actor=scene["actor"],
        emotion=scene["emotion"],
        intensity=scene["intensity"],
        blend=entry.get("blend", {scene["emotion"]: 1.0}),
        in_turn=scene["in_turn"],
        families=tuple(name for name, _ in scene["families"]),
        words=tuple(scene["words"]),
        direction=scene["direction"],
        phones=tuple(Phone(*p) for p in entry["phones"]),
        contacts=tuple(Contact(*c) for c in entry["contacts"]),
        strips=tuple(_strip(s) for s in entry["strips"]),
        expression_aus=tuple((a, s, e, p) for a, s, e, p in entry["expression_aus"]),
        valid=valid,
        frames=entry["frames"],
        features=entry["features"],
        part=part,
        entry=entry,
    )


def _strip(values: dict[str, Any]) -> AUStrip:
    return AUStrip(**{**values, "keys": tuple((t, v) for t, v in values["keys"])})


def _real_scene(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "split": entry["split"], "voice": "facegood", "language": "cmn", "actor": REAL_ACTOR,
        "emotion": "neutral", "intensity": 0.5, "in_turn": False, "families": [("neutral", 1.0)],
        "words": ["neutral"], "direction": "neutral",
    }  # fmt: skip
