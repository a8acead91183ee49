"""Pictures of the instruction stage: confusion of emotions, and a map of voices (Fig. 8)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from server.training.instruction.truth import CLASSES

from .tsne import tsne

_PERPLEXITY: Final = 25.0
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
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    places = tsne(embeddings[rows].astype(np.float64), perplexity, seed=seed)
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


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot
