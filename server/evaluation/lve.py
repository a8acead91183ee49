"""Lip vertex error on the built-in head (Richard et al. 2021; Cafe-Talk, App. E.1), in mm."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES
from flame.head import built_in_head

_MM: Final = 1000.0  # the head is in metres


@cache
def _lip_moves() -> NDArray[np.float32]:
    """Return what each blendshape adds to the lip vertices in mm, [52, V, 3]."""
    head = built_in_head()
    lips = np.unique(np.concatenate([v for name, v in head.landmarks.items() if "_lip" in name]))
    return np.stack([head.shapes[name][lips] for name in ARKIT_NAMES]) * _MM


def lip_vertex_errors(made: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest distance of any lip vertex in each frame, mm, [T].

    Args:
        made, truth: coefficients [T, 52] of one line at one rate; the longer one is cut.
    """
    n = min(len(made), len(truth))
    moves = _lip_moves()
    apart = (made[:n] - truth[:n]) @ moves.reshape(len(ARKIT_NAMES), -1)
    return np.linalg.norm(apart.reshape(n, -1, 3), axis=-1).max(axis=-1)
