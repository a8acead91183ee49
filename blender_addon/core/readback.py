"""From the curves of shape keys back to blendshape coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..vendor import names
from .keyframes import Weights

Sampled = tuple[Mapping[str, Weights], Mapping[str, NDArray[np.float32]]]
"""The weights of a mesh's shape keys, and the value of each over time, [T]."""


def coefficients_from_keys(
    stored: NDArray[np.float32], meshes: Sequence[Sampled]
) -> NDArray[np.float32]:
    """Put the values of shape keys in the place of stored coefficients [T, 52].

    A blendshape is read from the keys that play nothing else; several (left and right halves, the
    same key on the teeth) are averaged. Blendshapes that no such key plays stay as stored.

    Returns:
        float32 [T, 52], clamped to 0..1, or to what is stored where that goes beyond (phones send
        a little more than 1 for extreme gaze).
    """
    sums = np.zeros(stored.shape, np.float64)
    counts = np.zeros(stored.shape[1])
    for weights_of, curves in meshes:
        for key, curve in curves.items():
            weights = weights_of[key]
            if len(weights) != 1:
                continue
            name, weight = next(iter(weights.items()))
            if weight:
                sums[:, names.INDEX[name]] += curve / weight
                counts[names.INDEX[name]] += 1
    read = counts > 0
    result = stored.copy()
    low = np.minimum(stored[:, read].min(axis=0, initial=0.0), 0.0)
    high = np.maximum(stored[:, read].max(axis=0, initial=1.0), 1.0)
    result[:, read] = np.clip(sums[:, read] / counts[read], low, high)
    return result
