"""FLAME-format files that the tests make themselves."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def flame_arrays(
    n_vertices: int = 120, n_directions: int = 400, seed: int = 0
) -> dict[str, NDArray[Any]]:
    """Arrays under FLAME's names: random, but of the right shapes and sizes."""
    rng = np.random.default_rng(seed)
    weights = rng.random((n_vertices, 5)) ** 8
    regressor = np.zeros((5, n_vertices))
    for row in regressor:
        row[rng.choice(n_vertices, 12, replace=False)] = 1 / 12
    return {
        "v_template": rng.normal(0, 0.08, (n_vertices, 3)),
        "shapedirs": rng.normal(0, 1e-3, (n_vertices, 3, n_directions)),
        "posedirs": rng.normal(0, 1e-3, (n_vertices, 3, 36)),
        "J_regressor": regressor,
        "weights": weights / weights.sum(1, keepdims=True),
        # The root's parent is -1 written without a sign, as in the official files.
        "kintree_table": np.array([[4294967295, 0, 1, 1, 1], range(5)], np.uint32),
        "f": rng.integers(0, n_vertices, (2 * n_vertices, 3)).astype(np.uint32),
    }


def landmark_arrays(n_faces: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    """A static embedding of 51 landmarks."""
    rng = np.random.default_rng(seed)
    return {
        "lmk_face_idx": rng.integers(0, n_faces, 51).astype(np.uint32),
        "lmk_b_coords": np.full((51, 3), 1 / 3),
    }


def write_pickle(path: Path, value: Any, protocol: int = 2) -> Path:
    """Write a plain pickle; returns the path."""
    path.write_bytes(pickle.dumps(value, protocol))
    return path
