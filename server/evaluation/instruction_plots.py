"""Pictures of the instruction stage: confusion of emotions, and a map of voices (Fig. 8)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.training.instruction.truth import CLASSES

_PERPLEXITY: Final = 25.0
_STEPS: Final = 400
_MOST: Final = 700
"""Points of a map: each step compares all pairs."""


def plot_confusion(table: NDArray[np.int64], path: Path) -> None:
    """Draw what was said of each label, as shares of its row, into a PNG."""
    pyplot = _pyplot()
    shares = table / np.maximum(table.sum(1, keepdims=True), 1)
    figure, axis = pyplot.subplots(figsize=(7.4, 6.0))
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = (*CLASSES, "other")[: table.shape[1]]
    axis.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axis.set_yticks(range(len(CLASSES)), CLASSES)
    for i, row in enumerate(shares):
        for j, share in enumerate(row):
            axis.text(j, i, f"{share:.2f}", ha="center", va="center", fontsize=8,
                      color="white" if share > 0.5 else "black")  # fmt: skip
    axis.set_xlabel("what the sentence says")
    axis.set_ylabel("label")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def plot_embeddings(
    embeddings: NDArray[np.float32], labels: Sequence[str], path: Path, seed: int = 0
) -> None:
    """Draw voices by t-SNE of their aligned embeddings [N, L], coloured by label, into a PNG."""
    pyplot = _pyplot()
    dice = np.random.default_rng(seed)
    rows = dice.permutation(len(embeddings))[:_MOST]
    places = tsne(embeddings[rows].astype(np.float64), seed)
    figure, axis = pyplot.subplots(figsize=(7.4, 6.4))
    colours = pyplot.get_cmap("tab10")
    for k, name in enumerate(CLASSES):
        own = places[[labels[i] == name for i in rows]]
        axis.scatter(own[:, 0], own[:, 1], s=14, color=colours(k), label=name, alpha=0.8)
    axis.legend(fontsize=8)
    axis.set_xticks([])
    axis.set_yticks([])
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def tsne(points: NDArray[np.float64], seed: int = 0) -> NDArray[np.float64]:
    """Places [N, 2] by t-SNE (van der Maaten and Hinton 2008), plain gradient descent."""
    close = _affinities(points)
    places = 1e-2 * np.random.default_rng(seed).standard_normal((len(points), 2))
    speed = np.zeros_like(places)
    for step in range(_STEPS):
        apart = places[:, None] - places[None]
        near = 1.0 / (1.0 + (apart**2).sum(-1))
        np.fill_diagonal(near, 0.0)
        early = 6.0 if step < _STEPS // 4 else 1.0
        pull = (early * close - near / near.sum()) * near
        gradient = 4.0 * (pull[..., None] * apart).sum(1)
        speed = (0.5 if step < 100 else 0.8) * speed - len(points) / 6.0 * gradient
        places = places + speed
        places -= places.mean(0)
    return places


def _affinities(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Symmetric P [N, N], each row's width fitted to the perplexity."""
    square = (points**2).sum(1)
    far = np.maximum(square[:, None] + square[None] - 2 * points @ points.T, 0.0)
    np.fill_diagonal(far, np.inf)
    low, high = np.full(len(far), 1e-3), np.full(len(far), 1e5)
    target = np.log(min(_PERPLEXITY, (len(points) - 1) / 3))
    close = np.zeros_like(far)
    for _ in range(40):
        sharp = np.sqrt(low * high)
        close = np.exp(-(far - far.min(1, keepdims=True)) * sharp[:, None])
        close /= close.sum(1, keepdims=True)
        entropy = -(close * np.log(np.maximum(close, 1e-300))).sum(1)
        low, high = np.where(entropy > target, sharp, low), np.where(entropy > target, high, sharp)
    both = close + close.T
    return both / both.sum()


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot
