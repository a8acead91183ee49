"""Lids and gaze: blinks along the ball's arc, lids that follow the gaze, squint and wide."""

from __future__ import annotations

import numpy as np

from flame.head.eyelids import MARGIN_LOOP
from flame.head.frame import Face
from flame.head.maths import Array, smoothstep
from flame.head.surface import EYE_CENTRE, EYE_RADIUS

LOOK_RADIANS = {
    "Up": np.radians(25.0),
    "Down": np.radians(28.0),
    "In": np.radians(32.0),
    "Out": np.radians(34.0),
}
# Share of the margin's travel that each loop of lid skin makes, from the orbit to the margin.
_UPPER_SHARE = (0.0, 0.05, 0.20, 0.42, 0.66, 0.84, 0.94)
_LOWER_SHARE = (0.0, 0.10, 0.30, 0.55, 0.75, 0.88, 0.96)
# How far the lids travel: +1 closes (upper lid) or meets the closing line (lower lid).
_LIDS = {
    "eyeBlink": (1.0, 1.0),
    "eyeLookDown": (0.58, -1.3),
    "eyeLookUp": (-0.26, 0.5),
    "eyeLookIn": (0.0, 0.0),
    "eyeLookOut": (0.0, 0.0),
    "eyeSquint": (0.20, 2.1),
    "eyeWide": (-0.32, -0.5),
}


def turn_eye(points: Array, direction: str, side: float) -> Array:
    """Return the displacement [N, 3] of eyeball points for a gaze; `side` is +1 for the left."""
    angle = LOOK_RADIANS[direction]
    offset = points - np.array(EYE_CENTRE) * np.array([side, 1.0, 1.0])
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = offset.T
    if direction in ("Up", "Down"):
        sin = sin if direction == "Up" else -sin
        turned = np.stack([x, y * cos + z * sin, z * cos - y * sin], axis=-1)
    else:
        sin = sin * side * (1.0 if direction == "Out" else -1.0)
        turned = np.stack([x * cos + z * sin, y, z * cos - x * sin], axis=-1)
    return turned - offset


def _turn_about_ball(points: Array, angle: Array, least: float) -> Array:
    """Turn points [N, 3] about the eye's sideways axis, staying outside the ball by `least`."""
    centre = np.array(EYE_CENTRE)
    offset = points - centre
    cos, sin = np.cos(angle), np.sin(angle)
    y = offset[:, 1] * cos + offset[:, 2] * sin
    z = offset[:, 2] * cos - offset[:, 1] * sin
    turned = np.stack([offset[:, 0], y, z], axis=-1)
    distance = np.linalg.norm(turned, axis=-1, keepdims=True)
    floor = EYE_RADIUS + least
    return centre + turned * np.maximum(1.0, floor / distance)


def _angle(points: Array) -> Array:
    offset = points - np.array(EYE_CENTRE)
    return np.arctan2(offset[:, 1], np.maximum(offset[:, 2], 0.15))


def lid_shape(face: Face, upper_travel: float, lower_travel: float) -> Array:
    """Return the displacement [V, 3] of the left eye's lids; travel is 1 when they meet."""
    loops = face.skin.topology.openings["eye_left"].loops
    half = loops.shape[1] // 2
    points = face.points
    out = np.zeros_like(points)
    above = loops[:, : half + 1]
    below = np.concatenate([loops[:, half:], loops[:, :1]], axis=1)[:, ::-1]
    top, low = points[above[MARGIN_LOOP + 1]], points[below[MARGIN_LOOP + 1]]
    line = low + 0.16 * (top - low)
    for lid, other, travel, shares in (
        (above, top, upper_travel, _UPPER_SHARE),
        (below, low, lower_travel, _LOWER_SHARE),
    ):
        sweep = (_angle(line) - _angle(other)) * travel
        closing = abs(travel - 1.0) < 1e-9
        for ring in range(1, MARGIN_LOOP + 3):
            index = lid[ring]
            share = shares[ring] if ring < MARGIN_LOOP else 1.0
            least = 0.19 if ring <= MARGIN_LOOP else 0.09
            start = points[index]
            body = np.sin(np.pi * np.linspace(0, 1, half + 1)) ** 0.5
            moved = _turn_about_ball(start, sweep * share, 0.0)
            pushed = _turn_about_ball(start, sweep * share, least)
            mix = (body * np.minimum(1.0, abs(travel)))[:, None]
            out[index] = moved + (pushed - moved) * mix - start
        if closing:
            for ring, gap in ((MARGIN_LOOP, 0.20), (MARGIN_LOOP + 1, 0.10)):
                target = _closing_line(line, gap)
                out[lid[ring]] = target - points[lid[ring]]
    out[loops[:, [0, half]]] *= 0.5
    return out


def _closing_line(line: Array, gap: float) -> Array:
    """Return where both margins meet: on the ball, except at the corners, [N, 3]."""
    centre = np.array(EYE_CENTRE)
    offset = line - centre
    distance = np.linalg.norm(offset, axis=-1, keepdims=True)
    body = np.sin(np.pi * np.linspace(0, 1, len(line)))[:, None] ** 0.5
    floor = EYE_RADIUS + gap
    lifted = centre + offset * np.maximum(1.0, floor / distance)
    ahead = np.array([0.0, 0.0, 1.0]) * (gap - 0.04) * 0.3
    return (line + ahead) * (1 - body) + lifted * body


def eye_shapes(face: Face) -> dict[str, Array]:
    """Return the seven left-eye shapes for the skin."""
    shapes = {}
    for name, (upper, lower) in _LIDS.items():
        shapes[f"{name}Left"] = lid_shape(face, upper, lower)
    rise = np.array([0.0, 1.0, 0.0])
    around = {
        "eyeSquintLeft": 0.13 * face.near(3.3, -1.5, 8.0, 1.2, 0.7)
        - 0.10 * face.near(3.4, 1.7, 8.8, 1.3, 0.6),
        "eyeWideLeft": 0.12 * face.near(3.1, 1.9, 9.0, 1.5, 0.6),
        "eyeLookDownLeft": -0.06 * face.near(3.2, 1.3, 8.6, 1.2, 0.5),
    }
    for name, lift in around.items():
        shapes[name] += keep_off_ball(face, lift[:, None] * rise)
    return shapes


def keep_off_ball(face: Face, delta: Array) -> Array:
    """Return a displacement [V, 3] that no longer presses lid skin into either eyeball.

    What points inwards is taken away near the ball, so lids slide over it, in any mixture.
    """
    out = delta.copy()
    for side in (1.0, -1.0):
        offset = face.points - np.array(EYE_CENTRE) * np.array([side, 1.0, 1.0])
        distance = np.linalg.norm(offset, axis=-1, keepdims=True)
        away = offset / distance
        inwards = np.minimum(np.sum(out * away, axis=-1, keepdims=True), 0.0)
        close = smoothstep(EYE_RADIUS + 1.0, EYE_RADIUS + 0.35, distance)
        out -= close * smoothstep(-0.3, 0.3, offset[:, 2:]) * inwards * away
    return out
