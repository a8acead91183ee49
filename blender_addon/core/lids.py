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

_CLEARANCE: Final = (
    0.0012  # metres between a moved lid and the ball of the eye: a cornea stands out
)
_COLUMNS: Final = 9  # over the middle of an eye, where its lids are compared
_MOST: Final = 1.5  # how much farther a lid may be moved to close the eye
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
class Lids:
    """The lids of one eye of a target, and the eyeball behind them.

    Attributes:
        points: vertices of the whole target at rest, [V, 3]. upper, lower: rows of the lids.
        centre, radius: of the eyeball. clearance: that lids keep from it, in scene units.
    """

    eye: str
    points: Floats
    upper: Ints
    lower: Ints
    centre: Floats
    radius: float
    clearance: float

    def settle(self, moved: Floats, name: str) -> None:
        """Change the movement [V, 3] of a shape: closed lids meet, and none enters the eyeball."""
        if name == f"eyeBlink{self.eye}":
            moved[self.upper] *= self._closing(moved)
        rows = np.concatenate([self.upper, self.lower])
        rows = rows[np.abs(moved[rows]).max(axis=1) > 0.1 * self.clearance]
        before = np.linalg.norm(self.points[rows] - self.centre, axis=1)
        there = self.points[rows] + moved[rows] - self.centre
        now = np.linalg.norm(there, axis=1)
        least = np.minimum(before, self.radius + self.clearance)
        out = np.maximum(least / np.maximum(now, 1e-12), 1.0)
        moved[rows] += there * (out - 1.0)[:, None]

    def _closing(self, moved: Floats) -> Floats:
        """How much farther each vertex of the upper lid must go for the lids to meet, [U, 1]."""
        before, after = self._gaps(self.points), self._gaps(self.points + moved)
        known = np.isfinite(before) & np.isfinite(after) & (before > self.clearance)
        if known.sum() < 3:
            return np.ones((len(self.upper), 1))
        went = np.maximum(before - after, 0.2 * before)[known]
        wanted = np.clip(before[known] / went, 1.0, _MOST)
        edges = self._edges()
        middles = (0.5 * (edges[1:] + edges[:-1]))[known]
        return np.interp(self.points[self.upper, 0], middles, wanted)[:, None]

    def _edges(self) -> Floats:
        """Where columns begin and end, [columns + 1]."""
        half = 0.75 * self.radius
        return self.centre[0] + np.linspace(-half, half, _COLUMNS + 1)

    def _gaps(self, points: Floats) -> Floats:
        """Height of the opening in each column, [columns]; nan where a lid is not in it."""
        half = 0.5 * self.radius
        edges = self.centre[0] + np.linspace(-half, half, _COLUMNS + 1)
        gaps = np.full(_COLUMNS, np.nan)
        for k in range(_COLUMNS):
            ends = []
            for rows, end in ((self.upper, np.min), (self.lower, np.max)):
                there = points[rows]
                there = there[
                    (self.points[rows, 0] >= edges[k]) & (self.points[rows, 0] < edges[k + 1])
                ]
                ends.append(end(there[:, 2]) if len(there) else np.nan)
            gaps[k] = ends[0] - ends[1]
        return gaps


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
            clearance = _CLEARANCE * scale
            found.append(Lids(eye, target.vertices, upper, lower, centre, radius, clearance))
    return found
