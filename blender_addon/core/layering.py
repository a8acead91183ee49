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
