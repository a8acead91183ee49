"""A cap of short hair: the scalp's quads lifted above a drawn hairline."""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array, spline
from flame.head.parts import Part
from flame.head.skin import Skin
from flame.head.surface import normals

# Azimuth from the front (degrees) -> height of the hairline (cm).
_AZIMUTH = np.array([0.0, 22.0, 40.0, 52.0, 62.0, 72.0, 80.0, 88.0, 108.0, 118.0, 140.0, 180.0])
_HAIRLINE = np.array([6.6, 6.7, 6.4, 4.6, 2.2, -0.6, -1.6, 1.6, 1.8, -2.6, -5.2, -6.2])


def _inside_hairline(points: Array) -> Array:
    azimuth = np.degrees(np.arctan2(np.abs(points[:, 0]), points[:, 2] + 0.5))
    return points[:, 1] - spline(_AZIMUTH, _HAIRLINE, azimuth)


def hair_cap(skin: Skin) -> Part:
    """Return the hair as one sheet that dives under the skin along the hairline."""
    inside = _inside_hairline(skin.vertices)
    scalp = np.zeros(len(skin.vertices), dtype=bool)
    scalp[skin.topology.wall.ravel()] = True
    scalp[skin.topology.cap.ravel()] = True
    for opening in skin.topology.openings.values():
        scalp[opening.bottom] = False
        scalp[opening.loops[0]] = False
    keep = scalp & (inside > -0.9)
    faces = skin.faces[keep[skin.faces].all(axis=1)]
    used = np.unique(faces)
    renumber = np.full(len(skin.vertices), -1)
    renumber[used] = np.arange(len(used))
    points = skin.vertices[used]
    depth = inside[used]
    thick = np.where(depth < 0, 0.45 * depth, 0.75 * (1 - np.exp(-np.maximum(depth, 0) / 1.3)))
    lifted = points + normals(points) * thick[:, None]
    return Part(lifted, renumber[faces], ("hair",) * len(faces), points)
