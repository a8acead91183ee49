"""Do the lips meet when they must, and only then: recall on p b m, false closures on vowels.

Times of the reference are the truth (exact synthetic times or labels by hand); intervals are
bootstrapped over lines, as sounds of one line are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import ArkitClip, Phone
from server.speech.phones import BILABIALS, LABIODENTALS, VOWELS

from .lips import CLOSED_MM

TOLERANCE: Final = 0.040
"""Seconds around a phone within which its closure may fall."""
TOUCH_MM: Final = 0.5
"""A lower lip less than this under the edge of the upper teeth touches them."""
_SUBFRAME: Final = 0.005  # seconds; between frames a rig moves in straight lines

LipGap = Callable[[NDArray[np.float32]], NDArray[np.floating]]
"""Coefficients [T, 52] -> gap in mm [T]."""


@dataclass(frozen=True)
class LineCounts:
    """What one line showed.

    Attributes:
        closed, bilabials: p b m whose lips met, and all of them.
        inside: p b m whose lips met within the phone itself.
        closed_vowels, vowels: vowels whose middle was closed, and all of them.
    """

    closed: int
    bilabials: int
    inside: int
    closed_vowels: int
    vowels: int


def count_line(clip: ArkitClip, phones: Sequence[Phone], gap: LipGap) -> LineCounts:
    """Compare the lips of a clip with the phones that were really spoken.

    Between frames the gap is that of linearly interpolated coefficients, as a player shows them.
    """
    times = np.arange(0.0, clip.times[-1] + 1e-9, _SUBFRAME)
    place = times * clip.fps
    low = np.minimum(place.astype(int), clip.n_frames - 1)
    high = np.minimum(low + 1, clip.n_frames - 1)
    share = (place - low)[:, None].astype(np.float32)
    faces = clip.coefficients[low] * (1 - share) + clip.coefficients[high] * share
    shut = np.asarray(gap(faces)) < CLOSED_MM

    def ever(start: float, end: float) -> bool:
        first, last = np.searchsorted(times, (start - 1e-9, end + 1e-9))
        return bool(shut[first:last].any())

    bilabials = [p for p in phones if p.phone in BILABIALS and p.end < times[-1]]
    vowels = [p for p in phones if p.phone in VOWELS and p.end < times[-1]]
    middles = [np.searchsorted(times, 0.5 * (v.start + v.end)) for v in vowels]
    return LineCounts(
        closed=sum(ever(p.start - TOLERANCE, p.end + TOLERANCE) for p in bilabials),
        bilabials=len(bilabials),
        inside=sum(ever(p.start, p.end) for p in bilabials),
        closed_vowels=int(sum(shut[m] for m in middles)),
        vowels=len(vowels),
    )


def count_teeth(clip: ArkitClip, phones: Sequence[Phone], to_teeth: LipGap) -> tuple[int, int]:
    """Return how many f v bring the lower lip within `TOUCH_MM` of the teeth, and how many are."""
    below = np.asarray(to_teeth(clip.coefficients))
    labiodentals = [p for p in phones if p.phone in LABIODENTALS and p.end < clip.times[-1]]
    near = [
        np.flatnonzero((clip.times >= p.start - TOLERANCE) & (clip.times <= p.end + TOLERANCE))
        for p in labiodentals
    ]
    return sum(bool(len(f)) and below[f].min() < TOUCH_MM for f in near), len(labiodentals)


def summary(lines: Sequence[LineCounts], n_resamples: int = 2000, seed: int = 0) -> dict[str, Any]:
    """Return recall, strict recall and closed vowels with 95 % intervals over lines."""
    table = np.array(
        [[c.closed, c.inside, c.bilabials, c.closed_vowels, c.vowels] for c in lines], float
    )
    rng = np.random.default_rng(seed)
    draws = table[rng.integers(0, len(table), (n_resamples, len(table)))].sum(axis=1)
    totals = table.sum(axis=0)
    return {
        "lines": len(lines),
        "bilabials": int(totals[2]),
        "vowels": int(totals[4]),
        "closed": _share(totals[0], totals[2], draws[:, 0], draws[:, 2]),
        "closed_inside": _share(totals[1], totals[2], draws[:, 1], draws[:, 2]),
        "closed_vowels": _share(totals[3], totals[4], draws[:, 3], draws[:, 4]),
    }


def _share(
    part: float, whole: float, parts: NDArray[np.float64], wholes: NDArray[np.float64]
) -> dict[str, float]:
    shares = parts / np.maximum(wholes, 1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return {"value": part / max(whole, 1), "low": float(low), "high": float(high)}
