"""Everything that is not skin: eyeballs, teeth and gums, tongue, brows, lashes and hair.

Each part is a small mesh in centimetres with its own materials. The left half is drawn, the
right half is its mirror.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flame.head.eyelids import margin
from flame.head.maths import Array, Indices, spline
from flame.head.surface import EYE_CENTRE, EYE_RADIUS, drop, normals


@dataclass(frozen=True)
class Part:
    """A mesh: vertices [V, 3] cm, quads [F, 4] and a material name for each quad.

    `anchor` [V] is, for parts that ride on the skin, the point on the skin that moves each
    vertex, as a position [V, 3].
    """

    vertices: Array
    faces: Indices
    materials: tuple[str, ...]
    anchor: Array | None = None


def join(parts: list[Part]) -> Part:
    """Return one part made of several."""
    offset = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    anchors = [part.vertices if part.anchor is None else part.anchor for part in parts]
    return Part(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + o for part, o in zip(parts, offset, strict=True)]),
        tuple(name for part in parts for name in part.materials),
        np.concatenate(anchors),
    )


def mirrored(part: Part) -> Part:
    """Return the part reflected to the other side, its quads turned to keep facing outwards."""
    flip = np.array([-1.0, 1.0, 1.0])
    anchor = None if part.anchor is None else part.anchor * flip
    return Part(part.vertices * flip, part.faces[:, ::-1], part.materials, anchor)


def grid_faces(rows: int, columns: int, closed: bool) -> Indices:
    """Return the quads of a grid [rows, columns] of vertices; `closed` joins the last column."""
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], axis=1)
    quads = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1)
    return quads.reshape(-1, 4)


IRIS_RADIUS = 0.60
PUPIL_RADIUS = 0.24
_EYE_SEGMENTS = 28


def eyeball() -> Part:
    """Return the left eyeball: concentric rings about the optical axis, pupil to back."""
    limbus = np.arcsin(IRIS_RADIUS / EYE_RADIUS)
    pupil = np.arcsin(PUPIL_RADIUS / EYE_RADIUS)
    # Doubled rings keep the colours of pupil, iris and sclera apart.
    polar = np.concatenate(
        [
            [1e-4, pupil * 0.6, pupil - 0.004, pupil + 0.004],
            np.linspace(pupil, limbus - 0.035, 5)[1:],
            [limbus - 0.006, limbus + 0.006],
            np.linspace(limbus, np.pi - 1e-4, 14)[1:],
        ]
    )
    turn = 2 * np.pi * np.arange(_EYE_SEGMENTS) / _EYE_SEGMENTS
    bulge = 0.055 * np.clip(1 - (polar / (limbus * 1.12)) ** 2, 0, 1)
    radius = (EYE_RADIUS + bulge)[:, None]
    ring = np.sin(polar)[:, None] * radius
    points = np.empty((len(polar), _EYE_SEGMENTS, 3))
    points[..., 0] = ring * np.cos(turn)
    points[..., 1] = ring * np.sin(turn)
    points[..., 2] = np.cos(polar)[:, None] * radius
    names = ["pupil"] * 3 + ["iris"] * 5 + ["sclera"] * 14
    materials = tuple(name for name in names for _ in range(_EYE_SEGMENTS))
    faces = grid_faces(len(polar), _EYE_SEGMENTS, closed=True)[:, ::-1]
    return Part(points.reshape(-1, 3) + np.array(EYE_CENTRE), faces, materials)


def _arch(distance: Array, front: float, half_width: float, depth: float) -> tuple[Array, Array]:
    """Return points [N, 2] (x, z) and outward normals on a dental arch at arc lengths [N]."""
    t = np.linspace(0.0, 1.0, 400)
    x = half_width * np.sin(np.pi / 2 * t)
    z = front - depth * (1 - np.cos(np.pi / 2 * t)) ** 0.9
    length = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(z)))])
    position = np.stack([np.interp(distance, length, x), np.interp(distance, length, z)], axis=-1)
    ahead = np.stack(
        [np.interp(distance + 0.02, length, x), np.interp(distance + 0.02, length, z)], axis=-1
    )
    behind = np.stack(
        [np.interp(distance - 0.02, length, x), np.interp(distance - 0.02, length, z)], axis=-1
    )
    tangent = ahead - behind
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
    normal *= np.sign(np.sum(normal * (position - np.array([0.0, 5.0])), axis=-1, keepdims=True))
    return position, normal


# Widths of the crowns from the central incisor backwards (cm), heights and depths likewise.
_UPPER_TEETH = ((0.86, 1.02, 0.42), (0.68, 0.90, 0.40), (0.78, 1.0, 0.52), (0.70, 0.82, 0.70),
                (0.68, 0.76, 0.74), (1.0, 0.70, 0.92), (0.95, 0.66, 0.90))  # fmt: skip
_LOWER_TEETH = ((0.54, 0.86, 0.36), (0.60, 0.86, 0.38), (0.68, 0.94, 0.46), (0.70, 0.80, 0.62),
                (0.72, 0.74, 0.70), (1.08, 0.68, 0.92), (1.0, 0.64, 0.90))  # fmt: skip
INCISAL_EDGE_Y = -7.06
"""Height of the upper central incisors' edge; the lower ones bite 2 mm higher behind it."""
_LEVELS = np.array([0.0, 0.05, 0.3, 0.7, 1.0])
_FAT = np.array([0.62, 0.84, 1.0, 0.97, 0.80])
_TOOTH_SEGMENTS = 10


