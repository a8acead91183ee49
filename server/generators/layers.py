"""A take's layers as differences of passes that share their noise.

Each pass obeys one more condition than the one before; what it changes is that condition's layer.
The layers sum to the last pass by construction.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def differences(passes: Mapping[str, Array]) -> dict[str, Array]:
    """Return name -> what each pass [T, C] adds to the one before; the first is its own layer."""
    layers: dict[str, Array] = {}
    before: Array | None = None
    for name, face in passes.items():
        layers[name] = face if before is None else face - before
        before = face
    return layers


def beside(living: Array, face: Array) -> Array:
    """Return a living layer as it can be seen on a face that acts: what is full has no way to go.

    Args:
        living: [T, C], what life adds to a face at rest. face: [T, C], 0..1.
    """
    return np.minimum(living, np.maximum(1.0 - face, 0.0))
