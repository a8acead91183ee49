"""Takes from files onto a character: iPhone takes (Live Link Face CSV), JSON and npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from .. import compat
from ..character.meshes import active_character, shaped_meshes
from ..core.errors import CharacterError, TakeError
from ..core.take_data import prepare
from ..core.target import Target
from ..core.timing import scene_rate
from ..takes.writing import TakeWriter
from ..vendor import arkit_errors, clip, files, live_link_csv

HEAD_NAME = "Head Turn"


def read_take(path: Path, angle_unit: str, swap_mouth_sides: bool) -> clip.ArkitClip:
    """Read a take by the suffix of its file.

    Raises:
        TakeError: it cannot be read; the sentence names the row or the reason.
    """
    try:
        if path.suffix.lower() == ".csv":
            return live_link_csv.read_live_link_csv(
                path, angle_unit=angle_unit, swap_mouth_sides=swap_mouth_sides
            )
        return files.read_clip(path)
    except arkit_errors.ArkitError as error:
        raise TakeError(str(error)) from error


def write_as_take(context: Any, take: clip.ArkitClip, label: str, start_frame: float) -> list[str]:
    """Put a clip onto the active character as a take that plays; returns notes.

    Raises:
        SoliloquyError: there is no character, or its shape keys cannot be keyed.
    """
    scene = context.scene
    character = active_character(scene)
    if character is None or not shaped_meshes(character):
        raise CharacterError("There is no character with shape keys to put the take on.")
    if not take.n_frames:
        raise TakeError("The file holds no frame.")
    source = str(take.provenance.get("source", "") or take.provenance.get("generator", "file"))
    target = Target(
        scene.session_uid, scene.name, character.uid, start_frame, label, source, seed=0,
        tolerance=0.0,
    )  # fmt: skip
    writer = TakeWriter(target, take, prepare(take))
    while not writer.step(seconds=60.0):
        pass
    return writer.notes


def turn_an_empty(context: Any, take: clip.ArkitClip, name: str, start_frame: float) -> Any:
    """Add an empty that turns as the head of the take does, to parent or constrain a head to.

    For a head that looks along -Y: positive yaw turns to the character's right, positive pitch
    down, positive roll tilts to its right shoulder, in that order, as in the preview.
    """
    scene = context.scene
    empty = bpy.data.objects.new(f"{name} {HEAD_NAME}", None)
    empty.empty_display_type, empty.empty_display_size = "ARROWS", 0.1
    empty.rotation_mode = "YXZ"
    scene.collection.objects.link(empty)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    frames = start_frame + np.arange(take.n_frames) * rate / take.fps
    yaw, pitch, roll = np.asarray(take.head, np.float64).T
    for axis, values in enumerate((pitch, -roll, -yaw)):
        empty.rotation_euler[axis] = float(values[0])
        empty.keyframe_insert("rotation_euler", index=axis, frame=float(frames[0]))
        _write_over(empty, axis, frames, values)
    return empty


def _write_over(empty: Any, axis: int, frames: np.ndarray, values: np.ndarray) -> None:
    curve = next(c for c in _curves(empty) if c.array_index == axis)
    points = np.stack([frames, values], axis=1).astype(np.float32)
    curve.keyframe_points.add(len(points) - 1)
    curve.keyframe_points.foreach_set("co", points.ravel())
    curve.keyframe_points.foreach_set("interpolation", np.ones(len(points), np.int32))
    curve.update()


def _curves(item: Any) -> Any:
    return compat.curves_of(item.animation_data.action, compat.slot_of(item))
