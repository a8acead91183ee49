"""Clips: every frame drawn and encoded as H.264 with its sound.

The encoder is the ffmpeg program that `imageio-ffmpeg` carries.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from flame.head import Head, built_in_head
from flame.preview.stage import Camera, Image, PreviewError, Stage

Audio = tuple[npt.NDArray[np.float32], int] | str | os.PathLike[str]

_NECK_PIVOT = np.array([0.0, -0.10, -0.01], dtype=np.float32)
"""Where the head turns on the neck (m): between the skull's base and the upper vertebrae."""


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
    *,
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
            poses = _poses(head, frames, angles)
            pictures = (stage.draw(vertices) for vertices in poses)
            _encode(pictures, len(frames), _video_command(fps, size, sound, path), progress)
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


def _poses(
    head: Head, frames: npt.NDArray[np.float32], angles: npt.NDArray[np.float32] | None
) -> Iterator[npt.NDArray[np.float32]]:
    """Yield the vertices of every frame, turned where angles are given."""
    for number, frame in enumerate(frames):
        vertices = head.pose(frame)
        yield vertices if angles is None else turn_head(vertices, angles[number])


def _encode(
    pictures: Iterator[Image],
    count: int,
    command: list[str],
    progress: Callable[[float], None] | None,
) -> None:
    """Feed `count` pictures to ffmpeg."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors)
        assert process.stdin is not None
        # When ffmpeg gives up, the pipe breaks; its own words follow below.
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            for number, picture in enumerate(pictures, start=1):
                pipe.write(picture.tobytes())
                if progress is not None:
                    progress(number / count)
        code = process.wait()
        if code:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            raise PreviewError(f"ffmpeg could not write {command[-1]}: {said or code}")
