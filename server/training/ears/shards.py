"""Shards of a corpus on disk: features and labels as flat memory maps beside a JSON index.

A shard `name` is `name.mel` (float16 [N, 80]), `name.phone` (uint8 [N], index into PHONES, 255 =
unknown), `name.stress` (uint8 [N], 0/1, 255 = unknown or no vowel) and `name.json`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.speech.features import N_MELS, log_mel
from server.speech.phones import PHONE_INDEX, PHONES
from server.speech.recogniser import FEATURE_RATE
from server.training.ears.errors import CorpusError

UNKNOWN: Final = 255


def frame_labels(phones: tuple[Phone, ...], n_frames: int) -> NDArray[np.uint8]:
    """Return the phone under the centre of every frame, uint8 [n_frames]."""
    labels = np.full(n_frames, PHONE_INDEX["sil"], np.uint8)
    for p in phones:
        first, last = (int(np.ceil(t * FEATURE_RATE - 1e-6)) for t in (p.start, p.end))
        labels[first:last] = PHONE_INDEX[p.phone]
    return labels


def frame_stress(
    phones: tuple[Phone, ...], stressed: tuple[bool | None, ...], n_frames: int
) -> NDArray[np.uint8]:
    """Return 0/1 on vowels whose stress is known, `UNKNOWN` elsewhere, uint8 [n_frames]."""
    labels = np.full(n_frames, UNKNOWN, np.uint8)
    for p, is_stressed in zip(phones, stressed, strict=True):
        if is_stressed is not None:
            first, last = (int(np.ceil(t * FEATURE_RATE - 1e-6)) for t in (p.start, p.end))
            labels[first:last] = int(is_stressed)
    return labels


class ShardWriter:
    """Appends utterances; nothing is visible under its name before `close`."""

    def __init__(self, folder: Path, name: str, about: dict[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._about = folder, name, about
        self._files = {k: (folder / f"{name}.{k}.part").open("wb") for k in _KINDS}
        self._utterances: list[dict[str, Any]] = []
        self.n_frames = 0

    def add(
        self,
        samples: NDArray[np.float32],
        phones: tuple[Phone, ...],
        stressed: tuple[bool | None, ...],
        voice: str,
        text: str,
    ) -> None:
        """Add one 16 kHz utterance."""
        mel = log_mel(samples).astype(np.float16)
        labels = frame_labels(phones, len(mel))
        self.add_frames(mel, labels, frame_stress(phones, stressed, len(mel)), voice, text)

    def add_samples(
        self,
        samples: NDArray[np.float32],
        labels: NDArray[np.uint8],
        stress: NDArray[np.uint8],
        voice: str,
        text: str,
    ) -> None:
        """Add one 16 kHz utterance whose frames are labelled already."""
        self.add_frames(log_mel(samples).astype(np.float16), labels, stress, voice, text)

    def add_frames(
        self,
        mel: NDArray[np.float16],
        labels: NDArray[np.uint8],
        stress: NDArray[np.uint8],
        voice: str,
        text: str,
    ) -> None:
        """Add one utterance that is features and labels already."""
        for kind, data in zip(_KINDS, (mel, labels, stress), strict=True):
            self._files[kind].write(data.tobytes())
        n = len(mel)
        self._utterances.append({"start": self.n_frames, "n": n, "voice": voice, "text": text})
        self.n_frames += n

    def close(self) -> None:
        """Publish the shard."""
        for kind, handle in self._files.items():
            handle.close()
            Path(handle.name).replace(self._folder / f"{self._name}.{kind}")
        index = {
            "about": self._about, "phones": list(PHONES), "n_frames": self.n_frames,
            "utterances": self._utterances,
        }  # fmt: skip
        temporary = self._folder / f"{self._name}.json.part"
        temporary.write_text(json.dumps(index), encoding="utf-8")
        temporary.replace(self._folder / f"{self._name}.json")


_KINDS: Final = ("mel", "phone", "stress")


@dataclass(frozen=True)
class Shard:
    """A shard opened for reading: mel float16 [N, 80], phone and stress uint8 [N]."""

    name: str
    about: dict[str, Any]
    utterances: list[dict[str, Any]]
    mel: NDArray[np.float16]
    phone: NDArray[np.uint8]
    stress: NDArray[np.uint8]

    @property
    def hours(self) -> float:
        """Length of its audio."""
        return len(self.mel) / FEATURE_RATE / 3600


def read_shard(folder: Path, name: str) -> Shard:
    """Open a shard.

    Raises:
        CorpusError: it is missing, or was written with another phone inventory.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        raise CorpusError(f"no shard '{name}' in {folder}: build it with server.training.ears")
    index = json.loads(path.read_text(encoding="utf-8"))
    if index["phones"] != list(PHONES):
        raise CorpusError(f"shard '{name}' was built with another phone inventory: build it again")
    n = index["n_frames"]
    mel = np.memmap(folder / f"{name}.mel", np.float16, "r", shape=(n, N_MELS))
    phone = np.memmap(folder / f"{name}.phone", np.uint8, "r", shape=(n,))
    stress = np.memmap(folder / f"{name}.stress", np.uint8, "r", shape=(n,))
    return Shard(name, index["about"], index["utterances"], mel, phone, stress)
