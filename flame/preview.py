"""A fast off-screen preview: frames, clips with sound and contact sheets, without Blender or GPU.

Rendering is pyvista/VTK in software where there is no GPU; video is H.264 through the ffmpeg
program that `imageio-ffmpeg` carries. Both come with the extra `preview`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from flame.head import Head, built_in_head

Camera = Literal["front", "three_quarter", "side"]
Image = npt.NDArray[np.uint8]
Audio = tuple[npt.NDArray[np.float32], int] | str | os.PathLike[str]

_YAW_DEGREES: dict[str, float] = {"front": 0.0, "three_quarter": 35.0, "side": 90.0}
_BACKGROUND = ((0.80, 0.84, 0.88), (0.60, 0.66, 0.72))
_NECK_PIVOT = np.array([0.0, -0.10, -0.01], dtype=np.float32)
"""Where the head turns on the neck (m): between the skull's base and the upper vertebrae."""


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
    _Gloss(("head",), 0.12, 14.0),
    _Gloss(("hair", "brows", "lashes"), 0.10, 10.0),
    _Gloss(("eye_left", "eye_right"), 0.85, 70.0),
    _Gloss(("teeth_upper", "teeth_lower", "tongue"), 0.30, 30.0),
)
# Light positions (m, face at the origin), strengths and colours: key, fill, rim.
_LIGHTS = (
    ((1.1, 1.3, 2.4), 0.62, (1.0, 0.97, 0.92)),
    ((-2.4, 0.3, 1.6), 0.40, (0.88, 0.93, 1.0)),
    ((-0.9, 1.4, -2.2), 0.50, (1.0, 1.0, 1.0)),
    ((0.2, -1.2, 1.8), 0.20, (1.0, 0.90, 0.84)),
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
                f"VTK could not open an off-screen renderer ({error}); install the system "
                "libraries of Mesa (Debian: libegl1 libgl1-mesa-dri, or libosmesa6)"
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
        quads = np.concatenate(faces).astype(np.int64)
        used, local = np.unique(quads, return_inverse=True)
        cells = np.insert(local.reshape(-1, 4), 0, 4, axis=1).ravel()
        mesh = pyvista.PolyData(head.vertices[used], cells)
        mesh["colour"] = (head.vertex_colours[used] * 255).astype(np.uint8)
        actor = self._plotter.add_mesh(
            mesh,
            scalars="colour",
            rgb=True,
            ambient=0.18,
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


def turn_head(vertices: npt.NDArray[np.float32], angles: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Return vertices [V, 3] turned about the neck by yaw, pitch, roll in radians.

    Positive yaw turns to the character's right, positive pitch down, as in Live Link; positive
    roll tilts towards the right shoulder and is applied first. The turn fades below the pivot,
    so that the neck bends.
    """
    yaw, pitch, roll = np.asarray(angles, dtype=np.float64) * np.array([-1.0, 1.0, 1.0])
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    matrix = (about_y @ about_x @ about_z).astype(np.float32)
    share = np.clip((vertices[:, 1:2] + 0.17) / 0.06, 0.0, 1.0)
    share = share * share * (3 - 2 * share)
    turned = (vertices - _NECK_PIVOT) @ matrix.T + _NECK_PIVOT
    return vertices + share * (turned - vertices)


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


def _ffmpeg() -> str:
    try:
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    except (ImportError, RuntimeError) as error:
        raise PreviewError(
            f"writing a video needs ffmpeg ({error}); "
            "install the extra: pip install 'soliloquy[preview]'"
        ) from error


def _write_wav(samples: npt.NDArray[np.float32], rate: int, path: Path) -> None:
    mono = samples if samples.ndim == 1 else samples.mean(axis=-1)
    whole = (np.clip(np.nan_to_num(mono), -1.0, 1.0) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(whole.tobytes())


def _video_command(fps: float, size: tuple[int, int], sound: Path | None, path: Path) -> list[str]:
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{fps}"]
    command = [_ffmpeg(), "-y", "-loglevel", "error", *source, "-i", "-"]
    if sound is not None:
        command += ["-i", str(sound), "-c:a", "aac", "-b:a", "128k", "-ar", "48000"]
    video = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-pix_fmt", "yuv420p"]
    return [*command, *video, "-movflags", "+faststart", str(path)]


def render_clip(
    coefficients: npt.ArrayLike,
    fps: float,
    path: str | os.PathLike[str],
    audio: Audio | None = None,
    size: tuple[int, int] = (512, 512),
    progress: Callable[[float], None] | None = None,
    head_angles: npt.ArrayLike | None = None,
    camera: Camera = "front",
    head: Head | None = None,
) -> Path:
    """Write an H.264 mp4 of coefficients [T, 52], with sound if given, and return its path.

    Args:
        audio: float32 samples [S] or [S, channels] with their rate, or the path of a sound file.
        size: width and height in pixels, both even.
        progress: called with the finished share, 0..1.
        head_angles: yaw, pitch, roll [T, 3] in radians, see `turn_head`.

    Raises:
        PreviewError: nothing to draw, sizes that do not match, no renderer, or ffmpeg failed.
    """
    head = head or built_in_head()
    frames = np.asarray(coefficients, dtype=np.float32)
    if frames.ndim != 2 or len(frames) == 0:
        raise PreviewError(f"a clip needs coefficients [T, 52] with T > 0, not {frames.shape}")
    if size[0] % 2 or size[1] % 2:
        raise PreviewError(f"H.264 needs an even width and height, not {size[0]} x {size[1]}")
    angles = None if head_angles is None else np.asarray(head_angles, dtype=np.float32)
    if angles is not None and angles.shape != (len(frames), 3):
        raise PreviewError(f"head_angles are {angles.shape}; {len(frames)} frames need (T, 3)")
    path = Path(path)
    with tempfile.TemporaryDirectory() as folder:
        sound = _sound_file(audio, Path(folder))
        stage = Stage(head, size, camera)
        try:
            _encode(stage, head, frames, angles, _video_command(fps, size, sound, path), progress)
        finally:
            stage.close()
    return path


def _sound_file(audio: Audio | None, folder: Path) -> Path | None:
    if audio is None:
        return None
    if isinstance(audio, tuple):
        sound = folder / "sound.wav"
        _write_wav(np.asarray(audio[0], dtype=np.float32), int(audio[1]), sound)
        return sound
    sound = Path(audio)
    if not sound.is_file():
        raise PreviewError(f"there is no sound file at {sound}")
    return sound


def _encode(
    stage: Stage,
    head: Head,
    frames: npt.NDArray[np.float32],
    angles: npt.NDArray[np.float32] | None,
    command: list[str],
    progress: Callable[[float], None] | None,
) -> None:
    """Draw every frame into ffmpeg's input."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
        assert process.stdin is not None
        try:
            for number, frame in enumerate(frames):
                vertices = head.pose(frame)
                if angles is not None:
                    vertices = turn_head(vertices, angles[number])
                process.stdin.write(stage.draw(vertices).tobytes())
                if progress is not None:
                    progress((number + 1) / len(frames))
        except BrokenPipeError:
            pass  # ffmpeg gave up; its own words follow below
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            code = process.wait()
        if code:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise PreviewError(f"ffmpeg could not write {command[-1]}: {said or code}")


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
    from arkit.names import ARKIT_NAMES, INDEX

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
    import imageio.v3

    imageio.v3.imwrite(path, np.vstack(rows), extension=".png")
    return Path(path)


def _label(image: Image, text: str) -> Image:
    """Return the image with its name written in the lower left corner."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    picture = Pictures.fromarray(image)
    ImageDraw.Draw(picture).text((8, image.shape[0] - 20), text, fill=(20, 24, 30))
    return np.asarray(picture)
