"""The built-in head: its mesh, materials, 52 shapes, parts and landmarks in one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from arkit.names import ARKIT_NAMES
from flame.head.assembly import assemble

Float = npt.NDArray[np.float32]
Int = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Head:
    """A head with the 52 ARKit shapes, in metres; +X is the character's left, +Y up, +Z ahead.

    V vertices, F quads, C = 52 coefficients in `ARKIT_NAMES` order, T frames.
    """

    vertices: Float
    """[V, 3] neutral pose, mouth closed, eyes open."""
    faces: Int
    """[F, 4] counter-clockwise seen from outside."""
    materials: tuple[str, ...]
    face_material: Int
    """[F] index into `materials`."""
    colours: Mapping[str, tuple[float, float, float]]
    """Base colour of each material, display sRGB in 0..1 (Blender wants them made linear)."""
    vertex_colours: Float
    """[V, 3] the same colours with lips, cheeks and hollows tinted; display sRGB in 0..1."""
    shapes: Mapping[str, Float]
    """Displacement [V, 3] at weight 1 for each of the 52 names."""
    parts: Mapping[str, range]
    """Vertex range of each part; no quad crosses two parts."""
    landmarks: Mapping[str, Int]
    """Named vertex indices; lips are lists from the character's left to the right."""

    @cached_property
    def _basis(self) -> Float:
        return np.stack([self.shapes[name].reshape(-1) for name in ARKIT_NAMES])

    def pose(self, coefficients: npt.ArrayLike) -> Float:
        """Return the vertices [..., V, 3] in metres for coefficients [52] or [T, 52].

        Raises:
            ValueError: the last axis is not 52 long.
        """
        weights = np.asarray(coefficients, dtype=np.float32)
        if weights.shape[-1] != len(ARKIT_NAMES):
            raise ValueError(
                f"coefficients have shape {weights.shape}; the last axis must hold the "
                f"{len(ARKIT_NAMES)} ARKit blendshapes in Apple's order"
            )
        moved = weights @ self._basis
        return self.vertices + moved.reshape(*weights.shape[:-1], *self.vertices.shape)

    def part_faces(self, part: str) -> Int:
        """Return the quads of one part, [F', 4], indexing `vertices`."""
        span = self.parts[part]
        return self.faces[(self.faces[:, 0] >= span.start) & (self.faces[:, 0] < span.stop)]

    def lip_gap_mm(self, vertices: Float) -> npt.NDArray[np.float32]:
        """Return the opening [...] between the lips in millimetres: the widest of their pairs.

        `vertices` is [..., V, 3] in metres, from `pose`. Negative would mean lips that overlap.
        """
        upper = vertices[..., self.landmarks["upper_lip_inner"], 1]
        lower = vertices[..., self.landmarks["lower_lip_inner"], 1]
        return (upper - lower).max(axis=-1) * 1000.0


@cache
def built_in_head() -> Head:
    """Return the head that this project draws itself; built once (about two seconds)."""
    made = assemble()
    return Head(
        vertices=made.vertices,
        faces=made.faces,
        materials=made.materials,
        face_material=made.face_material,
        colours=MappingProxyType(made.colours),
        vertex_colours=made.vertex_colours,
        shapes=MappingProxyType(made.shapes),
        parts=MappingProxyType(made.parts),
        landmarks=MappingProxyType(made.landmarks),
    )
