"""How alive a face moves: blinks, gaze, brows and velocities, as numbers and beside a capture.

Events are found the same way in captured and in made motion, so the two can be compared: blinks
and brow raises are prominent peaks, gaze shifts are fast spans of the eyes' direction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.signal import find_peaks, peak_widths

from arkit.names import ARKIT_NAMES, INDEX, LIVE_LINK_CSV_NAMES

_BLINK_PROMINENCE: Final = 0.22
_BLINK_LONGEST: Final = 0.6  # seconds at half height; longer is closed eyes, not a blink
_BLINK_APART: Final = 0.1  # seconds
_SHIFT_SPEED: Final = 0.9  # radians a second, about 50 degrees
_SHIFT_SMALLEST: Final = 0.025  # radians; smaller is noise
_BROW_PROMINENCE: Final = 0.06
_BROW_APART: Final = 0.25  # seconds

UPPER_CHANNELS: Final = (
    "browInnerUp", "browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "cheekSquintLeft",
    "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""What an upper face moves beside lids and gaze."""
QUANTILES: Final = (0.5, 0.75, 0.9, 0.95, 0.99)


class TakeError(ValueError):
    """A capture cannot be read."""


class Take(NamedTuple):
    """A captured or made motion: coefficients [T, 52], eyes [T, 2, 3] in radians, frame rate."""

    name: str
    coefficients: NDArray[np.float32]
    eyes: NDArray[np.float32]
    fps: float


class Blink(NamedTuple):
    """When it is shut most (seconds), how far (0..1), and how long at half that height."""

    time: float
    depth: float
    seconds: float


@dataclass(frozen=True)
class Naturalness:
    """Numbers of one or several motions.

    Attributes:
        seconds: of motion. blink_rate: a minute. blink_intervals, blink_depths, blink_seconds:
            one an event. shift_rate: gaze shifts a second. shift_sizes: radians. fixations:
            seconds. brow_rate: raises a minute. brow_heights: prominence of each.
        velocity: quantiles (`QUANTILES`) of the speed of active upper-face channels, 1/s.
        frame_velocity: speed per frame, the mean over `UPPER_CHANNELS`, 1/s.
    """

    seconds: float
    blink_rate: float
    blink_intervals: NDArray[np.float64]
    blink_depths: NDArray[np.float64]
    blink_seconds: NDArray[np.float64]
    shift_rate: float
    shift_sizes: NDArray[np.float64]
    fixations: NDArray[np.float64]
    brow_rate: float
    brow_heights: NDArray[np.float64]
    velocity: NDArray[np.float64]
    frame_velocity: NDArray[np.float64]

    def numbers(self) -> dict[str, float]:
        """Return medians and rates by name."""
        named: dict[str, float] = {
            "seconds": self.seconds,
            "blinks a minute": self.blink_rate,
            "gaze shifts a second": self.shift_rate,
            "brow raises a minute": self.brow_rate,
        }
        for name, values in (
            ("blink interval, s", self.blink_intervals),
            ("blink depth", self.blink_depths),
            ("blink at half height, s", self.blink_seconds),
            ("gaze shift, rad", self.shift_sizes),
            ("fixation, s", self.fixations),
            ("brow raise", self.brow_heights),
        ):
            for quantile in (0.1, 0.5, 0.9):
                value = float(np.quantile(values, quantile)) if len(values) else float("nan")
                named[f"{name} p{round(100 * quantile)}"] = value
        for quantile, value in zip(QUANTILES, self.velocity, strict=True):
            named[f"upper-face velocity p{round(100 * quantile)}, 1/s"] = float(value)
        return named


def blinks(lids: ArrayLike, fps: float) -> list[Blink]:
    """Return the blinks of one eye's (or both eyes' mean) `eyeBlink` curve, [T]."""
    curve = np.asarray(lids, np.float64)
    apart = max(1, int(_BLINK_APART * fps))
    peaks, found = find_peaks(curve, prominence=_BLINK_PROMINENCE, distance=apart)
    if not len(peaks):
        return []
    widths = peak_widths(curve, peaks, rel_height=0.5)[0] / fps
    depths = found["prominences"]
    events = zip(peaks, depths, widths, strict=True)
    return [Blink(p / fps, float(d), float(w)) for p, d, w in events if w <= _BLINK_LONGEST]


