"""Triangle surfaces: normals, the nearest point of one to another, smooth fields on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csc_matrix, diags
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

_NEIGHBOURS = 4  # vertices whose triangles are looked at for a nearest point


@dataclass(frozen=True)
class Surface:
    """Vertices [V, 3] and triangles [F, 3]."""

    vertices: Array
    faces: Indices

    @cached_property
    def normals(self) -> Array:
        """Unit normals of the vertices, [V, 3]."""
        a, b, c = (self.vertices[self.faces[:, k]] for k in range(3))
        cross = np.cross(b - a, c - a)
        total = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(total, self.faces[:, corner], cross)
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-18)

    @cached_property
    def faces_at(self) -> Indices:
        """Triangles at each vertex, [V, most], padded with -1."""
        corner = self.faces.ravel()
        order = np.argsort(corner, kind="stable")
        degree = np.bincount(corner, minlength=len(self.vertices))
        start = np.concatenate([[0], np.cumsum(degree)[:-1]])
        slot = np.arange(len(corner)) - np.repeat(start, degree)
        table = np.full((len(self.vertices), max(int(degree.max()), 1)), -1)
        table[corner[order], slot] = order // 3
        return table

    @cached_property
    def laplacian(self) -> csc_matrix:
        """Graph Laplacian [V, V]: degree on the diagonal, -1 for each edge."""
        pairs = np.concatenate(
            [self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]]
        )
        pairs = np.unique(np.sort(pairs, axis=1), axis=0)
        n = len(self.vertices)
        both = np.concatenate([pairs, pairs[:, ::-1]])
        edges = coo_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(n, n))
        return csc_matrix(diags(np.asarray(edges.sum(axis=1)).ravel()) - edges)


@dataclass(frozen=True)
class Nearest:
    """Where points [N] lie on a surface: triangle [N], place in it [N, 3], distance [N].

    `agrees` [N] says whether the surface there faces the way the point does.
    """

    face: Indices
    barycentric: Array
    distance: Array
    agrees: NDArray[np.bool_]

    def carry(self, surface: Surface, values: Array) -> Array:
        """Interpolate values [V, ...] of the surface's vertices at the points, [N, ...]."""
        corners = values[surface.faces[self.face]]
        shares = self.barycentric.reshape(*self.barycentric.shape, *[1] * (corners.ndim - 2))
        return (corners * shares).sum(axis=1)


def nearest_points(surface: Surface, points: Array, normals: Array) -> Nearest:
    """Find the nearest point of a surface that faces the way each point [N, 3] does.

    Lips lie on each other, so what faces away is taken only where nothing else is near.
    """
    _, near = KDTree(surface.vertices).query(points, k=_NEIGHBOURS)
    candidates = surface.faces_at[near].reshape(len(points), -1)  # [N, M]
    corners = surface.vertices[surface.faces[candidates]]  # [N, M, 3, 3]
    places = _closest_in_triangles(points, corners)
    found = (corners * places[..., None]).sum(axis=2)
    distance = np.linalg.norm(found - points[:, None], axis=-1)
    facing = np.einsum("nmd,nd->nm", _face_normals(corners), normals) > 0.2
    score = np.where(facing, distance, 10.0 * distance + 1e-3)
    best = np.where(candidates < 0, np.inf, score).argmin(axis=1)
    row = np.arange(len(points))
    return Nearest(candidates[row, best], places[row, best], distance[row, best], facing[row, best])


def _face_normals(corners: Array) -> Array:
    normal = np.cross(
        corners[..., 1, :] - corners[..., 0, :], corners[..., 2, :] - corners[..., 0, :]
    )
    return normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-18)


def _closest_in_triangles(points: Array, corners: Array) -> Array:
    """Return barycentric places [N, M, 3] of the points of triangles nearest to points [N, 3]."""
    a, b, c = (corners[..., k, :] for k in range(3))
    ab, ac, ap = b - a, c - a, points[:, None] - a
    d00, d01, d11 = (ab * ab).sum(-1), (ab * ac).sum(-1), (ac * ac).sum(-1)
    d20, d21 = (ap * ab).sum(-1), (ap * ac).sum(-1)
    scale = np.maximum(d00 * d11 - d01 * d01, 1e-24)
    v, w = (d11 * d20 - d01 * d21) / scale, (d00 * d21 - d01 * d20) / scale
    inside = np.stack([1 - v - w, v, w], axis=-1)
    options = [inside, *(_on_edge(points, corners, i, j) for i, j in ((0, 1), (1, 2), (2, 0)))]
    stack = np.stack(options, axis=2)  # [N, M, 4, 3]
    gap = np.linalg.norm(
        (stack[..., None] * corners[:, :, None]).sum(axis=3) - points[:, None, None], axis=-1
    )
    gap[..., 0] = np.where((inside >= 0).all(axis=-1), gap[..., 0], np.inf)
    best = gap.argmin(axis=2)
    return np.take_along_axis(stack, best[..., None, None], axis=2)[:, :, 0]


def _on_edge(points: Array, corners: Array, i: int, j: int) -> Array:
    start, edge = corners[..., i, :], corners[..., j, :] - corners[..., i, :]
    along = ((points[:, None] - start) * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-24)
    along = np.clip(along, 0.0, 1.0)
    place = np.zeros((*along.shape, 3))
    place[..., i], place[..., j] = 1.0 - along, along
    return place


def smooth_field(surface: Surface, values: Array, trust: Array, stiffness: float) -> Array:
    """Return the field [V, K] that follows values where trusted [V] and is smooth elsewhere.

    Minimises sum of trust |x - values|^2 + stiffness * sum over edges |x_i - x_j|^2.
    """
    system = csc_matrix(diags(trust + 1e-9) + stiffness * surface.laplacian)
    return splu(system).solve(np.ascontiguousarray(trust[:, None] * values))
