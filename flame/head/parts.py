"""What is not skin: the small meshes that a head is joined from, eyeballs, tongue and brows.

Teeth, lashes and hair have modules of their own. Each part is a small mesh in centimetres with its
own materials. The left half is drawn, the right half is its mirror.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flame.head.maths import Array, Indices, smoothstep, spline
from flame.head.surface import EYE_CENTRE, EYE_RADIUS, drop, normals


@dataclass(frozen=True)
class Part:
    """A mesh: vertices [V, 3] cm, quads [F, 4] and a material name for each quad.

    `anchor` [V] is, for parts that ride on the skin, the point on the skin that moves each
    vertex, as a position [V, 3]. `shade` [V, 3] is what its material's colour is multiplied by:
    light that never gets there, and tints.
    """

    vertices: Array
    faces: Indices
    materials: tuple[str, ...]
    anchor: Array | None = None
    shade: Array | None = None


def join(parts: list[Part]) -> Part:
    """Return one part made of several."""
    offset = np.cumsum([0, *(len(part.vertices) for part in parts[:-1])])
    anchors = [part.vertices if part.anchor is None else part.anchor for part in parts]
    shades = [np.ones_like(p.vertices) if p.shade is None else p.shade for p in parts]
    return Part(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.faces + o for part, o in zip(parts, offset, strict=True)]),
        tuple(name for part in parts for name in part.materials),
        np.concatenate(anchors),
        np.concatenate(shades),
    )


def mirrored(part: Part) -> Part:
    """Return the part reflected to the other side, its quads turned to keep facing outwards."""
    flip = np.array([-1.0, 1.0, 1.0])
    anchor = None if part.anchor is None else part.anchor * flip
    return Part(part.vertices * flip, part.faces[:, ::-1], part.materials, anchor, part.shade)


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


def tongue() -> Part:
    """Return the tongue: a loft from its root to its tip, which rests behind the lower incisors."""
    knots = np.array([0.0, 0.25, 0.5, 0.75, 0.9, 0.97, 1.0])
    centre_y = np.array([-9.2, -7.9, -7.32, -7.10, -7.00, -6.97, -6.96])
    centre_z = np.array([3.4, 4.4, 5.7, 7.0, 7.75, 8.0, 8.06])
    half_width = np.array([1.4, 1.62, 1.62, 1.38, 0.98, 0.56, 0.03])
    thick = np.array([1.1, 1.0, 0.74, 0.45, 0.26, 0.15, 0.01])
    t = 1 - (1 - np.linspace(0, 1, 22)) ** 1.4
    y, z = spline(knots, centre_y, t), spline(knots, centre_z, t)
    w, h = spline(knots, half_width, t), spline(knots, thick, t)
    turn = 2 * np.pi * np.arange(20) / 20
    across, rise = np.cos(turn), np.sin(turn)
    groove = np.exp(-((across / 0.25) ** 2)) * (rise > 0)
    points = np.stack(
        [
            w[:, None] * across,
            y[:, None] + h[:, None] * (rise - 0.16 * groove),
            z[:, None] + np.zeros_like(across),
        ],
        axis=-1,
    )
    # Darker in the groove, underneath and towards the throat.
    light = 1.0 - 0.14 * groove - 0.20 * (rise < 0)
    shade = (0.45 + 0.55 * smoothstep(0.30, 0.85, t))[:, None] * light
    faces = grid_faces(len(t), 20, closed=True)
    tints = np.repeat(shade.reshape(-1, 1), 3, axis=1)
    return Part(points.reshape(-1, 3), faces, ("tongue",) * len(faces), shade=tints)


def ribbon(path: Array, side: Array, widths: Array) -> Array:
    """Return the vertices [K, 2, 3] of a tapering strip along path [K, 3]."""
    return np.stack([path - side * widths[:, None], path + side * widths[:, None]], axis=1)


def strips(ribbons: list[Array], anchors: list[Array], material: str) -> Part:
    points = np.stack(ribbons)  # [N, K, 2, 3]
    n, k = points.shape[:2]
    one = grid_faces(k, 2, closed=False)
    faces = (one[None] + (np.arange(n) * k * 2)[:, None, None]).reshape(-1, 4)
    roots = np.repeat(np.stack(anchors), k * 2, axis=0)
    return Part(points.reshape(-1, 3), faces, (material,) * len(faces), roots)


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
    # Where the temple falls away, a hair drawn from the front would hang down its slope.
    roots, tips = points[0::2], points[1::2]
    reach = np.linalg.norm(tips - roots, axis=-1)
    points[1::2] = roots + (tips - roots) * np.minimum(1.0, length / reach)[:, None]
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
    return strips(ribbons, anchors, "brow")
