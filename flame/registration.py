"""Lays the built-in head over another head model and carries the 52 shapes across.

A warp through the landmarks comes first, then non-rigid registration in the manner of Amberg et
al. 2007: nearest points that face the same way pull the skin, edges hold it together, and the
stiffness falls from step to step. Each shape's displacement is then carried to the model's
vertices, stretched and turned as the skin around it was (Sumner and Popovic 2004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from arkit.names import ARKIT_NAMES
from flame.built_in import inner_landmarks, triangles
from flame.errors import TransferError
from flame.head import Head, built_in_head
from flame.model import FlameModel
from flame.surfaces import Indices, Surface, nearest_points, smooth_field

Array = NDArray[np.float64]

MAX_MEAN_ERROR_MM: Final = 1.0
"""Mean distance between the laid-over face and the model's; beyond it shapes would slip."""
_STEPS: Final = (30.0, 15.0, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.1)
"""Stiffness from step to step."""
_REACH: Final = 0.008  # metres: farther points pull nothing, and no shape is carried farther
_FACE_MOTION: Final = 3e-4  # metres: vertices that some shape moves by more are the face
_NEIGHBOURS: Final = 6
_FACING: Final = 0.2  # least cosine between normals of partners
_LANDMARK_TRUST: Final = 20.0
_INNER_LIPS: Final = (0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)  # 60 to 67: 62 and 66 are the middle
_LANDMARK_SHARES: Final = np.array([0.1] * 10 + [0.3] * 9 + [1.0] * 24 + [*_INNER_LIPS])
"""Brows are drawn, not shaped; eyes and lips are what must meet. Along the inner lips only the
middle is where everybody puts it; the others differ by up to 4 mm from head to head."""
_STRETCH: Final = (0.6, 1.6)


@dataclass(frozen=True)
class Registration:
    """The 52 shapes on those vertices of a model where its skin has a partner.

    Attributes:
        vertices: int64 [N], which of the model's vertices.
        displacements: float32 [52, N, 3] metres, of the model's own size.
        mean_error_mm: mean distance of the model's face to the laid-over one.
    """

    vertices: Indices
    displacements: NDArray[np.float32]
    mean_error_mm: float


def similarity(source: Array, target: Array, shares: Array) -> tuple[float, Array, Array]:
    """Return scale, rotation and shift that bring points [L, 3] to others (Umeyama 1991)."""
    shares = shares / shares.sum()
    source_mean, target_mean = shares @ source, shares @ target
    a, b = source - source_mean, target - target_mean
    u, spread, vt = np.linalg.svd((b * shares[:, None]).T @ a)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = np.matmul(u * sign, vt)
    scale = float((spread * sign).sum() / (shares @ (a * a).sum(axis=1)))
    shift: Array = target_mean - scale * rotation @ source_mean
    return scale, rotation, shift


def register(model: FlameModel) -> Registration:
    """Carry the 52 shapes over to a model.

    Raises:
        TransferError: no landmarks, or a face that is further from the built-in one than
            `MAX_MEAN_ERROR_MM` on the mean after all.
    """
    if model.embedding is None:
        raise TransferError(
            f"'{model.name}' has no landmark file, so its lips and lids cannot be found. "
            "Put flame_static_embedding.pkl (or landmark_embedding.npy) beside it."
        )
    head = built_in_head()
    skin = slice(head.parts["head"].start, head.parts["head"].stop)
    rest = _outer_skin(head)
    goal = _skin_of(model)
    used = np.unique(goal.faces)
    laid = _lay(rest, goal, model.landmarks(model.template).astype(np.float64))
    near = nearest_points(laid, goal.vertices[used], goal.normals[used])
    firm = near.agrees & (near.distance < _REACH)
    shapes = np.stack([head.shapes[name][skin] for name in ARKIT_NAMES]).astype(np.float64)
    moves = near.carry(laid, np.linalg.norm(shapes, axis=2).max(axis=0))
    error = _mean_error_mm(near.distance[firm & (moves > _FACE_MOTION)], model.name)
    stretched = np.einsum("vij,kvj->vki", _stretches(rest, laid), shapes)
    carried = np.moveaxis(near.carry(laid, stretched), 1, 0)
    return Registration(used[firm], carried[:, firm].astype(np.float32), error)


def _outer_skin(head: Head) -> Surface:
    """The built-in skin without the inside of the mouth, which would lie on the lips."""
    span = head.parts["head"]
    of_skin = (head.faces[:, 0] >= span.start) & (head.faces[:, 0] < span.stop)
    outside = head.face_material != head.materials.index("mouth")
    faces = triangles(head.faces[of_skin & outside]).astype(np.int64)
    return Surface(head.vertices[span.start : span.stop].astype(np.float64), faces)


