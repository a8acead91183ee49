"""Smooth functions of time that performances are made of; exact at any frame rate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arkit.retime import monotone_interpolate
from server.generators.articulate.coarticulation import smooth_step

Array = NDArray[np.float64]

_APART = 0.04
"""Seconds between keys at least."""


@dataclass(frozen=True)
class Keys:
    """Keys joined by monotone cubics, constant outside.

    Attributes:
        times: ascending seconds. values: one each.
    """

    times: tuple[float, ...]
    values: tuple[float, ...]

    def at(self, times: Array, delay: float = 0.0, stretch: float = 1.0) -> Array:
        """Return the values at times [T], the curve `delay` seconds later."""
        if len(self.times) == 1:
            return np.full(len(times), self.values[0])
        moved = (times - delay) / stretch
        return monotone_interpolate(np.array(self.times), np.array(self.values), moved)


def keys(points: Iterable[tuple[float, float]]) -> Keys:
    """Return keys for (seconds, value) in any order; of two too close together the later goes."""
    kept: list[tuple[float, float]] = []
    for when, value in sorted(points):
        if not kept or when - kept[-1][0] >= _APART:
            kept.append((round(when, 4), round(value, 4)))
    return Keys(tuple(t for t, _ in kept), tuple(v for _, v in kept))


def pulse(times: Array, at: float, rise: float, fall: float, hold: float = 0.0) -> Array:
    """Return a swell from 0 to 1 and back that starts `rise` before `at`, [T]."""
    up = smooth_step((times - (at - rise)) / rise)
    down = smooth_step(((at + hold + fall) - times) / fall)
    return up * down


def waves(times: Array, periods: Array, phases: Array) -> Array:
    """Return the mean of sines scaled to a standard deviation of about 1, [T].

    Args:
        periods: seconds [P]. phases: radians [P].
    """
    angles = 2 * np.pi * times[:, None] / periods + phases
    return np.sin(angles).sum(axis=1) * np.sqrt(2.0 / len(periods))
