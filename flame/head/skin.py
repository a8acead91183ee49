"""Where every vertex of the skin lies: loops on drawn curves, the wall between them relaxed.

The loops around eyes, mouth, nostrils and ears are placed on authored curves. The wall starts on
authored rings, follows the loops harmonically, and is then projected onto the sculpt.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flame.head.ears import ear_loops
from flame.head.eyelids import eyelid_loops
from flame.head.lips import mouth_loops
from flame.head.maths import Array, Indices, spline
from flame.head.nostrils import nostril_loops
from flame.head.surface import project
from flame.head.topology import COLUMNS, ROWS, SkinBuilder, SkinTopology

# row, front (y, z), side (y, x), back (y, z): rings from the neck's edge to the top.
_RINGS = np.array([
    (0, -16.6, 2.5, -16.6, 6.2, -16.6, -6.8),
    (4, -14.0, 2.7, -12.5, 5.3, -12.0, -6.6),
    (8, -11.9, 3.6, -9.4, 5.2, -8.6, -6.7),
    (12, -11.9, 5.9, -7.8, 5.6, -7.0, -7.0),
    (16, -11.4, 7.8, -6.7, 5.9, -5.6, -7.5),
    (21, -10.3, 9.0, -5.8, 6.2, -4.4, -8.0),
    (27, -9.0, 8.8, -5.0, 6.6, -3.2, -8.4),
    (39, -4.75, 9.8, -2.9, 6.9, -0.6, -9.1),
    (46, -3.9, 11.6, -1.8, 7.0, 0.6, -9.2),
    (66, 0.5, 9.2, 1.3, 7.2, 3.6, -9.3),
    (72, 2.1, 9.8, 2.7, 7.4, 4.6, -9.0),
    (79, 5.0, 9.5, 5.1, 7.3, 6.2, -8.2),
    (84, 7.4, 7.9, 7.3, 6.5, 7.6, -6.8),
    (89, 9.0, 5.6, 9.0, 5.0, 9.0, -5.2),
])  # fmt: skip
_COLUMN_KNOTS = np.array([0.0, 14.0, 21.0, 26.0, 34.0, 44.0])
_COLUMN_DEGREES = np.array([0.0, 25.0, 46.0, 72.0, 110.0, 180.0])
_NECK_Y = -16.6


@dataclass(frozen=True)
class Skin:
    """The finished sheet: vertices [V, 3] cm, quads [F, 4], its topology and mirror [V]."""

    vertices: Array
    faces: Indices
    topology: SkinTopology
    mirror: Indices


def _topology() -> SkinTopology:
    builder = SkinBuilder()
    builder.open("mouth", (27, 39), (-14, 14), 15)
    for side, sign in (("left", 1), ("right", -1)):
        builder.open(f"eye_{side}", (55, 71), (5 * sign, 19 * sign), 11)
        builder.open(f"nostril_{side}", (40, 44), (1 * sign, 5 * sign), 4)
        builder.open(f"ear_{side}", (34, 64), (28 * sign, 34 * sign), 9)
    return builder.finish()


def _starting_wall() -> Array:
    """Return the authored rings as a wall [ROWS, COLUMNS, 3]."""
    rings = spline(_RINGS[:, 0], _RINGS[:, 1:], np.arange(ROWS, dtype=np.float64))
    column = (np.arange(COLUMNS) + COLUMNS // 2) % COLUMNS - COLUMNS // 2
    theta = np.sign(column) * np.radians(
        spline(_COLUMN_KNOTS, _COLUMN_DEGREES, np.abs(column).astype(np.float64))
    )
    front_y, front_z, side_y, side_x, back_y, back_z = (rings[:, k, None] for k in range(6))
    cos, sin = np.cos(theta)[None], np.sin(theta)[None]
    ahead, behind = np.clip(cos, 0, 1), np.clip(-cos, 0, 1)
    y = side_y + (front_y - side_y) * ahead**1.5 + (back_y - side_y) * behind**1.5
    middle = np.clip(0.12 * (front_z + back_z), -2.0, 1.0)
    z = middle + (front_z - middle) * ahead + (back_z - middle) * behind
    return np.stack([side_x * sin, y, z], axis=-1)


def _neighbours(faces: Indices, n_vertices: int) -> tuple[Indices, Array]:
    """Return padded neighbour lists [V, K] and their mask [V, K] from quads."""
    edges = np.concatenate([faces[:, [k, (k + 1) % 4]] for k in range(4)])
    edges = np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)
    degree = np.bincount(edges[:, 0], minlength=n_vertices)
    start = np.concatenate([[0], np.cumsum(degree)[:-1]])
    slot = np.arange(len(edges)) - start[edges[:, 0]]
    table = np.zeros((n_vertices, int(degree.max())), dtype=np.int64)
    mask = np.zeros(table.shape)
    table[edges[:, 0], slot] = edges[:, 1]
    mask[edges[:, 0], slot] = 1.0
    return table, mask


def _average(points: Array, index: Indices, table: Indices, mask: Array) -> Array:
    """Return the mean of the neighbours of the vertices in `index`, [N, 3]."""
    near = mask[index]
    total = np.einsum("vkd,vk->vd", points[table[index]], near)
    return total / np.maximum(near.sum(axis=1, keepdims=True), 1.0)


def _spread(start: Array, pinned: Indices, targets: Array, table: Indices, mask: Array) -> Array:
    """Move pinned vertices to their targets and let the others follow harmonically."""
    shift = np.zeros_like(start)
    shift[pinned] = targets[pinned] - start[pinned]
    free = np.ones(len(start), dtype=bool)
    free[pinned] = False
    index = np.flatnonzero(free)
    near, weight = table[index], mask[index]
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1.0) * 1.002
    for _ in range(220):
        shift[index] = np.einsum("vkd,vk->vd", shift[near], weight) / total
    return start + shift


def _symmetric(points: Array, mirror: Indices) -> Array:
    flipped = points[mirror] * np.array([-1.0, 1.0, 1.0])
    return 0.5 * (points + flipped)


def _place_loops(topology: SkinTopology, points: Array) -> Indices:
    """Write the loops' positions into `points` and return the vertices that are thereby fixed."""
    builders = {
        "mouth": mouth_loops,
        "eye_left": eyelid_loops,
        "nostril_left": nostril_loops,
        "ear_left": ear_loops,
    }
    fixed = []
    for name, build in builders.items():
        opening = topology.openings[name]
        loops = build(opening.loops.shape)
        points[opening.loops] = loops
        fixed.append(opening.loops.ravel())
        if name.endswith("_left"):
            other = topology.openings[name.replace("_left", "_right")]
            points[other.loops] = loops * np.array([-1.0, 1.0, 1.0])
            fixed.append(other.loops.ravel())
    return np.unique(np.concatenate(fixed))


