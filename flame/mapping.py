"""What the 52 blendshapes are on a FLAME-format model: expressions, jaw and eyes for each.

A face c [52] turns the jaw by c @ jaw and the eyes by c @ eyes, and its expression is
c @ expression, plus a remedy for what the turned jaw does to offsets that ride on it, linear in
the jaw's rotation. For the built-in head this is exact to a few hundredths of a millimetre; for
any other model the shapes are carried over first (`flame.registration`) and fitted by its basis.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from arkit.names import ARKIT_NAMES, INDEX
from flame.built_in import (
    built_in_flame_model,
    built_in_metric,
    eye_turns,
    jaw_turns,
    taken_by_jaw,
)
from flame.head import built_in_head
from flame.model import FlameModel
from flame.registration import Registration, register

Array = NDArray[np.float64]

_VERSION: Final = 3  # of the registration; part of the cache's file name
_FIT_MM: Final = 0.01
"""Ridge of the fit to a foreign basis: what an expression coefficient of 1 costs, in mm rms."""
_OWN_FIT_MM: Final = 1e-4
_JAW_SHARE: Final = 0.5  # vertices that follow the jaw by more show how it turns
_EYE_MM_PER_RADIAN: Final = 8.0  # what the gaze weighs: two irises of 12 mm in a small face
_STEP: Final = 1e-3  # radians


@dataclass(frozen=True)
class ShapeMap:
    """The 52 blendshapes in a model's own terms. E expressions, P = E + 9 (jaw, both eyes).

    Attributes:
        model: whose basis it is.
        expression: [52, E]. jaw: [52, 3] and eyes: [52, 6], rotation vectors in radians.
        remedies: [2, 52, E], for each radian of the jaw about x and y.
        metric: [P, P] upper triangle R, so that |R p| is the root mean square in mm that p moves
            the face by.
        fit_error_mm: how far the basis is from the carried-over shapes, rms at coefficient 1,
            mean over the shapes.
        registration_error_mm: see `Registration`; 0 for the built-in head.
    """

    model: FlameModel
    expression: Array
    jaw: Array
    eyes: Array
    remedies: Array
    metric: Array
    fit_error_mm: float
    registration_error_mm: float

    @cached_property
    def plain(self) -> Array:
        """What each blendshape is, [52, P]."""
        return np.concatenate([self.expression, self.jaw, self.eyes], axis=1)

    @cached_property
    def per_radian(self) -> Array:
        """The remedies over all parts, [2, 52, P]."""
        return np.pad(self.remedies, ((0, 0), (0, 0), (0, 9)))

    def of_faces(self, faces: Array) -> Array:
        """Return the parts [T, P] of faces [T, 52]."""
        turns = faces @ self.jaw
        parts = faces @ self.plain
        for axis in range(2):
            parts[:, : self.model.n_expressions] += turns[:, [axis]] * (faces @ self.remedies[axis])
        return parts


_MAPS: dict[str, ShapeMap] = {}


def shape_map(model: FlameModel) -> ShapeMap:
    """Return the map of a model, made once in a process.

    The registration, which takes most of the time, is also kept in the user's cache folder, under
    a name made from what the model and the built-in head consist of.

    Raises:
        TransferError: the model has no landmarks, or its face is too far from the built-in one.
    """
    key = _digest(model)
    if key not in _MAPS:
        _MAPS[key] = make_map(model)
    return _MAPS[key]


def _digest(model: FlameModel) -> str:
    """Name a model, its landmarks and the head that is laid over it."""
    digest = hashlib.sha256(f"{_VERSION} {built_in_flame_model().basis_id}".encode())
    digest.update(model.basis_id.encode())
    if model.embedding is not None:
        for array in model.embedding:
            digest.update(array.tobytes())
    return digest.hexdigest()[:20]


def cache_folder() -> Path:
    """Where registrations are kept: SOLILOQUY_CACHE, else the user's cache folder."""
    named = os.environ.get("SOLILOQUY_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "soliloquy"


def _registration(model: FlameModel) -> Registration:
    if model.basis_id == built_in_flame_model().basis_id:
        return _own_registration(model)
    path = cache_folder() / f"flame-shapes-{_digest(model)}.npz"
    if (kept := _kept(path)) is not None:
        return kept
    made = register(model)
    # A folder that cannot be written costs time at the next start, not the result.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}.npz")
        small = made.displacements.astype(np.float16)
        np.savez_compressed(
            partial, vertices=made.vertices, displacements=small, error=made.mean_error_mm
        )
        partial.replace(path)
    return made


def _kept(path: Path) -> Registration | None:
    """Read a registration from the cache; None when it is not there or half written."""
    try:
        with np.load(path, allow_pickle=False) as file:
            shapes = file["displacements"].astype(np.float32)
            return Registration(file["vertices"], shapes, float(file["error"]))
    except (OSError, ValueError, KeyError, BadZipFile):
        return None


def _own_registration(model: FlameModel) -> Registration:
    head = built_in_head()
    skin = np.flatnonzero(model.weights[:, 3:].sum(axis=1) < 0.5)
    shapes = np.stack([head.shapes[name][skin] for name in ARKIT_NAMES])
    return Registration(skin, shapes, 0.0)


def make_map(model: FlameModel) -> ShapeMap:
    """Fit a model's basis to the 52 shapes; see `shape_map`, which keeps the result."""
    found = _registration(model)
    shapes = found.displacements.astype(np.float64)
    used = found.vertices
    is_own = found.mean_error_mm == 0.0
    jaw = jaw_turns() if is_own else _jaw_turns_of(model, used, shapes)
    rest = model.template[used].astype(np.float64)
    share = model.weights[used, 2].astype(np.float64)
    offsets = shapes.copy()
    for name in ("jawOpen", "jawLeft", "jawRight"):
        row = INDEX[name]
        offsets[row] = _unposed(model, used, rest + shapes[row], jaw[row])
    basis = model.expression_directions[used].reshape(-1, model.n_expressions).astype(np.float64)
    to_mm = 1000.0 / np.sqrt(len(used))
    gram = basis.T @ basis * to_mm**2
    ridge = (_OWN_FIT_MM if is_own else _FIT_MM) ** 2 * np.eye(len(gram))
    per_axis = [taken_by_jaw(shapes, share, axis) for axis in range(2)]
    targets = np.stack([offsets, *per_axis]).reshape(3 * len(ARKIT_NAMES), -1)
    fitted = np.linalg.solve(gram + ridge, basis.T @ targets.T * to_mm**2).T
    expression, *remedies = fitted.reshape(3, len(ARKIT_NAMES), -1)
    for remedy in remedies:
        remedy[np.abs(jaw).sum(axis=1) > 0] = 0.0  # their own correctives see to that
    kept = built_in_metric() if is_own else None
    missed = targets[: len(ARKIT_NAMES)] - expression @ basis.T
    error = to_mm * float(np.linalg.norm(missed, axis=1).mean())
    return ShapeMap(
        model=model,
        expression=expression,
        jaw=jaw,
        eyes=eye_turns().reshape(len(ARKIT_NAMES), 6),
        remedies=np.stack(remedies),
        metric=_metric(model, used, basis, to_mm) if kept is None else kept,
        fit_error_mm=error,
        registration_error_mm=found.mean_error_mm,
    )


def _metric(model: FlameModel, used: NDArray[np.int64], basis: Array, to_mm: float) -> Array:
    """Return R [P, P] with |R p| the root mean square of the face's motion in mm."""
    n_parts = model.n_expressions + 9
    turns = []
    for axis in range(3):
        vector = np.zeros((2, 3))
        vector[:, axis] = (_STEP, -_STEP)
        ahead, back = model.vertices(jaw=vector)[:, used].astype(np.float64)
        turns.append((ahead - back).ravel() / (2 * _STEP))
    moves = np.concatenate([basis, np.array(turns).T], axis=1) * to_mm
    gram = np.zeros((n_parts, n_parts))
    gram[:-6, :-6] = moves.T @ moves
    gram[-6:, -6:] = np.eye(6) * _EYE_MM_PER_RADIAN**2
    gram += 1e-8 * np.trace(gram) / n_parts * np.eye(n_parts)
    return np.linalg.cholesky(gram).T


def _jaw_turns_of(model: FlameModel, used: NDArray[np.int64], shapes: Array) -> Array:
    """Return how a model's jaw turns [52, 3] for jawOpen, jawLeft and jawRight, radians."""
    turns = np.zeros((len(ARKIT_NAMES), 3))
    rows = model.weights[used, 2] > _JAW_SHARE
    if rows.sum() < 10:
        return turns  # a model without a jaw of its own: expressions do it all
    joint = model.joints[2].astype(np.float64)
    rest = model.template[used][rows].astype(np.float64) - joint
    for name, axis in (("jawOpen", 0), ("jawLeft", 1), ("jawRight", 1)):
        moved = rest + shapes[INDEX[name]][rows]
        turn = Rotation.align_vectors(moved, rest)[0]
        turns[INDEX[name], axis] = turn.as_rotvec()[axis]
    return turns


def _unposed(model: FlameModel, used: NDArray[np.int64], goal: Array, jaw: Array) -> Array:
    """Return the offsets [N, 3] that a jaw turned by `jaw` carries to `goal` [N, 3]."""
    if not jaw.any():
        return goal - model.template[used]
    turn = Rotation.from_rotvec(jaw).as_matrix()
    share = model.weights[used, 2].astype(np.float64)[:, None, None]
    blend = (1.0 - share) * np.eye(3) + share * turn
    posed = model.vertices(jaw=jaw[None])[0, used].astype(np.float64)
    return np.linalg.solve(blend, (goal - posed)[..., None])[..., 0]
