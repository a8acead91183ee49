"""The off-screen renderer: lights, camera and a mesh whose points move from frame to frame.

It is pyvista/VTK, which draws in software where there is no GPU.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

Camera = Literal["front", "three_quarter", "side"]
Image = npt.NDArray[np.uint8]

_YAW_DEGREES: dict[str, float] = {"front": 0.0, "three_quarter": 35.0, "side": 90.0}
_BACKGROUND = ((0.80, 0.84, 0.88), (0.60, 0.66, 0.72))

_DEBIAN_PACKAGES = "libegl1 libgl1-mesa-dri"


class PreviewError(Exception):
    """The preview cannot be drawn or written; the message says what to install or change."""


class Drawable(Protocol):
    """What can be previewed: a mesh with quads, parts and colours, such as `Head`."""

    @property
    def faces(self) -> npt.NDArray[np.int32]: ...
    @property
    def vertices(self) -> npt.NDArray[np.float32]: ...
    @property
    def vertex_colours(self) -> npt.NDArray[np.float32]: ...
    def part_faces(self, part: str) -> npt.NDArray[np.int32]: ...
    @property
    def parts(self) -> Any: ...


@dataclass(frozen=True)
class _Gloss:
    """How a group of parts shines."""

    parts: tuple[str, ...]
    specular: float
    power: float


_GROUPS = (
    _Gloss(("head",), 0.17, 16.0),
    _Gloss(("hair", "brows", "lashes"), 0.10, 10.0),
    _Gloss(("eye_left", "eye_right"), 0.85, 70.0),
    _Gloss(("teeth_upper", "teeth_lower", "tongue"), 0.30, 30.0),
)
# Light positions (m, face at the origin), strengths and colours: key, fill, rim.
_LIGHTS = (
    ((1.1, 1.2, 2.4), 0.64, (1.0, 0.97, 0.92)),
    ((-2.4, -0.2, 1.7), 0.46, (0.90, 0.93, 1.0)),
    ((-0.9, 1.4, -2.2), 0.50, (1.0, 1.0, 1.0)),
)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the renderer's complaint about a missing X server off the terminal."""
    saved = os.dup(2)
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)


def _pyvista() -> Any:
    try:
        import pyvista
    except ImportError as error:
        raise PreviewError(
            f"the preview needs pyvista, which could not be loaded ({error}); "
            "install the extra: pip install 'soliloquy[preview]'"
        ) from error
    pyvista.OFF_SCREEN = True
    return pyvista


def _require_opengl() -> None:
    """Refuse before VTK does: without a library to draw with it ends the whole process."""
    if not sys.platform.startswith("linux"):
        return
    names = ["libEGL.so.1", "libOSMesa.so.8", "libOSMesa.so.6"]
    if os.environ.get("DISPLAY"):
        names.append("libGL.so.1")
    for name in names:
        with contextlib.suppress(OSError):
            ctypes.CDLL(name)
            return
    raise PreviewError(
        f"none of {', '.join(names)} could be loaded, so nothing can be drawn; "
        f"install Mesa (Debian: {_DEBIAN_PACKAGES})"
    )