def gaze_shifts(eyes: ArrayLike, fps: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return when the eyes shift (seconds) and by how much (radians) from [T, 2, 3] angles."""
    look = np.asarray(eyes, np.float64)[:, :, :2].mean(axis=1)
    if len(look) < 3:
        return np.zeros(0), np.zeros(0)
    speed = np.linalg.norm(np.diff(look, axis=0), axis=1) * fps
    fast = np.concatenate([[0], speed > _SHIFT_SPEED, [0]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(fast))
    first, last = edges[::2], edges[1::2]
    sizes = np.linalg.norm(look[last] - look[first], axis=1)
    keep = sizes > _SHIFT_SMALLEST
    return first[keep] / fps, sizes[keep]


def brow_raises(coefficients: ArrayLike, fps: float) -> tuple[NDArray[np.float64], ...]:
    """Return when the brows go up (seconds) and by how much, from coefficients [T, 52]."""
    face = np.asarray(coefficients, np.float64)
    names = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
    lift = face[:, [INDEX[name] for name in names]].max(axis=1)
    apart = max(1, int(_BROW_APART * fps))
    peaks, found = find_peaks(lift, prominence=_BROW_PROMINENCE, distance=apart)
    return peaks / fps, np.asarray(found["prominences"], np.float64)


def measure(takes: Sequence[Take]) -> Naturalness:
    """Measure several motions together; intervals never reach from one into another."""
    gathered: dict[str, list[NDArray[np.float64]]] = {}

    def gather(name: str, values: ArrayLike) -> None:
        gathered.setdefault(name, []).append(np.asarray(values, np.float64))

    seconds = 0.0
    for take in takes:
        seconds += len(take.coefficients) / take.fps
        face = np.asarray(take.coefficients, np.float64)
        lids = face[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].mean(axis=1)
        events = blinks(lids, take.fps)
        gather("intervals", np.diff([b.time for b in events]))
        gather("depths", [b.depth for b in events])
        gather("widths", [b.seconds for b in events])
        times, sizes = gaze_shifts(take.eyes, take.fps)
        gather("shifts", sizes)
        gather("fixations", np.diff(times))
        gather("brows", brow_raises(face, take.fps)[1])
        active, whole = _speeds(face, take.fps)
        gather("active", active)
        gather("whole", whole)
    pooled = {name: np.concatenate(parts) for name, parts in gathered.items()}
    minutes = max(seconds / 60, 1e-9)
    velocity = np.quantile(pooled["active"], QUANTILES) if len(pooled["active"]) else None
    return Naturalness(
        seconds=seconds,
        blink_rate=len(pooled["depths"]) / minutes,
        blink_intervals=pooled["intervals"],
        blink_depths=pooled["depths"],
        blink_seconds=pooled["widths"],
        shift_rate=len(pooled["shifts"]) / max(seconds, 1e-9),
        shift_sizes=pooled["shifts"],
        fixations=pooled["fixations"],
        brow_rate=len(pooled["brows"]) / minutes,
        brow_heights=pooled["brows"],
        velocity=np.full(len(QUANTILES), np.nan) if velocity is None else velocity,
        frame_velocity=pooled["whole"],
    )


def _speeds(face: NDArray[np.float64], fps: float) -> tuple[NDArray[np.float64], ...]:
    """Return speeds of channels while they are active, and the mean speed of each frame, 1/s.

    Speeds are taken over a 30th of a second, so that rates do not matter.
    """
    upper = face[:, [INDEX[name] for name in UPPER_CHANNELS]]
    step = max(1, round(fps / 30))
    if len(upper) <= step:
        return np.zeros(0), np.zeros(0)
    speed = np.abs(upper[step:] - upper[:-step]) * fps / step
    is_active = (upper[step:] > 0.02) | (upper[:-step] > 0.02)
    return speed[is_active], speed.mean(axis=1)


def read_live_link(path: Path, fps: float) -> Take:
    """Read a Live Link Face CSV as a take.

    Raises:
        TakeError: the file lacks a column of the 52 or of the eyes.
    """
    with path.open(encoding="utf-8") as handle:
        header = [name.strip().casefold() for name in handle.readline().split(",")]
        rows = [line.rstrip("\n").split(",") for line in handle]
    columns = {name: i for i, name in enumerate(header)}
    missing = [n for n in LIVE_LINK_CSV_NAMES if n.casefold() not in columns]
    if missing:
        raise TakeError(f"{path.name} is no Live Link Face take: it has no column {missing[0]}")
    values = np.array([[float(v) for v in row[2:]] for row in rows if len(row) == len(header)])
    face = values[:, [columns[name.casefold()] - 2 for name in ARKIT_NAMES]]
    angles = [
        columns[f"{side}eye{axis}"] - 2
        for side in ("left", "right")
        for axis in ("yaw", "pitch", "roll")
    ]
    eyes = values[:, angles].reshape(-1, 2, 3)
    return Take(path.stem, face.astype(np.float32), eyes.astype(np.float32), fps)


def live_link_takes(folder: Path) -> list[Take]:
    """Read all captures in a folder; the rate is in each file's name (`..._60fps.csv`).

    Raises:
        TakeError: the folder has none.
    """
    takes = []
    for path in sorted(folder.glob("*fps.csv")):
        rate = path.stem.rpartition("_")[2].removesuffix("fps")
        takes.append(read_live_link(path, float(rate)))
    if not takes:
        raise TakeError(f"no captures (*fps.csv) in {folder}")
    return takes


def plot(measured: Mapping[str, Naturalness], path: Path) -> None:
    """Draw the distributions of several motions over each other into a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    panels = (
        ("time between blinks, s", "blink_intervals", (0.0, 10.0)),
        ("blink at half height, s", "blink_seconds", (0.0, 0.5)),
        ("blink depth", "blink_depths", (0.0, 1.0)),
        ("gaze shift, rad", "shift_sizes", (0.0, 0.6)),
        ("fixation, s", "fixations", (0.0, 4.0)),
        ("brow raise", "brow_heights", (0.0, 0.8)),
        ("upper-face velocity, 1/s", "frame_velocity", (0.0, 1.5)),
    )
    figure, axes = pyplot.subplots(2, 4, figsize=(18, 8))
    for axis, (title, name, limits) in zip(axes.flat, panels, strict=False):
        for label, numbers in measured.items():
            values: NDArray[np.float64] = getattr(numbers, name)
            if len(values):
                edges = np.linspace(*limits, 31)
                clipped = np.clip(values, *limits)
                axis.hist(clipped, edges, density=True, histtype="step", lw=1.6, label=label)
        axis.set_title(title)
    axes.flat[0].legend()
    last = axes.flat[-1]
    last.set_title("upper-face velocity, quantiles, 1/s")
    for label, numbers in measured.items():
        last.plot([str(q) for q in QUANTILES], numbers.velocity, "o-", label=label)
    last.set_yscale("log")
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    pyplot.close(figure)
