"""The tongue: out past the lips, resting on the lower one, when the jaw is open."""

from __future__ import annotations

import numpy as np

from flame.head.maths import Array, smoothstep
from flame.head.parts import Part


def tongue_out(part: Part) -> Array:
    """Return the displacement [V, 3] cm of the tongue at tongueOut = 1.

    The blade moves forward the more the nearer the tip, rises over the lower teeth and curls down
    outside the lips; with the jaw shut it would pass through the lips, as ARKit's does.
    """
    along = smoothstep(3.6, 8.6, part.vertices[:, 2])
    out = np.zeros_like(part.vertices)
    out[:, 2] = 4.6 * along**1.3
    out[:, 1] = 0.75 * np.sin(np.pi * np.clip(along, 0, 1) ** 1.2) - 0.55 * along**4
    out[:, 0] = -0.10 * part.vertices[:, 0] * along
    return out
