"""Phones -> mouth: every phone pulls each articulator towards its target, stronger ones win.

Dominance blending after Cohen and Massaro (1993), with ramps of finite reach instead of
exponentials: what lies further away than an articulator's lead or lag has no say at all, so windows
of a long line and the whole line give the same frames.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact
from arkit.names import ARKIT_NAMES, INDEX

from .config import ArticulateConfig, Timing
from .poses import COLUMNS
from .track import PhoneTrack

_CLOSED = {
    "mouthFunnel": 0.0,
    "mouthLowerDownLeft": 0.0,
    "mouthLowerDownRight": 0.0,
    "mouthUpperUpLeft": 0.0,
    "mouthUpperUpRight": 0.0,
    "mouthShrugUpper": 0.0,
    "tongueOut": 0.0,
}
"""What has to be out of the way for the lips to meet."""
_JAW_AT_CLOSURE = 0.13


def smooth_step(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rise from 0 to 1 with zero velocity at both ends; 0 before, 1 after."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def influence(
    times: NDArray[np.float64], track: PhoneTrack, timing: Timing, config: ArticulateConfig
) -> NDArray[np.float64]:
    """Return how present each phone is at each time, [T, N], 0..1."""
    hold = np.minimum(config.hold * (track.ends - track.starts), config.longest_hold)
    rise = (times[:, None] - (track.starts - timing.lead)) / (timing.lead + hold)
    fall = ((track.ends + timing.lag) - times[:, None]) / (timing.lag + hold)
    return smooth_step(rise) * smooth_step(fall)


def mouth(
    times: NDArray[np.float64], track: PhoneTrack, config: ArticulateConfig
) -> NDArray[np.float64]:
    """Return the mouth without contacts at each time, [T, 52]."""
    faces = np.zeros((len(times), len(ARKIT_NAMES)))
    if not len(times):
        return faces
    reach = max(max(timing) for timing in config.timings)
    near = track.between(times[0] - reach, times[-1] + reach)
    for place, (columns, timing) in enumerate(zip(COLUMNS, config.timings, strict=True)):
        pull = influence(times, near, timing, config) * near.dominance[:, place]
        total = pull.sum(axis=1, keepdims=True)
        pull /= np.maximum(total, 1e-9)
        faces[:, columns] = pull @ near.targets[:, columns]
    return faces


def with_closures(
    faces: NDArray[np.float64],
    times: NDArray[np.float64],
    contacts: Sequence[Contact],
    config: ArticulateConfig,
) -> NDArray[np.float64]:
    """Return the faces with lips travelling to their contacts before the bounds are imposed."""
    lead, lag = config.closing
    weight = np.zeros(len(times))
    for contact in contacts:
        if contact.kind != "lips":
            continue
        early, late = contact.start - lead, contact.end + lag
        first, last = np.searchsorted(times, (early, late))
        near = times[first:last]
        pull = smooth_step((near - early) / lead)
        pull *= smooth_step((late - near) / lag)
        weight[first:last] = np.maximum(weight[first:last], pull)
    closed = faces.copy()
    for name, value in _CLOSED.items():
        closed[:, INDEX[name]] = np.minimum(closed[:, INDEX[name]], value)
    jaw = INDEX["jawOpen"]
    closed[:, jaw] = np.minimum(closed[:, jaw], _JAW_AT_CLOSURE)
    return faces + weight[:, None] * (closed - faces)
