"""Changes or adds keys of a curve; every other key stays bit-identical."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_FLOATS: Final = ("co", "handle_left", "handle_right")
_ENUMS: Final = ("interpolation", "easing", "handle_left_type", "handle_right_type")
_LINEAR: Final = 1
_AUTO_CLAMPED: Final = 4
_NEAR: Final = 1e-3  # frames


def values_at(curve: Any, frames: np.ndarray) -> np.ndarray:
    """Value of a curve at frames, float32 [T]; of our own, straight curves at once."""
    if _is_straight(curve):
        return np.interp(frames, *keys_of(curve).astype(np.float64).T).astype(np.float32)
    return np.fromiter((curve.evaluate(float(f)) for f in frames), np.float32, len(frames))


def _is_straight(curve: Any) -> bool:
    """Whether straight lines between the keys, and nothing else, are what a curve shows."""
    if not len(curve.keyframe_points) or len(curve.modifiers) or curve.extrapolation != "CONSTANT":
        return False
    kinds = np.empty(len(curve.keyframe_points), np.int32)
    curve.keyframe_points.foreach_get("interpolation", kinds)
    return bool((kinds == _LINEAR).all())


def keys_of(curve: Any) -> np.ndarray:
    """Frames and values of a curve's keys, float32 [K, 2]."""
    flat = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", flat)
    return flat.reshape(-1, 2)


def replace_keys(curve: Any, points: np.ndarray, step: float) -> None:
    """Put keys [K, 2] in the place of all keys between the first and the last of their frames.

    Where the keys next to them were left out, the curve gets one beside the span, `step` frames
    away and where it went anyway, so that it does not change outside.
    """
    frames = keys_of(curve)[:, 0]
    start, end = float(points[0, 0]), float(points[-1, 0])
    before, after = frames[frames < start - _NEAR], frames[frames > end + _NEAR]
    beside = []
    if len(before) and before[-1] < start - step - _NEAR:
        beside.append(start - step)
    if len(after) and after[0] > end + step + _NEAR:
        beside.append(end + step)
    held = np.stack([np.float32(beside), values_at(curve, np.float32(beside))], axis=1)
    outside = (frames < start - _NEAR) | (frames > end + _NEAR)
    _merge(curve, outside, np.concatenate([points, held]).astype(np.float32))


def add_keys(curve: Any, points: np.ndarray) -> None:
    """Add straight keys [K, 2] at frames that have none."""
    _merge(curve, np.ones(len(curve.keyframe_points), bool), points)


def _merge(curve: Any, kept: np.ndarray, points: np.ndarray) -> None:
    """Have the `kept` ones of the old keys [N], just as they are, and new keys [K, 2]."""
    keyframes = curve.keyframe_points
    held = {name: np.empty(2 * len(keyframes), np.float32) for name in _FLOATS}
    held |= {name: np.empty(len(keyframes), np.int32) for name in _ENUMS}
    for name, array in held.items():
        keyframes.foreach_get(name, array)
    frames = held["co"].reshape(-1, 2)[:, 0]
    new = dict.fromkeys(_FLOATS, points)
    new |= {name: np.full(len(points), value, np.int32) for name, value in _new_enums().items()}
    order = np.argsort(np.concatenate([frames[kept], points[:, 0]]), kind="stable")
    keyframes.clear()
    keyframes.add(len(order))
    for name, array in held.items():
        rows = array.reshape(-1, 2)[kept] if name in _FLOATS else array[kept]
        keyframes.foreach_set(name, np.concatenate([rows, new[name]])[order].ravel())
    curve.update()


def _new_enums() -> dict[str, int]:
    automatic = {"handle_left_type": _AUTO_CLAMPED, "handle_right_type": _AUTO_CLAMPED}
    return {"interpolation": _LINEAR, "easing": 0, **automatic}