def _mean_error_mm(distance: Array, name: str) -> float:
    error = 1000.0 * float(distance.mean()) if len(distance) else np.inf
    if error > MAX_MEAN_ERROR_MM:
        raise TransferError(
            f"The 52 shapes cannot be carried over to '{name}': its face is {error:.2f} mm "
            f"from the built-in one on the mean, and {MAX_MEAN_ERROR_MM:g} mm is the limit. "
            "Check that its landmark file belongs to it."
        )
    return error


def _skin_of(model: FlameModel) -> Surface:
    """The part of the model's surface that hangs together with its landmarks: no eyes, teeth."""
    assert model.embedding is not None
    ends = np.concatenate([model.faces[:, :2], model.faces[:, 1:]])
    links = coo_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=[model.n_vertices] * 2)
    _, part = connected_components(links, directed=False)
    skin = np.unique(part[model.faces[model.embedding.faces].ravel()])
    faces = model.faces[np.isin(part[model.faces[:, 0]], skin)]
    return Surface(model.template.astype(np.float64), faces.astype(np.int64))


def _lay(rest: Surface, goal: Surface, marks: Array) -> Surface:
    """Return the built-in skin laid over the goal, whose landmarks are `marks` [51, 3]."""
    index = inner_landmarks(built_in_head())
    scale, rotation, shift = similarity(rest.vertices[index], marks, _LANDMARK_SHARES)
    start = scale * rest.vertices @ rotation.T + shift
    firm = _LANDMARK_SHARES >= 0.3
    known, where = np.unique(index[firm], return_index=True)
    pull = (marks - start[index])[firm][where]
    warp = RBFInterpolator(start[known], pull, kernel="linear", smoothing=1e-4, neighbors=None)
    laid = Surface(start + warp(start), rest.faces)
    tree = KDTree(goal.vertices)
    for stiffness in _STEPS:
        pull, trust = _pull(tree, goal, laid)
        pull[known] = marks[firm][where] - laid.vertices[known]
        trust[known] = _LANDMARK_TRUST * _LANDMARK_SHARES[firm][where]
        laid = Surface(laid.vertices + smooth_field(laid, pull, trust, stiffness), rest.faces)
    return laid


def _pull(tree: KDTree, goal: Surface, laid: Surface) -> tuple[Array, Array]:
    """Return the way [V, 3] from each vertex to the goal's tangent plane near it, and its trust."""
    found = tree.query(laid.vertices, k=_NEIGHBOURS)
    distance, near = np.asarray(found[0]), np.asarray(found[1])
    facing = np.einsum("vkd,vd->vk", goal.normals[near], laid.normals) > _FACING
    best = np.where(facing, distance, np.inf).argmin(axis=1)
    row = np.arange(len(near))
    partner = near[row, best]
    normal = goal.normals[partner]
    gap = ((goal.vertices[partner] - laid.vertices) * normal).sum(axis=1, keepdims=True)
    trust = facing[row, best] & (distance[row, best] < _REACH)
    return gap * normal, trust.astype(np.float64)


def _stretches(rest: Surface, laid: Surface) -> Array:
    """Return how the skin around each vertex was stretched and turned, [V, 3, 3]."""
    frames = []
    for surface in (rest, laid):
        a, b, c = (surface.vertices[surface.faces[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        normal /= np.maximum(np.sqrt(np.linalg.norm(normal, axis=1, keepdims=True)), 1e-9)
        frames.append(np.stack([b - a, c - a, normal], axis=-1))
    flat = np.abs(np.linalg.det(frames[0])) < 1e-15
    frames[0][flat] = np.eye(3)
    change = frames[1] @ np.linalg.inv(frames[0])
    change[flat] = np.nan
    u, size, vt = np.linalg.svd(np.nan_to_num(change, nan=0.0))
    mean = float(np.median(size))
    bounded = (u * np.clip(size, _STRETCH[0] * mean, _STRETCH[1] * mean)[:, None]) @ vt
    total, count = np.zeros((len(rest.vertices), 3, 3)), np.zeros(len(rest.vertices))
    for corner in range(3):
        np.add.at(total, rest.faces[~flat, corner], bounded[~flat])
        np.add.at(count, rest.faces[~flat, corner], 1.0)
    field = (total / np.maximum(count, 1.0)[:, None, None]).reshape(-1, 9)
    return smooth_field(rest, field, (count > 0).astype(np.float64), 20.0).reshape(-1, 3, 3)
