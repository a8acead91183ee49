"""The tongue: out past the lips, resting on the lower one, when the jaw is open."""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array, smoothstep
from flame.head.parts import Part

_MIDDLE = (np.array([3.4, 4.4, 5.7, 7.0, 7.75, 8.06]), np.array([-9.2, -7.9, -7.32, -7.10, -7.00,
                                                                  -6.96]))  # fmt: skip
"""z and height of the tongue's middle line at rest."""


def tongue_out(part: Part) -> Array:
    """Return the displacement [V, 3] cm of the tongue at tongueOut = 1.

    The blade moves forward the more the nearer the tip, and rises and flattens so that it passes
    over the lower teeth and lip on its straight way out (a shape is a straight line); with the jaw
    shut it would pass through the teeth, as ARKit's does.
    """
    points = part.vertices
    along = smoothstep(3.6, 8.6, points[:, 2])
    middle = np.interp(points[:, 2], *_MIDDLE)
    out = np.zeros_like(points)
    out[:, 2] = 4.6 * along**1.3
    lift = 0.20 * smoothstep(5.0, 7.0, points[:, 2]) - 0.50 * smoothstep(7.3, 8.06, points[:, 2])
    flat = 0.20 * smoothstep(5.5, 7.2, points[:, 2])
    out[:, 1] = lift - flat * (points[:, 1] - middle)
    out[:, 0] = -0.04 * points[:, 0] * along
    return out
