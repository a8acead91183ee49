"""Pictures of what was measured: strips under several betas (Fig. 10), confusion, single AUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cafe_talk_stage import FPS
from .cafe_talk_strips import Trial
from .strips_eval import UPPER_AUS

Curves = NDArray[np.float32]


def plot_betas(found: Sequence[tuple[Trial, Mapping[str, Curves]]], path: Path) -> None:
    """Draw the own channels of one trial of several AUs, a curve for each beta, into a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(found), 1, figsize=(11, 2.7 * len(found)), squeeze=False, sharex=False
    )
    for axis, (trial, curves) in zip(axes[:, 0], found, strict=True):
        colours = pyplot.get_cmap("viridis")(np.linspace(0.85, 0.1, max(len(curves) - 1, 1)))
        for k, (label, face) in enumerate(curves.items()):
            own = face[:, trial.slot.columns].mean(axis=1)
            style: dict[str, Any] = (
                {"color": "#999", "ls": "--"} if k == 0 else {"color": colours[k - 1]}
            )
            axis.plot(np.arange(len(own)) / FPS, own, lw=1.6, label=label, **style)
        axis.axvspan(*trial.seconds, color="#f4d35e", alpha=0.25, lw=0)
        axis.set_ylim(-0.02, 1.02)
        axis.set_ylabel(trial.slot.au)
    axes[0, 0].legend(loc="upper right", fontsize=8, ncol=len(found[0][1]))
    axes[-1, 0].set_xlabel("seconds")
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)


def plot_single_aus(strips: Mapping[str, Any], lips: Mapping[str, Any], path: Path) -> None:
    """Draw control rate and closure recall of each AU as bars into a PNG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 1, figsize=(12, 6.4), sharex=True)
    names = list(strips)
    colours = ["#577590" if name in UPPER_AUS else "#c8553d" for name in names]
    rows = (("net control rate", strips, "net"), ("closure recall", lips, None))
    for axis, (title, table, key) in zip(axes, rows, strict=True):
        cells = [table[n] if key is None else table[n][key] for n in names]
        values = np.array([c["value"] for c in cells])
        ends = np.array([[c["value"] - c["low"], c["high"] - c["value"]] for c in cells]).T
        axis.bar(names, values, yerr=np.maximum(ends, 0), color=colours, capsize=3)
        axis.set_ylabel(title)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    pyplot.close(figure)
