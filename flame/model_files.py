"""FLAME models from files and into files: the official layouts, and a clean one of our own.

Nothing that stands in a file is run; a file that is something else gets one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from .errors import FlameFileError
from .model import JOINTS, Embedding, FlameModel, Float
from .reading import read_array, read_arrays

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
