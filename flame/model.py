"""A FLAME-format head model: its arrays, where they are read from, and its skinning.

A model is a template with shape, expression and pose offsets and five joints (root, neck, jaw,
left and right eye); +X is the character's left, +Y up, +Z ahead, metres. `basis_id` names what
its expression coefficients mean: two files with the same arrays have the same one. Only
`TorchFlame` needs torch, and loads it when it is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import BasisError, FlameError, FlameFileError
from .reading import read_array, read_arrays
from .skinning import Rig, rotation_matrices, skin

Float = NDArray[np.float32]
Int = NDArray[np.int32]

JOINTS: Final = ("root", "neck", "jaw", "eye_left", "eye_right")
LANDMARK_FILES: Final = (
    "flame_static_embedding.pkl", "flame_static_embedding.npz", "landmark_embedding.npy",
    "landmark_embedding_with_eyes.npy",
)  # fmt: skip
"""Names under which the landmark file lies beside a model."""
EYELID_FILES: Final = ("l_eyelid.npy", "r_eyelid.npy")
"""Displacements of the eyelids that some FLAME 2020/2023 users add, beside a model."""

_NEEDED: Final = (
    "v_template", "shapedirs", "posedirs", "J_regressor", "weights", "kintree_table", "f",
)  # fmt: skip
_N_OFFICIAL_SHAPES, _N_OFFICIAL = 300, 400
_CHUNK: Final = 64  # frames skinned at once


class Embedding(NamedTuple):
    """Landmarks on a surface: the triangle of each, [L], and its place in it, [L, 3]."""

    faces: Int
    barycentric: Float


@dataclass(frozen=True)
class FlameModel:
    """The arrays of a model. V vertices, F triangles, S shape and E expression coefficients.

    Attributes:
        name: for people, such as the file's name.
        template: float32 [V, 3] metres. faces: int32 [F, 3].
        shape_directions: float32 [V, 3, S]. expression_directions: float32 [V, 3, E].
        pose_directions: float32 [V, 3, 36], linear in R - 1 of neck, jaw and eyes.
        joint_regressor: float32 [5, V]. weights: float32 [V, 5]. parents: of each joint.
        eyelid_directions: float32 [V, 3, 2], left and right, where the model has them.
        embedding: the 51 inner landmarks of iBUG's 68, where a landmark file was found.
        basis_id: names the expression basis.
    """

    name: str
    template: Float
    faces: Int
    shape_directions: Float
    expression_directions: Float
    pose_directions: Float
    joint_regressor: Float
    weights: Float
    parents: tuple[int, ...]
    eyelid_directions: Float | None = None
    embedding: Embedding | None = None
    basis_id: str = ""

    def __post_init__(self) -> None:
        if not self.basis_id:
            object.__setattr__(self, "basis_id", _basis_id(self))

    @property
    def n_vertices(self) -> int:
        return len(self.template)

    @property
    def n_expressions(self) -> int:
        """E, how many expression coefficients it has."""
        return self.expression_directions.shape[-1]

    @property
    def n_shapes(self) -> int:
        return self.shape_directions.shape[-1]

    @cached_property
    def joints(self) -> Float:
        """Places of the joints of the template, [5, 3] metres."""
        return self.joint_regressor @ self.template

    @cached_property
    def _rig(self) -> Rig:
        return Rig(
            self.template,
            self._directions(),
            _rows(self.pose_directions),
            self.joint_regressor,
            self.weights,
            self.parents,
        )

    def _directions(self) -> Float:
        parts = [self.shape_directions, self.expression_directions]
        if self.eyelid_directions is not None:
            parts.append(self.eyelid_directions)
        return _rows(np.concatenate(parts, axis=-1))

    def check_basis(self, basis_id: str) -> None:
        """Refuse coefficients of another basis.

        Raises:
            BasisError: `basis_id` is not this model's.
        """
        if basis_id != self.basis_id:
            raise BasisError(
                f"The expression coefficients belong to the basis '{basis_id}', and '{self.name}' "
                f"has the basis '{self.basis_id}'. Convert the clip first, or load its own model."
            )

    def landmarks(self, vertices: Float) -> Float:
        """Return the landmarks [..., L, 3] of vertices [..., V, 3].

        Raises:
            FlameError: the model has no landmark file.
        """
        if self.embedding is None:
            raise FlameError(
                f"'{self.name}' has no landmark file. Put flame_static_embedding.pkl beside it."
            )
        corners = vertices[..., self.faces[self.embedding.faces], :]
        return (corners * self.embedding.barycentric[..., None]).sum(axis=-2)

    def vertices(self, expression: ArrayLike | None = None, **pose: ArrayLike | None) -> Float:
        """Return vertices [B, V, 3] in metres.

        Args:
            expression: [B, up to E] or [up to E]; absent coefficients are 0.
            pose: any of `jaw`, `neck`, `root` [B, 3], `eyes` [B, 2, 3] (left, right), all
                rotation vectors in radians; `betas` [B, up to S]; `eyelids` [B, 2], 0..1;
                `translation` [B, 3] metres. What has one row holds for every frame.

        Raises:
            BasisError: more coefficients than the model has. FlameError: shapes that do not fit.
        """
        parts = {"expression": expression, **pose}
        given = {
            name: np.asarray(value, np.float32)
            for name, value in parts.items()
            if value is not None
        }
        coefficients, joints, translation = _stacked(np, self, given, self.template)
        chunks = [
            skin(np, self._rig, coefficients[part], joints[part])[0]
            for part in _chunks(len(joints))
        ]
        return np.concatenate(chunks) + translation[:, None] if chunks else self.template[None][:0]


def _chunks(n_frames: int) -> Iterator[slice]:
    for first in range(0, n_frames, _CHUNK):
        yield slice(first, first + _CHUNK)


def _rows(directions: Float) -> Float:
    """Return directions [V, 3, K] as rows [K, V * 3]."""
    return np.ascontiguousarray(directions.reshape(-1, directions.shape[-1]).T)


_WIDTHS: Final = {"jaw": 3, "neck": 3, "root": 3, "eyes": 6, "translation": 3, "eyelids": 2}


def _stacked(xp: Any, model: FlameModel, given: Mapping[str, Any], like: Any) -> Any:
    """Lay what was given out as coefficients [B, K], pose [B, 5, 3] and translation [B, 3]."""
    widths = {"expression": model.n_expressions, "betas": model.n_shapes, **_WIDTHS}
    unknown = sorted(set(given) - set(widths))
    if unknown:
        raise FlameError(f"'{unknown[0]}' is no part of a pose; use {', '.join(widths)}")
    flat = {name: _as_rows(model, name, value, widths) for name, value in given.items()}
    n_batch = max((len(value) for value in flat.values()), default=1)
    if any(len(value) not in (1, n_batch) for value in flat.values()):
        raise FlameError(f"frames do not agree: { {k: len(v) for k, v in flat.items()} }")

    def part(name: str) -> Any:
        value = flat.get(name)
        blank = like.reshape(-1)[:1].reshape(1, 1) * 0.0
        one = xp.tile(blank, (n_batch, 1))
        if value is None:
            return xp.tile(one, (1, widths[name]))
        lack = widths[name] - value.shape[1]
        value = value if len(value) == n_batch else xp.tile(value, (n_batch, 1))
        return xp.concatenate([value, xp.tile(one, (1, lack))], 1) if lack else value

    if "eyelids" in flat and model.eyelid_directions is None:
        raise FlameError(f"'{model.name}' has no eyelids of its own; its blinks are expressions")
    kinds = ["betas", "expression"] + ["eyelids"] * (model.eyelid_directions is not None)
    coefficients = xp.concatenate([part(kind) for kind in kinds], 1)
    pose = xp.concatenate([part(kind) for kind in ("root", "neck", "jaw", "eyes")], 1)
    return coefficients, pose.reshape(n_batch, len(JOINTS), 3), part("translation")


def _as_rows(model: FlameModel, name: str, value: Any, widths: Mapping[str, int]) -> Any:
    """Return a value as [B, width], checked."""
    width = widths[name]
    if name == "eyes":
        value = value.reshape(-1, 6)
    value = value[None] if value.ndim == 1 else value
    is_open = name in ("expression", "betas")
    if value.ndim != 2 or (value.shape[1] > width if is_open else value.shape[1] != width):
        kind = BasisError if is_open else FlameError
        raise kind(f"{name} has shape {list(value.shape)}; '{model.name}' takes [B, {width}]")
    return value


def _basis_id(model: FlameModel) -> str:
    digest = hashlib.sha256()
    for array in (
        model.template,
        model.expression_directions,
        model.pose_directions,
        model.weights,
        model.faces,
    ):
        digest.update(str(array.shape).encode())
        digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes())
    return f"flame-{digest.hexdigest()[:16]}"


def read_flame_model(path: Path, landmarks: Path | None = None) -> FlameModel:
    """Read a FLAME 2019, 2020 or 2023 file, or any other in its format; nothing in it is run.

    Args:
        path: .pkl (of Python 2 or 3, with or without chumpy) or .npz.
        landmarks: its landmark file; looked for beside the model (`LANDMARK_FILES`) by default.

    Raises:
        FlameFileError: a file that cannot be read, or that is no head model in FLAME's format.
    """
    arrays = read_arrays(path)
    missing = [name for name in _NEEDED if name not in arrays]
    if missing:
        raise FlameFileError(
            f"{path.name} is no FLAME model: it has no '{missing[0]}'. Choose the file that "
            "flame.is.tue.mpg.de calls the model (generic_model.pkl, flame2023.pkl)."
        )
    found = landmarks or next(
        (path.parent / name for name in LANDMARK_FILES if (path.parent / name).is_file()), None
    )
    try:
        model = _from_arrays(path.stem, arrays)
    except (ValueError, TypeError, IndexError) as error:
        if isinstance(error, FlameFileError):
            raise
        raise FlameFileError(f"{path.name} is no FLAME model: {error}") from error
    extras: dict[str, Any] = {}
    if found is not None:
        extras["embedding"] = read_embedding(found, len(model.faces))
    eyelids = [path.parent / name for name in EYELID_FILES]
    if model.eyelid_directions is None and all(file.is_file() for file in eyelids):
        extras["eyelid_directions"] = _eyelids([read_array(file) for file in eyelids], model)
    return replace(model, **extras) if extras else model


def _eyelids(pair: list[Any], model: FlameModel) -> Float:
    arrays = [np.asarray(one, np.float32).squeeze() for one in pair]
    if any(one.shape != model.template.shape for one in arrays):
        raise FlameFileError(
            f"{' and '.join(EYELID_FILES)} hold {list(arrays[0].shape)}; the model needs "
            f"{list(model.template.shape)}. Move them away, or use those of this model."
        )
    return np.stack(arrays, axis=-1)


def read_embedding(path: Path, n_faces: int) -> Embedding:
    """Read the 51 inner landmarks from a static embedding, or from DECA's landmark file.

    Raises:
        FlameFileError: the file cannot be read, or holds no such landmarks.
    """
    arrays = read_arrays(path)
    for faces, places in (
        ("lmk_face_idx", "lmk_b_coords"),
        ("static_lmk_faces_idx", "static_lmk_bary_coords"),
    ):
        if faces in arrays and places in arrays:
            index = np.asarray(arrays[faces]).astype(np.int64).ravel()
            weights = np.asarray(arrays[places], np.float32).reshape(-1, 3)
            break
    else:
        raise FlameFileError(f"{path.name} holds no landmarks: no 'lmk_face_idx', 'lmk_b_coords'")
    if len(index) != 51 or len(weights) != 51 or not (index >= 0).all() or index.max() >= n_faces:
        raise FlameFileError(
            f"{path.name} holds {len(index)} landmarks on faces up to {index.max(initial=0)}; "
            f"a model with {n_faces} faces needs 51. Use the landmark file of this model."
        )
    return Embedding(index.astype(np.int32), weights)


def _from_arrays(name: str, arrays: Mapping[str, Any]) -> FlameModel:
    template = _numbers(arrays, "v_template", (None, 3))
    n_vertices = len(template)
    weights = _numbers(arrays, "weights", (n_vertices, None))
    if weights.shape[1] != len(JOINTS):
        raise FlameFileError(
            f"'{name}' is no FLAME head: it has {weights.shape[1]} joints and {n_vertices} "
            "vertices, FLAME has 5 joints. Body models (SMPL, SMPL-X) cannot be used."
        )
    directions = _numbers(arrays, "shapedirs", (n_vertices, 3, None))
    shapes, expressions = _split(arrays, directions)
    faces = np.asarray(arrays["f"]).astype(np.int64)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.min() < 0 or faces.max() >= n_vertices:
        raise ValueError(f"its faces {list(faces.shape)} do not fit {n_vertices} vertices")
    lids = arrays.get("eyelid_directions")
    return FlameModel(
        name=str(arrays.get("name", name)),
        template=template,
        faces=faces.astype(np.int32),
        shape_directions=shapes,
        expression_directions=expressions,
        pose_directions=_numbers(arrays, "posedirs", (n_vertices, 3, 9 * (len(JOINTS) - 1))),
        joint_regressor=_numbers(arrays, "J_regressor", (len(JOINTS), n_vertices)),
        weights=weights,
        parents=_parents(arrays["kintree_table"]),
        eyelid_directions=None if lids is None else np.asarray(lids, np.float32),
        embedding=_own_embedding(arrays, len(faces)),
        basis_id=_own_basis_id(arrays),
    )


def _own_basis_id(arrays: Mapping[str, Any]) -> str:
    """Return the name that the built-in head's file carries; any other file's is computed."""
    stored = str(arrays.get("basis_id", ""))
    return stored if stored.startswith("soliloquy-") else ""


def _own_embedding(arrays: Mapping[str, Any], n_faces: int) -> Embedding | None:
    """Return landmarks that stand in the model file itself, as in those that we write."""
    if "lmk_face_idx" not in arrays:
        return None
    index = np.asarray(arrays["lmk_face_idx"]).astype(np.int32)
    if index.min(initial=0) < 0 or index.max(initial=0) >= n_faces:
        raise ValueError("its landmarks lie on faces that it does not have")
    return Embedding(index, np.asarray(arrays["lmk_b_coords"], np.float32))


def _numbers(arrays: Mapping[str, Any], name: str, shape: tuple[int | None, ...]) -> Float:
    array = np.asarray(arrays[name])
    fits = array.ndim == len(shape) and all(
        n in (None, m) for n, m in zip(shape, array.shape, strict=True)
    )
    if not fits or array.dtype.kind not in "biuf":
        wanted = [n if n is not None else "n" for n in shape]
        raise ValueError(f"its '{name}' has shape {list(array.shape)}, not {wanted}")
    if not np.isfinite(array).all():
        raise ValueError(f"its '{name}' holds values that are not numbers")
    return np.ascontiguousarray(array, np.float32)


def _split(arrays: Mapping[str, Any], directions: Float) -> tuple[Float, Float]:
    """Tell shape directions from expression directions, which FLAME keeps in one array."""
    count = directions.shape[-1]
    if "n_shape_coefficients" in arrays:
        n_shapes = int(arrays["n_shape_coefficients"])
    elif count >= _N_OFFICIAL:
        n_shapes = _N_OFFICIAL_SHAPES
    elif count == 20:  # the small edition: ten of each
        n_shapes = 10
    else:
        raise ValueError(
            f"its 'shapedirs' has {count} columns, so which are expressions is unknown "
            "(FLAME has 300 shapes and 100 expressions); add a number 'n_shape_coefficients'"
        )
    if not 0 <= n_shapes < count:
        raise ValueError(f"{n_shapes} of its {count} 'shapedirs' are shapes: no expression is left")
    return (
        np.ascontiguousarray(directions[..., :n_shapes]),
        np.ascontiguousarray(directions[..., n_shapes:]),
    )


def _parents(table: Any) -> tuple[int, ...]:
    rows = np.asarray(table).astype(np.int64)
    if rows.shape != (2, len(JOINTS)):
        raise ValueError(f"its 'kintree_table' has shape {list(rows.shape)}, not [2, 5]")
    parents = (-1, *(int(parent) for parent in rows[0, 1:]))
    if any(not 0 <= parent < joint for joint, parent in enumerate(parents) if joint):
        raise ValueError(f"its joints hang on {list(parents)}: a parent must come first")
    return parents


def write_flame_model(model: FlameModel, path: Path, half: bool = False) -> Path:
    """Write a clean npz in FLAME's own field names, no pickle inside; returns it.

    Args:
        half: keep directions in 16 bits, exact to some micrometres, for a file of half the size.
    """
    size = np.float16 if half else np.float32
    table = np.array([[0, *model.parents[1:]], range(len(JOINTS))], np.int64)
    arrays: dict[str, Any] = {
        "v_template": model.template,
        "shapedirs": np.concatenate(
            [model.shape_directions, model.expression_directions], axis=-1
        ).astype(size),
        "n_shape_coefficients": np.int64(model.n_shapes),
        "posedirs": model.pose_directions.astype(size),
        "J_regressor": model.joint_regressor,
        "weights": model.weights,
        "kintree_table": table,
        "f": model.faces,
        "name": np.array(model.name),
        "basis_id": np.array(model.basis_id),
    }
    if model.eyelid_directions is not None:
        arrays["eyelid_directions"] = model.eyelid_directions
    if model.embedding is not None:
        arrays["lmk_face_idx"] = model.embedding.faces
        arrays["lmk_b_coords"] = model.embedding.barycentric
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)
    return path


class TorchFlame:
    """A model's skinning in torch, for training: batched, differentiable, on any device.

    Args:
        model: whose arrays are copied to `device` once.
        dtype: a torch dtype; float32 by default.
    """

    def __init__(self, model: FlameModel, device: str = "cpu", dtype: Any = None) -> None:
        import torch

        self._torch = torch
        self.model = model
        self._like = torch.zeros(1, dtype=dtype or torch.float32, device=device)
        rig = model._rig
        arrays = (rig.template, rig.directions, rig.pose_directions, rig.regressor, rig.weights)
        self._rig = Rig(*(self._tensor(array) for array in arrays), parents=rig.parents)

    def _tensor(self, value: Any) -> Any:
        return self._torch.as_tensor(value, dtype=self._like.dtype, device=self._like.device)

    def vertices(self, expression: Any = None, **pose: Any) -> Any:
        """Return vertices [B, V, 3] in metres; arguments as `FlameModel.vertices`, as tensors.

        Raises:
            BasisError: more coefficients than the model has. FlameError: shapes that do not fit.
        """
        parts = {"expression": expression, **pose}
        given = {name: self._tensor(value) for name, value in parts.items() if value is not None}
        coefficients, joints, translation = _stacked(self._torch, self.model, given, self._like)
        moved, _ = skin(self._torch, self._rig, coefficients, joints)
        return moved + translation[:, None]


def pose_rotations(vectors: ArrayLike) -> Float:
    """Return rotation matrices [..., 3, 3] of rotation vectors [..., 3] in radians."""
    return rotation_matrices(np, np.asarray(vectors, np.float32))
