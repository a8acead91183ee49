"""AU strips as the fine condition, and how far each reaches: what guidance needs of a timeline.

Shapes: T frames, N = len(AU_CODES), F = 2 N, C = 51.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, AU_CODES, AU_INDEX
from arkit.names import ARKIT_NAMES, INDEX, mirror_name
from arkit.strips import AUStrip, au_intensities, strip_curve

from .config import N_CHANNELS

Array = NDArray[np.float32]

SURROUND: Final = 0.2
"""Seconds around a strip in which the face may get ready for it; 5 frames, as in Eq. 8."""
_FAINT: Final = 1e-3  # an intensity that is next to nothing


def fine_sequence(strips: Sequence[AUStrip], times: NDArray[np.float64], *, paper: bool = False
                  ) -> Array:  # fmt: skip
    """Return the binary AU sequence of strips, float32 [T, F].

    A strip of both sides also sets its sides, so that the network learns a muscle once.

    Args:
        paper: accents are excited muscles, as the paper means all its AUs; else all are held.
    """
    n_aus = len(AU_CODES)
    sequence = np.zeros((len(times), 2 * n_aus), np.float32)
    for strip in strips:
        inside = (times >= strip.start) & (times < strip.end)
        excited = paper and strip.mode == "accent"
        for code in _codes(strip.unit.code):
            sequence[inside, AU_INDEX[code] + n_aus * excited] = 1.0
    return sequence


def _codes(code: str) -> tuple[str, ...]:
    return tuple(c for c in (code, code + "L", code + "R") if c in AU_INDEX)


@lru_cache(maxsize=1)
def own_reach() -> Array:
    """Return the default reach: 1 on each AU's own channels, [N, C]."""
    reach = np.zeros((len(AU_CODES), N_CHANNELS), np.float32)
    for code, row in AU_INDEX.items():
        for name in ACTION_UNITS[code].own_channels:
            if INDEX[name] < N_CHANNELS:
                reach[row, INDEX[name]] = 1.0
    return reach


def calibrated_reach(further: Mapping[str, Mapping[str, float]]) -> Array:
    """Return how far each AU's strips reach, [N, C]: its own channels and those in the weights."""
    reach = own_reach().copy()
    for code, channels in further.items():
        for name, share in channels.items():
            reach[AU_INDEX[code], INDEX[name]] = share
    assert reach.shape == (len(AU_CODES), N_CHANNELS)
    return reach


def claim_of(
    strips: Sequence[AUStrip], times: NDArray[np.float64], reach: Array | None = None
) -> Array:
    """Return B without beta, [T, C]: the strongest strip's intensity on each channel it reaches."""
    intensities = au_intensities(strips, times)  # [T, N]
    table = own_reach() if reach is None else reach
    claim = np.zeros((len(times), N_CHANNELS), np.float32)
    for row in np.flatnonzero(intensities.any(axis=0)):
        np.maximum(claim, intensities[:, row : row + 1] * table[row], out=claim)
    return claim


def floor_of(
    strips: Sequence[AUStrip], times: NDArray[np.float64], floors: Mapping[str, float]
) -> Array:
    """Return what held strips make of their own channels at least, [T, C], 0..1.

    An AU that the network shows too weakly on development lines has a floor in the weights'
    metadata, a share of its coefficient in the FACS table; others have none.
    """
    floor = np.zeros((len(times), N_CHANNELS), np.float32)
    for strip in strips:
        unit, inside = strip.unit, (times >= strip.start) & (times < strip.end)
        for name in unit.own_channels:
            column = floor[:, INDEX[name]] if INDEX[name] < N_CHANNELS else None
            if column is not None:
                value = floors.get(unit.code, 0.0) * unit.blendshapes[name]
                column[inside] = np.maximum(column[inside], value)
    return floor


def inside_of(strips: Sequence[AUStrip], times: NDArray[np.float64]) -> Array:
    """Return Z_cfg of Eq. 7, [T, 1]: 1 where any strip lies."""
    inside = np.zeros((len(times), 1), np.float32)
    for strip in strips:
        inside[(times >= strip.start) & (times < strip.end)] = 1.0
    return inside


def nearness(strips: Sequence[AUStrip], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how near strips are, [T, 1]: 1 inside, smoothly 0 at `SURROUND` before and after.

    What a strip does to the rest of the face ends with it, so that laying one never changes the
    take elsewhere.
    """
    near = np.zeros(len(times))
    for strip in strips:
        away = np.maximum(np.maximum(strip.start - times, times - strip.end), 0.0) / SURROUND
        x = np.clip(1.0 - away, 0.0, 1.0)
        np.maximum(near, x * x * (3.0 - 2.0 * x), out=near)
    return near[:, None]


def untouched_half(strips: Sequence[AUStrip], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much each channel keeps the face without strips, [T, C], 0..1.

    The network learned from faces that are mostly even, so a strip on one side moves the other half
    as well. Near a one-sided strip the other half stays as it was. Where further strips act on that
    half, only the twins of the strip's own channels stay, and where such a strip owns a twin, the
    less the stronger it is beside this one: a smile may be .3 on the left and 1 on the right.
    """
    keeps = np.zeros((len(times), N_CHANNELS))
    for strip in (strip for strip in strips if strip.unit.side):
        others = [s for s in strips if s.unit.side != strip.unit.side]
        keep = _other_half(strip.unit.side) * (1.0 - nearness(others, times))
        twins = _twins(strip)
        asked = np.maximum(strip_curve(strip, times), _FAINT)[:, None]
        keep[:, twins] = 1.0 - np.minimum(claim_of(others, times)[:, twins] / asked, 1.0)
        np.maximum(keeps, nearness([strip], times) * keep, out=keeps)
    return keeps


def _other_half(side: str) -> NDArray[np.float64]:
    """Return 1 on the channels of the half of the face that is not `side`, [C]."""
    word = {"L": "Right", "R": "Left"}[side]
    return np.array([float(name.endswith(word)) for name in ARKIT_NAMES[:N_CHANNELS]])


def _twins(strip: AUStrip) -> list[int]:
    names = (mirror_name(name) for name in strip.unit.own_channels)
    return [INDEX[name] for name in names if INDEX[name] < N_CHANNELS]
