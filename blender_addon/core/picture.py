"""A small picture of the built-in head in a pose, drawn by numpy alone: no GPU, no render engine.

A z-buffer over flat triangles, drawn at twice the size and averaged. It is meant for thumbnails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .head_file import Head, HeadPart

_YAW: Final = np.radians(14.0)
_KEY: Final = np.array([-0.45, -0.75, 0.50])  # towards the lamps; the head looks along -Y
_FILL: Final = np.array([0.80, -0.55, 0.10])
_BACKGROUND: Final = np.array([0.055, 0.058, 0.065])
_FRAMING: Final = 0.32  # half of the picture's height, in heights of head and neck
_MIDDLE: Final = 0.545  # height of the picture's middle: the nose
_OVER: Final = 2  # samples of a pixel along each side

_TWO_SIDED: Final = frozenset({"Brows", "Lashes", "Hair"})  # parts made of cards

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Posable:
    """All parts of a head in one mesh.

    Attributes:
        vertices: [V, 3]. triangles: [F, 3]. colours: [F, 3], linear RGB.
        two_sided: [F], whether a triangle is seen from behind too.
        shapes: blendshape -> (indices of the vertices that it moves, their offsets).
        centre, height: of what the picture shows.
    """

    vertices: Floats
    triangles: NDArray[np.int32]
    colours: Floats
    two_sided: NDArray[np.bool_]
    shapes: Mapping[str, tuple[NDArray[np.intp], Floats]]
    centre: Floats
    height: float


def posable(head: Head) -> Posable:
    """Join the parts of a head for `draw`."""
    offsets = np.cumsum([0, *(len(part.vertices) for part in head.parts)])
    vertices = np.concatenate([part.vertices for part in head.parts])
    triangles: list[NDArray[np.int32]] = []
    colours: list[Floats] = []
    two_sided: list[NDArray[np.bool_]] = []
    moved: dict[str, list[tuple[NDArray[np.intp], Floats]]] = {}
    for part, offset in zip(head.parts, offsets[:-1], strict=True):
        quads = part.quads + offset
        triangles += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
        colours += [_quad_colours(head, part)] * 2
        two_sided += [np.full(2 * len(part.quads), part.name in _TWO_SIDED)]
        for name, deltas in part.shapes.items():
            rows = np.flatnonzero(np.abs(deltas).max(axis=1) > 1e-7)
            moved.setdefault(name, []).append((rows + offset, deltas[rows]))
    shapes = {
        name: (np.concatenate([r for r, _ in some]), np.concatenate([d for _, d in some]))
        for name, some in moved.items()
    }
    face = head.parts[0].vertices
    low, high = face.min(axis=0), face.max(axis=0)
    middle = (low + high) / 2
    middle[2] = low[2] + _MIDDLE * (high[2] - low[2])
    return Posable(
        vertices, np.concatenate(triangles).astype(np.int32), np.concatenate(colours),
        np.concatenate(two_sided), shapes, middle.astype(np.float32), float(high[2] - low[2]),
    )  # fmt: skip


def draw(head: Posable, pose: Mapping[str, float], size: int = 128) -> Floats:
    """Picture of a pose.

    Args:
        pose: blendshape -> coefficient; absent ones are 0.

    Returns:
        float32 [size, size, 4]: RGBA for a display (sRGB), the lowest row first as Blender wants.
    """
    vertices = head.vertices.copy()
    for name, value in pose.items():
        if value and name in head.shapes:
            rows, deltas = head.shapes[name]
            vertices[rows] += np.float32(value) * deltas
    seen = _seen(vertices - head.centre)
    wide = size * _OVER
    points = seen[:, [0, 2]] * (wide / (2.0 * _FRAMING * head.height)) + wide / 2
    rows = _in_view(points[head.triangles], head.two_sided, wide)
    corners = seen[head.triangles[rows]]  # [F, 3, 3]
    image = np.tile(_BACKGROUND, (wide * wide, 1))
    pixel, face = _z_buffer(points[head.triangles[rows]], -corners[..., 1], wide)
    image[pixel] = head.colours[rows][face] * _shade(corners[face])[:, None]
    image = image.reshape(size, _OVER, size, _OVER, 3).mean(axis=(1, 3))
    rgba = np.ones((size, size, 4), np.float32)
    rgba[..., :3] = _display(np.clip(image, 0.0, 1.0))
    return rgba


def _quad_colours(head: Head, part: HeadPart) -> Floats:
    """Colour of each quad: its vertices' own over the material's."""
    names = part.materials
    flat = np.array([head.colours[name] for name in names], np.float32)[part.material_index]
    own = part.vertex_colours[part.quads].mean(axis=1)
    tinted = np.array([name in _TINTED for name in names])[part.material_index]
    return np.where(tinted[:, None], own, flat).astype(np.float32)


# As in the materials of the built-in head.
_TINTED: Final = frozenset({"skin", "lips", "mouth", "iris", "sclera", "teeth", "gums", "tongue"})


def _seen(vertices: Floats) -> Floats:
    """Turned a little to the side: depth shows."""
    cos, sin = np.cos(_YAW), np.sin(_YAW)
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]], np.float32)
    return vertices @ turn.T


def _shade(corners: Floats) -> NDArray[np.float64]:
    """Brightness of each triangle, [F], from two lamps and the sky."""
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = normal / np.maximum(length, 1e-12)
    normal = np.where(normal[:, 1:2] > 0, -normal, normal)  # both sides are seen
    lamps = [np.clip(normal @ (lamp / np.linalg.norm(lamp)), 0, None) for lamp in (_KEY, _FILL)]
    return 0.18 + 0.85 * lamps[0] + 0.28 * lamps[1]


def _in_view(points: Floats, two_sided: NDArray[np.bool_], wide: int) -> NDArray[np.intp]:
    """Triangles that touch the picture, and face it unless they are seen from behind too."""
    facing = two_sided | (_cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]) > 0)
    inside = (points.max(axis=1) > 0).all(axis=1) & (points.min(axis=1) < wide).all(axis=1)
    return np.flatnonzero(inside & facing)


def _z_buffer(
    points: Floats, nearness: Floats, wide: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which triangle is seen at which pixel.

    Args:
        points: [F, 3, 2], pixels. nearness: [F, 3], larger is nearer. wide: side of the picture.

    Returns:
        Indices of pixels, and the triangle that is seen at each.
    """
    low = np.floor(points.min(axis=1)).astype(np.intp)
    span = (np.ceil(points.max(axis=1)).astype(np.intp) - low + 1).max(axis=1)
    pixels, depths, faces = [], [], []
    for step in (2, 3, 4, 6, 9, 14, 22, 40):
        below = {3: 2, 4: 3, 6: 4, 9: 6, 14: 9, 22: 14, 40: 22}.get(step, 0)
        rows = np.flatnonzero((span > below) & (span <= step))
        if len(rows):
            found = _covered(points[rows], nearness[rows], low[rows], step, wide)
            pixels.append(found[0])
            depths.append(found[1])
            faces.append(rows[found[2]])
    if not pixels:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    pixel, depth, face = (np.concatenate(some) for some in (pixels, depths, faces))
    order = np.argsort(depth, kind="stable")  # the nearest is written last
    winner = np.full(wide * wide, -1, np.intp)
    winner[pixel[order]] = face[order]
    drawn = np.flatnonzero(winner >= 0)
    return drawn, winner[drawn]


