"""A take mixed anew from its layers, and the hand edits that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..vendor import clip, retime


def mix(take: clip.ArkitClip, weights: Mapping[str, float]) -> clip.ArkitClip:
    """The sum of weight x layer, clamped, with the contacts closed again; unnamed layers count 1.

    With all weights 1, or without layers, the take comes back as it was made.
    """
    named = {name: weights.get(name, 1.0) for name in take.layers}
    if all(abs(weight - 1.0) < 1e-6 for weight in named.values()):
        return take
    layers = {name: (layer * named[name]).astype(np.float32) for name, layer in take.layers.items()}
    total = np.sum(list(layers.values()), axis=0, dtype=np.float64)
    mixed = replace(take, coefficients=np.clip(total, 0.0, 1.0).astype(np.float32), layers=layers)
    return retime.impose_contacts(mixed)


def rows_to_key(
    curves: tuple[NDArray[np.float32], NDArray[np.float32]],
    frames: NDArray[np.float32],
    key_frames: NDArray[np.float32],
    tolerance: float,
) -> NDArray[np.intp]:
    """Rows of a curve [T] at `frames` that need a key now, where keys had been left out.

    Args:
        curves: what was baked and what is, [T] each. The keys at `key_frames`, increasing, are
            those that the first one needed; the second may bend where the first was straight.
        tolerance: what straight lines between keys may miss by. Where the old keys missed the first
            curve by more, somebody has deleted keys there, and none is added.
    """
    if tolerance <= 0.0 or len(key_frames) < 2:
        return np.zeros(0, np.intp)
    missed = [
        np.abs(c - np.interp(frames, key_frames, np.interp(key_frames, frames, c))) for c in curves
    ]
    gap_of = np.searchsorted(key_frames, frames, side="right")
    worst = [np.zeros(len(key_frames) + 1) for _ in curves]
    for most, miss in zip(worst, missed, strict=True):
        np.maximum.at(most, gap_of, miss)
    bent = (worst[0] <= tolerance + _ROUNDING) & (worst[1] > tolerance + _ROUNDING)
    within = [np.zeros(0, np.intp)]
    for gap in np.flatnonzero(bent[1:-1]) + 1:
        first, end = np.searchsorted(gap_of, [gap, gap + 1])
        within.append(retime.reduce_keys(curves[1][first : end + 1], tolerance) + first)
    rows = np.unique(np.concatenate(within)).astype(np.intp)
    after = np.clip(np.searchsorted(key_frames, frames[rows]), 1, len(key_frames) - 1)
    beside = np.abs(key_frames[[after - 1, after]] - frames[rows])
    return rows[beside.min(axis=0) > _NEAR]


_NEAR = 1e-3  # frames
_ROUNDING = 1e-5  # units of the shape key


def moved_values(
    key_frames: NDArray[np.float32],
    values: NDArray[np.float32],
    frames: NDArray[np.float32],
    before: NDArray[np.float32],
    after: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Values [K] of the keys at `key_frames` when a curve changes from `before` to `after` [T].

    What the user changed stays as a difference on top, on keys of their own too.
    """
    change = np.interp(key_frames, frames, after.astype(np.float64) - before)
    return (values + change).astype(np.float32)
