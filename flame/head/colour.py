"""Colours of the head's materials and the tints of its skin; sRGB in 0..1."""

from __future__ import annotations

from typing import Final

import numpy as np

from flame.head.maths import Array, blob, smoothstep
from flame.head.parts import IRIS_RADIUS, PUPIL_RADIUS
from flame.head.skin import Skin
from flame.head.surface import EYE_CENTRE, normals, skin_distance

COLOURS: Final[dict[str, tuple[float, float, float]]] = {
    "skin": (0.86, 0.66, 0.55),
    "lips": (0.76, 0.48, 0.43),
    "mouth": (0.36, 0.13, 0.13),
    "sclera": (0.93, 0.92, 0.90),
    "iris": (0.30, 0.42, 0.45),
    "pupil": (0.02, 0.02, 0.02),
    "teeth": (0.93, 0.90, 0.83),
    "gums": (0.72, 0.40, 0.38),
    "tongue": (0.73, 0.38, 0.37),
    "lash": (0.10, 0.07, 0.06),
    "brow": (0.22, 0.15, 0.11),
    "hair": (0.20, 0.135, 0.10),
}


def _hollows(skin: Skin) -> Array:
    """Return how far each skin vertex lies in a hollow, [V] in 0..1: baked ambient shade."""
    points = skin.vertices
    out = normals(points)
    here = skin_distance(points)
    shade = np.zeros(len(points))
    for reach in (0.2, 0.5, 1.1):
        open_air = (skin_distance(points + reach * out) - here) / reach
        shade += np.clip(1.0 - open_air, 0.0, 1.0) / 3.0
    shade = np.clip(1.6 * shade, 0.0, 1.0) * (np.abs(here) < 0.05)
    corners = skin.faces.ravel()
    degree = np.bincount(corners, minlength=len(points))
    for _ in range(3):
        around = np.repeat(shade[skin.faces].mean(axis=1), 4)
        shade = np.bincount(corners, weights=around, minlength=len(points)) / degree
    return shade


def skin_colours(skin: Skin) -> Array:
    """Return a colour for each vertex of the skin, [V, 3]."""
    points = skin.vertices.copy()
    points[:, 0] = np.abs(points[:, 0])
    colour = np.tile(np.array(COLOURS["skin"]), (len(points), 1))

    def tint(weight: Array, target: tuple[float, float, float]) -> None:
        colour[:] += weight[:, None] * (np.array(target) - colour)

    red = (0.84, 0.50, 0.43)
    tint(0.40 * blob(points, (4.2, -3.4, 7.8), (1.5, 1.2, 3.0)), red)
    tint(0.45 * blob(points, (0.4, -3.8, 11.4), (1.0, 0.7, 1.2)), red)
    tint(0.25 * blob(points, (0.0, -10.3, 9.0), (1.4, 0.8, 2.0)), red)
    tint(0.30 * blob(points, (3.1, 0.75, 8.5), (1.3, 0.45, 2.0)), (0.74, 0.48, 0.42))
    tint(0.25 * blob(points, (3.0, -0.9, 8.5), (1.2, 0.4, 2.0)), (0.74, 0.48, 0.44))
    opening = skin.topology.openings["mouth"]
    lips = np.zeros(len(points))
    for ring, share in ((4, 0.0), (5, 0.45), (6, 0.95), (7, 1.0), (8, 1.0), (9, 1.0)):
        lips[opening.loops[ring]] = share
    tint(lips, COLOURS["lips"])
    deep = np.zeros(len(points))
    for ring, loop in enumerate(opening.loops[9:]):
        deep[loop] = smoothstep(0.0, 3.0, np.array([float(ring)]))[0]
    deep[opening.bottom] = 1.0
    tint(deep, COLOURS["mouth"])
    for side in ("left", "right"):
        eye = skin.topology.openings[f"eye_{side}"]
        for ring, share in ((7, 0.35), (8, 0.75), (9, 0.9), (10, 0.9), (11, 0.9)):
            mask = np.zeros(len(points))
            mask[eye.loops[ring]] = share
            tint(mask, (0.70, 0.40, 0.37))
        hole = skin.topology.openings[f"nostril_{side}"]
        for ring, share in ((1, 0.25), (2, 0.8), (3, 1.0), (4, 1.0)):
            mask = np.zeros(len(points))
            mask[hole.loops[ring]] = share
            tint(mask, (0.20, 0.08, 0.07))
        mask = np.zeros(len(points))
        mask[hole.bottom] = 1.0
        tint(mask, (0.15, 0.06, 0.05))
        ear = skin.topology.openings[f"ear_{side}"]
        mask = np.zeros(len(points))
        mask[ear.loops[2:].ravel()] = 0.35
        mask[ear.bottom] = 0.7
        tint(mask, (0.76, 0.44, 0.38))
    return colour * (1.0 - _hollows(skin)[:, None] * np.array([0.30, 0.40, 0.42]))


def eye_colours(points: Array) -> Array:
    """Return a colour for each vertex [V, 3] of an eyeball: spokes, limbus, shaded white."""
    centre = np.array(EYE_CENTRE) * np.array([np.sign(points[:, 0].mean()), 1.0, 1.0])
    offset = points - centre
    out = np.hypot(offset[:, 0], offset[:, 1])
    front = offset[:, 2] > 0
    turn = np.arctan2(offset[:, 1], offset[:, 0])
    iris = np.array(COLOURS["iris"])
    light = 1.35 - 0.75 * smoothstep(0.42, 1.0, out / IRIS_RADIUS) + 0.10 * np.cos(14 * turn)
    colour = np.clip(iris * light[:, None], 0, 1)
    white = np.array(COLOURS["sclera"])
    shade = smoothstep(0.85, 1.25, out)[:, None]
    sclera = white * (1 - shade) + np.array([0.86, 0.72, 0.68]) * shade
    colour = np.where((front & (out < IRIS_RADIUS))[:, None], colour, sclera)
    return np.where((front & (out < PUPIL_RADIUS))[:, None], np.array(COLOURS["pupil"]), colour)
