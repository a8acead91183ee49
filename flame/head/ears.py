"""The loops of an ear: back, helix, the groove inside it, antihelix, concha."""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array, spline
from flame.head.surface import slide_in as slide

_CENTRE = np.array([6.9, -1.05, -0.75])
# Angle on the ear (degrees, 0 backwards, 90 up, 180 forwards, 270 down) -> radius of the rim.
_ANGLE = np.array([0.0, 30, 60, 90, 120, 150, 180, 210, 240, 262, 285, 315, 345, 360])
_RADIUS = np.array([1.75, 2.05, 2.6, 2.95, 2.4, 1.5, 1.05, 1.1, 1.65, 2.45, 2.6, 2.15, 1.8, 1.75])
_LIFT = np.array([1.3, 1.3, 1.15, 0.85, 0.45, 0.15, 0.10, 0.12, 0.25, 0.48, 0.66, 1.0, 1.25, 1.3])


def _around(values: Array, degrees: Array) -> Array:
    """Interpolate values given at `_ANGLE` smoothly around the full circle."""
    knots = np.concatenate([_ANGLE[:-1] - 360.0, _ANGLE, _ANGLE[1:] + 360.0])
    return spline(knots, np.concatenate([values[:-1], values, values[1:]]), degrees)


def ear_loops(shape: tuple[int, ...]) -> Array:
    """Return the left ear's loops [R, N, 3] in centimetres, from the head to the concha."""
    n_loops, count = shape
    degrees = 360.0 * np.arange(count) / count
    radius = _around(_RADIUS, degrees)
    lift = _around(_LIFT, degrees)
    angle = np.radians(degrees)
    back = np.stack([np.zeros(count), np.sin(angle), -np.cos(angle)], axis=-1)
    tilt = np.radians(12.0)
    back = (
        back
        @ np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]).T
    )
    out = np.array([1.0, 0.0, 0.0])
    # share of the rim's radius, share of the lift, extra lift
    rings = (
        (0.78, 0.0, 0.0), (0.74, 0.25, 0.0), (0.86, 0.65, 0.0), (0.98, 0.95, 0.0),
        (1.0, 1.12, 0.05), (0.92, 1.16, 0.06), (0.84, 0.88, 0.0), (0.66, 0.92, 0.08),
        (0.50, 0.42, 0.02), (0.32, 0.12, -0.25),
    )  # fmt: skip
    share, height, extra = np.array(rings[:n_loops]).T[:, :, None]
    flat = _CENTRE + back * (radius * share)[..., None]
    base = slide(flat.reshape(-1, 3)).reshape(flat.shape)
    return base + out * (lift * height + extra)[..., None]
