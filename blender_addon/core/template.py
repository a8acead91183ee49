"""The built-in head as a template for others: its skin, its shapes, and which of it is face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .head_file import Head
from .surface import Ints, Surface


@dataclass(frozen=True)
class Template:
    """The built-in head's skin as a surface, with its shapes and the part that is its face."""

    head: Head
    skin: Surface
    face: Ints

    @classmethod
    def of(cls, head: Head) -> Template:
        """Take the skin apart; its face is what moves in some shape, without the mouth's bag."""
        part = head.parts[0]
        skin = Surface(part.vertices.astype(np.float64), _halved(part.quads))
        moves = np.max([np.linalg.norm(d, axis=1) for d in part.shapes.values()], axis=0)
        inner = part.quads[np.array(part.materials)[part.material_index] == "mouth"]
        face = (moves > 0.0005) & (skin.vertices[:, 1] < -0.02) & (skin.normals[:, 1] < 0.1)
        face[np.unique(inner)] = False
        return cls(head, skin, np.flatnonzero(face))


def _halved(quads: NDArray[np.int32]) -> Ints:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.intp)
