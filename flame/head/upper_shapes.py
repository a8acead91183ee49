"""Brows, cheeks and nose: the left half of each shape, in centimetres at weight 1."""

from __future__ import annotations

import numpy as np

from flame.head.frame import Face
from flame.head.maths import Array, segment_distance, smoothstep


def _vector(weight: Array, x: float, y: float, z: float) -> Array:
    return weight[:, None] * np.array([x, y, z])


def _forehead(face: Face) -> Array:
    """Return 1 above the lids' fold and 0 on the lids, [V]."""
    return smoothstep(0.25, 2.0, face.y) * smoothstep(3.0, 6.5, face.z)


def brow_down(face: Face) -> Array:
    """Brow lowered and drawn to the middle; the skin between the brows bunches up."""
    out = _vector(face.near(1.7, 2.1, 9.4, 1.15, 1.0) * _forehead(face), -0.24, -0.56, 0.10)
    out += _vector(face.near(3.4, 2.3, 9.0, 1.3, 0.9) * _forehead(face), -0.12, -0.48, 0.10)
    out += _vector(face.near(3.0, 1.2, 8.8, 1.3, 0.4), 0.0, -0.20, 0.12)
    out += _vector(face.near(0.75, 1.8, 9.6, 0.35, 0.8), 0.04, -0.10, 0.10)
    out += _vector(face.near(0.4, 1.9, 9.7, 0.30, 0.7), 0.0, 0.0, -0.08)
    return out


def brow_inner_up(face: Face) -> Array:
    """Inner ends of both brows raised and drawn together a little."""
    out = np.zeros_like(face.points)
    for sign in (1, -1):
        out += _vector(
            face.near(sign * 1.6, 2.4, 9.4, 1.1, 1.4) * _forehead(face), -0.10 * sign, 0.62, 0.05
        )
        out += _vector(face.near(sign * 3.2, 2.4, 9.2, 1.0, 1.2) * _forehead(face), 0.0, 0.16, 0.0)
        out += _vector(face.near(sign * 1.9, 0.95, 8.6, 0.8, 0.45), 0.0, 0.12, 0.0)
    for height in (4.2, 5.2):
        crease = np.exp(-0.5 * ((face.y - height) / 0.20) ** 2)
        middle = np.exp(-0.5 * (face.x / 2.0) ** 2) * smoothstep(5.0, 8.0, face.z)
        out[:, 2] -= 0.07 * crease * middle
    return out


def brow_outer_up(face: Face) -> Array:
    """Outer two thirds of the brow raised in an arch."""
    out = _vector(face.near(3.9, 2.6, 8.8, 1.4, 1.5) * _forehead(face), 0.02, 0.72, 0.0)
    out += _vector(face.near(3.8, 1.1, 8.6, 1.1, 0.5), 0.0, 0.16, 0.0)
    return out


def cheek_squint(face: Face) -> Array:
    """Cheek raised towards the lower lid, crow's feet bunched."""
    out = _vector(face.near(3.7, -2.2, 8.2, 1.3, 0.9), 0.0, 0.58, 0.26)
    lid = segment_distance(face.points[:, :2], np.array([[2.0, -0.75], [3.2, -0.95], [4.4, -0.7]]))
    out += _vector(np.exp(-0.5 * (lid / 0.3) ** 2) * smoothstep(6, 7, face.z), 0.0, 0.16, 0.05)
    out += _vector(face.near(5.3, -0.3, 6.8, 0.7, 0.7), -0.10, 0.08, 0.05)
    out += _vector(face.near(2.2, -4.2, 9.0, 0.9, 0.8), 0.03, 0.14, 0.05)
    return out


def cheek_puff(face: Face) -> Array:
    """Both cheeks blown up; the lips stay shut and come forward a little."""
    out = np.zeros_like(face.points)
    for sign in (1, -1):
        out += _vector(face.near(sign * 4.5, -6.3, 7.0, 1.5, 1.7), sign * 1.2, 0.0, 1.0)
        out += _vector(face.near(sign * 2.6, -6.9, 8.6, 0.9), -0.12 * sign, 0.0, 0.10)
    out += _vector(face.near(0.0, -5.4, 10.0, 1.6, 0.6), 0.0, 0.0, 0.14)
    out += _vector(face.near(0.0, -8.5, 9.2, 1.6, 0.6), 0.0, 0.0, 0.14)
    return out * (1 - 0.9 * face.inside)[:, None]


def nose_sneer(face: Face) -> Array:
    """Wing of the nose and lip raised, wrinkles on the bridge, brow's inner end pulled down."""
    out = _vector(face.near(1.35, -3.9, 10.1, 0.70, 0.80), 0.10, 0.46, 0.02)
    out += _vector(face.near(2.1, -4.4, 9.2, 0.8, 1.0) * (1 - face.inside), 0.02, 0.40, 0.10)
    out += _vector(face.near(1.5, -5.9, 9.9, 0.8, 0.7) * face.upper, 0.0, 0.34, 0.03)
    out += _vector(face.near(1.5, -1.2, 9.0, 0.7, 0.9), -0.08, 0.20, 0.18)
    for y in (-0.6, -1.15):
        line = np.array([[0.25, y + 0.25], [1.4, y - 0.35]])
        crease = np.exp(-0.5 * (segment_distance(face.points[:, :2], line) / 0.12) ** 2)
        out += _vector(crease * smoothstep(7.5, 8.5, face.z), 0.0, 0.0, -0.11)
    out += _vector(face.near(1.2, 1.9, 9.5, 0.8, 0.8), -0.05, -0.24, 0.05)
    return out
