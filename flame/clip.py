"""A face over time in FLAME's terms: expression coefficients, joint rotations, eyelids.

A `FlameClip` is a value: operations return new clips. Its coefficients mean nothing without the
basis that `basis_id` names. Files are npz with the names of the field (`expression`, `jaw_pose`,
`neck_pose`, `global_orient`, `leye_pose`, `reye_pose`, `fps`); what others write is read too.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import FlameClipError
from .reading import MAX_BYTES

Float = NDArray[np.float32]

DEFAULT_FPS: Final = 25.0
"""Taken, with a note, where a file says no rate: that of most FLAME trackers and of AVI-Talking."""

_FORMAT: Final = "soliloquy-flame-clip/1"
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "expression": ("expression", "exp", "expr", "expcode", "expression_params", "expressions"),
    "jaw": ("jaw_pose", "jaw", "jawpose", "jaw_params"),
    "neck": ("neck_pose", "neck"),
    "root": ("global_orient", "rotation", "global_pose", "gpose", "root_orient", "root_pose"),
    "eye_left": ("leye_pose", "left_eye_pose", "leye"),
    "eye_right": ("reye_pose", "right_eye_pose", "reye"),
    "eyes": ("eyes_pose", "eye_pose", "eyes", "eyeball_pose"),
    "eyelids": ("eyelids", "eyelid", "eyelid_params"),
    "betas": ("betas", "shape", "shapecode", "beta", "shape_params"),
    "translation": ("transl", "translation", "trans"),
    "pose": ("pose", "posecode", "pose_params"),
    "fps": ("fps", "mocap_framerate", "mocap_frame_rate", "frame_rate", "framerate"),
}
"""What the field calls each; `pose` is DECA's and EMOCA's: global rotation, then jaw."""
_BROKEN: Final = (
    OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, BadZipFile, zlib.error,
)  # fmt: skip
_WIDTHS: Final = {"jaw": (3,), "neck": (3,), "root": (3,), "eyes": (2, 3), "translation": (3,)}


@dataclass(frozen=True)
class FlameClip:
    """FLAME coefficients over time at a fixed frame rate. T frames, E coefficients.

    Attributes:
        expression: float32 [T, E], unbounded, in the basis `basis_id`.
        fps: frames per second, any positive number.
        basis_id: of the model (`FlameModel.basis_id`); empty where a file did not say.
        jaw, neck, root: float32 [T, 3] rotation vectors in radians (`root` is global_orient).
        eyes: float32 [T, 2, 3] rotation vectors of left and right eye, radians.
        translation: float32 [T, 3] metres.
        eyelids: float32 [T, 2], left and right, 0 open to 1 shut, or None: in the expression.
        betas: float32 [S], whose head it is, or None.
        contacts: (kind, start, end) of what must touch, as `arkit.clip.Contact`.
        notes: sentences for the user. provenance: all that is needed to make it again.
    """

    expression: Float
    fps: float
    basis_id: str
    jaw: Float | None = None
    neck: Float | None = None
    eyes: Float | None = None
    root: Float | None = None
    translation: Float | None = None
    eyelids: Float | None = None
    betas: Float | None = None
    contacts: tuple[tuple[str, float, float], ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes and fill absent rotations with zeros.

        Raises:
            FlameClipError: an array has the wrong shape or values, or fps is not positive.
        """
        expression = _finite("expression", self.expression)
        if expression.ndim != 2:
            raise FlameClipError(f"expression must be [T, E], got {list(expression.shape)}")
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise FlameClipError(f"fps must be positive, got {self.fps}")
        object.__setattr__(self, "expression", expression)
        for name, width in _WIDTHS.items():
            self._set_array(name, (len(expression), *width))
        if self.eyelids is not None:
            self._set_array("eyelids", (len(expression), 2))
        if self.betas is not None:
            object.__setattr__(self, "betas", _finite("betas", self.betas).ravel())

    def _set_array(self, name: str, shape: tuple[int, ...]) -> None:
        value = getattr(self, name)
        array = np.zeros(shape, np.float32) if value is None else _finite(name, value)
        if array.shape != shape:
            raise FlameClipError(f"{name} must be {list(shape)}, got {list(array.shape)}")
        object.__setattr__(self, name, array)

    @property
    def n_frames(self) -> int:
        return len(self.expression)

    @property
    def seconds(self) -> float:
        """Length in seconds: frames divided by the rate."""
        return self.n_frames / self.fps

    @property
    def times(self) -> NDArray[np.float64]:
        """Time of each frame in seconds, [T]."""
        return np.arange(self.n_frames) / self.fps

    @property
    def pose(self) -> dict[str, Float]:
        """What `FlameModel.vertices` takes beside the expression."""
        names = ("jaw", "neck", "eyes", "root", "translation", "eyelids")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def retime(self, fps: float) -> FlameClip:
        """Return the clip at another frame rate, as long as before (up to one frame).

        Coefficients are interpolated linearly, rotations along the shortest arc.

        Raises:
            FlameClipError: `fps` is not a positive number, or the clip has no frame.
        """
        if not (np.isfinite(fps) and fps > 0):
            raise FlameClipError(f"the frame rate must be positive, got {fps}")
        if not self.n_frames:
            raise FlameClipError("a clip without frames has no rate to change")
        if abs(fps - self.fps) < 1e-9:
            return self
        n_frames = max(1, int(np.ceil(self.n_frames / self.fps * fps - 1e-6)))
        times = np.arange(n_frames) / fps
        for _, start, end in self.contacts:
            # A contact between two frames is shown by the nearer one, or lips would never meet.
            if not ((times >= start) & (times <= end)).any() and start <= times[-1]:
                times[np.abs(times - 0.5 * (start + end)).argmin()] = 0.5 * (start + end)
        place = np.clip(times * self.fps, 0, self.n_frames - 1)
        changed: dict[str, Any] = {"fps": float(fps)}
        for name in ("expression", "eyelids", "translation"):
            if (value := getattr(self, name)) is not None:
                changed[name] = _between(value, place)
        for name in ("jaw", "neck", "eyes", "root"):
            changed[name] = _turned(getattr(self, name), place)
        return replace(self, **changed)

    def with_notes(self, *notes: str) -> FlameClip:
        """Return the clip with more sentences for the user."""
        return replace(self, notes=(*self.notes, *notes))

    def save(self, path: Path | str | BinaryIO) -> None:
        """Write the clip as a compressed npz with the field's names, to a file or into memory.

        Raises:
            OSError: the file cannot be written (`arkit.saving.replacing` keeps an old one).
        """
        assert self.eyes is not None
        about = {
            "format": _FORMAT,
            "basis_id": self.basis_id,
            "contacts": self.contacts,
            "notes": self.notes,
            "provenance": dict(self.provenance),
        }
        arrays: dict[str, Any] = {
            "expression": self.expression,
            "jaw_pose": self.jaw,
            "neck_pose": self.neck,
            "global_orient": self.root,
            "leye_pose": self.eyes[:, 0],
            "reye_pose": self.eyes[:, 1],
            "transl": self.translation,
            "fps": np.float64(self.fps),
            "about": np.frombuffer(json.dumps(about, default=str).encode(), np.uint8),
        }
        arrays |= {"eyelids": self.eyelids} if self.eyelids is not None else {}
        arrays |= {"betas": self.betas} if self.betas is not None else {}
        if not isinstance(path, (str, Path)):
            np.savez_compressed(path, **arrays)
            return
        # Packed in memory: an archive on a full disk is closed a second time when it is
        # forgotten, and Python then prints a traceback that nobody can catch.
        packed = io.BytesIO()
        np.savez_compressed(packed, **arrays)
        Path(path).write_bytes(packed.getbuffer())

    @classmethod
    def load(cls, path: Path | BinaryIO, fps: float | None = None) -> FlameClip:
        """Read a FLAME clip from npz, ours or another tool's; nothing is unpickled.

        Args:
            fps: its rate, for a file that does not say it (`DEFAULT_FPS` is taken with a note).

        Raises:
            FlameClipError: no npz, no expression in it, or arrays that do not belong together.
        """
        try:
            if isinstance(path, Path):
                with path.open("rb") as file:
                    arrays = _arrays(file)
            else:
                arrays = _arrays(path)
            return cls(**_read(arrays, fps))
        except FlameClipError as error:
            raise FlameClipError(f"{_label(path)} is no FLAME clip: {error}") from error
        except _BROKEN as error:
            raise FlameClipError(f"{_label(path)} cannot be read as a clip: {error}") from error


