"""Linear blend skinning of FLAME-format models, for numpy arrays and torch tensors alike.

The equations are those of FLAME (Li et al. 2017, Eq. 1-4), which are SMPL's (Loper et al. 2015):
shape and expression offsets are added to the template, joints are read off the result by a sparse
regressor, pose correctives (linear in the entries of the joint rotations) are added, and every
vertex follows its joints. B batch, V vertices, J joints, E expression coefficients.

Each function takes `xp`, numpy or torch; only calls that both spell alike are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_TINY = 1e-12


@dataclass(frozen=True)
class Rig:
    """What skinning needs, as arrays of one library, dtype and device.

    Attributes:
        template: [V, 3] metres. directions: [K, V * 3], shape, expression and eyelid offsets.
        pose_directions: [(J - 1) * 9, V * 3].
        regressor: [J, V]. weights: [V, J]. parents: of each joint, -1 for the root.
    """

    template: Any
    directions: Any
    pose_directions: Any
    regressor: Any
    weights: Any
    parents: tuple[int, ...]


def rotation_matrices(xp: Any, vectors: Any) -> Any:
    """Return rotation matrices [..., 3, 3] of rotation vectors [..., 3] in radians (Rodrigues)."""
    angle = xp.sqrt((vectors * vectors).sum(-1) + _TINY)[..., None, None]
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    zero = x * 0.0
    rows = [xp.stack(row, -1) for row in ((zero, -z, y), (z, zero, -x), (-y, x, zero))]
    cross = xp.stack(rows, -2) / angle
    sine, cosine = xp.sin(angle), xp.cos(angle)
    one = _eye_like(xp, cross)
    return one + sine * cross + (1.0 - cosine) * (cross @ cross)


def _eye_like(xp: Any, matrices: Any) -> Any:
    """Return the identity [3, 3] in the dtype, and on the device, of some matrices."""
    options = {"dtype": matrices.dtype}
    if xp.__name__ == "torch":
        options["device"] = matrices.device
    return xp.eye(3, **options)


def pose_features(xp: Any, rotations: Any) -> Any:
    """Return what pose correctives are linear in: R - 1 of all joints but the root, [B, 9(J-1)]."""
    features = rotations[:, 1:] - _eye_like(xp, rotations)
    return features.reshape(len(rotations), -1)


def joint_transforms(
    xp: Any, rotations: Any, joints: Any, parents: tuple[int, ...]
) -> tuple[Any, Any]:
    """Return what each joint does to a point: x -> turn @ x + shift, [B, J, 3, 3] and [B, J, 3].

    A joint turns about its place [B, J, 3] and rides on its parent.
    """
    turns, places = [rotations[:, 0]], [joints[:, 0]]
    for joint in range(1, len(parents)):
        parent = parents[joint]
        bone = (joints[:, joint] - joints[:, parent])[..., None]
        turns.append(turns[parent] @ rotations[:, joint])
        places.append(places[parent] + (turns[parent] @ bone)[..., 0])
    turn, place = xp.stack(turns, 1), xp.stack(places, 1)
    return turn, place - (turn @ joints[..., None])[..., 0]


def skin(xp: Any, rig: Rig, coefficients: Any, pose: Any) -> tuple[Any, Any]:
    """Return vertices [B, V, 3] and joints [B, J, 3] in metres.

    Args:
        coefficients: [B, K], one for each row of `rig.directions`.
        pose: [B, J, 3] rotation vectors in radians.
    """
    n_batch, n_vertices = len(pose), len(rig.template)
    shaped = rig.template + (coefficients @ rig.directions).reshape(n_batch, n_vertices, 3)
    joints = rig.regressor @ shaped
    rotations = rotation_matrices(xp, pose)
    offsets = pose_features(xp, rotations) @ rig.pose_directions
    posed = shaped + offsets.reshape(n_batch, n_vertices, 3)
    turn, shift = joint_transforms(xp, rotations, joints, rig.parents)
    n_joints = len(rig.parents)
    turns = (rig.weights @ turn.reshape(n_batch, n_joints, 9)).reshape(n_batch, n_vertices, 3, 3)
    moved = (turns @ posed[..., None])[..., 0] + rig.weights @ shift
    return moved, (turn @ joints[..., None])[..., 0] + shift
