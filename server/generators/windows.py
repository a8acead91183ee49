"""A line of any length as windows of one size: given frames, new frames, frames ahead.

    window 0   |new new new new|ahead|
    window 1              |given|new new new new|ahead|

The last final frames of a window are given to the next, and the frames ahead fade into its first
new ones, so that no seam shows in the velocity and a final frame has always heard what follows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Windows:
    """How a take of `n_total` frames is cut.

    Attributes:
        n_frames: of a window. n_given: from the one before. n_ahead: made, not final.
    """

    n_total: int
    n_frames: int
    n_given: int
    n_ahead: int

    @property
    def hop(self) -> int:
        """Frames between the starts of two windows."""
        return self.n_frames - self.n_given - self.n_ahead

    @property
    def count(self) -> int:
        """How many windows cover the take."""
        first = self.n_frames - self.n_ahead
        return 1 + max(0, -(-(self.n_total - first) // self.hop))

    def start(self, window: int) -> int:
        """Return the frame of the take that a window's first frame is."""
        return window * self.hop

    def fresh(self, window: int) -> slice:
        """Return which of a window's frames become final: rows of the window."""
        first = self.n_given if window else 0
        last = self.n_frames - self.n_ahead
        return slice(first, max(first, min(last, self.n_total - self.start(window))))
