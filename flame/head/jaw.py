"""The jaw: how it turns, slides and takes skin, lower teeth and tongue with it."""

from __future__ import annotations

import numpy as np

from flame.head.frame import JAW_AXIS, Face, jaw_weight
from flame.head.maths import Array, smoothstep

MOUTH_LOOPS_OF_RED = 9.0
"""Number of the loop on which the lips touch, counted from the skin."""
OPEN_RADIANS = np.radians(19.5)
OPEN_SLIDE: Array = np.array([0.0, -0.35, 0.85])
"""The condyle glides forward and down while the jaw turns (Posselt's envelope)."""


def open_jaw(points: Array) -> Array:
    """Return the displacement [N, 3] of points fixed to the jaw at jawOpen = 1."""
    offset = points - JAW_AXIS
    cos, sin = np.cos(OPEN_RADIANS), np.sin(OPEN_RADIANS)
    turned = offset.copy()
    turned[:, 1] = offset[:, 1] * cos - offset[:, 2] * sin
    turned[:, 2] = offset[:, 1] * sin + offset[:, 2] * cos
    return turned - offset + OPEN_SLIDE


def slide_jaw(points: Array, direction: str) -> Array:
    """Return the displacement [N, 3] of points fixed to the jaw for a thrust or a shift."""
    if direction == "forward":
        return np.tile(np.array([0.0, -0.10, 0.85]), (len(points), 1))
    sign = 1.0 if direction == "left" else -1.0
    out = np.zeros_like(points)
    # One joint stays, so the jaw swings: the front moves further than the back.
    out[:, 0] = sign * 0.85 * smoothstep(-3.0, 9.0, points[:, 2])
    return out


def _closed_weight(face: Face) -> Array:
    """Return the jaw's weight for thrusts and shifts, [V]: the lips stay shut and share the way."""
    weight = jaw_weight(face)
    red = np.clip((MOUTH_LOOPS_OF_RED - face.ring) / MOUTH_LOOPS_OF_RED, 0.0, 1.0)
    side = 2.0 * face.upper - 1.0
    lips = 0.58 - 0.34 * side * red * (1.0 - np.abs(face.along) ** 3)
    mix = np.maximum(smoothstep(2.0, 0.4, face.reach), face.is_lip)
    return weight * (1 - mix) + lips * mix


def jaw_shapes(face: Face) -> dict[str, Array]:
    """Return jawOpen, jawForward, jawLeft and jawRight for the skin."""
    weight = jaw_weight(face)[:, None]
    points = face.points
    opened = open_jaw(points) * weight
    # Opening narrows the mouth a little and hollows the cheeks.
    corner = face.near(2.7, -6.9, 8.6, 1.1) - face.near(-2.7, -6.9, 8.6, 1.1)
    opened[:, 0] -= 0.42 * corner
    hollow = face.near(5.0, -5.2, 6.0, 1.5) - face.near(-5.0, -5.2, 6.0, 1.5)
    opened[:, 0] -= 0.22 * hollow
    soft = _closed_weight(face)[:, None]
    return {
        "jawOpen": opened,
        "jawForward": slide_jaw(points, "forward") * soft,
        "jawLeft": slide_jaw(points, "left") * soft,
        "jawRight": slide_jaw(points, "right") * soft,
    }


def lips_together(face: Face, opened: Array) -> Array:
    """Return mouthClose: what brings the lips together again at jawOpen = 1, chin down.

    On the two contact loops both lips are sent to one common point, so that for every w the sum
    w jawOpen + w mouthClose closes the mouth exactly.
    """
    loops = face.skin.topology.openings["mouth"].loops
    count = loops.shape[1]
    partner = (-np.arange(count)) % count
    meeting = np.empty((len(loops), count, 3))
    for ring in range(len(loops)):
        here, there = opened[loops[ring]], opened[loops[ring][partner]]
        upper = face.upper[loops[9]][:, None]
        above = np.where(upper > 0.5, here, there)
        below = np.where(upper > 0.5, there, here)
        meeting[ring] = 0.7 * above + 0.3 * below
    close = np.zeros_like(face.points)
    share = np.array([0.0, 0.16, 0.42, 0.70, 0.90, 1, 1, 1, 1, 1, 1, 1, 0.9, 0.6, 0.2, 0.0])
    contact = meeting[9] - opened[loops[9]]
    for ring, loop in enumerate(loops):
        pull = contact if ring not in (9, 10) else meeting[ring] - opened[loop]
        close[loop] = share[ring] * pull
    return close
