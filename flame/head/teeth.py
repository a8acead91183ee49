"""Teeth and gums: two arches of 14 crowns of their own shape, each set into a scalloped gum.

The arches are those of a wide adult mouth (about 58 mm between the upper first molars), so that a
drawn-out mouth shows molars and cheek at its corners instead of the end of a row. What light would
not reach (between the teeth, at the gum, far back) is written into `Part.shade`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flame.head.maths import Array, smoothstep, spline
from flame.head.parts import Part, grid_faces, join, mirrored

INCISAL_EDGE_Y: Final = -7.06
"""Height of the upper central incisors' edge; the lower ones bite 2 mm higher behind it."""
_OVERBITE: Final = 0.2

# Sideways and backwards (cm) from the middle of each arch, along the lips' side of the crowns.
_UPPER_ARCH: Final = np.array(
    [(0.0, 0.0), (0.6, 0.06), (1.2, 0.28), (1.75, 0.74), (2.18, 1.35), (2.53, 2.10), (2.80, 2.95),
     (2.96, 3.90), (3.02, 4.70)]
)  # fmt: skip
_LOWER_ARCH: Final = np.array(
    [(0.0, 0.0), (0.55, 0.06), (1.05, 0.26), (1.5, 0.66), (1.92, 1.30), (2.27, 2.10), (2.56, 3.00),
     (2.76, 3.95), (2.84, 4.70)]
)  # fmt: skip
_UPPER_FRONT: Final = 9.22
_LOWER_FRONT: Final = 8.92


@dataclass(frozen=True)
class _Crown:
    """A crown: its kind, width and height and depth (cm), and how far its edge is cut back."""

    kind: str
    width: float
    height: float
    depth: float
    edge: float = 0.0


# From the central incisor backwards; sizes after Wheeler's Dental Anatomy.
_UPPER: Final = (
    _Crown("incisor", 0.86, 1.02, 0.42), _Crown("incisor", 0.68, 0.90, 0.40, 0.05),
    _Crown("canine", 0.78, 1.02, 0.52, 0.0), _Crown("premolar", 0.70, 0.86, 0.70, 0.05),
    _Crown("premolar", 0.68, 0.80, 0.74, 0.07), _Crown("molar", 1.0, 0.74, 0.92, 0.09),
    _Crown("molar", 0.95, 0.70, 0.90, 0.11),
)  # fmt: skip
_LOWER: Final = (
    _Crown("incisor", 0.54, 0.86, 0.36, 0.01), _Crown("incisor", 0.60, 0.86, 0.38),
    _Crown("canine", 0.68, 0.96, 0.46, -0.02), _Crown("premolar", 0.70, 0.82, 0.62, 0.03),
    _Crown("premolar", 0.72, 0.76, 0.70, 0.05), _Crown("molar", 1.08, 0.70, 0.92, 0.06),
    _Crown("molar", 1.0, 0.66, 0.90, 0.08),
)  # fmt: skip

# Levels of a crown from its edge to its neck; per kind the width and the depth there as shares,
# and how far the lips' side bulges (cm).
_LEVELS: Final = np.array([0.0, 0.09, 0.36, 0.70, 1.0])
_WIDTHS: Final = {
    "incisor": (0.87, 0.97, 1.0, 0.95, 0.80),
    "canine": (0.38, 0.70, 1.0, 0.94, 0.78),
    "premolar": (0.58, 0.84, 1.0, 0.95, 0.82),
    "molar": (0.80, 0.94, 1.0, 0.97, 0.88),
}
_DEPTHS: Final = {
    "incisor": (0.20, 0.36, 0.62, 0.92, 1.0),
    "canine": (0.22, 0.42, 0.80, 1.0, 1.0),
    "premolar": (0.50, 0.80, 1.0, 1.0, 0.92),
    "molar": (0.70, 0.90, 1.0, 1.0, 0.94),
}
_BULGE: Final = (-0.05, -0.025, 0.02, 0.01, -0.05)
# Across and outwards, once around a crown; the side of the lips has most points.
_RING: Final = np.array(
    [(1.0, -0.1), (0.93, 0.58), (0.64, 0.90), (0.22, 1.0), (-0.22, 1.0), (-0.64, 0.90),
     (-0.93, 0.58), (-1.0, -0.1), (-0.6, -1.0), (0.6, -1.0)]
)  # fmt: skip
_RING_LIGHT: Final = np.array([0.50, 0.84, 0.98, 1.0, 1.0, 0.98, 0.84, 0.50, 0.55, 0.55])
_LEVEL_LIGHT: Final = np.array(
    [(0.96, 0.98, 1.0), (0.98, 0.99, 1.0), (1.0, 1.0, 1.0), (0.99, 0.97, 0.93), (0.93, 0.86, 0.78)]
)
_INNER: Final = 0.98
"""Share of a crown's width that it fills: neighbours are told apart by the slit."""


