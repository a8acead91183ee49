"""The loops around an eye: the orbit, the fold, the lid over the ball, its margin, the pocket."""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array, spline
from flame.head.surface import EYE_CENTRE, EYE_RADIUS, drop

OUTER_CANTHUS = np.array([4.50, 0.10, 7.70])
INNER_CANTHUS = np.array([1.70, -0.16, 8.05])
MARGIN_LOOP = 7
"""Front edge of the lid margin; the next loop lies on the ball, 0 to 6 are skin."""

_S = np.array([0.0, 0.12, 0.3, 0.5, 0.7, 0.88, 1.0])
_UPPER = np.array([0.0, 0.22, 0.42, 0.50, 0.46, 0.26, 0.0])
_LOWER = np.array([0.0, 0.19, 0.37, 0.42, 0.34, 0.17, 0.0])


def on_ball(points: Array, gap: float) -> Array:
    """Lift points [..., 3] along z onto the eyeball grown by `gap`, no lower than they are."""
    centre = np.array(EYE_CENTRE)
    radius = EYE_RADIUS + gap
    flat = np.sum((points[..., :2] - centre[:2]) ** 2, axis=-1)
    ball = centre[2] + np.sqrt(np.maximum(radius**2 - flat, 0.0))
    inside = flat < radius**2
    z = points[..., 2]
    k = 0.12
    mix = np.clip(0.5 + 0.5 * (ball - z) / k, 0, 1)
    lifted = z + (ball - z) * mix + k * mix * (1 - mix)
    out = points.copy()
    out[..., 2] = np.where(inside, lifted, z)
    return out


def margin(count: int, upper: bool) -> Array:
    """Return the lid margin from the outer to the inner canthus, [count + 1, 3]."""
    k = np.linspace(0.0, 1.0, count + 1)
    s = 0.5 * k + 0.5 * (0.5 - 0.5 * np.cos(np.pi * k))
    chord = OUTER_CANTHUS + (INNER_CANTHUS - OUTER_CANTHUS) * s[:, None]
    rise = spline(_S, _UPPER, s) if upper else -spline(_S, _LOWER, s)
    return on_ball(chord + np.array([0.0, 1.0, 0.0]) * rise[:, None], 0.04)


def _orbit(k: Array, upper: bool) -> Array:
    """Return the outermost loop (x, y), from the outer side at k = 0 to the inner at 1."""
    angle = np.pi * k
    x = 3.25 + np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.8 * np.where(
        np.cos(angle) > 0, 2.15, 2.2
    )
    y = -0.05 + np.sin(angle) ** 0.8 * (1.72 if upper else -1.62)
    return np.stack([x, y], axis=-1)


def _half(count: int, upper: bool, n_loops: int) -> Array:
    k = np.linspace(0.0, 1.0, count + 1)
    edge = margin(count, upper)
    sign = 1.0 if upper else -1.0
    orbit = np.column_stack([_orbit(k, upper), np.full(count + 1, 8.2)])
    centre = np.array(EYE_CENTRE)
    away = edge - centre
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    body = np.sin(np.pi * k)[:, None] ** 0.5
    front = edge + away * (0.13 * body + 0.02) + np.array([0, sign, 0]) * 0.035 * body
    side = np.array([1.0, 0, 0]) * np.where(k < 0.5, 1, -1)[:, None] * (1 - body) * 0.05
    front = front + side
    loops = np.empty((n_loops, count + 1, 3))
    ahead = np.array([0.0, 0.0, 1.0])
    at = np.array([0.0, 0.36, 0.58, 0.72, 0.83, 0.91, 0.965])
    mix = orbit + at[:, None, None] * (front - orbit)
    loops[:MARGIN_LOOP] = drop(mix.reshape(-1, 3)).reshape(mix.shape)
    loops[MARGIN_LOOP] = front
    loops[MARGIN_LOOP + 1] = edge
    back = edge + np.array([0, sign * 0.10, 0]) * body - ahead * 0.25
    deep = edge + np.array([0, sign * 0.5, 0]) * body - ahead * 1.0
    # In the corners the pocket is shallow and runs into the ball, as the caruncle does.
    inwards = (centre - edge) * np.array([1.0, 0.0, 0.0])
    shallow = edge + inwards * 0.16 - ahead * 0.07
    floor = edge + inwards * 0.45 - ahead * 0.35
    loops[MARGIN_LOOP + 2] = body * _outside_ball(back, 0.06) + (1 - body) * shallow
    loops[MARGIN_LOOP + 3] = body * _outside_ball(deep, 0.12) + (1 - body) * floor
    rear = centre + (edge - centre) * np.array([1.0, 1.3, 0.0]) - ahead * 1.25
    loops[MARGIN_LOOP + 4] = rear
    return loops


def _outside_ball(points: Array, gap: float) -> Array:
    """Push points [N, 3] out of the eyeball grown by `gap`."""
    offset = points - np.array(EYE_CENTRE)
    distance = np.linalg.norm(offset, axis=-1, keepdims=True)
    return np.array(EYE_CENTRE) + offset * np.maximum(1.0, (EYE_RADIUS + gap) / distance)


def eyelid_loops(shape: tuple[int, ...]) -> Array:
    """Return the left eye's loops [R, N, 3] in centimetres, from the orbit to the pocket."""
    n_loops, count = shape
    above = _half(count // 2, True, n_loops)
    below = _half(count // 2, False, n_loops)
    loops = np.concatenate([above[:, :-1], below[:, :0:-1]], axis=1)
    corner = np.array([0, count // 2])
    loops[:, corner] = 0.5 * (above[:, [0, -1]] + below[:, [0, -1]])
    return loops