def _start(topology: SkinTopology, table: Indices, mask: Array) -> Array:
    """Return the first guess of every vertex: the authored rings and a domed cap."""
    points = np.zeros((topology.n_vertices, 3))
    points[topology.wall] = _starting_wall()
    inside = topology.cap[1:-1, 1:-1].ravel()
    points[inside] = points[topology.wall[-1]].mean(axis=0)
    for _ in range(150):
        points[inside] = _average(points, inside, table, mask)
    points[inside, 1] += 1.2
    return points


def _relax(points: Array, index: Indices, table: Indices, mask: Array) -> None:
    """Even out the vertices in `index` on the sculpt, in place, the nose more than the rest."""
    points[index] = project(points[index], rounds=5)
    for _ in range(10):
        points[index] += 0.8 * (_average(points, index, table, mask) - points[index])
        points[index] = project(points[index], rounds=1)
    nose = index[(np.abs(points[index, 0]) < 2.4) & (np.abs(points[index, 1] + 2.4) < 2.9)]
    for _ in range(24):
        points[nose] = project(_average(points, nose, table, mask), rounds=1)
    points[index] = project(points[index], rounds=2)
    beside = np.abs(np.abs(points[index, 0]) - 1.7) < 0.75
    crease = index[beside & (np.abs(points[index, 1] + 3.9) < 1.4)]
    for _ in range(3):
        points[crease] += 0.5 * (_average(points, crease, table, mask) - points[crease])


def _close_pockets(points: Array, topology: SkinTopology, table: Indices, mask: Array) -> None:
    """Span the bottom of every opening like a soap film, in place."""
    for opening in topology.openings.values():
        points[opening.bottom] = points[opening.loops[-1]].mean(axis=0)
    bottoms = np.concatenate([opening.bottom for opening in topology.openings.values()])
    for _ in range(60):
        points[bottoms] = _average(points, bottoms, table, mask)


def build_skin() -> Skin:
    """Return the skin of the head in its neutral pose, in centimetres."""
    topology = _topology()
    faces = np.concatenate(topology.faces)
    mirror = np.arange(topology.n_vertices)
    for a, b in topology.mirror.items():
        mirror[a] = b
    table, mask = _neighbours(faces, topology.n_vertices)
    start = _start(topology, table, mask)
    points = start.copy()
    neck = topology.wall[0]
    pinned = np.union1d(_place_loops(topology, points), neck)
    points = _spread(start, pinned, points, table, mask)
    # The outermost loops were only a first guess: they relax with the wall.
    soft = [
        topology.openings[name].loops[:count].ravel()
        for name, count in (("mouth", 4), ("eye_left", 2), ("eye_right", 2))
    ]
    free = np.ones(len(points), dtype=bool)
    free[pinned] = False
    free[np.concatenate(soft)] = True
    free[np.concatenate([opening.bottom for opening in topology.openings.values()])] = False
    _relax(points, np.flatnonzero(free), table, mask)
    points[neck] = project(points[neck], rounds=4)
    points[neck, 1] = _NECK_Y
    _close_pockets(points, topology, table, mask)
    return Skin(_symmetric(points, mirror), faces, topology, mirror)