def _tooth(at: Array, normal: Array, size: tuple[float, float, float], edge: float, up: float):
    width, height, depth = size
    turn = 2 * np.pi * np.arange(_TOOTH_SEGMENTS) / _TOOTH_SEGMENTS
    square = 0.62
    across = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** square
    outwards = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** square
    tangent = np.array([normal[1], -normal[0]])
    rows = []
    for level, fat in zip(_LEVELS, _FAT, strict=True):
        thick = depth * (0.45 + 0.55 * level) * fat
        lateral = across * width * 0.49 * (0.9 + 0.1 * fat if level < 0.1 else fat)
        flat = at + lateral[:, None] * tangent + (outwards * thick * 0.5)[:, None] * normal
        flat = flat - normal * depth * 0.5
        y = np.full(_TOOTH_SEGMENTS, edge + up * level * height)
        rows.append(np.stack([flat[:, 0], y, flat[:, 1]], axis=-1))
    top = rows[0].mean(axis=0)
    cap = top + (rows[0] - top) * 0.02
    points = np.concatenate([cap[None], np.stack(rows)])
    faces = grid_faces(len(points), _TOOTH_SEGMENTS, closed=True)
    if up > 0:
        faces = faces[:, ::-1]
    return Part(points.reshape(-1, 3), faces[:, ::-1], ("teeth",) * len(faces))


def teeth(upper: bool) -> Part:
    """Return one row of 14 teeth in its gum."""
    sizes = _UPPER_TEETH if upper else _LOWER_TEETH
    front, half, depth = (9.22, 2.95, 5.4) if upper else (8.92, 2.72, 5.3)
    up = 1.0 if upper else -1.0
    start, left = 0.0, []
    for number, size in enumerate(sizes):
        at, normal = _arch(np.array([start + size[0] / 2]), front, half, depth)
        start += size[0]
        edge = INCISAL_EDGE_Y + (0.04 if number == 1 else 0.0) + 0.02 * number
        if not upper:
            edge = INCISAL_EDGE_Y + 0.2 - 0.02 * number
        left.append(_tooth(at[0], normal[0], size, edge, up))
    rows = join(left)
    gum = _gum(upper, front, half, depth, start)
    return join([rows, mirrored(rows), gum])


def _gum(upper: bool, front: float, half: float, depth: float, length: float) -> Part:
    """Return the gum: a ridge along the arch from the last left to the last right tooth."""
    along = np.linspace(-length, length, 49)
    at, normal = _arch(np.abs(along), front, half, depth)
    sign = np.where(along < 0, -1.0, 1.0)[:, None] * np.array([1.0, 0.0]) + np.array([0.0, 1.0])
    at, normal = at * sign, normal * sign
    up = 1.0 if upper else -1.0
    edge = INCISAL_EDGE_Y + up * (0.74 if upper else 0.52)
    scallop = 0.07 * np.cos(2 * np.pi * np.abs(along) / 0.78)
    section = ((0.02, 0.0), (0.09, 0.16), (0.10, 0.5), (0.0, 1.0), (-0.45, 1.25), (-0.9, 1.0),
               (-0.95, 0.5), (-0.8, 0.0))  # fmt: skip
    rows = []
    for out, rise in section:
        flat = at + normal * (out - 0.02)
        y = edge + up * rise + (scallop * up if rise < 0.1 else 0.0)
        rows.append(np.stack([flat[:, 0], np.broadcast_to(y, len(along)), flat[:, 1]], axis=-1))
    points = np.stack(rows)
    faces = grid_faces(len(section), len(along), closed=False)
    return Part(points.reshape(-1, 3), faces if upper else faces[:, ::-1], ("gums",) * len(faces))


def tongue() -> Part:
    """Return the tongue: a loft from its root to its tip with a groove along the middle."""
    knots = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0])
    centre_y = np.array([-9.2, -7.9, -7.35, -7.30, -7.42, -7.5, -7.52])
    centre_z = np.array([3.4, 4.4, 5.7, 7.0, 7.75, 8.0, 8.06])
    half_width = np.array([1.4, 1.7, 1.8, 1.5, 1.05, 0.6, 0.03])
    thick = np.array([1.1, 1.0, 0.8, 0.55, 0.4, 0.25, 0.01])
    t = 1 - (1 - np.linspace(0, 1, 22)) ** 1.4
    y, z = spline(knots, centre_y, t), spline(knots, centre_z, t)
    w, h = spline(knots, half_width, t), spline(knots, thick, t)
    turn = 2 * np.pi * np.arange(20) / 20
    across, rise = np.cos(turn), np.sin(turn)
    points = np.stack(
        [
            w[:, None] * across,
            y[:, None]
            + h[:, None] * rise
            - (0.16 * h[:, None] * (rise > 0) * np.exp(-((across / 0.25) ** 2))),
            z[:, None] + np.zeros_like(across),
        ],
        axis=-1,
    )
    faces = grid_faces(len(t), 20, closed=True)
    return Part(points.reshape(-1, 3), faces, ("tongue",) * len(faces))


