"""The built-in head as a FLAME-format model, so that everything FLAME runs with no licence file.

Jaw, neck and eyes are joints. Where ARKit moves the jaw along a straight line and a joint turns it,
the pose correctives make up the difference, so that both close the lips alike. What is left of the
52 shapes, and what a turned jaw takes from them, spans the expressions: principal components of
random faces, in `built_in_basis.npz` so that a coefficient means the same on every machine
(`python -m flame.making_basis` makes that file anew when the shapes of the face change). Teeth,
tongue, lashes and the inside of the mouth ride along: they may be drawn better without a new basis.
The file also keeps the metric of its coordinates (`flame.mapping`), in which trained weights speak.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from flame.errors import FlameFileError
from flame.head import Head, built_in_head
from flame.head.eyes_shapes import LOOK_RADIANS
from flame.head.frame import JAW_AXIS, jaw_weight, make_face
from flame.head.jaw import OPEN_RADIANS
from flame.head.skin import build_skin
from flame.head.surface import EYE_CENTRE
from flame.model import Embedding, FlameModel
from flame.skinning import rotation_matrices

Array = NDArray[np.float64]

BASIS_FILE: Final = Path(__file__).with_name("built_in_basis.npz")
PARENTS: Final = (-1, 0, 1, 1, 1)
CM: Final = 0.01
_ROOT: Final = (0.0, -0.17, -0.02)
_NECK: Final = (0.0, -0.10, -0.01)
_STILL: Final = 1e-7  # metres
_LEAST: Final = 2e-5
"""Metres at one standard deviation: a component that moves every vertex by less is left out."""
_N_FACES: Final = 4000
SIDE_RADIANS: Final = float(np.arctan2(0.68, 8.6))
"""How far the jaw turns about its upright axis for jawLeft: the chin's shift beyond the joint's."""


def jaw_turns() -> Array:
    """Return the jaw's rotation vector [52, 3] at coefficient 1 of each blendshape."""
    turns = np.zeros((len(ARKIT_NAMES), 3))
    turns[INDEX["jawOpen"], 0] = OPEN_RADIANS
    turns[INDEX["jawLeft"], 1] = SIDE_RADIANS
    turns[INDEX["jawRight"], 1] = -SIDE_RADIANS
    return turns


def eye_turns() -> Array:
    """Return the eyes' rotation vectors [52, 2, 3] (left, right) at coefficient 1."""
    turns = np.zeros((len(ARKIT_NAMES), 2, 3))
    for eye, (side, out) in enumerate((("Left", 1.0), ("Right", -1.0))):
        turns[INDEX[f"eyeLookUp{side}"], eye, 0] = -LOOK_RADIANS["Up"]
        turns[INDEX[f"eyeLookDown{side}"], eye, 0] = LOOK_RADIANS["Down"]
        turns[INDEX[f"eyeLookOut{side}"], eye, 1] = out * LOOK_RADIANS["Out"]
        turns[INDEX[f"eyeLookIn{side}"], eye, 1] = -out * LOOK_RADIANS["In"]
    return turns


@dataclass(frozen=True)
class _Rigging:
    """The built-in head's joints, weights and pose correctives."""

    head: Head
    joints: Array
    weights: Array
    pose_directions: Array  # [V, 3, 36]

    @property
    def displacements(self) -> Array:
        """The 52 shapes [52, V, 3], without what turning the eyes does."""
        shapes = np.stack([self.head.shapes[name] for name in ARKIT_NAMES]).astype(np.float64)
        shapes[:, self.weights[:, 3:].sum(axis=1) > 0.5] = 0.0
        return shapes


def _weights(head: Head) -> Array:
    """Return the share of each joint in each vertex, [V, 5]."""
    weights = np.zeros((len(head.vertices), 5))
    skin = head.parts["head"]
    weights[skin.start : skin.stop, 2] = jaw_weight(make_face(build_skin()))
    for part, joint in (("teeth_lower", 2), ("tongue", 2), ("eye_left", 3), ("eye_right", 4)):
        span = head.parts[part]
        weights[span.start : span.stop, joint] = 1.0
    rise = np.clip((head.vertices[:, 1] + 0.17) / 0.06, 0.0, 1.0)
    rise = rise * rise * (3 - 2 * rise)  # as in flame.preview.turn_head
    rest = 1.0 - weights.sum(axis=1)
    weights[:, 0], weights[:, 1] = rest * (1.0 - rise), rest * rise
    return weights


