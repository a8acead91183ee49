"""The coordinates that the network works in: FLAME expression and jaw, measured in millimetres.

A FLAME coefficient of 1 may move the face by a hair or by a centimetre. In these coordinates the
length of a vector is the root mean square in mm by which it moves the face, so that a plain squared
error is an error of vertices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from flame.built_in import built_in_flame_model
from flame.head import built_in_head
from flame.mapping import ShapeMap, shape_map
from server.language.errors import WeightsError

Array = NDArray[np.float64]

_N_EYES = 6  # rotation vectors of two eyes, the last of a face's parts


@dataclass(frozen=True)
class MotionSpace:
    """Between blendshapes [T, 52], FLAME parts and motion [T, M]; M = expressions + jaw.

    Attributes:
        shapes: the blendshapes on the model. metric: upper triangle [M, M].
    """

    shapes: ShapeMap
    metric: Array

    @property
    def n_motion(self) -> int:
        """M."""
        return len(self.metric)

    def of_blendshapes(self, faces: NDArray[np.floating]) -> Array:
        """Return the motion of faces [T, 52]; the gaze is not part of it."""
        parts = self.shapes.of_faces(np.asarray(faces, np.float64))
        return parts[:, : self.n_motion] @ self.metric.T

    def to_flame(self, motion: NDArray[np.floating]) -> tuple[Array, Array]:
        """Return expression [T, E] and jaw [T, 3] of motion [T, M]."""
        parts = np.linalg.solve(self.metric, np.asarray(motion, np.float64).T).T
        return parts[:, :-3], parts[:, -3:]


UPPER_FACE: Final = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft",
    "eyeWideRight", "cheekSquintLeft", "cheekSquintRight",
)  # fmt: skip
_MOVED: Final = 1e-3  # metres at full strength


@lru_cache(maxsize=1)
def upper_face() -> NDArray[np.int64]:
    """Return the vertices that brows, lids or cheeks move by more than 1 mm."""
    head = built_in_head()
    moved = [np.linalg.norm(head.shapes[name], axis=1) for name in UPPER_FACE]
    return np.flatnonzero(np.max(moved, axis=0) > _MOVED)


@lru_cache(maxsize=1)
def upper_metric() -> Array:
    """Return U [M, M]: |U m| is the root mean square in mm by which m moves the upper face."""
    space, model = built_in_space(), built_in_flame_model()
    moved = model.expression_directions[upper_face()].reshape(-1, model.n_expressions)
    gram = np.zeros((space.n_motion, space.n_motion))
    gram[:-3, :-3] = moved.T.astype(np.float64) @ moved * 1e6 / len(upper_face())
    unmeasured = np.linalg.inv(space.metric)
    gram = unmeasured.T @ gram @ unmeasured
    gram += 1e-8 * np.trace(gram) * np.eye(len(gram))
    return np.linalg.cholesky(gram).T


@lru_cache(maxsize=1)
def built_in_space() -> MotionSpace:
    """Return the space of the built-in head."""
    shapes = shape_map(built_in_flame_model())
    return MotionSpace(shapes, shapes.metric[:-_N_EYES, :-_N_EYES])


def check_basis(basis_id: str) -> None:
    """Refuse weights that speak of another head.

    Raises:
        WeightsError: naming both.
    """
    own = built_in_flame_model().basis_id
    if basis_id and basis_id != own:
        raise WeightsError(
            f"these AVI-Talking weights move the FLAME basis '{basis_id}' and the built-in head "
            f"has '{own}'; train them again"
        )
