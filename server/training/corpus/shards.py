"""Parts of a corpus on disk: flat half-float arrays beside a JSON index.

A part `p0007` is `p0007.mel` (float16 [F, 80], 100 Hz), `p0007.loudness` (float16 [F], dB),
`p0007.layers` (float16 [T, 4, 52], layers in the order of `LAYERS`), `p0007.pose` (float16 [T, 9]:
head yaw, pitch, roll, left eye, right eye), `p0007.audio` (int16 [S], when wanted) and `p0007.json`
with labels and places. A part appears under its name only when it is whole.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.speech.features import N_MELS, log_mel

from .errors import ShardError
from .performing import LAYERS, Performance

FORMAT: Final = "soliloquy-performed-corpus/1"
POSE_SIZE: Final = 9
KINDS: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "mel": ("<f2", (N_MELS,)),
    "loudness": ("<f2", ()),
    "layers": ("<f2", (len(LAYERS), 52)),
    "pose": ("<f2", (POSE_SIZE,)),
    "audio": ("<i2", ()),
}
"""Array -> type and shape of one row."""
AXIS_OF: Final = {
    "mel": "features", "loudness": "features", "layers": "frames", "pose": "frames",
    "audio": "samples",
}  # fmt: skip


class PartWriter:
    """Appends utterances to one part."""

    def __init__(self, folder: Path, name: str, fingerprint: str, *, fps: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._name = folder, name
        self._about = {"format": FORMAT, "fingerprint": fingerprint, "fps": fps}
        self._arrays: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
        self._counts = {"features": 0, "frames": 0, "samples": 0}
        self._utterances: list[dict[str, Any]] = []

    def add(
        self,
        performance: Performance,
        samples: NDArray[np.float32],
        loudness: NDArray[np.float32],
        labels: dict[str, Any],
        *,
        store_audio: bool,
    ) -> None:
        """Add an utterance: what is seen, 16 kHz samples [S], loudness [F], and its labels."""
        layers = np.stack([performance.layers[name] for name in LAYERS], axis=1)
        pose = np.concatenate([performance.head, performance.eyes.reshape(-1, 6)], axis=1)
        mel = log_mel(samples)
        arrays: dict[str, NDArray[Any]] = {
            "mel": mel, "loudness": loudness[: len(mel)], "layers": layers, "pose": pose,
        }  # fmt: skip
        if store_audio:
            arrays["audio"] = np.round(np.clip(samples, -1, 1) * 32767)
        places = {f"{axis}_start": count for axis, count in self._counts.items()}
        sizes = {"features": len(mel), "frames": len(layers), "samples": 0}
        sizes["samples"] = len(samples) if store_audio else 0
        for kind, array in arrays.items():
            self._arrays[kind].append(array.astype(KINDS[kind][0]).tobytes())
        for axis, size in sizes.items():
            self._counts[axis] += size
        self._utterances.append({**labels, **places, **sizes})

    def close(self) -> float:
        """Write the part and return its seconds of motion."""
        for kind, pieces in self._arrays.items():
            if pieces:
                _publish(self._folder / f"{self._name}.{kind}", b"".join(pieces))
        index = {**self._about, **self._counts, "utterances": self._utterances}
        text = json.dumps(index, ensure_ascii=False, sort_keys=True)
        _publish(self._folder / f"{self._name}.json", text.encode())
        return self._counts["frames"] / float(self._about["fps"])


def _publish(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".partial")
    temporary.write_bytes(content)
    temporary.replace(path)


def read_index(folder: Path, name: str) -> dict[str, Any]:
    """Return the index of a part.

    Raises:
        ShardError: it is missing, damaged, or of another format.
    """
    path = folder / f"{name}.json"
    try:
        index: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ShardError(f"{path} is not a part of a corpus: {error}") from error
    if index.get("format") != FORMAT:
        raise ShardError(f"{path} has format {index.get('format')!r}, expected {FORMAT!r}")
    return index


def open_array(folder: Path, name: str, kind: str, index: dict[str, Any]) -> NDArray[Any]:
    """Open one array of a part as a read-only memory map.

    Raises:
        ShardError: the file is missing or not as long as its index says.
    """
    dtype, row = KINDS[kind]
    path, shape = folder / f"{name}.{kind}", (index[AXIS_OF[kind]], *row)
    if shape[0] == 0:
        return np.zeros(shape, dtype)
    try:
        return np.memmap(path, dtype, "r", shape=shape)
    except (OSError, ValueError) as error:
        raise ShardError(
            f"{path} is missing or damaged; build the corpus again: {error}"
        ) from error
