"""Eyeballs of a head, and its lids: carried movement made to close over them and not to enter them.

A lid goes straight where a real one slides over the eyeball, and a target's eye is open a little
more or less than the built-in one: both are mended here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .surface import Floats, Ints, Surface

_CLEARANCE: Final = 0.0012
"""Metres between a moved lid and the ball of the eye: a cornea stands out."""

_COLUMNS: Final = 41  # over the width of an eye, where the edges of its lids are compared
_WIDTH: Final = 0.85  # half of that width, in radii of the eyeball
_DEEP: Final = (
    0.12  # radii that the edge of a lid may lie inside the ball; what lies deeper is a bag
)
_OPEN: Final = 0.0005  # metres; where lids at rest are closer they hang together
_CORNER: Final = 0.4  # share of the widest opening, and of the longest way, below which a corner is
_TAPER: Final = 3  # columns from a corner in which closing sets in
_ROUNDS: Final = 6  # of closing the lids and drawing them off the ball
_SIDES: Final = {"Left": (3, 4), "Right": (5, 6)}


def eyeballs(target: Surface, scale: float) -> list[Ints]:
    """Islands that are balls of an eye's size, each as its vertices."""
    found = []
    for number, count in enumerate(np.bincount(target.islands)):
        if count < 40:
            continue
        island = np.flatnonzero(target.islands == number)
        _, radius, rough = ball_through(target.vertices[island])
        if 0.008 * scale < radius < 0.02 * scale and rough < 0.15:
            found.append(island)
    return found


def ball_through(points: Floats) -> tuple[Floats, float, float]:
    """Middle and radius of the ball through points (least squares), and how far it is off."""
    middle = points.mean(axis=0)
    system = np.concatenate([2 * (points - middle), np.ones((len(points), 1))], axis=1)
    solved = np.linalg.lstsq(system, ((points - middle) ** 2).sum(axis=1), rcond=None)[0]
    centre = middle + solved[:3]
    radii = np.linalg.norm(points - centre, axis=1)
    return centre, float(radii.mean()), float(radii.std() / max(radii.mean(), 1e-12))


@dataclass(frozen=True)
class Margin:
    """The edge of a lid: points on edges of the mesh, from one corner of the eye to the other.

    Attributes:
        ends: vertices of each edge, [K, 2]. share: of the second one, [K].
    """

    ends: Ints
    share: Floats

    def of(self, values: Floats) -> Floats:
        """Places or movements [V, 3] at the margin, [K, 3]."""
        share = self.share[:, None]
        return (1.0 - share) * values[self.ends[:, 0]] + share * values[self.ends[:, 1]]


@dataclass(frozen=True)
class Lids:
    """The lids of one eye of a target, and the eyeball behind them.

    Attributes:
        points: vertices of the whole target at rest, [V, 3]. upper, lower: rows of the lids.
        margins: of the upper and the lower lid, None when the eye is not open.
        centre, radius: of the eyeball. clearance: that lids keep from it, in scene units.
    """

    eye: str
    points: Floats
    upper: Ints
    lower: Ints
    margins: tuple[Margin, Margin] | None
    centre: Floats
    radius: float
    clearance: float

    def settle(self, moved: Floats, name: str) -> None:
        """Change the movement [V, 3] of a shape: closed lids meet, and none enters the eyeball."""
        if name == f"eyeBlink{self.eye}" and self.margins is not None:
            self._close(moved, *self.margins)
        self._clear(moved)

    def _close(self, moved: Floats, above: Margin, below: Margin) -> None:
        """Let the upper lid go as far as the lower one, each vertex by its share of the way."""
        share = self._share_of_way(moved, above)
        rest = above.of(self.points)
        opening = rest[:, 2] - below.of(self.points)[:, 2]
        from_end = np.minimum(np.arange(len(rest)), np.arange(len(rest))[::-1])
        sure = np.clip(opening / (_CORNER * opening.max()), 0.0, 1.0)
        sure *= np.clip(from_end / _TAPER, 0.0, 1.0)
        for _ in range(_ROUNDS):
            self._clear(moved)
            there = self.points + moved
            edge, other = above.of(there), below.of(there)
            order = np.argsort(other[:, 0])
            gap = edge[:, 2] - np.interp(edge[:, 0], other[order, 0], other[order, 2])
            gap = _evened(gap * sure)
            x = self.points[self.upper, 0]
            moved[self.upper, 2] -= share * np.interp(x, rest[:, 0], gap, left=0.0, right=0.0)

    def _share_of_way(self, moved: Floats, above: Margin) -> Floats:
        """How far each vertex of the upper lid goes, [U], where its margin goes 1."""
        rest, went = above.of(self.points), np.linalg.norm(above.of(moved), axis=1)
        most = np.interp(self.points[self.upper, 0], rest[:, 0], went)
        way = np.linalg.norm(moved[self.upper], axis=1)
        return np.clip(way / np.maximum(most, _CORNER * went.max()), 0.0, 1.0)

    def _clear(self, moved: Floats) -> None:
        """Draw what moves of the lids off the ball, as far as it was before."""
        rows = np.concatenate([self.upper, self.lower])
        rows = rows[np.abs(moved[rows]).max(axis=1) > 0.1 * self.clearance]
        before = np.linalg.norm(self.points[rows] - self.centre, axis=1)
        there = self.points[rows] + moved[rows] - self.centre
        now = np.linalg.norm(there, axis=1)
        least = np.minimum(before, self.radius + self.clearance)
        out = np.maximum(least / np.maximum(now, 1e-12), 1.0)
        moved[rows] += there * (out - 1.0)[:, None]


