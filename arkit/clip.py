"""A face over time: 52 coefficients a frame, head and eye angles, layers, contacts and phones.

An `ArkitClip` is a value: operations return new clips. It says nothing about any rig, scene or
file format; those are `matching` and `export`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from .errors import ClipReadError
from .names import ARKIT_NAMES, INDEX
from .saving import save_npz

LAYER_NAMES: Final[tuple[str, ...]] = ("lips", "emotion", "strips", "life")
"""What a result is made of; the layers sum to the unclamped clip."""

_FORMAT: Final = "soliloquy-arkit-clip/1"
_BROKEN: Final = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a file that is no clip, or half a clip, ends in."""


def _opened(source: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    return source.open("rb") if isinstance(source, Path) else nullcontext(source)


class Contact(NamedTuple):
    """Something that must touch: `lips` (full closure) or `lip_teeth` (labiodental)."""

    kind: str
    start: float  # seconds
    end: float  # seconds


class Phone(NamedTuple):
    """One speech sound with its times, in the symbols of `server.speech.phones`."""

    phone: str
    start: float  # seconds
    end: float  # seconds


@dataclass(frozen=True)
class ArkitClip:
    """Blendshape coefficients over time at a fixed frame rate.

    Frame i stands at i / fps seconds from the first audio sample.

    Attributes:
        coefficients: float32 [T, 52], columns in `ARKIT_NAMES` order, 0..1.
        fps: frames per second, any positive number (23.976 is fine).
        head: float32 [T, 3], yaw, pitch, roll in radians.
        eyes: float32 [T, 2, 3], left then right eye, yaw, pitch, roll in radians.
        layers: name -> float32 [T, 52]; they sum to the unclamped coefficients.
        contacts: times at which lips or lip and teeth must touch.
        phones: the speech sounds that the clip was made from.
        notes: sentences for the user (a control that was not obeyed, a doubtful input).
        provenance: all that is needed to make it again (generator, seed, weights hash).
    """

    coefficients: NDArray[np.float32]
    fps: float
    head: NDArray[np.float32] | None = None
    eyes: NDArray[np.float32] | None = None
    layers: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    phones: tuple[Phone, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes and fill absent angles with zeros.

        Raises:
            ValueError: an array has the wrong shape, or fps is not positive.
        """
        shape = np.shape(self.coefficients)
        if len(shape) != 2 or shape[1] != len(ARKIT_NAMES):
            raise ValueError(f"coefficients must be [T, 52], got {list(shape)}")
        if not self.fps > 0:
            raise ValueError(f"fps must be positive, got {self.fps}")
        n_frames = shape[0]
        self._set_array("coefficients", (n_frames, 52))
        self._set_array("head", (n_frames, 3))
        self._set_array("eyes", (n_frames, 2, 3))
        for name, layer in self.layers.items():
            if np.shape(layer) != (n_frames, 52):
                raise ValueError(
                    f"layer '{name}' must be [{n_frames}, 52], got {list(np.shape(layer))}"
                )

    def _set_array(self, name: str, shape: tuple[int, ...]) -> None:
        value = getattr(self, name)
        array = np.zeros(shape, np.float32) if value is None else np.asarray(value, np.float32)
        if array.shape != shape:
            raise ValueError(f"{name} must be {list(shape)}, got {list(array.shape)}")
        object.__setattr__(self, name, array)

    @property
    def n_frames(self) -> int:
        return len(self.coefficients)

    @property
    def seconds(self) -> float:
        """Length in seconds: frames divided by the rate."""
        return self.n_frames / self.fps

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of each frame in seconds, [T]."""
        return np.arange(self.n_frames) / self.fps

    def curve(self, name: str) -> NDArray[np.float32]:
        """Return one blendshape over time, [T].

        Raises:
            KeyError: `name` is not an ARKit blendshape.
        """
        return self.coefficients[:, INDEX[name]]

    def with_notes(self, *notes: str) -> ArkitClip:
        """Return the clip with more sentences for the user."""
        return replace(self, notes=(*self.notes, *notes))

    def save(self, path: Path | str | BinaryIO) -> None:
        """Write the clip as a compressed npz with its names inside, to a file or into memory.

        Raises:
            OSError: the file cannot be written; what was there stays as it was.
        """
        about = {
            "format": _FORMAT,
            "fps": self.fps,
            "names": ARKIT_NAMES,
            "contacts": self.contacts,
            "phones": self.phones,
            "notes": self.notes,
            "provenance": dict(self.provenance),
        }
        arrays: dict[str, Any] = {f"layer_{name}": layer for name, layer in self.layers.items()}
        arrays |= {"coefficients": self.coefficients, "head": self.head, "eyes": self.eyes}
        arrays["about"] = np.frombuffer(json.dumps(about, default=str).encode(), np.uint8)
        # Once more as plain arrays, for readers that know nothing of `about`.
        arrays |= {"names": np.array(ARKIT_NAMES), "fps": np.float64(self.fps)}
        save_npz(path, arrays)

    @classmethod
    def load(cls, path: Path | BinaryIO) -> ArkitClip:
        """Read a clip written by `save`; nothing is unpickled.

        Raises:
            ClipReadError: the file is not such a clip, or its names are not the 52.
        """
        try:
            with _opened(path) as file, np.load(file, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            about = json.loads(arrays.pop("about").tobytes())
            if about.get("format") != _FORMAT:
                raise ClipReadError(f"its format is {about.get('format')!r}, not {_FORMAT!r}")
            return cls._from_arrays(arrays, about)
        except _BROKEN as error:
            raise ClipReadError(f"{path} is not a Soliloquy clip: {error}") from error

    @classmethod
    def _from_arrays(
        cls, arrays: Mapping[str, NDArray[Any]], about: Mapping[str, Any]
    ) -> ArkitClip:
        if sorted(about["names"]) != sorted(ARKIT_NAMES):
            raise ClipReadError("it does not hold the 52 ARKit blendshapes")
        columns = [about["names"].index(name) for name in ARKIT_NAMES]
        layers = {
            name.removeprefix("layer_"): values[:, columns]
            for name, values in arrays.items()
            if name.startswith("layer_")
        }
        return cls(
            coefficients=arrays["coefficients"][:, columns],
            fps=float(about["fps"]),
            head=arrays["head"],
            eyes=arrays["eyes"],
            layers=layers,
            contacts=tuple(Contact(*c) for c in about["contacts"]),
            phones=tuple(Phone(*p) for p in about["phones"]),
            notes=tuple(about["notes"]),
            provenance=about["provenance"],
        )
