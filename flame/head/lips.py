"""The mouth's loops: skin around the lips, the lips' volume, the line they meet on, the pocket.

The upper and the lower half of a loop run through the same x positions, and on the two contact
loops they share the same points, so that the closed mouth has neither gap nor overlap.
"""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array, bump, spline
from flame.head.surface import drop

MOUTH_HALF_WIDTH = 2.5
CORNER_Y = -6.80
BORDER_LOOP = 5
"""Loop on the edge of the red; 0 to 4 are skin, 6 to 8 the body of the lip."""
CONTACT_LOOPS = (9, 10)
"""Front and back of the strip where the lips touch."""


def lip_line(x: Array) -> Array:
    """Return the curve on which the lips meet, [N, 3], at x [N]."""
    u = np.abs(x) / MOUTH_HALF_WIDTH
    y = (
        -6.80
        + (CORNER_Y + 6.80) * u**2
        - 0.045 * bump(x, 0.0, 0.28)
        + 0.04 * bump(np.abs(x), 0.95, 0.5)
    )
    y = y + 0.04 * smooth_end(u)
    z = 9.80 - 0.100 * x**2 - 0.0085 * x**4
    return np.stack([x, y, z], axis=-1)


def smooth_end(u: Array) -> Array:
    """Return a small upturn towards the corners."""
    return np.clip(u - 0.8, 0, 1) ** 2 * 5.0


def _upper_border(u: Array) -> Array:
    """Height of the upper red above the lip line for u in 0..1 from centre to corner."""
    knots = np.array([0.0, 0.10, 0.22, 0.34, 0.55, 0.78, 0.93, 1.0])
    height = np.array([0.69, 0.735, 0.83, 0.80, 0.62, 0.34, 0.115, 0.02])
    return spline(knots, height, u)


def _lower_border(u: Array) -> Array:
    knots = np.array([0.0, 0.2, 0.4, 0.6, 0.78, 0.93, 1.0])
    height = np.array([0.95, 0.94, 0.86, 0.68, 0.41, 0.13, 0.02])
    return spline(knots, height, u)


def _half_parameters(count: int) -> Array:
    """Return x / half width for the loop's half from the left to the right corner, [count + 1]."""
    k = np.linspace(0.0, 1.0, count + 1)
    even = 1.0 - 2.0 * k
    return 0.55 * np.sin(np.pi / 2 * even) + 0.45 * even


def _outer_loop(u: Array, upper: bool) -> Array:
    """Return the loop on the wall (x, y) for u from the left (1) to the right (-1) corner."""
    angle = np.pi / 2 * (1 - u)
    x = 3.75 * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.75
    rise = np.abs(np.sin(angle)) ** 0.75
    y = -7.0 + rise * (2.08 if upper else -2.05)
    if upper:
        y = y + 0.06 * bump(x, 0.0, 0.6)
    return np.stack([x, y], axis=-1)


def _half(u: Array, upper: bool, n_loops: int) -> Array:
    """Return one half of every loop, [n_loops, N, 3], from the left to the right corner."""
    sign = 1.0 if upper else -1.0
    line = lip_line(u * MOUTH_HALF_WIDTH)
    height = (_upper_border if upper else _lower_border)(np.abs(u))[:, None]
    up = np.array([0.0, sign, 0.0])
    end = np.clip(1 - np.abs(u[:, None]), 0, 1)
    body = np.minimum(1.0, (1.0 - np.abs(u[:, None]) ** 3) * 1.05)
    corner = line * np.array([1.0, 1.0, 1.0])
    border_flat = corner + up * height
    outset = np.array([1.0, 0.0, 0.0]) * np.sign(u)[:, None] * 0.07 * (np.abs(u[:, None]) ** 8)
    flat = border_flat + outset
    outer = np.column_stack([_outer_loop(u, upper), np.full(len(u), 9.0)])
    share = np.linspace(0.0, 1.0, BORDER_LOOP + 1)
    share = share * (1.15 - 0.15 * share)
    mix = outer + share[:, None, None] * (flat - outer)
    loops = np.empty((n_loops, len(u), 3))
    loops[: BORDER_LOOP + 1] = drop(mix.reshape(-1, 3)).reshape(mix.shape)
    border = loops[BORDER_LOOP].copy()
    loops[BORDER_LOOP] = border + np.array([0, 0, 0.03]) * body
    forward = 0.36 if upper else 0.33
    full = np.array([0.0, 0.0, 1.0])
    for ring, s, f in ((6, 0.30, 0.62), (7, 0.62, 0.98), (8, 0.88, 0.86)):
        base = (1 - s) * border + s * line
        loops[ring] = base + full * forward * f * body * np.minimum(1, height / 0.35)
    loops[9] = line + full * 0.10 * body
    loops[10] = line - full * 0.32 * (0.4 + 0.6 * end**0.5)
    inner = loops[10]
    loops[11] = inner + up * (0.32 * body + 0.02) + full * -0.14
    # Behind the lips the pocket is roomy enough for both arches up to their last teeth.
    back = 0.36 if upper else 0.60
    loops[12] = inner * np.array([1.06, 1, 1]) + up * (0.85 * body + 0.22) - full * back
    wide = np.array([1.36, 1, 1])
    loops[13] = inner * wide + up * (1.45 * body + 0.65) - full * (back + 0.72)
    loops[14] = inner * wide + up * (1.45 * body + 0.95) - full * 2.2
    loops[15] = inner * wide + up * (1.25 * body + 0.95) - full * 4.5
    return loops


def mouth_loops(shape: tuple[int, ...]) -> Array:
    """Return the positions of all loops [R, N, 3] in centimetres."""
    n_loops, count = shape
    u = _half_parameters(count // 2)
    above = _half(u, True, n_loops)
    below = _half(u, False, n_loops)
    loops = np.concatenate([above[:, :-1], below[:, :0:-1]], axis=1)
    corner = np.array([0, count // 2])
    both = 0.5 * (above[:, [0, -1]] + below[:, [0, -1]])
    loops[:, corner] = both
    # The loops of the red fan out at the corner instead of meeting in one point.
    for ring, out in ((5, 0.13), (6, 0.09), (7, 0.055), (8, 0.025)):
        loops[ring, corner] += np.array([[out, 0.0, -0.5 * out], [-out, 0.0, -0.5 * out]])
    return loops
