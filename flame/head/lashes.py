"""Lashes: tapering strips that stand on the lid's margin and turn with it about the eyeball.

Each root is a point between two neighbouring vertices of the margin and moves as they do, so that
no lash leaves its lid or crosses the ball, whatever the lid does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from flame.head.eyelids import MARGIN_LOOP
from flame.head.maths import Array, Indices, smoothstep
from flame.head.parts import Part, mirrored, ribbon, strips
from flame.head.skin import Skin
from flame.head.surface import EYE_CENTRE

# Number and steps along a lash, first and last place on the margin (0 outer, 1 inner corner).
_ROWS: Final = {True: (54, 4, 0.05, 0.83), False: (28, 3, 0.08, 0.82)}
_TURN: Final = {True: 1.1, False: 1.0}
"""A lash turns further than its root: with the lid shut it no longer points up."""


@dataclass(frozen=True)
class Lashes:
    """One eye's lashes and what moves them.

    `ends` [V, 2] are skin vertices on the margin, `share` [V] how near the second one is, `turn`
    [V] how much further than its root a lash turns.
    """

    part: Part
    ends: Indices
    share: Array
    turn: Array


def lashes(skin: Skin) -> Lashes:
    """Return the left eye's lashes."""
    upper, lower = _row(skin, True), _row(skin, False)
    first, second = upper.part, lower.part
    assert first.anchor is not None
    assert second.anchor is not None
    part = Part(
        np.concatenate([first.vertices, second.vertices]),
        np.concatenate([first.faces, second.faces + len(first.vertices)]),
        first.materials + second.materials,
        np.concatenate([first.anchor, second.anchor]),
    )
    return Lashes(
        part,
        np.concatenate([upper.ends, lower.ends]),
        np.concatenate([upper.share, lower.share]),
        np.concatenate([upper.turn, lower.turn]),
    )


def other_side(row: Lashes, skin: Skin) -> Lashes:
    """Return the right eye's lashes for the left one's."""
    return Lashes(mirrored(row.part), skin.mirror[row.ends], row.share, row.turn)


def _row(skin: Skin, upper: bool) -> Lashes:
    count, steps, first, last = _ROWS[upper]
    loop = skin.topology.openings["eye_left"].loops[MARGIN_LOOP]
    half = len(loop) // 2
    lid = loop[: half + 1] if upper else np.append(loop[half:], loop[0])[::-1]
    places = np.linspace(first, last, count)
    low = np.floor(places * half).astype(np.int64)
    ends, share = np.stack([lid[low], lid[low + 1]], axis=1), places * half - low
    roots = _between(skin.vertices, ends, share)
    away = roots - np.array(EYE_CENTRE)
    away /= np.linalg.norm(away, axis=-1, keepdims=True)
    path = _paths(places, roots, away, np.linspace(0.0, 1.0, steps), upper)
    side = np.array([1.0, 0.0, 0.25])
    widths = 0.020 * (1 - np.linspace(0.0, 1.0, steps)) + 0.002
    ribbons = [ribbon(one, side / np.linalg.norm(side), widths) for one in path]
    part = strips(ribbons, list(roots), "lash")
    each = 2 * steps
    return Lashes(
        part,
        np.repeat(ends, each, axis=0),
        np.repeat(share, each),
        np.full(count * each, _TURN[upper]),
    )


def _paths(places: Array, roots: Array, away: Array, t: Array, upper: bool) -> Array:
    """Return the middle line [N, K, 3] of each lash: outwards, then curling away from the eye."""
    body = 0.55 + 0.45 * np.sin(np.pi * np.clip(1 - places, 0, 1) ** 0.8)
    length = (0.44 if upper else 0.20) * body * (1.0 - 0.55 * smoothstep(0.55, 0.83, places))
    fan = (0.6 * (0.42 - places))[:, None] * np.array([1.0, 0.0, 0.0])
    curl = t**2 * 0.62 - 0.10 * t if upper else -(t**1.5) * 0.75
    rise = curl[:, None] * np.array([0.0, 1.0, 0.0])
    along = away[:, None] * (0.95 * t)[None, :, None] + rise + fan[:, None] * t[None, :, None]
    return roots[:, None] + length[:, None, None] * along


def _between(points: Array, ends: Indices, share: Array) -> Array:
    first, second = points[ends[:, 0]], points[ends[:, 1]]
    return first + share[:, None] * (second - first)


def ride_lids(row: Lashes, shapes: dict[str, Array], side: float) -> dict[str, Array]:
    """Return the lashes' displacement [V, 3] for each of the skin's shapes; `side` is +1 left.

    A root moves with the margin, and its lash turns by the root's angle about the eye's sideways
    axis.
    """
    part = row.part
    assert part.anchor is not None
    before = part.anchor - np.array(EYE_CENTRE) * np.array([side, 1.0, 1.0])
    lash = part.vertices - part.anchor
    out = {}
    for name, delta in shapes.items():
        moved = _between(delta, row.ends, row.share)
        after = before + moved
        angle = np.arctan2(after[:, 1], after[:, 2]) - np.arctan2(before[:, 1], before[:, 2])
        cos, sin = np.cos(row.turn * angle), np.sin(row.turn * angle)
        y = lash[:, 1] * cos + lash[:, 2] * sin
        z = lash[:, 2] * cos - lash[:, 1] * sin
        turned = np.stack([np.zeros_like(y), y - lash[:, 1], z - lash[:, 2]], axis=-1)
        out[name] = moved + turned
    return out
