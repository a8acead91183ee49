"""t-SNE (van der Maaten and Hinton 2008), exact, for a few hundred points; numpy only."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_TINY: Final = 1e-12
_EXAGGERATED: Final = 100  # steps during which near points are pulled together harder
_EXAGGERATION: Final = 4.0
_MOMENTUM: Final = (0.5, 0.8)
_RATE: Final = 100.0


def tsne(points: Array, perplexity: float = 30.0, steps: int = 500, seed: int = 0) -> Array:
    """Return a map of points [N, D] in the plane, [N, 2], that keeps neighbours together.

    Section 3 of the paper: symmetric joint probabilities, Student-t similarities in the map (Eqs.
    4 and 5), gradient descent with momentum (Alg. 1), early exaggeration. The start is the first
    two principal components, so that the map does not hang on the seed alone.
    """
    joint = _joint(_squared_distances(points), perplexity)
    placed = _principal(points, seed)
    moved = np.zeros_like(placed)
    gains = np.ones_like(placed)
    for step in range(steps):
        wanted = joint * _EXAGGERATION if step < _EXAGGERATED else joint
        slope = _gradient(wanted, placed)
        gains = np.where(np.sign(slope) == np.sign(moved), gains * 0.8, gains + 0.2).clip(0.01)
        momentum = _MOMENTUM[step >= _EXAGGERATED]
        moved = momentum * moved - _RATE * gains * slope
        placed = placed + moved
        placed -= placed.mean(axis=0)
    return placed


def _squared_distances(points: Array) -> Array:
    squares = (points * points).sum(axis=1)
    found = squares[:, None] + squares - 2.0 * points @ points.T
    np.fill_diagonal(found, 0.0)
    return np.maximum(found, 0.0)


def _joint(distances: Array, perplexity: float) -> Array:
    """Eq. 1 and symmetry: each point's Gaussian has the width that gives the perplexity."""
    n = len(distances)
    rows = np.stack([
        np.insert(_row(np.delete(distances[i], i), np.log(perplexity)), i, 0.0) for i in range(n)
    ])  # fmt: skip
    return np.maximum((rows + rows.T) / (2.0 * n), _TINY)


def _row(distances: Array, entropy: float) -> Array:
    """Bisect the precision of one point until its entropy is the one asked for."""
    low, high, precision = 0.0, np.inf, 1.0 / max(float(np.median(distances)), _TINY)
    chances = np.zeros_like(distances)
    for _ in range(60):
        chances = np.exp(-(distances - distances.min()) * precision)
        chances /= chances.sum()
        now = -(chances * np.log(np.maximum(chances, _TINY))).sum()
        if abs(now - entropy) < 1e-5:
            break
        if now > entropy:
            low, precision = precision, precision * 2 if np.isinf(high) else (precision + high) / 2
        else:
            high, precision = precision, (precision + low) / 2
    return chances


def _principal(points: Array, seed: int) -> Array:
    centred = points - points.mean(axis=0)
    _, _, ways = np.linalg.svd(centred, full_matrices=False)
    placed = centred @ ways[:2].T
    placed = 1e-2 * placed / np.maximum(placed.std(axis=0), _TINY)
    return placed + np.random.default_rng(seed).normal(0.0, 1e-5, placed.shape)


def _gradient(wanted: Array, placed: Array) -> Array:
    """Eq. 5."""
    near = 1.0 / (1.0 + _squared_distances(placed))
    np.fill_diagonal(near, 0.0)
    pull = (wanted - np.maximum(near / near.sum(), _TINY)) * near
    return 4.0 * (pull.sum(axis=1)[:, None] * placed - pull @ placed)
