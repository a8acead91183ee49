"""The contact sheet: the 52 shapes and twelve faces that need several at once, labelled."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from arkit.names import ARKIT_NAMES, INDEX
from flame.head import built_in_head
from flame.preview.stage import Camera, Image, Stage

COMBINATIONS: dict[str, dict[str, float]] = {
    "smile + cheek squint": {"mouthSmileLeft": 1, "mouthSmileRight": 1, "cheekSquintLeft": 0.8,
                             "cheekSquintRight": 0.8, "eyeSquintLeft": 0.3, "eyeSquintRight": 0.3},
    "anger": {"browDownLeft": 1, "browDownRight": 1, "eyeWideLeft": 0.5, "eyeWideRight": 0.5,
              "noseSneerLeft": 0.6, "noseSneerRight": 0.6, "mouthPressLeft": 0.7,
              "mouthPressRight": 0.7, "mouthFrownLeft": 0.4, "mouthFrownRight": 0.4},
    "sad": {"browInnerUp": 1, "mouthFrownLeft": 0.9, "mouthFrownRight": 0.9, "eyeBlinkLeft": 0.25,
            "eyeBlinkRight": 0.25, "mouthShrugLower": 0.5, "eyeLookDownLeft": 0.3,
            "eyeLookDownRight": 0.3},
    "surprise": {"browInnerUp": 1, "browOuterUpLeft": 1, "browOuterUpRight": 1, "eyeWideLeft": 1,
                 "eyeWideRight": 1, "jawOpen": 0.55},
    "disgust": {"noseSneerLeft": 1, "noseSneerRight": 1, "mouthUpperUpLeft": 0.6,
                "mouthUpperUpRight": 0.6, "browDownLeft": 0.6, "browDownRight": 0.6,
                "eyeSquintLeft": 0.6, "eyeSquintRight": 0.6, "mouthFrownLeft": 0.3,
                "mouthFrownRight": 0.3},
    "p: closed on open jaw": {"jawOpen": 0.3, "mouthClose": 0.3, "mouthPressLeft": 0.3,
                              "mouthPressRight": 0.3},
    "u": {"jawOpen": 0.1, "mouthPucker": 0.8, "mouthFunnel": 0.22},
    "o": {"jawOpen": 0.4, "mouthFunnel": 0.7, "mouthPucker": 0.25},
    "f": {"jawOpen": 0.12, "mouthRollLower": 0.55, "mouthUpperUpLeft": 0.25,
          "mouthUpperUpRight": 0.25, "mouthClose": 0.04},
    "wink": {"eyeBlinkLeft": 1, "mouthSmileLeft": 0.7, "mouthSmileRight": 0.3,
             "cheekSquintLeft": 0.7, "browOuterUpRight": 0.4},
    "tongue out": {"tongueOut": 1, "jawOpen": 0.5},
    "kiss": {"mouthPucker": 1, "eyeBlinkLeft": 0.9, "eyeBlinkRight": 0.9, "mouthPressLeft": 0.2,
             "mouthPressRight": 0.2},
}  # fmt: skip
"""Twelve faces that need several shapes at once, for the contact sheet."""


def contact_sheet(
    path: str | os.PathLike[str],
    columns: int = 8,
    tile: int = 300,
    camera: Camera = "front",
    names: Sequence[str] | None = None,
) -> Path:
    """Write a labelled sheet of the 52 shapes and `COMBINATIONS`, and return its path.

    Raises:
        PreviewError: the renderer is missing or cannot start.
    """
    poses = {name: {name: 1.0} for name in ARKIT_NAMES} | COMBINATIONS
    chosen = list(poses) if names is None else list(names)
    head = built_in_head()
    stage = Stage(head, (tile, tile), camera, supersample=2)
    tiles = []
    try:
        for name in chosen:
            weights = np.zeros(len(ARKIT_NAMES), dtype=np.float32)
            for shape, value in poses[name].items():
                weights[INDEX[shape]] = value
            tiles.append(_label(stage.draw(head.pose(weights)), name))
    finally:
        stage.close()
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[k : k + columns]) for k in range(0, len(tiles), columns)]
    from PIL import Image as Pictures

    Pictures.fromarray(np.vstack(rows)).save(Path(path), format="PNG")
    return Path(path)


def _label(image: Image, text: str) -> Image:
    """Return the image with its name written in the lower left corner."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    picture = Pictures.fromarray(image)
    ImageDraw.Draw(picture).text((8, image.shape[0] - 20), text, fill=(20, 24, 30))
    return np.asarray(picture)