class _Arch:
    """A dental arch, walked by its length from the middle."""

    def __init__(self, points: Array, front: float) -> None:
        chord = np.hypot(*np.diff(points, axis=0).T)
        knots = np.concatenate([[0.0], np.cumsum(chord)])
        fine = np.linspace(0.0, knots[-1], 400)
        path = spline(knots, points, fine)
        self._path = path * np.array([1.0, -1.0]) + np.array([0.0, front])
        self._length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])

    def at(self, length: Array) -> tuple[Array, Array]:
        """Return points [N, 2] (x, z) and unit normals towards the lips; negative is right."""
        side = np.where(length < 0, -1.0, 1.0)[:, None] * np.array([1.0, 0.0]) + [0.0, 1.0]
        here = np.abs(length)
        place, ahead, behind = (self._on(here + step) for step in (0.0, 0.04, -0.04))
        tangent = ahead - behind
        tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
        return place * side, normal * side

    def _on(self, length: Array) -> Array:
        x, z = (np.interp(np.abs(length), self._length, column) for column in self._path.T)
        return np.stack([np.where(length < 0, -x, x), z], axis=-1)


def _daylight(length: Array) -> Array:
    """Return what is left of the light, [N, 3], at lengths [N] from the arch's middle."""
    return 1.0 - smoothstep(1.8, 5.0, np.abs(length))[:, None] * np.array([0.28, 0.42, 0.46])


def _tooth(arch: _Arch, middle: float, crown: _Crown, edge: float, up: float) -> Part:
    """Return a crown whose edge is at height `edge` and whose neck is `up` of it (+1 or -1)."""
    at, normal = (row[0] for row in arch.at(np.array([middle])))
    tangent = np.array([normal[1], -normal[0]])
    rows, light = [], []
    for k, level in enumerate(_LEVELS):
        across = _RING[:, 0] * 0.5 * _INNER * crown.width * _WIDTHS[crown.kind][k]
        thick = crown.depth * _DEPTHS[crown.kind][k]
        outwards = _BULGE[k] + 0.5 * thick * (_RING[:, 1] - 1.0)
        flat = at + across[:, None] * tangent + outwards[:, None] * normal
        y = np.full(len(_RING), edge + up * level * crown.height)
        rows.append(np.stack([flat[:, 0], y, flat[:, 1]], axis=-1))
        light.append(_RING_LIGHT[:, None] * _LEVEL_LIGHT[k])
    middle_of_edge = rows[0].mean(axis=0)
    cap = middle_of_edge + (rows[0] - middle_of_edge) * 0.02
    points = np.concatenate([cap[None], np.stack(rows)])
    shade = np.concatenate([np.full((1, len(_RING), 3), 0.9), np.stack(light)])
    faces = grid_faces(len(points), len(_RING), closed=True)
    return Part(
        points.reshape(-1, 3),
        faces[:, ::-1] if up < 0 else faces,
        ("teeth",) * len(faces),
        shade=shade.reshape(-1, 3) * _daylight(np.array([middle])),
    )