def _covered(
    points: Floats, nearness: Floats, low: NDArray[np.intp], step: int, wide: int
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Pixels whose centres lie in triangles of at most `step` pixels, their depth and triangle."""
    local = points - low[:, None].astype(np.float32)  # small numbers: float32 is enough
    a, b, c = (local[:, i, :, None] for i in range(3))  # [F, 2, 1]
    cells = np.stack(np.divmod(np.arange(step * step), step)).astype(np.float32) + 0.5
    p = cells[None]  # [1, 2, step^2]
    area = _cross(b - a, c - a)
    inverse = 1.0 / np.where(np.abs(area) < 1e-6, np.float32(np.inf), area)
    u, v = _cross(b - p, c - p) * inverse, _cross(c - p, a - p) * inverse
    face, cell = np.nonzero((u >= 0) & (v >= 0) & (u + v <= 1) & (inverse != 0))
    x = low[face, 0] + cell // step
    y = low[face, 1] + cell % step
    kept = (x >= 0) & (x < wide) & (y >= 0) & (y < wide)
    face, cell, x, y = face[kept], cell[kept], x[kept], y[kept]
    us, vs = u[face, cell], v[face, cell]
    near = nearness[face]
    depth = us * near[:, 0] + vs * near[:, 1] + (1 - us - vs) * near[:, 2]
    return y * wide + x, depth, face


def _cross(a: Floats, b: Floats) -> Floats:
    """z of the cross product of vectors in the second axis."""
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]


def _display(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear RGB -> sRGB (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
