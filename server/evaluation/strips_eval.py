"""How well AU strips are obeyed, measured on curves alone (Cafe-Talk, Eq. 8 and Tables 3 and 4).

A figure of one strip looks at the AU's own channels (`ActionUnit.own_channels`) at the generator's
frame rate, and is the mean over those channels; T frames, C = 52 channels in `ARKIT_NAMES` order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arkit.action_units import parse_au
from arkit.names import INDEX

Curves = NDArray[np.float32]

NEIGHBOURS: Final = 5
"""Frames on either side that a strip's peak is compared with; .2 s is the shortest expression that
is noticed (Ekman and Friesen 1969, after the paper)."""
MIDDLE: Final = 0.6
"""Share of a held strip, around its middle, that must stay up."""
RISE: Final = 0.005
"""A pair is in order when its second peak is higher by this at least, ..."""
SATURATED: Final = 0.97
"""... or when its first one has nothing left to rise to."""

UPPER_AUS: Final = ("AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU43")
LOWER_AUS: Final = (
    "AU9", "AU10", "AU12", "AU14", "AU15", "AU17", "AU18", "AU20", "AU22", "AU24", "AU26", "AU28",
)  # fmt: skip
"""The AUs that are measured: those of the paper's Table 4, and three more of the lips."""


@dataclass(frozen=True)
class Slot:
    """A strip on the frames of a generator.

    Attributes:
        au: its code. start, end: frames, end exclusive.
    """

    au: str
    start: int
    end: int

    @property
    def columns(self) -> list[int]:
        """The AU's own channels."""
        return [INDEX[name] for name in parse_au(self.au).own_channels]

    def outside(self, n_frames: int) -> NDArray[np.bool_]:
        """Return the frames more than `NEIGHBOURS` away from the strip, [T]."""
        frames = np.arange(n_frames)
        return (frames < self.start - NEIGHBOURS) | (frames >= self.end + NEIGHBOURS)


def control_rate(curves: Curves, slot: Slot) -> float:
    """Return Eq. 8: the peak inside the slot minus the mean of its neighbouring frames.

    Neighbours that the line does not have are left out.
    """
    before = curves[max(slot.start - NEIGHBOURS, 0) : slot.start, slot.columns]
    after = curves[slot.end : slot.end + NEIGHBOURS, slot.columns]
    around = np.concatenate([before, after])
    if not len(around):
        raise ValueError(f"the strip {slot.au} fills the whole line: it has no neighbours")
    peaks = curves[slot.start : slot.end, slot.columns].max(axis=0)
    return float(np.mean(peaks - around.mean(axis=0)))


def net_control_rate(with_strip: Curves, without: Curves, slot: Slot) -> float:
    """Return the control rate minus that of the same line, same seed, without the strip."""
    return control_rate(with_strip, slot) - control_rate(without, slot)


def peak(curves: Curves, slot: Slot) -> float:
    """Return the highest value inside the slot, mean over the own channels."""
    return float(curves[slot.start : slot.end, slot.columns].max(axis=0).mean())


def held_share(curves: Curves, slot: Slot, free: NDArray[np.bool_] | None = None) -> float:
    """Return the lowest value of the strip's middle over its peak; 1 is a perfect hold.

    Args:
        free: [T], frames that count; NaN where none of the middle does. All by default.
    """
    whole = curves[slot.start : slot.end, slot.columns].mean(axis=1)
    margin = 0.5 * (1.0 - MIDDLE) * len(whole)
    middle = slice(int(np.ceil(margin - 1e-9)), max(int(len(whole) - margin), 1))
    held = whole[middle]
    if free is not None:
        held = held[free[slot.start : slot.end][middle]]
        if not len(held):
            return float("nan")
    highest = float(whole.max())
    return float(held.min() / highest) if highest > 1e-6 and len(held) else 0.0


def leaks(with_strip: Curves, without: Curves, slot: Slot) -> NDArray[np.float64]:
    """Return how much the own channels change at each frame outside the slot, flat."""
    change = np.abs(with_strip.astype(np.float64) - without)
    return change[slot.outside(len(change))][:, slot.columns].ravel()


def ordered_pairs(values: Sequence[float]) -> tuple[int, int]:
    """Return how many neighbouring pairs rise, and how many pairs there are."""
    rises = [
        later >= earlier + RISE or min(earlier, later) >= SATURATED
        for earlier, later in pairwise(values)
    ]
    return sum(rises), len(rises)


def leak_p99(changes: Iterable[ArrayLike]) -> float:
    """Return the 99th percentile over all frames of all strips; NaN without any frame."""
    flat = [np.asarray(c, np.float64).ravel() for c in changes]
    joined = np.concatenate(flat) if flat else np.zeros(0)
    return float(np.percentile(joined, 99)) if len(joined) else float("nan")
