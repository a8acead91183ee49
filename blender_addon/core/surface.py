"""Triangle surfaces in numpy: normals, neighbours, islands, distances along and across them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

_CHUNK = 2_000_000  # distances that are held at a time


@dataclass(frozen=True)
class Surface:
    """Vertices float64 [V, 3] and triangles int [F, 3]; vertices of no triangle are allowed."""

    vertices: Floats
    triangles: Ints

    @cached_property
    def normals(self) -> Floats:
        """Unit normal of each vertex, weighted by area, [V, 3]; zero for loose vertices."""
        a, b, c = (self.vertices[self.triangles[:, k]] for k in range(3))
        facing = np.cross(b - a, c - a)
        total = np.zeros_like(self.vertices)
        for k in range(3):
            np.add.at(total, self.triangles[:, k], facing)
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-20)

    @cached_property
    def edges(self) -> Ints:
        """Pairs of vertices, [E, 2], each once."""
        t = self.triangles
        pairs = np.concatenate([t[:, [0, 1]], t[:, [1, 2]], t[:, [2, 0]]])
        return np.unique(np.sort(pairs, axis=1), axis=0)

    @cached_property
    def around(self) -> tuple[Ints, Ints]:
        """Neighbours of each vertex: [V, most] padded with the vertex itself, and counts [V]."""
        both = np.concatenate([self.edges, self.edges[:, ::-1]])
        both = both[np.argsort(both[:, 0], kind="stable")]
        counts = np.bincount(both[:, 0], minlength=len(self.vertices))
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        place = np.arange(len(both)) - starts[both[:, 0]]
        table = np.repeat(np.arange(len(self.vertices))[:, None], max(counts.max(), 1), axis=1)
        table[both[:, 0], place] = both[:, 1]
        return table, counts

    @cached_property
    def triangles_of(self) -> Ints:
        """Triangles of each vertex, [V, most] padded with -1."""
        corners = self.triangles.ravel()
        order = np.argsort(corners, kind="stable")
        counts = np.bincount(corners, minlength=len(self.vertices))
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        table = np.full((len(self.vertices), max(counts.max(), 1)), -1)
        place = np.arange(len(order)) - starts[corners[order]]
        table[corners[order], place] = order // 3
        return table

    @cached_property
    def islands(self) -> Ints:
        """Number of the connected part that each vertex belongs to, [V]."""
        label = np.arange(len(self.vertices))
        a, b = self.edges.T
        while True:
            low = np.minimum(label[a], label[b])
            new = label.copy()
            np.minimum.at(new, a, low)
            np.minimum.at(new, b, low)
            new = new[new]
            if (new == label).all():
                return np.unique(label, return_inverse=True)[1]
            label = new

    def smoothed(
        self, values: Floats, steps: int, share: float = 0.5, *, by_angles: bool = False
    ) -> Floats:
        """Values [V, ...] drawn towards the mean of their neighbours, `steps` times.

        Args:
            by_angles: neighbours count by the cotangents of the angles opposite to them (Pinkall &
                Polthier 1993), so that what runs evenly over a surface stays as it is however it
                is cut into triangles; else each counts the same.
        """
        joined, first, neighbours, counts = self._joined
        weights = self._cotangents if by_angles else np.ones(len(neighbours))
        weights = weights / np.repeat(np.add.reduceat(weights, first), counts)
        weights = weights.reshape(-1, *[1] * (values.ndim - 1))
        now = np.array(values)
        for _ in range(steps):
            mean = np.add.reduceat(weights * now[neighbours], first, axis=0)
            now[joined] = (1 - share) * now[joined] + share * mean
        return now

    @cached_property
    def _joined(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Vertices with neighbours [J], the place of the first of each in all neighbours [2E], and
        how many each has [J]; in the order of `_directed`."""
        owners, neighbours = self._directed
        joined, first, counts = np.unique(owners, return_index=True, return_counts=True)
        return joined, first, neighbours, counts

    @cached_property
    def _directed(self) -> tuple[Ints, Ints]:
        """Each edge both ways, [2E] and [2E], sorted."""
        both = np.concatenate([self.edges, self.edges[:, ::-1]])
        order = np.lexsort((both[:, 1], both[:, 0]))
        return both[order, 0], both[order, 1]

    @cached_property
    def _cotangents(self) -> Floats:
        """Sum of the cotangents opposite to each directed edge, [2E], none negative."""
        size = len(self.vertices)
        owners, neighbours = self._directed
        keys = owners * size + neighbours
        total = np.full(len(keys), 1e-6)
        for k in range(3):
            tip, i, j = (self.triangles[:, (k + n) % 3] for n in range(3))
            a, b = self.vertices[i] - self.vertices[tip], self.vertices[j] - self.vertices[tip]
            area = np.linalg.norm(np.cross(a, b), axis=1)
            cotangent = (a * b).sum(axis=1) / np.maximum(area, 1e-20)
            held = np.clip(cotangent, 0.0, 10.0)
            for start, end in ((i, j), (j, i)):
                np.add.at(total, np.searchsorted(keys, start * size + end), held)
        return total


