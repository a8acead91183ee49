"""The mouth: smile, frown, pucker, funnel, rolls, press, shrug and the rest, as soft regions.

Each function draws the left half or the whole; lengths are centimetres at weight 1. Displacements
that must keep the mouth closed are functions of position alone, so both lips move as one.
"""

from __future__ import annotations

import numpy as np

from flame.head.frame import Face
from flame.head.lips import CORNER_Y, MOUTH_HALF_WIDTH
from flame.head.maths import Array, bump, segment_distance, smoothstep
from flame.head.surface import NASOLABIAL


def _vector(weight: Array, x: float, y: float, z: float) -> Array:
    return weight[:, None] * np.array([x, y, z])


def _corner(face: Face, width: float = 1.25) -> Array:
    """Return the region of the left corner of the mouth, [V]."""
    return face.near(MOUTH_HALF_WIDTH, CORNER_Y, 8.6, width, width * 0.95)


def _fold(face: Face) -> Array:
    """Return the displacement that deepens the left fold between nose and mouth, [V, 3]."""
    distance = segment_distance(face.points[:, :2], NASOLABIAL)
    front = smoothstep(5.5, 7.5, face.z) * smoothstep(0.6, 1.6, face.x) * (1 - face.is_lip)
    groove = np.exp(-0.5 * (distance / 0.28) ** 2) * front * smoothstep(-7.2, -5.6, face.y)
    return _vector(groove, 0.0, 0.0, -0.20)


def _lip_half(face: Face, upper: bool) -> Array:
    """Return 1 on one lip, fading over the skin beyond it, [V]."""
    share = face.upper if upper else 1.0 - face.upper
    limit = 1.9 if upper else 2.3
    fade = np.maximum(smoothstep(limit, 0.4, face.reach), face.is_lip)
    deep = smoothstep(5.0, 7.5, face.z)
    return share * fade * deep


def smile(face: Face) -> Array:
    """Corner up, out and back; cheek raised and fuller; fold deeper; lips thinner."""
    out = _vector(_corner(face, 1.35), 0.86, 0.90, -0.50)
    pull = smoothstep(0.0, 1.0, face.along) * np.maximum(
        smoothstep(2.0, 0.3, face.reach), face.is_lip
    )
    out += _vector(pull * smoothstep(4.5, 7.0, face.z), 0.10, 0.06, -0.12)
    out += _vector(face.near(4.0, -3.6, 8.0, 1.35, 1.15), 0.12, 0.52, 0.30)
    out += _vector(face.near(3.3, -1.7, 8.2, 1.2, 0.6), 0.0, 0.14, 0.04)
    out += _vector(face.near(1.6, -4.0, 9.8, 0.6, 0.5), 0.10, 0.05, -0.02)
    return out + _fold(face)


def frown(face: Face) -> Array:
    """Corner down and a little out; the lower lip's ends follow; fold lengthens."""
    out = _vector(_corner(face, 1.15), 0.16, -0.72, -0.12)
    out += _vector(face.near(3.0, -8.4, 8.2, 0.9, 0.9), 0.08, -0.30, 0.06)
    out += _vector(face.near(1.5, -7.6, 9.4, 1.0, 0.8), 0.0, -0.10, 0.0)
    return out + 0.5 * _fold(face)


def dimple(face: Face) -> Array:
    """Corner pulled straight back into the cheek with a pit beside it."""
    out = _vector(_corner(face, 1.0), 0.50, 0.10, -0.52)
    out += _vector(face.near(3.5, -6.8, 8.2, 0.7, 0.8), 0.0, 0.0, -0.26)
    out += _vector(face.near(4.2, -6.3, 7.6, 0.9, 1.0), 0.14, 0.05, 0.22)
    return out + 0.5 * _fold(face)


def stretch(face: Face) -> Array:
    """Corner pulled sideways and down, jaw skin tense."""
    out = _vector(_corner(face, 1.35), 0.85, -0.34, -0.45)
    pull = smoothstep(0.0, 1.0, face.along) * np.maximum(
        smoothstep(1.6, 0.3, face.reach), face.is_lip
    )
    out += _vector(pull * smoothstep(4.5, 7.0, face.z), 0.12, 0.0, -0.10)
    out += _vector(face.near(3.6, -9.4, 7.2, 1.3, 1.3), 0.18, -0.18, 0.0)
    return out


def press(face: Face) -> Array:
    """Lips pushed together: the red gets thinner, the corner tightens."""
    left = smoothstep(-0.5, 1.0, face.along) * 0.9 + 0.1 * face.left_share()
    body = face.is_lip * (1 - face.inside)
    line = CORNER_Y + 0.04
    squeeze = (line - face.y) * 0.34
    fade = smoothstep(1.9, 0.6, face.reach) * smoothstep(5.0, 7.5, face.z)
    out = np.zeros_like(face.points)
    out[:, 1] = left * squeeze * np.maximum(body, fade * (1 - face.is_lip) * 0.75)
    out[:, 2] = -left * (0.20 * body + 0.10 * fade * (1 - face.is_lip))
    out += _vector(_corner(face, 0.8), 0.10, 0.05, -0.12)
    out += _vector(face.near(1.6, -8.5, 9.0, 1.0, 0.5), 0.0, 0.0, 0.10)
    return out


def lower_down(face: Face) -> Array:
    """Left half of the lower lip pulled down and out: the lower teeth show."""
    along = smoothstep(-0.55, 0.5, face.along) * (1 - np.abs(face.along) ** 3)
    lip = _lip_half(face, upper=False)
    out = _vector(along * lip, 0.10, -0.80, 0.04)
    out += _vector(face.near(1.3, -9.0, 9.0, 1.3, 0.6) * (1 - face.is_lip), 0.05, -0.20, 0.06)
    return out


