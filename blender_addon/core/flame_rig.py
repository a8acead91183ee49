"""What a FLAME model is in Blender: arrays turned Z up, bones, and a clip as curves.

Shape keys carry the expressions and the pose correctives, an armature the five joints; together
they are FLAME's own skinning, so a baked clip puts every vertex where the model does. No bpy here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..vendor import (
    flame_clip,
    flame_errors,
    flame_model,
    flame_model_files,
    flame_skinning,
)
from .errors import CharacterError

Float = NDArray[np.float32]
Double = NDArray[np.float64]

BUILT_IN_FILE: Final = Path(__file__).parents[1] / "assets" / "soliloquy_flame.npz"
CHECKOUT_SOURCE: Final = "flame.built_in:built_in_flame_model"
BONES: Final = ("root", "neck", "jaw", "eye_left", "eye_right")
Z_UP: Final = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""FLAME's Y up to Blender's Z up; the face looks along -Y."""
BONE_LENGTH: Final = 0.03  # metres

_STILL: Final = 1e-7  # metres; a corrective that moves nothing gets no shape key


def read_model(path: Path | None) -> flame_model.FlameModel:
    """Read a FLAME file without running what is in it; None is the built-in head.

    Raises:
        CharacterError: it cannot be read, or this installation has no built-in FLAME head.
    """
    try:
        if path is not None:
            return flame_model_files.read_flame_model(path)
        if BUILT_IN_FILE.is_file():
            return flame_model_files.read_flame_model(BUILT_IN_FILE)
    except flame_errors.FlameError as error:
        raise CharacterError(str(error)) from error
    module, _, function = CHECKOUT_SOURCE.partition(":")
    try:
        return getattr(import_module(module), function)()
    except (ImportError, AttributeError) as error:
        raise CharacterError(
            "This installation has no built-in FLAME head. Choose a FLAME file."
        ) from error


def expression_key(index: int) -> str:
    """Name of the shape key of an expression coefficient."""
    return f"Exp{index + 1:03d}"


def pose_key(index: int) -> str:
    """Name of the shape key of a pose corrective, an entry of R - 1."""
    return f"Pose{index + 1:02d}"


EYELID_KEYS: Final = ("EyelidLeft", "EyelidRight")


def z_up(points: NDArray[Any]) -> Float:
    """Turn points or displacements [..., 3] from FLAME's axes to Blender's."""
    return (np.asarray(points, np.float64) @ Z_UP.T).astype(np.float32)


def shape_keys(model: flame_model.FlameModel) -> dict[str, Float]:
    """Return the displacement [V, 3] of every shape key, Z up."""
    keys = {
        expression_key(i): z_up(model.expression_directions[..., i])
        for i in range(model.n_expressions)
    }
    for i in range(model.pose_directions.shape[-1]):
        if np.abs(model.pose_directions[..., i]).max() > _STILL:
            keys[pose_key(i)] = z_up(model.pose_directions[..., i])
    if model.eyelid_directions is not None:
        for i, name in enumerate(EYELID_KEYS):
            keys[name] = z_up(model.eyelid_directions[..., i])
    return keys


@dataclass(frozen=True)
class Curves:
    """A clip baked for a FLAME head.

    Attributes:
        keys: shape key -> [T].
        turns: float64 [T, 5, 3, 3], what each joint does to a point: turn @ x + shift, Z up.
        shifts: float64 [T, 5, 3].
    """

    keys: dict[str, Float]
    turns: Double
    shifts: Double


def bake(model: flame_model.FlameModel, clip: flame_clip.FlameClip) -> Curves:
    """Return a clip as shape-key values and joint transforms.

    Raises:
        CharacterError: the clip is in another basis than the model.
    """
    clip = _in_basis(model, clip)
    assert clip.jaw is not None and clip.neck is not None  # FlameClip fills them
    assert clip.root is not None and clip.eyes is not None and clip.translation is not None
    vectors = np.stack(
        [clip.root, clip.neck, clip.jaw, clip.eyes[:, 0], clip.eyes[:, 1]], axis=1
    ).astype(np.float64)
    rotations = flame_skinning.rotation_matrices(np, vectors)
    features = flame_skinning.pose_features(np, rotations)
    keys = {
        expression_key(i): clip.expression[:, i] if i < clip.expression.shape[1] else still
        for i in range(model.n_expressions)
        for still in (np.zeros(clip.n_frames, np.float32),)
    }
    keys |= {pose_key(i): features[:, i].astype(np.float32) for i in range(features.shape[1])}
    if clip.eyelids is not None:
        keys |= {name: clip.eyelids[:, i] for i, name in enumerate(EYELID_KEYS)}
    # The joints ride on the expression a little, as FLAME's regressor says.
    per_coefficient = np.einsum("jv,vde->jde", model.joint_regressor, model.expression_directions)
    n = clip.expression.shape[1]
    moved = np.einsum("te,jde->tjd", clip.expression, per_coefficient[..., :n])
    joints = model.joints.astype(np.float64) + moved
    turns, shifts = flame_skinning.joint_transforms(np, rotations, joints, model.parents)
    shifts = shifts + clip.translation[:, None]
    return Curves(keys, Z_UP @ turns @ Z_UP.T, shifts @ Z_UP.T)


def _in_basis(model: flame_model.FlameModel, clip: flame_clip.FlameClip) -> flame_clip.FlameClip:
    if clip.basis_id and clip.basis_id != model.basis_id:
        raise CharacterError(
            "The clip's expressions are in the basis '{clip}', and this head has '{head}'. Convert "
            "it: soliloquy convert IN.npz OUT.flame.npz --from-flame ITS_MODEL --flame THIS_MODEL",
            clip=clip.basis_id,
            head=model.basis_id,
        )
    if clip.expression.shape[1] > model.n_expressions:
        raise CharacterError(
            "The clip has {clip} expression coefficients and this head {head}. Add the head of the "
            "FLAME file that it was made with.",
            clip=clip.expression.shape[1],
            head=model.n_expressions,
        )
    return clip


def bone_rest(joints: Float) -> Double:
    """Return rest matrices [5, 4, 4] of bones that point up (neck, root) or ahead, Z up."""
    rest = np.tile(np.eye(4), (len(joints), 1, 1))
    rest[:, :3, 3] = z_up(joints)
    return rest


def basis_matrices(curves: Curves, rest: Double, parents: tuple[int, ...]) -> Double:
    """Return each bone's matrix relative to its rest and parent, [T, 5, 4, 4], as Blender keys it.

    Args:
        rest: [5, 4, 4], `bone.matrix_local` of the bones.
    """
    n_frames, n_bones = curves.turns.shape[:2]
    pose = np.tile(np.eye(4), (n_frames, n_bones, 1, 1))
    pose[..., :3, :3], pose[..., :3, 3] = curves.turns, curves.shifts
    pose = pose @ rest
    out = np.empty_like(pose)
    for bone, parent in enumerate(parents):
        if parent < 0:
            out[:, bone] = np.linalg.inv(rest[bone]) @ pose[:, bone]
        else:
            own = np.linalg.inv(rest[parent]) @ rest[bone]
            out[:, bone] = np.linalg.inv(own) @ np.linalg.inv(pose[:, parent]) @ pose[:, bone]
    return out


def quaternions(matrices: Double) -> Float:
    """Return quaternions (w, x, y, z) [T, 4] of matrices [T, 4, 4], without jumps of sign."""
    m = matrices[:, :3, :3]
    diagonal = np.stack([m[:, 0, 0], m[:, 1, 1], m[:, 2, 2]], axis=1)
    trace = diagonal.sum(axis=1, keepdims=True)
    squares = np.concatenate([1 + trace, 1 + 2 * diagonal - trace], axis=1) / 4
    size = np.sqrt(np.maximum(squares, 0.0))
    upper = {(0, 1): m[:, 2, 1] - m[:, 1, 2], (0, 2): m[:, 0, 2] - m[:, 2, 0],
             (0, 3): m[:, 1, 0] - m[:, 0, 1], (1, 2): m[:, 1, 0] + m[:, 0, 1],
             (1, 3): m[:, 0, 2] + m[:, 2, 0], (2, 3): m[:, 2, 1] + m[:, 1, 2]}  # fmt: skip
    out = np.empty((len(m), 4))
    for largest in range(4):
        rows = squares.argmax(axis=1) == largest
        for k in range(4):
            pair = (min(k, largest), max(k, largest))
            out[rows, k] = (
                size[rows, k] if k == largest else upper[pair][rows] / (4 * size[rows, largest])
            )
    for t in range(1, len(out)):
        if out[t] @ out[t - 1] < 0:
            out[t] = -out[t]
    return out.astype(np.float32)


def rotation_vectors(quaternion: NDArray[Any]) -> Float:
    """Return rotation vectors [..., 3] in radians of quaternions (w, x, y, z)."""
    q = np.asarray(quaternion, np.float64)
    q = q / np.maximum(np.linalg.norm(q, axis=-1, keepdims=True), 1e-12)
    q = np.where(q[..., :1] < 0, -q, q)
    length = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(length, q[..., :1])
    return (q[..., 1:] * np.where(length > 1e-9, angle / np.maximum(length, 1e-9), 2.0)).astype(
        np.float32
    )


def y_up(vectors: NDArray[Any]) -> Float:
    """Turn vectors [..., 3] from Blender's axes to FLAME's."""
    return (np.asarray(vectors, np.float64) @ Z_UP).astype(np.float32)
