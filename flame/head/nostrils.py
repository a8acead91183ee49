"""The loops of a nostril: its rim under the wing of the nose and the pocket behind it."""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array
from flame.head.surface import project


def nostril_loops(shape: tuple[int, ...]) -> Array:
    """Return the left nostril's loops [R, N, 3] in centimetres, from the skin inwards."""
    n_loops, count = shape
    angle = 2 * np.pi * np.arange(count) / count
    # The opening is an ellipse that looks down and a little forward; its long axis runs from
    # the tip backwards and outwards. The loop starts at the side and first runs to the front.
    centre = np.array([0.66, -4.5, 10.52])
    long_axis = np.array([-0.30, 0.10, 0.95])
    short_axis = np.array([0.95, 0.12, 0.30])
    loops = np.empty((n_loops, count, 3))
    sizes = ((0.62, 0.40), (0.47, 0.27), (0.40, 0.215), (0.33, 0.17), (0.2, 0.12))
    depths = (0.0, 0.0, 0.14, 0.5, 0.8)
    inward = np.array([0.05, 1.0, -0.12])
    for ring in range(n_loops):
        a, b = sizes[ring]
        flat = (
            centre
            + np.cos(angle)[:, None] * b * short_axis
            + np.sin(angle)[:, None] * a * long_axis
        )
        if ring < 2:
            flat = project(flat)
            loops[ring] = flat
        else:
            loops[ring] = flat + (loops[1].mean(axis=0) - centre) + inward * depths[ring]
    return loops