def triangles_of_polygons(starts: Ints, totals: Ints, corners: Ints) -> Ints:
    """Fans of polygons given as Blender gives them: loop starts, loop totals, vertex of a loop."""
    parts = []
    for total in np.unique(totals):
        first = starts[totals == total]
        parts += [
            np.stack([corners[first], corners[first + k], corners[first + k + 1]], axis=1)
            for k in range(1, total - 1)
        ]
    return np.concatenate(parts) if parts else np.zeros((0, 3), np.intp)


def nearest(points: Floats, among: Floats) -> tuple[Ints, Floats]:
    """Index of, and distance to, the nearest of `among` [M, D] for each of `points` [N, D]."""
    index = np.empty(len(points), np.intp)
    far = np.empty(len(points))
    middle = among.mean(axis=0)
    rows, columns = (points - middle).astype(np.float32), (among - middle).astype(np.float32)
    squares = (columns**2).sum(axis=1)
    step = max(1, _CHUNK // max(len(among), 1))
    for first in range(0, len(points), step):
        part = rows[first : first + step]
        best = (squares - 2 * part @ columns.T).argmin(axis=1)
        index[first : first + step] = best
        far[first : first + step] = np.linalg.norm(
            points[first : first + step] - among[best], axis=1
        )
    return index, far


def closest_on_triangles(points: Floats, corners: Floats) -> tuple[Floats, Floats]:
    """Closest points on triangles [N, 3, 3] to points [N, 3]: weights [N, 3] and distances [N].

    After Ericson, Real-Time Collision Detection (2005), 5.1.5, by cases.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac = b - a, c - a

    def dots(p: Floats) -> tuple[Floats, Floats]:
        return (ab * p).sum(axis=1), (ac * p).sum(axis=1)

    d1, d2 = dots(points - a)
    d3, d4 = dots(points - b)
    d5, d6 = dots(points - c)
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    tiny = 1e-30
    total = va + vb + vc
    total = np.where(np.abs(total) < tiny, 1.0, total)
    v, w = vb / total, vc / total
    cases = [
        ((d1 <= 0) & (d2 <= 0), 0.0, 0.0),
        ((d3 >= 0) & (d4 <= d3), 1.0, 0.0),
        ((d6 >= 0) & (d5 <= d6), 0.0, 1.0),
        ((vc <= 0) & (d1 >= 0) & (d3 <= 0), d1 / np.maximum(d1 - d3, tiny), 0.0),
        ((vb <= 0) & (d2 >= 0) & (d6 <= 0), 0.0, d2 / np.maximum(d2 - d6, tiny)),
    ]
    along = (d4 - d3) / np.maximum((d4 - d3) + (d5 - d6), tiny)
    cases.append(((va <= 0) & (d4 >= d3) & (d5 >= d6), 1.0 - along, along))
    left = np.ones(len(points), bool)
    for where, v_there, w_there in cases:
        now = where & left
        v, w = np.where(now, v_there, v), np.where(now, w_there, w)
        left &= ~now
    weights = np.stack([1 - v - w, v, w], axis=1)
    found = (weights[:, :, None] * corners).sum(axis=1)
    return weights, np.linalg.norm(points - found, axis=1)


def closest_on_surface(points: Floats, surface: Surface, near: Ints) -> tuple[Ints, Floats, Floats]:
    """Closest points on the triangles around `near` [N], a vertex for each point.

    Returns:
        Triangle [N] (-1 where the vertex has none), weights of its corners [N, 3], distance [N].
    """
    table = surface.triangles_of[near]
    best = np.full(len(points), -1)
    weights, far = np.zeros((len(points), 3)), np.full(len(points), np.inf)
    for column in table.T:
        rows = np.flatnonzero(column >= 0)
        corners = surface.vertices[surface.triangles[column[rows]]]
        found, distance = closest_on_triangles(points[rows], corners)
        better = distance < far[rows]
        rows, found, distance = rows[better], found[better], distance[better]
        best[rows], weights[rows], far[rows] = column[rows], found, distance
    return best, weights, far


def distance_along(surface: Surface, seeds: Ints, within: NDArray[np.bool_]) -> Floats:
    """Length of the shortest way along edges from any seed, [V]; inf outside `within`."""
    a, b = surface.edges.T
    inside = within[a] & within[b]
    a, b = a[inside], b[inside]
    length = np.linalg.norm(surface.vertices[a] - surface.vertices[b], axis=1)
    far = np.full(len(surface.vertices), np.inf)
    far[seeds[within[seeds]]] = 0.0
    while True:
        new = far.copy()
        np.minimum.at(new, b, far[a] + length)
        np.minimum.at(new, a, far[b] + length)
        if not (new < far - 1e-12).any():
            return far
        far = new
