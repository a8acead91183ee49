"""Means and ratios with 95 % intervals: what is drawn with replacement are lines, not frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

N_DRAWS: Final = 2000
_SEED: Final = 0


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 95 % interval, and of how many values it was made."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def as_json(self) -> dict[str, float]:
        """Return plain values."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


def mean(values: ArrayLike, groups: Sequence[object] | None = None) -> Estimate:
    """Return the mean of values [N] with the interval of a bootstrap over groups.

    Args:
        values: [N]; nothing gives NaN.
        groups: [N], values of one group (a line) are drawn together; each on its own by default.
    """
    array = np.asarray(values, np.float64)
    return ratio(array, np.ones_like(array), groups)


def ratio(parts: ArrayLike, wholes: ArrayLike, groups: Sequence[object] | None = None) -> Estimate:
    """Return sum(parts) / sum(wholes) with the interval of a bootstrap over groups, [N] each."""
    part, whole = np.asarray(parts, np.float64), np.asarray(wholes, np.float64)
    if not len(part) or whole.sum() <= 0:
        return Estimate(float("nan"), float("nan"), float("nan"), len(part))
    sums = _by_group(part, groups), _by_group(whole, groups)
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(0, len(sums[0]), (N_DRAWS, len(sums[0])))
    tops, bottoms = (s[drawn].sum(axis=1) for s in sums)
    shares = tops[bottoms > 0] / bottoms[bottoms > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    return Estimate(float(part.sum() / whole.sum()), float(low), float(high), len(part))


def _by_group(values: NDArray[np.float64], groups: Sequence[object] | None) -> NDArray[np.float64]:
    if groups is None:
        return values
    sums: dict[object, float] = {}
    for group, value in zip(groups, values, strict=True):
        sums[group] = sums.get(group, 0.0) + float(value)
    return np.array(list(sums.values()))