def upper_up(face: Face) -> Array:
    """Left half of the upper lip raised, wing of the nose and fold with it."""
    along = smoothstep(-0.55, 0.5, face.along) * (1 - np.abs(face.along) ** 3)
    lip = _lip_half(face, upper=True)
    out = _vector(along * lip, 0.05, 0.66, 0.05)
    out += _vector(face.near(1.9, -4.5, 9.4, 0.8, 0.8) * (1 - face.is_lip), 0.02, 0.26, 0.06)
    out += _vector(face.near(3.2, -3.6, 8.4, 1.1, 0.9), 0.02, 0.20, 0.12)
    return out + 0.7 * _fold(face)


def pucker(face: Face) -> Array:
    """Lips drawn together from the sides and pushed forward, still closed."""
    fade = np.maximum(smoothstep(3.2, 0.5, face.reach), face.is_lip)
    fade = fade * smoothstep(5.5, 8.0, face.z)
    out = np.zeros_like(face.points)
    out[:, 0] = -0.42 * face.x * fade * smoothstep(4.6, 2.0, np.abs(face.x))
    forward = bump(face.x, 0.0, 1.6) * fade
    out[:, 2] = 0.85 * forward + 0.40 * fade * smoothstep(0.8, 2.6, np.abs(face.x))
    # The red bunches up towards the corners, so the small mouth is round and not a diamond.
    line = CORNER_Y + 0.03
    u = np.abs(face.along)
    side = 2.0 * face.upper - 1.0
    skin_side = np.clip(1.0 - face.ring / 9.0, 0.0, 1.0)
    body = face.is_lip * (1 - face.inside)
    out[:, 1] = body * ((face.y - line) * 0.06 + 0.55 * side * skin_side * u**2 * (1 - u**6))
    for sign in (1, -1):
        out += _vector(face.near(sign * 4.4, -6.4, 7.2, 1.3, 1.5), -0.32 * sign, 0.0, 0.05)
    return out


def funnel(face: Face) -> Array:
    """Lips open and turned outwards like a trumpet."""
    out = pucker(face) * np.array([0.60, 0.5, 0.62])
    u = np.abs(face.along)
    opening = (1 - u**2.4) ** 0.8
    above, below = _lip_half(face, True), _lip_half(face, False)
    out[:, 1] += opening * (0.34 * above - 0.42 * below)
    body = face.is_lip * (1 - face.inside)
    out[:, 2] += opening * body * 0.34
    out[:, 1] += opening * body * 0.14 * (2 * face.upper - 1)
    out[:, 2] -= 0.10 * opening * face.inside
    return out


def roll(face: Face, upper: bool) -> Array:
    """One lip tucked in over the teeth and behind the other one."""
    share = (face.upper if upper else 1 - face.upper) * (1 - np.abs(face.along) ** 4)
    sign = 1.0 if upper else -1.0
    body = face.is_lip * (1 - face.inside)
    line = CORNER_Y + 0.03
    fade = smoothstep(1.8, 0.5, face.reach) * smoothstep(6.0, 8.0, face.z) * (1 - face.is_lip)
    out = np.zeros_like(face.points)
    out[:, 1] = share * (body * (line - face.y) * 0.80 - fade * 0.42 * sign)
    out[:, 1] -= share * sign * 0.20 * np.maximum(body, face.inside)
    out[:, 2] = share * (-0.40 * body - 0.20 * fade - 0.18 * face.inside)
    return out


def shrug_lower(face: Face) -> Array:
    """Chin boss raised; it pushes the lower lip up and out."""
    lip = _lip_half(face, False) * (1 - np.abs(face.along) ** 2.5)
    out = _vector(lip, 0.0, 0.34, 0.26)
    out += _vector(_lip_half(face, True) * (1 - np.abs(face.along) ** 2.5), 0.0, 0.34, 0.12)
    out += _vector(face.near(0.0, -10.1, 8.8, 1.6, 0.9), 0.0, 0.42, 0.16)
    for sign in (1, -1):
        out += _vector(face.near(sign * 2.6, CORNER_Y, 8.6, 0.8, 0.7), 0.0, -0.10, 0.0)
    return out


def shrug_upper(face: Face) -> Array:
    """Upper lip pushed up towards the nose and forward; the lower lip comes along."""
    along = 1 - np.abs(face.along) ** 2.2
    out = _vector(_lip_half(face, True) * along, 0.0, 0.36, 0.22)
    out += _vector(_lip_half(face, False) * along, 0.0, 0.36, 0.10)
    touching = np.clip(face.ring - 8.0, 0.0, 1.0) * along
    out[:, 2] += touching * (0.16 - out[:, 2])
    return out


def sideways(face: Face, sign: float) -> Array:
    """The whole mouth drawn to one side."""
    fade = np.maximum(smoothstep(3.4, 0.4, face.reach), face.is_lip) * smoothstep(4.5, 7.5, face.z)
    out = _vector(fade, sign * 0.95, 0.0, -0.05)
    side = smoothstep(0.0, 1.0, sign * face.along)
    out[:, 2] -= 0.30 * side * fade
    out[:, 1] += 0.16 * side * fade
    out += _vector(face.near(sign * 4.3, -6.2, 7.6, 1.1, 1.4), sign * 0.22, 0.05, 0.22)
    return out