class VertexNormals:
    """Smooth normals of a quad mesh whose points move: the face list is read once."""

    def __init__(self, faces: npt.NDArray[np.int32], n_vertices: int) -> None:
        self._faces = faces
        corner = faces.ravel()
        order = np.argsort(corner, kind="stable")
        degree = np.bincount(corner, minlength=n_vertices)
        start = np.concatenate([[0], np.cumsum(degree)[:-1]])
        slot = np.arange(len(corner)) - np.repeat(start, degree)
        self._table = np.full((n_vertices, max(1, int(degree.max()))), len(faces))
        self._table[corner[order], slot] = order // faces.shape[1]

    def __call__(self, points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return unit normals [V, 3] of points [V, 3]."""
        a, b, c, d = (points[self._faces[:, k]] for k in range(4))
        face = np.concatenate([np.cross(c - a, d - b), np.zeros((1, 3))]).astype(np.float32)
        total = face[self._table].sum(axis=1)
        return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


class Stage:
    """One window's worth of rendering state, reused from frame to frame."""

    def __init__(
        self, head: Drawable, size: tuple[int, int], camera: Camera, supersample: int = 1
    ) -> None:
        if camera not in _YAW_DEGREES:
            raise PreviewError(
                f"there is no camera '{camera}'; choose one of {', '.join(_YAW_DEGREES)}"
            )
        pyvista = _pyvista()
        _require_opengl()
        self._head = head
        self._supersample = supersample
        self._normals = VertexNormals(head.faces, len(head.vertices))
        self._meshes: list[tuple[Any, npt.NDArray[np.int64]]] = []
        try:
            with _quiet():
                self._plotter = pyvista.Plotter(
                    off_screen=True,
                    window_size=[supersample * side for side in size],
                    lighting=None,
                )
                self._furnish(pyvista, camera)
                self._plotter.show(auto_close=False, interactive=False)
        except Exception as error:
            raise PreviewError(
                f"VTK could not open an off-screen renderer ({error}); "
                f"install Mesa (Debian: {_DEBIAN_PACKAGES})"
            ) from error

    def _furnish(self, pyvista: Any, camera: Camera) -> None:
        plotter = self._plotter
        plotter.set_background(_BACKGROUND[1], top=_BACKGROUND[0])
        for group in _GROUPS:
            self._add_group(pyvista, group)
        yaw = np.radians(_YAW_DEGREES[camera])
        follow = np.cos(0.7 * yaw), np.sin(0.7 * yaw)
        for (x, y, z), strength, colour in _LIGHTS:
            position = (x * follow[0] + z * follow[1], y, z * follow[0] - x * follow[1])
            plotter.add_light(
                pyvista.Light(
                    position=position, focal_point=(0, 0, 0), intensity=strength, color=colour
                )
            )
        focus = np.array([0.0, -0.022, 0.01])
        away = np.array([np.sin(yaw), 0.03, np.cos(yaw)]) * 1.1
        plotter.camera.focal_point = focus
        plotter.camera.position = focus + away
        plotter.camera.up = (0, 1, 0)
        plotter.camera.view_angle = 14.0
        plotter.camera.clipping_range = (0.3, 3.0)

    def _add_group(self, pyvista: Any, group: _Gloss) -> None:
        head = self._head
        faces = [head.part_faces(name) for name in group.parts if name in head.parts]
        if not faces:
            return
        quads = np.concatenate(faces).astype(np.int64)
        used, local = np.unique(quads, return_inverse=True)
        cells = np.insert(local.reshape(-1, 4), 0, 4, axis=1).ravel()
        mesh = pyvista.PolyData(head.vertices[used], cells)
        mesh["colour"] = (head.vertex_colours[used] * 255).astype(np.uint8)
        actor = self._plotter.add_mesh(
            mesh,
            scalars="colour",
            rgb=True,
            ambient=0.22,
            diffuse=0.9,
            specular=group.specular,
            specular_power=group.power,
            show_scalar_bar=False,
        )
        actor.prop.interpolation = "Phong"
        self._meshes.append((mesh, used))

    def draw(self, vertices: npt.NDArray[np.float32]) -> Image:
        """Return the image [H, W, 3] of vertices [V, 3] in metres."""
        normals = self._normals(vertices)
        for mesh, used in self._meshes:
            mesh.points = vertices[used]
            mesh.point_data["Normals"] = normals[used]
            mesh.point_data.active_normals_name = "Normals"
        self._plotter.render()
        image = np.asarray(self._plotter.screenshot(return_img=True))[..., :3]
        n = self._supersample
        if n == 1:
            return image
        height, width = image.shape[0] // n, image.shape[1] // n
        fine = image.reshape(height, n, width, n, 3).astype(np.uint16)
        return (fine.sum(axis=(1, 3)) // (n * n)).astype(np.uint8)

    def close(self) -> None:
        """Free the renderer."""
        self._plotter.close()


def render_frame(
    head: Drawable,
    vertices: npt.NDArray[np.float32],
    size: tuple[int, int] = (512, 512),
    camera: Camera = "front",
) -> Image:
    """Return one picture [H, W, 3] of vertices [V, 3] in metres.

    Raises:
        PreviewError: the renderer is missing, cannot start, or knows no such camera.
    """
    stage = Stage(head, size, camera, supersample=2)
    try:
        return stage.draw(np.asarray(vertices, dtype=np.float32))
    finally:
        stage.close()
