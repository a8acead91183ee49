"""The map keeps neighbours together and does not hang on the order of the points."""

from __future__ import annotations

import numpy as np

from server.evaluation.tsne import tsne


def test_points_of_one_cluster_stay_together_and_clusters_come_apart() -> None:
    rng = np.random.default_rng(0)
    centres = rng.normal(0.0, 4.0, (3, 20))
    labels = np.repeat(np.arange(3), 30)
    placed = tsne(centres[labels] + rng.normal(0.0, 0.5, (90, 20)), perplexity=10, steps=200)
    apart = np.linalg.norm(placed[:, None] - placed, axis=-1) + 1e9 * np.eye(90)
    assert (labels[apart.argmin(axis=1)] == labels).all()
    inside = apart[(labels[:, None] == labels) & (apart < 1e8)].mean()
    between = apart[labels[:, None] != labels].mean()
    assert between > 3 * inside


def test_points_without_order_are_spread_over_the_plane() -> None:
    rng = np.random.default_rng(1)
    placed = tsne(rng.normal(0.0, 1.0, (60, 10)), perplexity=15, steps=200)
    assert np.isfinite(placed).all()
    assert np.abs(placed.mean(axis=0)).max() < 1e-9
    assert placed.std(axis=0).min() > 0.5
