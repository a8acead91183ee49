"""From a clip to what is written into Blender: frames and one curve for each shape key.

Frame i of a clip at curve rate r stands at start + i * scene_rate / r, so keys fall between whole
frames when the rates differ. Values are not clamped here: Blender clamps them when it evaluates,
and `clamped_keys` says where, so that the user is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..vendor import clip, names, retime

LONG_TAKE_KEYS: Final = 200_000
"""A take of more keys is a long one. Blender copies all of them whenever one is changed, and into
every undo step that they are new in; 130 curves of a minute at 30 fps are as many."""
LONG_TAKE_TOLERANCE: Final = 0.005
"""What the curves of a long take may miss by, in units of the shape key: too little to be seen."""
_NEAR: Final = 1e-3  # frames

Weights = Mapping[str, float]
"""ARKit blendshape -> weight: the sum that drives one shape key."""


@dataclass(frozen=True)
class KeyPlan:
    """All keys of one mesh.

    Attributes:
        frames: float32 [T], scene frames, increasing.
        curves: shape key -> float32 [T].
        kept: shape key -> indices of the frames that get a key; all of them where not named.
    """

    frames: NDArray[np.float32]
    curves: Mapping[str, NDArray[np.float32]]
    kept: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)

    def points(self, shape_key: str) -> NDArray[np.float32]:
        """Keys of one shape key, float32 [K, 2]: frame and value."""
        both = np.stack([self.frames, self.curves[shape_key]], axis=1)
        return both[self.kept[shape_key]] if shape_key in self.kept else both


class _Mixed(Mapping[str, NDArray[np.float32]]):
    """Curves that are mixed when they are asked for: all of a long take would take too long."""

    def __init__(
        self, coefficients: NDArray[np.float32], weights_of: Mapping[str, Weights]
    ) -> None:
        self._coefficients, self._weights_of = coefficients, dict(weights_of)

    def __getitem__(self, shape_key: str) -> NDArray[np.float32]:
        mixed = np.zeros(len(self._coefficients), np.float32)
        for name, weight in self._weights_of[shape_key].items():
            mixed += np.float32(weight) * self._coefficients[:, names.INDEX[name]]
        return mixed

    def __iter__(self) -> Iterator[str]:
        return iter(self._weights_of)

    def __len__(self) -> int:
        return len(self._weights_of)


@dataclass(frozen=True)
class ClampedKey:
    """A shape key whose slider range is too narrow for its curve."""

    shape_key: str
    peak: float
    limit: float
    n_frames: int


def key_frames(
    n_frames: int, start_frame: float, scene_rate: float, curve_rate: float
) -> NDArray[np.float32]:
    """Scene frame of each clip frame, float32 [T]."""
    steps = np.arange(n_frames, dtype=np.float64) * (scene_rate / curve_rate)
    return (start_frame + steps).astype(np.float32)


def plan_keys(
    coefficients: NDArray[np.float32],
    weights_of: Mapping[str, Weights],
    frames: NDArray[np.float32],
) -> KeyPlan:
    """Mix coefficients [T, 52] into one curve for each shape key of `weights_of`."""
    return KeyPlan(frames, _Mixed(coefficients, weights_of))


def contact_frames(take: clip.ArkitClip) -> NDArray[np.intp]:
    """Frames of a clip in which something touches: those within a contact, and the nearest one."""
    touching = {round(0.5 * (c.start + c.end) * take.fps) for c in take.contacts}
    for contact in take.contacts:
        first, last = contact.start * take.fps - _NEAR, contact.end * take.fps + _NEAR
        touching.update(range(math.ceil(first), math.floor(last) + 1))
    return np.array(sorted(f for f in touching if 0 <= f < take.n_frames), np.intp)


def rows_at(frames: NDArray[np.float32], wanted: NDArray[np.float32]) -> NDArray[np.intp]:
    """Where `frames`, increasing, have those that are wanted; what they do not have is left out."""
    rows = np.minimum(np.searchsorted(frames, wanted - _NEAR), max(len(frames) - 1, 0))
    is_there = np.abs(frames[rows] - wanted) <= _NEAR if len(frames) else np.zeros(len(rows), bool)
    return rows[is_there]


def tolerance_of(wanted: float | None, n_keys: int) -> float:
    """What the curves of a take may miss by: as wanted, or as its number of keys asks for."""
    if wanted is not None:
        return wanted
    return LONG_TAKE_TOLERANCE if n_keys > LONG_TAKE_KEYS else 0.0


def reduced(plan: KeyPlan, tolerance: float, kept: Sequence[int] = ()) -> KeyPlan:
    """Leave out keys that straight lines between the others reach within `tolerance`.

    The keys at the rows `kept` stay: there lips touch, and touch exactly.
    """
    if tolerance <= 0.0 or not len(plan.frames):
        return plan
    rows = {
        shape_key: retime.reduce_keys(curve, tolerance, kept)
        for shape_key, curve in plan.curves.items()
    }
    return replace(plan, kept=rows)


def clamped_keys(
    plan: KeyPlan, ranges: Mapping[str, tuple[float, float]], tolerance: float = 1e-3
) -> list[ClampedKey]:
    """Shape keys whose curve leaves the slider range (minimum, maximum) of its key."""
    found: list[ClampedKey] = []
    for shape_key, curve in plan.curves.items():
        low, high = ranges.get(shape_key, (0.0, 1.0))
        above, below = curve > high + tolerance, curve < low - tolerance
        if above.any():
            found.append(ClampedKey(shape_key, float(curve.max()), high, int(above.sum())))
        if below.any():
            found.append(ClampedKey(shape_key, float(curve.min()), low, int(below.sum())))
    return found


def clamping_sentence(clamped: Sequence[ClampedKey]) -> str:
    """One sentence about all of them, empty when there are none."""
    if not clamped:
        return ""
    first = max(clamped, key=lambda key: abs(key.peak - key.limit))
    others = f" and {len(clamped) - 1} more" if len(clamped) > 1 else ""
    return (
        f"Blender clamps '{first.shape_key}'{others}: it reaches {first.peak:.2f} but its slider "
        f"ends at {first.limit:.2f}. Widen the shape key's range to see the whole motion."
    )