def _ribbon(path: Array, side: Array, widths: Array) -> Array:
    """Return the vertices [K, 2, 3] of a tapering strip along path [K, 3]."""
    return np.stack([path - side * widths[:, None], path + side * widths[:, None]], axis=1)


def _strips(ribbons: list[Array], anchors: list[Array], material: str) -> Part:
    points = np.stack(ribbons)  # [N, K, 2, 3]
    n, k = points.shape[:2]
    one = grid_faces(k, 2, closed=False)
    faces = (one[None] + (np.arange(n) * k * 2)[:, None, None]).reshape(-1, 4)
    roots = np.repeat(np.stack(anchors), k * 2, axis=0)
    return Part(points.reshape(-1, 3), faces, (material,) * len(faces), roots)


def _lash_row(upper: bool) -> Part:
    count, steps = (54, 4) if upper else (28, 3)
    edge = margin(400, upper)
    centre = np.array(EYE_CENTRE)
    ribbons, anchors = [], []
    for k in np.linspace(0.05, 0.93 if upper else 0.9, count):
        place = round(float(k) * 400)
        root = edge[place]
        away = root - centre
        away /= np.linalg.norm(away)
        root = root + away * 0.12 + np.array([0, 0.04 if upper else -0.04, 0])
        length = (0.44 if upper else 0.20) * (
            0.55 + 0.45 * np.sin(np.pi * np.clip(1 - k, 0, 1) ** 0.8)
        )
        fan = np.array([0.75 * (0.42 - k) * 2, 0.0, 0.0])
        t = np.linspace(0.0, 1.0, steps)
        if upper:
            rise = np.array([0.0, 1.0, 0.0]) * (t**2 * 0.62 - 0.10 * t)[:, None]
        else:
            rise = np.array([0.0, -1.0, 0.0]) * (t**1.5 * 0.75)[:, None]
        path = root + length * (away * (0.95 * t)[:, None] + rise + fan * (0.4 * t)[:, None])
        side = np.array([1.0, 0.0, 0.25])
        ribbons.append(_ribbon(path, side / np.linalg.norm(side), 0.020 * (1 - t) + 0.002))
        anchors.append(root)
    return _strips(ribbons, anchors, "lash")


def lashes() -> Part:
    """Return the left eye's lashes, each a tapering strip anchored on the lid margin."""
    return join([_lash_row(True), _lash_row(False)])


_BROW = np.array([[1.15, 1.62], [1.7, 1.86], [2.6, 2.14], [3.6, 2.32], [4.4, 2.14], [5.15, 1.62]])


def brow(seed: int = 7) -> Part:
    """Return the left eyebrow: fine strips that lie along the skin, each moved by its root."""
    rng = np.random.default_rng(seed)
    count = 330
    s = np.sort(rng.uniform(0.0, 1.0, count))
    knots = np.linspace(0.0, 1.0, len(_BROW))
    height = spline(
        np.array([0.0, 0.12, 0.4, 0.7, 1.0]), np.array([0.22, 0.33, 0.31, 0.21, 0.04]), s
    )
    across = rng.uniform(-1.0, 1.0, count)
    centre = np.stack([spline(knots, column, s) for column in _BROW.T], axis=-1)
    step = np.stack([spline(knots, column, np.clip(s + 0.02, 0, 1)) for column in _BROW.T], axis=-1)
    tangent = step - centre + 1e-6
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    upright = np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)
    lean = np.clip(1.15 - 1.9 * s, -0.1, 1.0) - 0.45 * across
    direction = tangent + upright * lean[:, None]
    direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
    root = centre + upright * (across * height)[:, None] * 0.8
    length = rng.uniform(0.34, 0.5, count) * np.clip(1.25 - 0.5 * s, 0.5, 1.0)
    steps = np.linspace(0.0, 1.0, 2)
    flat = root[:, None] + direction[:, None] * (length[:, None] * steps)[..., None]
    points = drop(np.concatenate([flat, np.zeros((*flat.shape[:2], 1))], axis=-1).reshape(-1, 3))
    out = normals(points)
    lift = np.tile(0.03 + 0.05 * np.sin(np.pi * 0.6 * steps), count)
    path = (points + out * lift[:, None]).reshape(count, 2, 3)
    out = out.reshape(count, 2, 3)
    ribbons, anchors = [], []
    for k in range(count):
        side = np.cross(out[k], np.append(direction[k], 0.0))
        side /= np.linalg.norm(side, axis=-1, keepdims=True)
        widths = 0.019 * (1 - steps) + 0.004
        ribbons.append(
            path[k][:, None] + side[:, None] * (widths[:, None] * np.array([-1, 1]))[..., None]
        )
        anchors.append(points.reshape(count, 2, 3)[k, 0])
    return _strips(ribbons, anchors, "brow")
