"""A cap of short hair: the scalp's quads lifted above a drawn hairline, and strands along it."""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array, Indices, smoothstep, spline
from flame.head.parts import Part
from flame.head.skin import Skin
from flame.head.surface import normals, skin_distance
from flame.head.topology import COLUMNS

# Azimuth from the front (degrees) -> height of the hairline (cm).
_AZIMUTH = np.array([0.0, 14, 30, 42, 52, 62, 70, 76, 80, 83, 87, 106, 112, 120, 145, 180])
_HAIRLINE = np.array([6.1, 6.3, 6.5, 5.8, 4.2, 2.4, 0.4, -1.2, -1.7, -0.6, 1.4, 1.2, -0.6, -3.6,
                      -5.2, -5.9])  # fmt: skip
_CM_PER_DEGREE = 0.13


def _inside_hairline(points: Array) -> Array:
    """Return about how far points [N, 3] are inside the hair, cm; negative outside."""
    azimuth = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] + 0.5))
    height = spline(_AZIMUTH, _HAIRLINE, azimuth)
    slope = (spline(_AZIMUTH, _HAIRLINE, azimuth + 1.0) - height) / _CM_PER_DEGREE
    return (points[:, 1] - height) / np.sqrt(1.0 + slope**2)


def locks(skin: Skin) -> Array:
    """Return a seeded unevenness per vertex, -1..1, constant along columns: combed hair."""
    rng = np.random.default_rng(3)
    rough = rng.uniform(-1.0, 1.0, COLUMNS)
    half = 0.6 * rough + 0.4 * np.roll(rough, 1)
    out = np.zeros(len(skin.vertices))
    column = np.minimum(np.arange(COLUMNS), COLUMNS - np.arange(COLUMNS))
    out[skin.topology.wall] = half[column]
    out[skin.topology.cap] = out[skin.topology.cap[0]]
    return out


def hair_cap(skin: Skin) -> tuple[Part, Indices]:
    """Return the hair, a sheet that dives under the skin at its edge, and its skin vertices."""
    inside = _inside_hairline(skin.vertices)
    scalp = np.zeros(len(skin.vertices), dtype=bool)
    scalp[skin.topology.wall.ravel()] = True
    scalp[skin.topology.cap.ravel()] = True
    for opening in skin.topology.openings.values():
        scalp[opening.bottom] = False
    keep = scalp & (inside > -1.0)
    faces = skin.faces[keep[skin.faces].all(axis=1)]
    used = np.unique(faces)
    renumber = np.full(len(skin.vertices), -1)
    renumber[used] = np.arange(len(used))
    points = skin.vertices[used]
    depth = inside[used]
    thick = np.where(depth < 0, 0.45 * depth, 0.75 * (1 - np.exp(-np.maximum(depth, 0) / 1.3)))
    thick += 0.07 * locks(skin)[used] * (depth > 0.3)
    lifted = points + normals(points) * thick[:, None]
    return Part(lifted, renumber[faces], ("hair",) * len(faces)), used


def _on_scalp(azimuth: Array, height: Array) -> Array:
    """Return the points of the skin [N, 3] at azimuths (degrees) and heights (cm)."""
    turn = np.radians(azimuth)
    ahead = np.stack([np.sin(turn), np.zeros_like(turn), np.cos(turn)], axis=-1)
    points = np.array([0.0, 0.0, -0.5]) + 13.0 * ahead
    points[:, 1] = height
    for _ in range(25):
        points -= 0.85 * skin_distance(points)[:, None] * ahead
    return points


def hairline_strands(seed: int = 5, count: int = 190) -> Part:
    """Return fine strips along the left half of the front hairline that run into the cap."""
    rng = np.random.default_rng(seed)
    azimuth = np.sort(rng.uniform(0.0, 68.0, count))
    height = spline(_AZIMUTH, _HAIRLINE, azimuth) + rng.uniform(-0.40, 0.2, count)
    root = _on_scalp(azimuth, height)
    back = smoothstep(30.0, 60.0, azimuth)
    away = rng.uniform(-1.5, 1.5, count) + 7.0 * back
    tip = _on_scalp(azimuth + away, height + 1.1 - 0.6 * back)
    tip = tip + 0.30 * normals(tip)
    root = root + 0.01 * normals(root)
    side = np.cross(tip - root, normals(root))
    side /= np.linalg.norm(side, axis=-1, keepdims=True)
    points = np.stack([root - 0.012 * side, root + 0.012 * side, tip - 0.05 * side,
                       tip + 0.05 * side], axis=1)  # fmt: skip
    faces = 4 * np.arange(count)[:, None] + np.array([0, 1, 3, 2])
    return Part(points.reshape(-1, 3), faces, ("hair",) * count, np.repeat(root, 4, axis=0))
