"""The sculpt: one implicit solid whose zero level is the outside of the head.

Lengths are centimetres; x grows to the character's left, y up from the pupils, z forward from the
ears. Proportions are between the male and female means of Farkas, Anthropometry of the Head and
Face (1994): face height n-gn 12.0, head height v-gn 22.3, head length g-op 19.3, head width 14.9,
face width zy-zy 13.4, nose n-sn 5.2 and al-al 3.4, mouth ch-ch 5.2, eye fissure 3.0, en-en 3.25.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from flame.head.maths import (
    Array,
    blob,
    bump,
    ellipsoid,
    round_cone,
    segment_distance,
    smooth_min,
    smoothstep,
)

EYE_CENTRE = (3.12, 0.0, 7.36)
EYE_RADIUS = 1.28
EAR_AXIS = (-1.5, 0.0)
"""(y, z) of the axis through both ears, about which the profile below is drawn."""

# Midline profile without nose and lips, (y, z), from the chin over the forehead to the nape and
# back through the inside of the neck.
_PROFILE = (
    (-11.45, 7.7), (-11.15, 8.55), (-10.3, 8.95), (-9.2, 8.85), (-8.2, 9.05), (-6.8, 9.35),
    (-5.0, 9.5), (-3.0, 9.3), (-1.0, 9.1), (0.5, 9.15), (2.0, 9.7), (4.0, 9.75), (6.0, 9.05),
    (8.0, 7.4), (9.7, 4.4), (10.6, 1.0), (10.6, -2.5), (9.2, -6.0), (6.5, -8.5), (3.0, -9.5),
    (-0.5, -9.2), (-3.5, -8.0), (-6.0, -6.0), (-8.0, -3.5), (-9.3, 0.0), (-10.5, 3.5),
    (-11.3, 5.8),
)  # fmt: skip
_SAMPLES = 720


@cache
def _profile_table() -> tuple[Array, Array]:
    """Return (angles, radii) of the midline profile about the ear axis, smoothed."""
    y, z = np.array(_PROFILE).T
    angle = np.unwrap(np.arctan2(y - EAR_AXIS[0], z - EAR_AXIS[1]))
    radius = np.hypot(y - EAR_AXIS[0], z - EAR_AXIS[1])
    grid = np.linspace(-np.pi, np.pi, _SAMPLES, endpoint=False)
    order = np.argsort(np.mod(angle + np.pi, 2 * np.pi))
    table = np.interp(
        grid, (np.mod(angle + np.pi, 2 * np.pi) - np.pi)[order], radius[order], period=2 * np.pi
    )
    frequency = np.fft.rfftfreq(_SAMPLES, 1.0 / _SAMPLES)
    smooth = np.fft.irfft(np.fft.rfft(table) * np.exp(-0.5 * (frequency * 0.035) ** 2), _SAMPLES)
    return grid, smooth


def _skull(points: Array) -> Array:
    """Return the distance to skull and face without nose, eyes, lips, ears and neck."""
    x = np.abs(points[..., 0])
    y, z = points[..., 1] - EAR_AXIS[0], points[..., 2] - EAR_AXIS[1]
    r = np.hypot(y, z)
    angle = np.arctan2(y, z)
    grid, table = _profile_table()
    radius = np.interp(angle, grid, table, period=2 * np.pi)
    up = np.clip(np.sin(angle), 0, 1)
    down = np.clip(-np.sin(angle), 0, 1)
    front = np.clip(np.cos(angle), 0, 1)
    width = 7.1 + 0.95 * up - 0.45 * down - 0.1 * front
    width = 6.9 + (width - 6.9) * smoothstep(0.0, 5.0, r)
    power = 2.15 + 0.35 * up + 0.1 * front - 0.15 * down
    level = ((x / width) ** power + (r / radius) ** power) ** (1.0 / power)
    size = np.linalg.norm(points - np.array([0.0, *EAR_AXIS]), axis=-1)
    return (level - 1.0) * size / np.maximum(level, 1e-6)


def _neck(points: Array) -> Array:
    x, y, z = np.abs(points[..., 0]), points[..., 1], points[..., 2]
    low = np.clip(-12.5 - y, 0.0, None)
    centre = -2.2 + 0.06 * (y + 10.0)
    half_width = 5.05 + 0.11 * low**2
    half_depth = 4.75 + 0.04 * low**2
    level = np.sqrt((x / half_width) ** 2 + ((z - centre) / half_depth) ** 2)
    return -smooth_min((1.0 - level) * 5.0, -(y + 4.0), 4.0)


def _nose(points: Array) -> Array:
    """Return the distance to the nose, given points with x >= 0."""
    narrow = points * np.array([1.12, 1.0, 1.0])
    bridge = round_cone(narrow, (0, 0.9, 8.75), (0, -3.1, 10.55), (0.62, 0.86))
    body = round_cone(points, (0, -1.5, 8.6), (0, -3.6, 9.6), (1.05, 1.42))
    tip = ellipsoid(points, (0.0, -3.62, 11.12), (0.82, 0.70, 0.80))
    side = ellipsoid(points, (0.42, -3.68, 11.02), (0.52, 0.58, 0.66))
    wing = ellipsoid(points, (1.16, -4.0, 10.12), (0.60, 0.60, 0.84))
    column = round_cone(points, (0.0, -4.10, 11.15), (0.0, -4.72, 9.9), (0.26, 0.36))
    nose = smooth_min(bridge, body, 0.9)
    nose = smooth_min(nose, smooth_min(tip, side, 0.3), 0.55)
    nose = smooth_min(nose, wing, 0.40)
    return smooth_min(nose, column, 0.35)


NASOLABIAL = np.array([[1.75, -3.6], [2.25, -4.6], [2.95, -5.9], [3.35, -7.0]])
_LID_CREASE = np.array([[1.85, 0.38], [2.3, 0.86], [3.0, 1.06], [3.8, 0.92], [4.55, 0.36]])


def _details(p: Array) -> Array:
    """Return what is added to the distance: positive carves, negative builds. `p` has x >= 0."""
    flat = p[..., :2]
    front = smoothstep(3.0, 6.0, p[..., 2])
    out = 1.25 * blob(p, (3.15, -0.15, 8.6), (1.25, 0.92, 1.6))
    out += 0.45 * blob(p, (1.6, -0.3, 9.0), (0.5, 0.75, 1.2))
    out -= 0.42 * blob(p, (3.0, 2.15, 9.2), (1.9, 0.62, 1.5))
    out += 0.18 * blob(p, (0.0, 2.2, 10.0), (0.55, 0.8, 1.0))
    out -= 0.55 * blob(p, (4.5, -2.5, 7.6), (1.35, 1.15, 1.6))
    out -= 0.15 * blob(p, (2.7, -3.4, 8.8), (1.0, 1.0, 1.2))
    out += 0.22 * blob(p, (5.0, -6.2, 5.6), (1.3, 1.7, 2.2))
    out += 0.22 * blob(p, (6.6, 1.6, 5.4), (1.2, 1.6, 1.6))
    out -= 0.42 * blob(p, (0.0, -6.6, 9.4), (2.3, 1.5, 1.8))
    out -= 0.25 * blob(p, (0.0, -10.25, 8.7), (1.25, 0.75, 1.2))
    out -= 0.16 * blob(p, (1.25, -10.6, 8.0), (0.9, 0.6, 1.0))
    out += 0.22 * blob(p, (0.0, -8.85, 8.9), (1.7, 0.42, 1.2))
    out += 0.10 * blob(p, (2.9, -7.35, 8.6), (0.5, 0.7, 1.0))
    groove = segment_distance(flat, NASOLABIAL)
    out += front * 0.085 * np.exp(-0.5 * (groove / 0.22) ** 2)
    x, y = p[..., 0], p[..., 1]
    philtrum = smoothstep(-6.15, -5.7, y) * smoothstep(-4.7, -5.1, y) * front
    out += philtrum * (0.085 * bump(x, 0.0, 0.2) - 0.06 * bump(x, 0.5, 0.17))
    return out


def skin_distance(points: Array) -> Array:
    """Return the approximate signed distance of points [N, 3] to the skin: negative inside."""
    p = points.copy()
    p[..., 0] = np.abs(p[..., 0])
    face = _skull(p) + _details(p)
    jaw = round_cone(p, (4.8, -6.0, 1.5), (0.0, -10.5, 7.95), (0.9, 0.6))
    face = smooth_min(face, jaw, 2.2)
    face = smooth_min(face, _neck(p), 1.3)
    ball = np.linalg.norm(p - np.array(EYE_CENTRE), axis=-1) - (EYE_RADIUS + 0.22)
    face = smooth_min(face, ball, 0.5)
    crease = segment_distance(p[..., :2], _LID_CREASE)
    front = smoothstep(5.0, 6.5, p[..., 2])
    face = face + front * 0.16 * np.exp(-0.5 * (crease / 0.11) ** 2)
    return smooth_min(face, _nose(p), 0.55)


def _slope(points: Array, value: Array, step: float = 1e-3) -> Array:
    """Return the gradient of `skin_distance` at points [N, 3] whose value [N] is known."""
    columns = []
    for axis in range(3):
        offset = np.zeros(3)
        offset[axis] = step
        columns.append(skin_distance(points + offset) - value)
    return np.stack(columns, axis=-1) / step


def project(points: Array, rounds: int = 8) -> Array:
    """Move points [N, 3] onto the skin along its gradient, at most 1 cm a round."""
    points = points.copy()
    for _ in range(rounds):
        value = skin_distance(points)
        slope = _slope(points, value)
        norm = np.maximum(np.sum(slope * slope, axis=-1), 0.05)
        move = -(value / norm)[:, None] * slope
        length = np.linalg.norm(move, axis=-1, keepdims=True)
        points += move * np.minimum(1.0, 1.0 / np.maximum(length, 1e-9))
    return points


def drop(points: Array, rounds: int = 30) -> Array:
    """Let points [N, 3] fall along -z from in front of the face onto the skin; x and y stay."""
    points = points.copy()
    points[:, 2] = 13.0
    for _ in range(rounds):
        points[:, 2] -= 0.85 * skin_distance(points)
    return points


def slide_in(points: Array, rounds: int = 30) -> Array:
    """Let points [N, 3] slide along -x from the left side onto the skin; y and z stay."""
    points = points.copy()
    points[:, 0] = 11.0
    for _ in range(rounds):
        points[:, 0] -= 0.9 * skin_distance(points)
    return points


def normals(points: Array) -> Array:
    """Return outward unit normals of the skin at points [N, 3]."""
    slope = _slope(points, skin_distance(points))
    return slope / np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-9)
