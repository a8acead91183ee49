"""Pictures of ExpCLIP: the map of expressions, faces between faces, how a direction comes in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def _pyplot() -> Any:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot


def plot_map(placed: Array, labels: Sequence[str], path: Path) -> None:
    """Draw points [N, 2], coloured by label, into a PNG (Fig. 6 a)."""
    pyplot = _pyplot()
    figure, axis = pyplot.subplots(figsize=(9, 8))
    names = sorted(set(labels))
    colours = pyplot.get_cmap("tab20")(np.linspace(0, 1, max(len(names), 2)))
    for name, colour in zip(names, colours, strict=False):
        rows = np.array([label == name for label in labels])
        axis.scatter(*placed[rows].T, s=16, color=colour, label=name)
    axis.set_xticks([])
    axis.set_yticks([])
    axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
    figure.savefig(path, dpi=110, bbox_inches="tight")
    pyplot.close(figure)


def draw_faces(rows: Sequence[tuple[str, Array]], path: Path, tile: int = 220) -> None:
    """Render rows of faces, each with a name and coefficients [N, 52], into a PNG (Fig. 6 b).

    Raises:
        PreviewError: the renderer is missing or cannot start.
    """
    from PIL import Image, ImageDraw

    from flame.head import built_in_head
    from flame.preview.stage import Stage

    head = built_in_head()
    stage = Stage(head, (tile, tile), "front", supersample=2)
    try:
        drawn = [
            np.hstack([stage.draw(head.pose(face.astype(np.float32))) for face in faces])
            for _, faces in rows
        ]
    finally:
        stage.close()
    sheet = Image.fromarray(np.vstack(drawn))
    pen = ImageDraw.Draw(sheet)
    for i, (name, _) in enumerate(rows):
        box = pen.textbbox((6, i * tile + 4), name)
        pen.rectangle((box[0] - 3, box[1] - 2, box[2] + 3, box[3] + 2), fill=(236, 239, 242))
        pen.text((6, i * tile + 4), name, fill=(20, 24, 30))
    sheet.save(path)


def plot_changes(
    curves: Mapping[str, tuple[Array, Array]], start: float, fps: float, path: Path
) -> None:
    """Draw what direction strips add, beside what each adds on the whole line, into a PNG.

    Args:
        curves: name -> (with the strip, on the whole line), mean over its channels, [T] each.
    """
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(len(curves), 1, figsize=(9, 1.8 * len(curves)), squeeze=False)
    for axis, (name, (strip, whole)) in zip(axes[:, 0], curves.items(), strict=True):
        clock = np.arange(len(strip)) / fps
        axis.plot(clock, whole, color="#999", ls="--", lw=1)
        axis.plot(clock, strip, lw=1.6)
        axis.axvspan(start, start + 0.3, color="#f4d35e", alpha=0.4, lw=0)
        axis.set_ylabel(name, fontsize=8)
    figure.savefig(path, dpi=100, bbox_inches="tight")
    pyplot.close(figure)
