"""What the shapes are written against: the skin's points with a face's own coordinates.

`Face` knows, for each skin vertex, which lip it belongs to, how far along the mouth it is and how
near the lips, so that a shape reads as a sentence about muscles and not about indices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flame.head.lips import BORDER_LOOP, CORNER_Y, MOUTH_HALF_WIDTH
from flame.head.maths import Array, blob, smoothstep
from flame.head.skin import Skin

JAW_AXIS: Array = np.array([0.0, -1.9, 0.4])
"""Centre of the line through both jaw joints, about which the jaw turns."""


@dataclass(frozen=True)
class Face:
    """Skin points [V, 3] cm (left is +x), and per vertex: upper lip share, place on the mouth."""

    skin: Skin
    points: Array
    upper: Array
    """1 on the upper lip and above the mouth, 0 on the lower lip and below, smooth at corners."""
    along: Array
    """x / half width of the mouth, clipped to -1..1: 1 at the left corner."""
    reach: Array
    """Distance from the lips in the frontal plane, cm."""
    inside: Array
    """1 on the lips' inner loops and in the mouth pocket, else 0."""
    is_lip: Array
    """1 on the red of the lips and behind it, else 0."""

    ring: Array
    """Number of the mouth loop, 0 on the skin to 9 where the lips touch; 0 off the loops."""

    @property
    def x(self) -> Array:
        return self.points[:, 0]

    @property
    def y(self) -> Array:
        return self.points[:, 1]

    @property
    def z(self) -> Array:
        return self.points[:, 2]

    def near(self, x: float, y: float, z: float, width: float, height: float = 0.0) -> Array:
        """Return a soft region of unit height around a point, [V]."""
        return blob(self.points, (x, y, z), (width, height or width, 1.6 * width))

    def left_share(self, softness: float = 1.2) -> Array:
        """Return 1 on the left half of the face, 0 on the right, [V]; both halves sum to 1."""
        return smoothstep(-softness, softness, self.x)


def make_face(skin: Skin) -> Face:
    """Measure the face coordinates of a skin."""
    points = skin.vertices
    along = np.clip(points[:, 0] / MOUTH_HALF_WIDTH, -1.0, 1.0)
    beyond = np.maximum(np.abs(points[:, 0]) - MOUTH_HALF_WIDTH, 0.0)
    reach = np.hypot(beyond, points[:, 1] - CORNER_Y)
    tilt = 0.35 + 0.5 * beyond
    upper = smoothstep(-1.0, 1.0, (points[:, 1] - CORNER_Y) / tilt)
    inside, is_lip, place = (np.zeros(len(points)) for _ in range(3))
    mouth = skin.topology.openings["mouth"]
    count = mouth.loops.shape[1]
    k = np.arange(count)
    sign = np.where((k % (count // 2)) == 0, 0.0, np.where(k < count // 2, 1.0, -1.0))
    for ring, loop in enumerate(mouth.loops):
        place[loop] = min(ring, 9)
        u = np.abs(points[mouth.loops[9], 0]) / MOUTH_HALF_WIDTH
        share = 0.5 + 0.5 * sign * smoothstep(0.0, 0.10, 1 - u)
        soft = ring / BORDER_LOOP
        upper[loop] = share if ring >= BORDER_LOOP else share * soft + upper[loop] * (1 - soft)
        if ring >= BORDER_LOOP:
            is_lip[loop] = 1.0
            along[loop] = points[mouth.loops[9], 0] / MOUTH_HALF_WIDTH
            reach[loop] = np.minimum(reach[loop], 1.0)
        if ring > 8:
            inside[loop] = 1.0
    inside[mouth.bottom] = 1.0
    place[mouth.bottom] = 9
    is_lip[mouth.bottom] = 1.0
    return Face(skin, points, upper, along, reach, inside, is_lip, place)


def jaw_weight(face: Face) -> Array:
    """Return how far each skin vertex follows the jaw's rotation, [V] in 0..1."""
    y, z = face.y - JAW_AXIS[1], face.z - JAW_AXIS[2]
    angle = np.degrees(np.arctan2(y, z))
    side = smoothstep(2.0, 6.0, np.abs(face.x))
    weight = smoothstep(0.0, 1.0, (-22.0 + 6 * side - angle) / (13.0 + 34.0 * side))
    weight = weight * smoothstep(-15.8, -11.8, face.y) * smoothstep(-2.5, 2.5, face.z)
    u = np.abs(face.along)
    lower = 0.42 + 0.58 * (1 - u**2.6) ** 0.9
    above = 0.42 * u**3.2
    lip = above * face.upper + lower * (1 - face.upper)
    mix = np.maximum(smoothstep(2.3, 0.5, face.reach), face.is_lip)
    return weight * (1 - mix) + lip * mix
