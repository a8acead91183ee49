"""Shards of a corpus on disk: features and labels as flat memory maps beside a JSON index.

A shard `name` is `name.mel` (float16 [N, 80]), `name.phone` (uint8 [N], index into PHONES, 255 =
unknown), `name.stress` (uint8 [N], 0/1, 255 = unknown or no vowel) and `name.json`. It may keep the
sound as well, `name.flac` (16 kHz mono PCM16); each utterance then has "sound": [first, n] samples.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from arkit.clip import Phone
from server.speech.features import N_MELS, log_mel
from server.speech.phones import PHONE_INDEX, PHONES
from server.speech.recogniser import FEATURE_RATE, SAMPLE_RATE, n_feature_frames
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
    """Appends utterances; nothing is visible under its name before `close`.

    Args:
        folder: of the shards. name: of this one. about: what to note of it.
        keep_sound: whether to keep the samples as well. They are rounded to 16 bits first, so that
            the features are those of the sound that is kept.
    """

    def __init__(
        self, folder: Path, name: str, about: dict[str, Any], *, keep_sound: bool = False
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name, self._about = folder, name, about
        self._files = {k: (folder / f"{name}.{k}.part").open("wb") for k in _KINDS}
        self._utterances: list[dict[str, Any]] = []
        self._sound: soundfile.SoundFile | None = None
        if keep_sound:
            path = folder / f"{name}.flac.part"
            self._sound = soundfile.SoundFile(
                path, "w", SAMPLE_RATE, 1, subtype="PCM_16", format="FLAC"
            )
        self._n_samples = 0
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
        n = n_feature_frames(len(samples))
        labels, stress = frame_labels(phones, n), frame_stress(phones, stressed, n)
        self.add_samples(samples, labels, stress, voice, text)

    def add_samples(
        self,
        samples: NDArray[np.float32],
        labels: NDArray[np.uint8],
        stress: NDArray[np.uint8],
        voice: str,
        text: str,
    ) -> None:
        """Add one 16 kHz utterance whose frames are labelled already."""
        sound = None
        if self._sound is not None:
            rounded = np.round(np.clip(samples, -1, 1 - 1 / _FULL_SCALE) * _FULL_SCALE)
            self._sound.write(rounded.astype(np.int16))
            samples = (rounded / _FULL_SCALE).astype(np.float32)
            sound = [self._n_samples, len(samples)]
            self._n_samples += len(samples)
        self._append(log_mel(samples).astype(np.float16), labels, stress, voice, text)
        if sound is not None:
            self._utterances[-1]["sound"] = sound

    def add_frames(
        self,
        mel: NDArray[np.float16],
        labels: NDArray[np.uint8],
        stress: NDArray[np.uint8],
        voice: str,
        text: str,
    ) -> None:
        """Add one utterance that is features and labels already.

        Raises:
            CorpusError: the shard keeps its sound, and here is none.
        """
        if self._sound is not None:
            raise CorpusError(f"shard '{self._name}' keeps its sound: give it samples, not frames")
        self._append(mel, labels, stress, voice, text)

    def _append(
        self,
        mel: NDArray[np.float16],
        labels: NDArray[np.uint8],
        stress: NDArray[np.uint8],
        voice: str,
        text: str,
    ) -> None:
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
        if self._sound is not None:
            self._sound.close()
            Path(self._sound.name).replace(self._folder / f"{self._name}.flac")
        index = {
            "about": self._about, "phones": list(PHONES), "n_frames": self.n_frames,
            "utterances": self._utterances,
        }  # fmt: skip
        temporary = self._folder / f"{self._name}.json.part"
        temporary.write_text(json.dumps(index), encoding="utf-8")
        temporary.replace(self._folder / f"{self._name}.json")


_KINDS: Final = ("mel", "phone", "stress")
_FULL_SCALE: Final = 32_768


@dataclass(frozen=True)
class Shard:
    """A shard opened for reading: mel float16 [N, 80], phone and stress uint8 [N].

    `sound`: its file of sound, None when it keeps none.
    """

    name: str
    about: dict[str, Any]
    utterances: list[dict[str, Any]]
    mel: NDArray[np.float16]
    phone: NDArray[np.uint8]
    stress: NDArray[np.uint8]
    sound: Path | None = None

    @property
    def hours(self) -> float:
        """Length of its audio."""
        return len(self.mel) / FEATURE_RATE / 3600

    def samples(self, utterance: dict[str, Any]) -> NDArray[np.float32] | None:
        """Return the sound of one of `utterances`, float32 [S] at 16 kHz, None when none is kept.

        Raises:
            CorpusError: the file of sound cannot be read, or ends too early.
        """
        if self.sound is None or "sound" not in utterance:
            return None
        first, n = utterance["sound"]
        try:
            samples, _ = soundfile.read(self.sound, n, first, dtype="float32")
        except soundfile.LibsndfileError as error:
            raise CorpusError(f"{self.sound} cannot be read: {error}") from error
        if len(samples) != n:
            raise CorpusError(f"{self.sound} ends before sample {first + n}: build it again")
        return np.asarray(samples, np.float32)


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
    sound = folder / f"{name}.flac"
    kept = sound if sound.exists() else None
    return Shard(name, index["about"], index["utterances"], mel, phone, stress, kept)


def training_texts(folder: Path) -> set[str]:
    """Return what the training shards of a folder say, as far as their indices name it.

    Raises:
        CorpusError: no training shard is there.
    """
    paths = [p for p in folder.glob("*.json") if not p.name.startswith("test_")]
    if not paths:
        raise CorpusError(f"no training shard in {folder}: name the folder that was trained on")
    indices = (json.loads(p.read_text(encoding="utf-8")) for p in paths)
    return {u["text"] for index in indices for u in index["utterances"] if u["text"]}