def _label(path: Path | BinaryIO) -> str:
    return path.name if isinstance(path, Path) else "this"


def _arrays(file: BinaryIO) -> dict[str, NDArray[Any]]:
    with ZipFile(file) as packed:
        size = sum(member.file_size for member in packed.infolist())
    if size > MAX_BYTES:
        raise FlameClipError(f"it unpacks to {size / 2**20:.0f} MB")
    file.seek(0)
    with np.load(file, allow_pickle=False) as data:
        return {name: data[name] for name in data.files}


def is_flame_file(path: Path) -> bool:
    """Say whether an npz holds FLAME coefficients (and not ARKit's, which have `names`)."""
    try:
        with np.load(path, allow_pickle=False) as data:
            names = set(data.files)
    except (*_BROKEN, TypeError):
        return False
    return "coefficients" not in names and any(name in names for name in _NAMES["expression"])


def _finite(name: str, value: Any) -> Float:
    array = np.asarray(value, np.float32)
    if not np.isfinite(array).all():
        raise FlameClipError(f"{name} holds values that are not numbers")
    return array


def _read(arrays: Mapping[str, NDArray[Any]], fps: float | None) -> dict[str, Any]:
    about = json.loads(arrays["about"].tobytes()) if "about" in arrays else {}
    found = {
        ours: np.asarray(arrays[name])
        for ours, theirs in _NAMES.items()
        if (name := next((t for t in theirs if t in arrays), None)) is not None
    }
    if "expression" not in found:
        known = ", ".join(_NAMES["expression"][:3])
        raise FlameClipError(f"it has none of {known}; it holds {', '.join(sorted(arrays)[:8])}")
    values: dict[str, Any] = {"expression": _frames(found["expression"])}
    n_frames = len(values["expression"])
    _split_pose(found, n_frames)
    for name in ("jaw", "neck", "root", "translation", "eyelids"):
        if name in found:
            values[name] = _held(_frames(found[name]), n_frames)
    values["eyes"] = _eyes(found, n_frames)
    for name in ("jaw", "neck", "root"):
        _check_radians(name, values.get(name))
    if "betas" in found:
        values["betas"] = np.reshape(found["betas"], (-1, found["betas"].shape[-1]))[0]
    notes = tuple(about.get("notes", ()))
    rate = float(found["fps"].ravel()[0]) if "fps" in found else fps
    if rate is None:
        notes += (f"The file says no frame rate; {DEFAULT_FPS:g} frames per second were taken.",)
    values |= {"fps": rate or DEFAULT_FPS, "notes": notes, "basis_id": about.get("basis_id", "")}
    values["contacts"] = tuple(tuple(contact) for contact in about.get("contacts", ()))
    values["provenance"] = about.get("provenance", {})
    return values


