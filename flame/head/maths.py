"""Small smooth functions that the sculpt and the shapes are written with.

Everything takes and returns numpy arrays; lengths are centimetres until the head is finished.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]


def smoothstep(low: float, high: float, value: Array) -> Array:
    """Return 0 below `low`, 1 above `high`, and the cubic between; `low` > `high` falls instead."""
    t = np.clip((value - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(value: Array, centre: float, width: float) -> Array:
    """Return a Gaussian of unit height; `width` is its standard deviation."""
    return np.exp(-0.5 * ((value - centre) / width) ** 2)


def blob(points: Array, centre: tuple[float, float, float], widths: tuple[float, float, float]):
    """Return an axis-aligned Gaussian of unit height in space, [...]."""
    offset = (points - np.asarray(centre)) / np.asarray(widths)
    return np.exp(-0.5 * np.sum(offset * offset, axis=-1))


def smooth_min(first: Array, second: Array, radius: float) -> Array:
    """Return the polynomial smooth minimum: a union of two solids with a fillet of `radius`."""
    mix = np.maximum(radius - np.abs(first - second), 0.0) / radius
    return np.minimum(first, second) - 0.25 * radius * mix * mix


def ellipsoid(points: Array, centre: tuple[float, float, float], radii: tuple[float, float, float]):
    """Return an approximate signed distance to an axis-aligned ellipsoid, [...]."""
    scale = np.asarray(radii)
    offset = points - np.asarray(centre)
    near = np.linalg.norm(offset / scale, axis=-1)
    far = np.linalg.norm(offset / (scale * scale), axis=-1)
    return near * (near - 1.0) / np.maximum(far, 1e-9)


def round_cone(
    points: Array,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    radii: tuple[float, float],
) -> Array:
    """Return the signed distance to a capsule whose radius runs linearly along its axis, [...]."""
    origin = np.asarray(start)
    axis = np.asarray(end) - origin
    along = np.clip((points - origin) @ axis / (axis @ axis), 0.0, 1.0)
    distance = np.linalg.norm(points - origin - along[..., None] * axis, axis=-1)
    return distance - (radii[0] + (radii[1] - radii[0]) * along)


def segment_distance(points: Array, path: Array) -> Array:
    """Return the distance from each point [N, D] to a polyline [K, D]."""
    best = np.full(points.shape[:-1], np.inf)
    for start, end in pairwise(path):
        axis = end - start
        along = np.clip((points - start) @ axis / (axis @ axis), 0.0, 1.0)
        best = np.minimum(best, np.linalg.norm(points - start - along[..., None] * axis, axis=-1))
    return best


def spline(knots: Array, values: Array, at: Array) -> Array:
    """Interpolate values [K] or [K, D] with a monotone-ish cubic through its knots.

    Tangents are those of Fritsch and Butland: no overshoot between knots.
    """
    knots = np.asarray(knots, dtype=np.float64)
    values = np.asarray(values, dtype=np.float64)
    if values.ndim == 2:
        return np.stack([spline(knots, column, at) for column in values.T], axis=-1)
    step = np.diff(knots)
    slope = np.diff(values) / step
    product = slope[:-1] * slope[1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(product > 0, 2 * product / (slope[:-1] + slope[1:]), 0.0)
    tangent = np.concatenate([slope[:1], inner, slope[-1:]])
    index = np.clip(np.searchsorted(knots, at) - 1, 0, len(knots) - 2)
    width = step[index]
    t = np.clip((at - knots[index]) / width, 0.0, 1.0)
    h00, h10 = (1 + 2 * t) * (1 - t) ** 2, t * (1 - t) ** 2
    h01, h11 = t * t * (3 - 2 * t), t * t * (t - 1)
    return (
        h00 * values[index]
        + h10 * width * tangent[index]
        + h01 * values[index + 1]
        + h11 * width * tangent[index + 1]
    )