def _joints() -> Array:
    left = np.array(EYE_CENTRE) * CM
    right = left * np.array([-1.0, 1.0, 1.0])
    return np.stack([np.array(_ROOT), np.array(_NECK), JAW_AXIS * CM, left, right])


def _regressor(head: Head, joints: Array) -> Array:
    """Return [5, V] rows that sum to 1 and give the joints from vertices that no shape moves."""
    moved = np.max([np.abs(delta).max(axis=1) for delta in head.shapes.values()], axis=0)
    still = np.flatnonzero(moved < _STILL)
    rows = np.zeros((5, len(head.vertices)))
    for joint, place in enumerate(joints):
        span = {3: "eye_left", 4: "eye_right"}.get(joint)
        among = np.array(head.parts[span])[::12] if span else still[:: max(len(still) // 60, 1)]
        system = np.vstack([np.ones(len(among)), head.vertices[among].T.astype(np.float64)])
        rows[joint, among] = np.linalg.lstsq(system, np.append(1.0, place), rcond=None)[0]
    return rows


def _unposed(points: Array, share: Array, turn: Array, pivot: Array) -> Array:
    """Return the points that a joint with a share [V] in them turns into `points` [V, 3]."""
    blend = (1.0 - share)[:, None, None] * np.eye(3) + share[:, None, None] * turn
    return np.linalg.solve(blend, (points - share[:, None] * (pivot - turn @ pivot))[..., None])[
        ..., 0
    ]


def _pose_directions(head: Head, joints: Array, weights: Array) -> Array:
    """Return correctives [V, 3, 36] that make the jaw's turns look as jawOpen and jawLeft do.

    The entries of R - 1 that are used are sin and cos - 1 of the turn about one axis alone.
    """
    out = np.zeros((len(head.vertices), 3, 4, 3, 3))
    for name, axis, sine, cosine in (
        ("jawOpen", 0, (2, 1), (1, 1)),
        ("jawLeft", 1, (0, 2), (0, 0)),
    ):
        delta = head.shapes[name].astype(np.float64)
        full = np.linalg.norm(jaw_turns()[INDEX[name]])
        signs = (0.25, 0.5, 0.75, 1.0) if name == "jawOpen" else (-1.0, -0.5, 0.5, 1.0)
        basis, offsets = [], []
        for share in signs:
            vector = np.zeros(3)
            vector[axis] = share * full
            turn = rotation_matrices(np, vector)
            goal = head.vertices + share * delta
            rest = _unposed(goal, weights[:, 2], turn, joints[2]) - head.vertices
            basis.append([np.sin(share * full), np.cos(share * full) - 1.0])
            offsets.append(rest.ravel())
        fit = np.linalg.lstsq(np.array(basis), np.array(offsets), rcond=None)[0]
        for entry, row in ((sine, fit[0]), (cosine, fit[1])):
            out[:, :, 1, entry[0], entry[1]] += row.reshape(-1, 3)
    return out.reshape(len(head.vertices), 3, 36)


@cache
def _rigging() -> _Rigging:
    head = built_in_head()
    joints, weights = _joints(), _weights(head)
    return _Rigging(head, joints, weights, _pose_directions(head, joints, weights))


def taken_by_jaw(displacements: Array, jaw: Array, axis: int) -> Array:
    """Return what must be added to displacements [K, V, 3] for each radian that the jaw turns.

    The jaw turns the offsets of its vertices along; the first-order remedy is -w (axis x offset).
    """
    unit = np.zeros(3)
    unit[axis] = 1.0
    return -jaw[:, None] * np.cross(unit, displacements)


def _generators(rigging: _Rigging) -> tuple[Array, list[int], list[int]]:
    """Return vectors [K, V * 3] that span the expressions, and which shapes they come from."""
    turned = np.abs(jaw_turns()).sum(axis=1) > 0
    shapes = rigging.displacements
    moves = np.abs(shapes).max(axis=(1, 2)) > _STILL
    plain = [k for k in range(len(shapes)) if moves[k] and not turned[k]]
    remedies = taken_by_jaw(shapes, rigging.weights[:, 2], 0)
    heavy = [k for k in plain if np.abs(remedies[k]).max() * OPEN_RADIANS > 10 * _LEAST]
    vectors = np.concatenate([shapes[plain], remedies[heavy]])
    return vectors.reshape(len(vectors), -1), plain, heavy


def _random_faces(n_faces: int) -> Array:
    """Return faces [N, 52] with a few shapes each, left and right mostly together."""
    rng = np.random.default_rng(0)
    faces = rng.uniform(0, 1, (n_faces, 52)) * (rng.uniform(0, 1, (n_faces, 52)) < 0.12)
    for name in ARKIT_NAMES:
        if name.endswith("Left"):
            left, right = INDEX[name], INDEX[name.removesuffix("Left") + "Right"]
            together = rng.uniform(0, 1, n_faces) < 0.7
            faces[together, right] = faces[together, left]
    faces[:, INDEX["jawOpen"]] = rng.uniform(0, 1, n_faces) ** 2
    return faces


def make_basis() -> dict[str, NDArray[np.float64]]:
    """Return the principal components as mixtures [E, K] of the generators, and a fingerprint."""
    vectors, plain, heavy = _generators(_rigging())
    faces = _random_faces(_N_FACES)
    opened = faces[:, [INDEX["jawOpen"]]] * OPEN_RADIANS
    mixtures = np.concatenate([faces[:, plain], opened * faces[:, heavy]], axis=1)
    # Components of mixtures @ vectors, found among the K generators: with G = L L^T their Gram
    # matrix, those of mixtures @ L have the same variances.
    gram = vectors @ vectors.T
    root = np.linalg.cholesky(gram + 1e-12 * np.trace(gram) * np.eye(len(gram)))
    _, spread, axes = np.linalg.svd(mixtures @ root / np.sqrt(_N_FACES), full_matrices=False)
    table = np.linalg.solve(root.T, (spread[:, None] * axes).T).T
    table *= np.sign(table[np.arange(len(table)), np.abs(table).argmax(axis=1)])[:, None]
    reach = np.linalg.norm((table @ vectors).reshape(len(table), -1, 3), axis=2).max(axis=1)
    return {"table": table[reach > _LEAST], "fingerprint": _fingerprint(vectors)}


def _face(head: Head) -> NDArray[np.int64]:
    """Return the skin's vertices that can be seen from outside: not the inside of the mouth."""
    skin = head.parts["head"]
    inner = head.faces[head.face_material == head.materials.index("mouth")]
    return np.setdiff1d(np.arange(skin.start, skin.stop, dtype=np.int64), inner)


def _fingerprint(vectors: Array) -> Array:
    """Return the generators' lengths on the face in mm, by which a changed face is noticed."""
    face = _face(_rigging().head)
    return 1000.0 * np.linalg.norm(vectors.reshape(len(vectors), -1, 3)[:, face], axis=(1, 2))


@cache
def built_in_flame_model() -> FlameModel:
    """Return the built-in head in FLAME's format; made once (about four seconds).

    Raises:
        FlameFileError: the basis file is not that of this head.
    """
    rigging = _rigging()
    head = rigging.head
    with np.load(BASIS_FILE, allow_pickle=False) as file:
        table, fingerprint, basis_id = file["table"], file["fingerprint"], str(file["basis_id"])
    vectors, _, _ = _generators(rigging)
    if len(fingerprint) != len(vectors) or np.abs(fingerprint - _fingerprint(vectors)).max() > 0.1:
        raise FlameFileError(
            f"{BASIS_FILE.name} belongs to another version of the built-in head. "
            "Make it anew: python -m flame.making_basis"
        )
    directions = (table.astype(np.float64) @ vectors).reshape(len(table), -1, 3)
    return FlameModel(
        name="Soliloquy head",
        template=head.vertices,
        faces=triangles(head.faces),
        shape_directions=np.zeros((len(head.vertices), 3, 0), np.float32),
        expression_directions=np.moveaxis(directions, 0, -1).astype(np.float32),
        pose_directions=rigging.pose_directions.astype(np.float32),
        joint_regressor=_regressor(head, rigging.joints).astype(np.float32),
        weights=rigging.weights.astype(np.float32),
        parents=PARENTS,
        embedding=_embedding(head),
        basis_id=basis_id,
    )


def triangles(quads: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return two triangles [2 F, 3] for each quad [F, 4]."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)


# Spots (cm) nearest to which brow and nose landmarks lie; x is that of the right side.
_BROW: Final = ((-4.9, 1.8, 8.0), (-4.1, 2.15, 8.8), (-3.2, 2.3, 9.4), (-2.3, 2.1, 9.6),
                (-1.4, 1.75, 9.6))  # fmt: skip
_BRIDGE: Final = ((0.0, 0.6, 12.0), (0.0, -0.9, 12.0), (0.0, -2.3, 12.0), (0.0, -3.65, 12.0))
_NOSTRILS: Final = ((-1.3, -4.7, 10.0), (-0.65, -4.85, 10.4), (0.0, -4.95, 10.2),
                    (0.65, -4.85, 10.4), (1.3, -4.7, 10.0))  # fmt: skip


def inner_landmarks(head: Head) -> NDArray[np.int32]:
    """Return the head's vertices [51] at the inner landmarks of iBUG's 68: brows to lips.

    iBUG goes from the character's right to the left; our lips go from left to right, our lids
    from the outer corner to the inner one.
    """
    mirrored = tuple((-x, y, z) for x, y, z in _BROW[::-1])
    spots = np.array([*_BROW, *mirrored, *_BRIDGE, *_NOSTRILS]) * CM
    skin = head.vertices[head.parts["head"].start : head.parts["head"].stop]
    found = [int(np.argmin(((skin - spot) ** 2).sum(axis=1))) for spot in spots]
    thirds = (1 / 3, 2 / 3)
    found += [*_spot(head, "eye_outer_corner_right"), *_along(head, "upper_lid_right", thirds)]
    found += [
        *_spot(head, "eye_inner_corner_right"),
        *_along(head, "lower_lid_right", thirds[::-1]),
    ]
    found += [*_spot(head, "eye_inner_corner_left"), *_along(head, "upper_lid_left", thirds[::-1])]
    found += [*_spot(head, "eye_outer_corner_left"), *_along(head, "lower_lid_left", thirds)]
    right, left = _spot(head, "mouth_corner_right"), _spot(head, "mouth_corner_left")
    sixths, fourths = (1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6), (1 / 4, 2 / 4, 3 / 4)
    found += [*right, *_along(head, "upper_lip_border", sixths[::-1])]
    found += [*left, *_along(head, "lower_lip_border", sixths)]
    found += [*right, *_along(head, "upper_lip_inner", fourths[::-1])]
    found += [*left, *_along(head, "lower_lip_inner", fourths)]
    return np.array(found, np.int32)


def _spot(head: Head, name: str) -> list[int]:
    return [int(head.landmarks[name][0])]


def _along(head: Head, name: str, shares: tuple[float, ...]) -> list[int]:
    line = head.landmarks[name]
    return [int(line[round(share * (len(line) - 1))]) for share in shares]


def _embedding(head: Head) -> Embedding:
    """Return the landmarks as corners of triangles."""
    marks = inner_landmarks(head)
    faces = triangles(head.faces)
    first = np.full(len(head.vertices), -1)
    first[faces[::-1].ravel()] = np.repeat(np.arange(len(faces))[::-1], 3)
    index = first[marks]
    return Embedding(index.astype(np.int32), (faces[index] == marks[:, None]).astype(np.float32))


def built_in_metric() -> Array | None:
    """Return the metric [P, P] that belongs to the basis; None while it is made anew."""
    with np.load(BASIS_FILE, allow_pickle=False) as file:
        return file["metric"].astype(np.float64) if "metric" in file.files else None
