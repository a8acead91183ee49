"""What a classifier says of many performances: accuracy, confusion, diversity, order of intensity.

Diversity is Cafe-Talk's: the standard deviation of the classifier's features over performances.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from arkit.action_units import combine_aus
from arkit.names import INDEX

from .intervals import Estimate, mean

EVEN: Final = 1e-3
"""Strengths closer than this are not in order."""


def accuracy(true: Sequence[str], said: Sequence[str], lines: Sequence[object]) -> Estimate:
    """Return the share of performances whose emotion was recognised, with its interval."""
    return mean([t == s for t, s in zip(true, said, strict=True)], lines)


def confusion(
    true: Sequence[str], said: Sequence[str], labels: Sequence[str]
) -> NDArray[np.float64]:
    """Return the share of each true label (row) that was said to be each label (column)."""
    counts = np.zeros((len(labels), len(labels)))
    for t, s in zip(true, said, strict=True):
        counts[labels.index(t), labels.index(s)] += 1
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def diversity(features: ArrayLike) -> float:
    """Return the standard deviation of features [N, D] over performances, mean over D."""
    return float(np.asarray(features, np.float64).std(axis=0).mean())


def strength(curves: NDArray[np.float32], aus: dict[str, float]) -> float:
    """Return how strongly a performance [T, 52] shows Action Units: their mean over time.

    Args:
        aus: AU code -> intensity, as the language tables give them for an emotion.
    """
    shown = {name: value for name, value in combine_aus(aus).items() if value > 0}
    weights = np.array(list(shown.values()))
    columns = [INDEX[name] for name in shown]
    return float((curves[:, columns].mean(axis=0) @ weights) / weights.sum())


def ordered(strengths: Sequence[float]) -> tuple[int, int]:
    """Return how many of all pairs of rising intensities are in order, and how many there are."""
    pairs = list(combinations(strengths, 2))
    return sum(later > earlier + EVEN for earlier, later in pairs), len(pairs)


def plot_confusion(
    matrices: dict[str, NDArray[np.float64]], labels: Sequence[str], path: Path
) -> None:
    """Draw confusion matrices side by side into a PNG; rows are what was asked for."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, len(matrices), figsize=(6.2 * len(matrices), 5.6), squeeze=False
    )
    for axis, (title, matrix) in zip(axes[0], matrices.items(), strict=True):
        axis.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
        axis.set_title(title)
        axis.set_xticks(range(len(labels)), labels, rotation=60, ha="right")
        axis.set_yticks(range(len(labels)), labels)
        for (row, column), share in np.ndenumerate(matrix):
            colour = "white" if share > 0.5 else "#334"
            axis.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=colour)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
