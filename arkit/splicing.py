"""Puts a span, or a region of the face, of one performance into another; the rest stays.

Works on frames as they come: nothing needs the whole line but its length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .names import INDEX, REGIONS

RAMP: Final = 0.12
"""Seconds inside each end of a span over which the old performance becomes the new one."""
ALL_REGIONS: Final = frozenset(REGIONS)


@dataclass(frozen=True)
class Part:
    """What of a take is made anew.

    Attributes:
        start, end: seconds of the line, end exclusive.
        regions: of the face; `names.REGIONS`.
    """

    start: float
    end: float
    regions: frozenset[str] = ALL_REGIONS

    @property
    def blendshapes(self) -> frozenset[str]:
        """What may change."""
        return frozenset(name for region in self.regions for name in REGIONS[region])

    @property
    def columns(self) -> list[int]:
        """The columns of `blendshapes` in `ARKIT_NAMES` order."""
        return sorted(INDEX[name] for name in self.blendshapes)

    @property
    def moves_head(self) -> bool:
        """Whether head and gaze are made anew too: only with the whole face."""
        return self.regions >= ALL_REGIONS

    def share_of_new(self, times: NDArray[np.float64], seconds: float) -> NDArray[np.float32]:
        """Return how much of the new performance stands at each time, [T], 0 outside the span.

        It rises and falls inside the span, but not where the span ends with the line.

        Args:
            times: [T] seconds. seconds: length of the line.
        """
        inside = (times >= self.start) & (times < self.end)
        ramp = min(RAMP, 0.5 * (self.end - self.start))
        rise = np.ones_like(times) if self.start <= 0.0 else (times - self.start) / ramp
        fall = np.ones_like(times) if self.end >= seconds else (self.end - times) / ramp
        return np.where(inside, np.clip(np.minimum(rise, fall), 0.0, 1.0), 0.0).astype(np.float32)


def blend_columns(
    base: NDArray[np.float32],
    new: NDArray[np.float32],
    share: NDArray[np.float32],
    columns: Iterable[int],
) -> NDArray[np.float32]:
    """Return `base` with `new` in some columns, by its share; every other value is bit-identical.

    Args:
        base, new: [T, C]. share: [T], 0..1. columns: of C.
    """
    result = base.copy()
    rows = np.flatnonzero(share)
    for column in columns:
        old = base[rows, column]
        result[rows, column] = old + share[rows] * (new[rows, column] - old)
    return result


def blend_angles(
    base: NDArray[np.float32], new: NDArray[np.float32], share: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return `base` with `new` by its share, [T, ...]; frames without a share are bit-identical."""
    weight = share.reshape(-1, *[1] * (base.ndim - 1))
    return np.where(weight > 0, base + weight * (new - base), base).astype(np.float32)
