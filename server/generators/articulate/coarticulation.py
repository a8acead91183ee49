"""Phones -> mouth: every phone pulls each articulator towards its target, stronger ones win.

Dominance blending after Cohen and Massaro (1993), with ramps of finite reach instead of
exponentials: what lies further away than an articulator's lead or lag has no say at all, so windows
of a long line and the whole line give the same frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact
from arkit.names import ARKIT_NAMES, INDEX, mirror_name

from .config import ArticulateConfig, Timing
from .poses import COLUMNS
from .track import PhoneTrack

_AT_MOST: Final[dict[str, dict[str, float]]] = {
    "lips": {
        "jawOpen": 0.13, "mouthFunnel": 0.0, "mouthLowerDownLeft": 0.0,
        "mouthLowerDownRight": 0.0, "mouthUpperUpLeft": 0.0, "mouthUpperUpRight": 0.0,
        "mouthShrugUpper": 0.0, "tongueOut": 0.0,
    },
    "lip_teeth": {
        "jawOpen": 0.06, "mouthFunnel": 0.08, "mouthLowerDownLeft": 0.0,
        "mouthLowerDownRight": 0.0, "tongueOut": 0.0,
    },
}  # fmt: skip
"""Kind of contact -> what has to be out of its way."""
_AT_LEAST: Final[dict[str, dict[str, float]]] = {
    "lips": {},
    "lip_teeth": {"mouthRollLower": 0.42, "mouthUpperUpLeft": 0.1, "mouthUpperUpRight": 0.1},
}
"""Kind of contact -> what brings it about; the upper lip shows the teeth that are touched."""


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
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mouth without contacts, [T, 52], and how much of each time is speech, [T]."""
    faces = np.zeros((len(times), len(ARKIT_NAMES)))
    spoken = np.zeros(len(times))
    if not len(times):
        return faces, spoken
    reach = max(max(timing) for timing in config.timings)
    near = track.between(times[0] - reach, times[-1] + reach)
    for place, (columns, timing) in enumerate(zip(COLUMNS, config.timings, strict=True)):
        pull = influence(times, near, timing, config) * near.dominance[:, place]
        total = pull.sum(axis=1, keepdims=True)
        pull /= np.maximum(total, 1e-9)
        faces[:, columns] = pull @ near.targets[:, columns]
        if place == 0:
            spoken = pull[:, ~near.silent].sum(axis=1)
    return faces, spoken


def with_evidence(
    faces: NDArray[np.float64],
    spoken: NDArray[np.float64],
    said: NDArray[np.float64],
    names: Sequence[str],
    config: ArticulateConfig,
) -> NDArray[np.float64]:
    """Return the faces with the sound's own evidence mixed in where there is speech.

    Args:
        faces: [T, 52] of the phones. spoken: [T], 0..1.
        said: [T, K] evidence for the channels `names`; the left of a pair speaks for both.
    """
    mixed = faces.copy()
    for column, name in enumerate(names):
        share = config.evidence.get(name, 0.0) * spoken
        value = np.clip(config.evidence_strength.get(name, 1.0) * said[:, column], 0.0, 1.0)
        for side in {name, mirror_name(name)}:
            phones = faces[:, INDEX[side]]
            mixed[:, INDEX[side]] = phones + share * (value - phones)
    return mixed


def lip_travel(
    times: NDArray[np.float64],
    contacts: Sequence[Contact],
    kind: str,
    config: ArticulateConfig,
) -> NDArray[np.float64]:
    """Return how far the lips are on their way to (or from) a contact, [T], 1 inside."""
    lead, lag = config.closing
    weight = np.zeros(len(times))
    for contact in contacts:
        early, late = contact.start - lead, contact.end + lag
        if contact.kind != kind or late < times[0] or early > times[-1]:
            continue
        first, last = np.searchsorted(times, (early, late))
        near = times[first:last]
        pull = smooth_step((near - early) / lead)
        pull *= smooth_step((late - near) / lag)
        weight[first:last] = np.maximum(weight[first:last], pull)
    return weight


def with_closures(
    faces: NDArray[np.float64],
    times: NDArray[np.float64],
    contacts: Sequence[Contact],
    config: ArticulateConfig,
) -> NDArray[np.float64]:
    """Return the faces with lips travelling to their contacts before the bounds are imposed."""
    for kind in ("lip_teeth", "lips"):
        touching = faces.copy()
        for name, value in _AT_MOST[kind].items():
            touching[:, INDEX[name]] = np.minimum(touching[:, INDEX[name]], value)
        for name, value in _AT_LEAST[kind].items():
            touching[:, INDEX[name]] = np.maximum(touching[:, INDEX[name]], value)
        weight = lip_travel(times, contacts, kind, config)
        faces = faces + weight[:, None] * (touching - faces)
    return faces