def _evened(values: Floats) -> Floats:
    """A curve [K] without single points that stand out, and smoothed."""
    wide = np.pad(values, 2, mode="edge")
    around = np.stack([wide[k : k + len(values)] for k in range(5)])
    wide = np.pad(np.median(around, axis=0), 1, mode="edge")
    return 0.25 * wide[:-2] + 0.5 * wide[1:-1] + 0.25 * wide[2:]


def margins_of(
    target: Surface, upper: Ints, lower: Ints, ball: tuple[Floats, float], least: float
) -> tuple[Margin, Margin] | None:
    """Edges of the lids, where planes across the eye cut what lies on the ball lowest and highest.

    Args:
        ball: middle and radius of the eyeball. least: opening that counts, in scene units.
    """
    above = _crossings(target, upper, ball)
    below = _crossings(target, lower, ball)
    found: tuple[list[tuple[int, int, float]], ...] = ([], [])
    for one, other in zip(above, below, strict=True):
        if not len(one[1]) or not len(other[1]):
            continue
        top, bottom = one[1].argmin(), other[1].argmax()
        if one[1][top] - other[1][bottom] > least:
            for margin, (edges, _, share), k in zip(
                found, (one, other), (top, bottom), strict=True
            ):
                margin.append((*edges[k], share[k]))
    if len(found[0]) < 3:
        return None
    tables = [np.array(margin) for margin in found]
    first, second = (Margin(t[:, :2].astype(np.intp), t[:, 2]) for t in tables)
    return first, second


def _crossings(
    target: Surface, rows: Ints, ball: tuple[Floats, float]
) -> list[tuple[Ints, Floats, Floats]]:
    """For each column the edges [E, 2] that cross it on the ball, their heights and shares [E]."""
    centre, radius = ball
    is_lid = np.zeros(len(target.vertices), bool)
    is_lid[rows] = True
    edges = target.edges[is_lid[target.edges].all(axis=1)]
    ends = target.vertices[edges]
    result = []
    for x in centre[0] + radius * np.linspace(-_WIDTH, _WIDTH, _COLUMNS):
        before = ends[:, :, 0] - x
        crossing = np.flatnonzero((before[:, 0] < 0) != (before[:, 1] < 0))
        share = before[crossing, 0] / (before[crossing, 0] - before[crossing, 1])
        places = ends[crossing, 0] + share[:, None] * (ends[crossing, 1] - ends[crossing, 0])
        away = places - centre
        ahead = (np.linalg.norm(away, axis=1) > (1 - _DEEP) * radius) & (away[:, 1] < 0)
        kept = crossing[ahead]
        result.append((edges[kept], places[ahead, 2], share[ahead]))
    return result


def lids_of(target: Surface, side: NDArray[np.int_], scale: float) -> list[Lids]:
    """The lids that lie on eyeballs of their own; `side` [V] is what `sides` says."""
    found = []
    for eye, (above, below) in _SIDES.items():
        upper, lower = np.flatnonzero(side == above), np.flatnonzero(side == below)
        if not len(upper) or not len(lower):
            continue
        middle = target.vertices[np.concatenate([upper, lower])].mean(axis=0)
        balls = [ball_through(target.vertices[rows]) for rows in eyeballs(target, scale)]
        near = [b for b in balls if np.linalg.norm(b[0] - middle) < 0.025 * scale]
        if near:
            centre, radius, _ = max(near, key=lambda ball: ball[1])
            margins = margins_of(target, upper, lower, (centre, radius), _OPEN * scale)
            found.append(
                Lids(
                    eye, target.vertices, upper, lower, margins, centre, radius, _CLEARANCE * scale
                )
            )
    return found
