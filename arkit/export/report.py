"""What an export says of itself: the same small report for every format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..clip import ArkitClip
from ..errors import ExportError
from ..names import ARKIT_NAMES


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        files: in the order in which a user needs them.
        n_rows: frames, rows or packets written.
        seconds: how long the written motion is.
        fps: frames or rows per second.
        notes: what the user should know (values clamped, a rate that rows do not fit, next steps).
    """

    files: tuple[Path, ...]
    n_rows: int
    seconds: float
    fps: float
    notes: tuple[str, ...] = ()

    def sentences(self) -> tuple[str, ...]:
        """Return the report as sentences for the user."""
        names = ", ".join(path.name for path in self.files)
        first = (
            f"Wrote {names}: {self.n_rows} rows, {self.seconds:.2f} s at {self.fps:g} per second."
        )
        return (first, *self.notes)


def check_clip(clip: ArkitClip, outside_are: str = "were clamped") -> tuple[str, ...]:
    """Return notes on a clip that is about to be written.

    Args:
        outside_are: what the format does with coefficients outside 0..1.

    Raises:
        ExportError: the clip has no frame, or a value that is not a number.
    """
    if clip.n_frames == 0:
        raise ExportError("the clip has no frame; generate or select a take first")
    for label, values in (("coefficients", clip.coefficients), ("head", clip.head),
                          ("eyes", clip.eyes)):  # fmt: skip
        broken = np.argwhere(~np.isfinite(np.asarray(values)))
        if len(broken):
            frame, column = int(broken[0][0]), int(broken[0][1])
            what = ARKIT_NAMES[column] if label == "coefficients" else label
            raise ExportError(
                f"{what} is not a number at frame {frame} ({len(broken)} such values in {label}); "
                "generate the take again"
            )
    outside = int(np.sum((clip.coefficients < 0) | (clip.coefficients > 1)))
    if not outside:
        return ()
    low, high = float(clip.coefficients.min()), float(clip.coefficients.max())
    return (f"{outside} values outside 0..1 (from {low:.3f} to {high:.3f}) {outside_are}.",)
