"""A FLAME-format head model: its arrays and its skinning.

A model is a template with shape, expression and pose offsets and five joints (root, neck, jaw,
left and right eye); +X is the character's left, +Y up, +Z ahead, metres. `basis_id` names what
its expression coefficients mean: two files with the same arrays have the same one. Only
`TorchFlame` needs torch, and loads it when it is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import BasisError, FlameError
from .skinning import Rig, skin

Float = NDArray[np.float32]
Int = NDArray[np.int32]

JOINTS: Final = ("root", "neck", "jaw", "eye_left", "eye_right")

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