def teeth(upper: bool) -> Part:
    """Return one row of 14 teeth in its gum."""
    crowns = _UPPER if upper else _LOWER
    arch = _Arch(_UPPER_ARCH, _UPPER_FRONT) if upper else _Arch(_LOWER_ARCH, _LOWER_FRONT)
    up = 1.0 if upper else -1.0
    start, left = 0.0, []
    for crown in crowns:
        left.append(_tooth(arch, start + crown.width / 2, crown, _edge(crown, upper), up))
        start += crown.width
    row = join(left)
    return join([row, mirrored(row), _gum(arch, crowns, upper)])


def _edge(crown: _Crown, upper: bool) -> float:
    return INCISAL_EDGE_Y + (crown.edge if upper else _OVERBITE - crown.edge)


# Places across a crown at which the gum has a column, and how far up the crown its edge is there:
# it climbs highest over the middle and fills the gap to the neighbour.
_FRONT_COLUMNS: Final = ((0.0, 0.62), (0.25, 0.88), (0.5, 0.95), (0.75, 0.88))
_MOLAR_COLUMNS: Final = ((0.0, 0.66), (0.5, 0.92))


def _gum_columns(crowns: tuple[_Crown, ...], upper: bool) -> Array:
    """Return length along the arch, the edge's height, crown depth and bulge per column, [K, 4]."""
    start, columns = 0.0, []
    up = 1.0 if upper else -1.0
    for crown in crowns:
        for place, climb in _MOLAR_COLUMNS if crown.kind == "molar" else _FRONT_COLUMNS:
            y = _edge(crown, upper) + up * climb * crown.height
            over = 0.0 if place == 0.0 else 1.0
            columns.append((start + place * crown.width, y, crown.depth, over))
        start += crown.width
    last = crowns[-1]
    columns.append((start, _edge(last, upper) + up * 0.66 * last.height, last.depth, 0.0))
    left: Array = np.array(columns, dtype=np.float64)
    return np.concatenate([left[:0:-1] * np.array([-1.0, 1.0, 1.0, 1.0]), left])


def _gum(arch: _Arch, crowns: tuple[_Crown, ...], upper: bool) -> Part:
    """Return the gum: a ridge along the arch from the last right to the last left tooth."""
    along, edge, depth, over = _gum_columns(crowns, upper).T
    at, normal = arch.at(along)
    up = 1.0 if upper else -1.0
    front = -0.075 + 0.09 * over  # it lies over the crown and sinks between two
    # Out from the arch in cm, out in depths of the crown, up from the gum's edge.
    section = ((front, 0.0, 0.0), (front + 0.05, 0.0, 0.09), (0.075, 0.0, 0.34), (0.0, 0.0, 0.80),
               (0.0, -0.5, 1.0), (-0.06, -1.0, 0.72), (-0.06, -1.0, 0.28),
               (0.0, -1.0, 0.0))  # fmt: skip
    # Pale and tight at the edge, red in the fold of the lip.
    tints = np.array([(0.95, 0.88, 0.87), (1.0, 0.98, 0.97), (0.97, 0.92, 0.91), (0.78, 0.62, 0.60),
                      (0.6, 0.45, 0.45), (0.6, 0.45, 0.45), (0.6, 0.48, 0.47),
                      (0.6, 0.5, 0.48)])  # fmt: skip
    rows = []
    for out, backs, rise in section:
        flat = at + normal * (out + backs * depth)[:, None]
        rows.append(np.stack([flat[:, 0], edge + up * rise, flat[:, 1]], axis=-1))
    shade = tints[:, None] * _daylight(along)
    faces = grid_faces(len(section), len(along), closed=False)
    return Part(
        np.stack(rows).reshape(-1, 3),
        faces if upper else faces[:, ::-1],
        ("gums",) * len(faces),
        shade=shade.reshape(-1, 3),
    )