def _frames(array: NDArray[Any]) -> NDArray[Any]:
    """Return [T, C] of [T, C], [1, T, C] or [T]."""
    if array.ndim == 3 and array.shape[0] == 1:
        array = array[0]
    return array[:, None] if array.ndim == 1 else array


def _held(array: NDArray[Any], n_frames: int) -> NDArray[Any]:
    """Let one row hold for every frame; pitch alone is a jaw that only opens."""
    if array.ndim == 2 and array.shape[1] == 1:
        array = np.pad(array, ((0, 0), (0, 2)))
    return np.repeat(array, n_frames, axis=0) if len(array) == 1 and n_frames != 1 else array


def _split_pose(found: dict[str, NDArray[Any]], n_frames: int) -> None:
    """Take DECA's six numbers apart: global rotation, then jaw."""
    if "pose" not in found:
        return
    pose = _held(_frames(found.pop("pose")), n_frames)
    if pose.shape[1] == 6:
        found.setdefault("root", pose[:, :3])
    if pose.shape[1] in (3, 6):
        found.setdefault("jaw", pose[:, -3:])
    else:
        raise FlameClipError(f"its pose is {list(pose.shape)}; global rotation and jaw are [T, 6]")


def _eyes(found: Mapping[str, NDArray[Any]], n_frames: int) -> NDArray[Any] | None:
    if "eyes" in found:
        return _held(_frames(found["eyes"].reshape(-1, 6)), n_frames).reshape(-1, 2, 3)
    if "eye_left" not in found and "eye_right" not in found:
        return None
    still = np.zeros((n_frames, 3))
    sides = (found.get("eye_left", still), found.get("eye_right", still))
    return np.stack([_held(_frames(side), n_frames) for side in sides], axis=1)


