"""Any mesh as something that the preview can draw: a user's FLAME head, for one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

_SKIN = (0.80, 0.66, 0.58)


class PlainMesh:
    """A mesh of one colour, for `Stage` and `render_frame`.

    Args:
        vertices: float32 [V, 3] at rest, metres, Y up, eyes near the origin.
        faces: int32 [F, 3] or [F, 4].
        colour: display sRGB in 0..1, one for all or [V, 3].
    """

    def __init__(
        self,
        vertices: npt.NDArray[np.float32],
        faces: npt.NDArray[np.integer],
        colour: npt.ArrayLike = _SKIN,
    ) -> None:
        self.vertices = np.asarray(vertices, np.float32)
        # A triangle is drawn as a quad whose last corner is there twice.
        self.faces = np.asarray(faces[:, [0, 1, 2, -1]], np.int32)
        self.vertex_colours = np.broadcast_to(
            np.asarray(colour, np.float32), self.vertices.shape
        ).copy()
        self.parts: Mapping[str, range] = {"head": range(len(self.vertices))}

    def part_faces(self, part: str) -> npt.NDArray[np.int32]:
        """Return the faces of the one part, "head"."""
        if part not in self.parts:
            raise KeyError(part)
        return self.faces
