"""Colours of the head's materials and the tints of its skin; sRGB in 0..1."""

from __future__ import annotations

from typing import Final

import numpy as np

from flame.head.maths import Array, Indices, blob, smoothstep
from flame.head.parts import IRIS_RADIUS, PUPIL_RADIUS
from flame.head.skin import Skin
from flame.head.surface import EYE_CENTRE, normals, skin_distance
from flame.head.topology import Opening

Colour = tuple[float, float, float]

COLOURS: Final[dict[str, Colour]] = {
    "skin": (0.86, 0.66, 0.55),
    "lips": (0.76, 0.48, 0.43),
    "mouth": (0.46, 0.16, 0.15),
    "sclera": (0.93, 0.92, 0.90),
    "iris": (0.30, 0.42, 0.45),
    "pupil": (0.02, 0.02, 0.02),
    "teeth": (0.92, 0.88, 0.80),
    "gums": (0.78, 0.45, 0.43),
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


# Tint, then the share that each loop of an opening takes of it; -1 is the pocket's bottom.
_LOOP_TINTS: Final[dict[str, tuple[Colour, dict[int, float]]]] = {
    "eye": ((0.70, 0.40, 0.37), {7: 0.35, 8: 0.75, 9: 0.9, 10: 0.9, 11: 0.9}),
    "nostril": ((0.18, 0.07, 0.06), {1: 0.25, 2: 0.8, 3: 1.0, 4: 1.0, -1: 1.0}),
    "ear": ((0.76, 0.44, 0.38), dict.fromkeys(range(2, 10), 0.35) | {-1: 0.7}),
}
# Blood and thin skin: share, centre, widths (cm), tint.
_FLUSHES: Final = (
    (0.40, (4.2, -3.4, 7.8), (1.5, 1.2, 3.0), (0.84, 0.50, 0.43)),
    (0.45, (0.4, -3.8, 11.4), (1.0, 0.7, 1.2), (0.84, 0.50, 0.43)),
    (0.25, (0.0, -10.3, 9.0), (1.4, 0.8, 2.0), (0.84, 0.50, 0.43)),
    (0.30, (3.1, 0.75, 8.5), (1.3, 0.45, 2.0), (0.74, 0.48, 0.42)),
    (0.25, (3.0, -0.9, 8.5), (1.2, 0.4, 2.0), (0.74, 0.48, 0.44)),
)


def _mix(colour: Array, index: Indices, share: Array | float, target: Colour) -> None:
    """Move the colours in `index` towards `target` by `share`, in place."""
    part = np.broadcast_to(share, index.shape)[..., None]
    colour[index] += part * (np.array(target) - colour[index])


# What a loop behind the lips' contact looks like: wet red, cheek, then the dark of the throat.
_INSIDE: Final[dict[int, Colour]] = {
    9: (0.70, 0.40, 0.36), 10: (0.62, 0.30, 0.28), 11: (0.58, 0.25, 0.23), 12: (0.54, 0.21, 0.19),
    13: (0.52, 0.19, 0.175), 14: (0.46, 0.155, 0.145), 15: (0.34, 0.105, 0.095),
}  # fmt: skip
_THROAT: Final[Colour] = (0.27, 0.075, 0.07)


def _tint_mouth(colour: Array, opening: Opening) -> None:
    for ring, share in ((5, 0.45), (6, 0.95), (7, 1.0), (8, 1.0)):
        _mix(colour, opening.loops[ring], share, COLOURS["lips"])
    for ring, inside in _INSIDE.items():
        _mix(colour, opening.loops[ring], 1.0, inside)
    _mix(colour, opening.bottom, 1.0, _THROAT)
    # The red ends before the corners, and little light falls into them.
    half = opening.loops.shape[1] // 2
    for corner in (0, half):
        _mix(colour, opening.loops[5, [corner]], 1.0, COLOURS["skin"])
        for ring in range(6, 11):
            _mix(colour, opening.loops[ring, [corner]], 0.5, COLOURS["mouth"])


def skin_colours(skin: Skin) -> Array:
    """Return a colour for each vertex of the skin, [V, 3]."""
    points = skin.vertices.copy()
    points[:, 0] = np.abs(points[:, 0])
    everywhere = np.arange(len(points))
    colour = np.tile(np.array(COLOURS["skin"]), (len(points), 1))
    for share, centre, widths, target in _FLUSHES:
        _mix(colour, everywhere, share * blob(points, centre, widths), target)
    _tint_mouth(colour, skin.topology.openings["mouth"])
    for kind, (target, shares) in _LOOP_TINTS.items():
        for side in ("left", "right"):
            opening = skin.topology.openings[f"{kind}_{side}"]
            for ring, share in shares.items():
                index = opening.bottom if ring < 0 else opening.loops[ring]
                _mix(colour, index, share, target)
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