def _check_radians(name: str, value: NDArray[Any] | None) -> None:
    if value is not None and np.abs(value).max(initial=0.0) > 2 * np.pi:
        raise FlameClipError(
            f"its {name} turns by {np.abs(value).max():.0f}, which is no angle in radians; "
            "FLAME's rotations are vectors in radians"
        )


def _between(values: ArrayLike, place: NDArray[np.float64]) -> Float:
    """Interpolate [T, ...] linearly at places [K] counted in frames."""
    array = np.asarray(values, np.float64)
    low = np.minimum(place.astype(np.intp), max(len(array) - 2, 0))
    high = np.minimum(low + 1, len(array) - 1)
    share = (place - low).reshape(-1, *[1] * (array.ndim - 1))
    return (array[low] * (1.0 - share) + array[high] * share).astype(np.float32)


def _turned(vectors: ArrayLike, place: NDArray[np.float64]) -> Float:
    """Interpolate rotation vectors [T, ..., 3] along the shortest arc."""
    array = np.asarray(vectors, np.float64)
    low = np.minimum(place.astype(np.intp), max(len(array) - 2, 0))
    high = np.minimum(low + 1, len(array) - 1)
    share = (place - low).reshape(-1, *[1] * (array.ndim - 1))
    first = _quaternions(array[low])
    step = _times(_conjugate(first), _quaternions(array[high]))
    return _vectors(_times(first, _quaternions(_vectors(step) * share))).astype(np.float32)


def _quaternions(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit quaternions (w, x, y, z) of rotation vectors."""
    angle = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.concatenate([np.cos(angle / 2), vectors * np.sinc(angle / (2 * np.pi)) / 2], axis=-1)


def _vectors(quaternions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rotation vectors, at most pi long, of quaternions (w, x, y, z)."""
    turned = np.where(quaternions[..., :1] < 0, -quaternions, quaternions)
    axis = turned[..., 1:]
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, turned[..., :1])
    factor: NDArray[np.float64] = np.where(length > 1e-12, angle / np.maximum(length, 1e-12), 2.0)
    return axis * factor


def _conjugate(quaternion: NDArray[np.float64]) -> NDArray[np.float64]:
    return quaternion * np.array([1.0, -1.0, -1.0, -1.0])


def _times(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the product of quaternions."""
    aw, av, bw, bv = a[..., :1], a[..., 1:], b[..., :1], b[..., 1:]
    real = aw * bw - (av * bv).sum(axis=-1, keepdims=True)
    return np.concatenate([real, aw * bv + bw * av + np.cross(av, bv)], axis=-1)
