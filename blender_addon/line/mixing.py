"""Writes what is heard of one sound strip to a file: for speeds that Blender does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

from .. import compat
from ..core.errors import LineError

_FOLDER = "soliloquy sound"


def render_strip(context: Any, strip: Any) -> tuple[Path, float]:
    """Mix one strip down; everything else in the Sequencer is silent meanwhile.

    Returns:
        The file, and the scene frame at which it begins.

    Raises:
        LineError: Blender cannot write the file.
    """
    scene = compat.sequencer_scene(context)
    start, end = (round(frame) for frame in compat.strip_span(strip))
    path = _new_file(Path(strip.name).stem)
    with _alone(scene, strip, start, end), context.temp_override(scene=scene):
        try:
            bpy.ops.sound.mixdown(
                filepath=str(path), container="FLAC", codec="FLAC", format="S16",
                mixrate=48000, channels="MONO",
            )  # fmt: skip
        except RuntimeError as error:
            path.unlink(missing_ok=True)
            raise LineError(f"'{path}' cannot be written: {error}") from error
    if not path.is_file():
        raise LineError(f"Blender has not written '{path}'. Save the file elsewhere, and repeat.")
    return path, float(start)


def _new_file(name: str) -> Path:
    """A file that does not exist yet, beside the .blend or among the temporary files."""
    saved = bpy.path.abspath("//") if bpy.data.filepath else bpy.app.tempdir
    folder = Path(saved) / _FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LineError(f"The folder '{folder}' cannot be made: {error.strerror}.") from error
    clean = bpy.path.clean_name(name) or "line"
    numbers = range(1, 10_000)
    return next(f for n in numbers if not (f := folder / f"{clean} {n}.flac").exists())


@contextmanager
def _alone(scene: Any, strip: Any, start: int, end: int) -> Iterator[None]:
    """The scene lasts as long as the strip, which alone is heard; all is put back afterwards."""
    around = {strip.name, *(meta.name for meta in compat.strip_parents(strip))}
    others = [
        other
        for other in compat.all_strips_of(scene.sequence_editor)
        if other.name not in around and not other.mute
    ]
    span, preview = (scene.frame_start, scene.frame_end), scene.use_preview_range
    for other in others:
        other.mute = True
    scene.use_preview_range = False
    scene.frame_end, scene.frame_start = max(end - 1, start), start
    try:
        yield
    finally:
        scene.frame_start, scene.frame_end = span
        scene.use_preview_range = preview
        for other in others:
            other.mute = False
