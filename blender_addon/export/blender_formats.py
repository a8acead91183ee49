"""glTF, FBX and USD of a character, by Blender's own exporters.

They sample the scene frame by frame over the length of the take, so what they hold is what plays:
keys between frames, modifiers of curves and drivers included.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bpy

from ..character.meshes import is_in_file, shaped_meshes
from ..core.errors import CharacterError, ExportError
from ..core.glb import animation_end, scale_times
from ..core.timing import scene_rate
from ..vendor import clip, presets, report, saving


@dataclass(frozen=True)
class Span:
    """Scene frames first..last of a take, and whether its time starts at zero in the file."""

    first: int
    last: int
    from_zero: bool

    @property
    def n_frames(self) -> int:
        return self.last - self.first + 1


def take_span(scene: Any, start_frame: float, take: clip.ArkitClip, from_zero: bool) -> Span:
    """Whole frames from the first key of a take to its last."""
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    first = math.floor(start_frame + 1e-3)
    last = math.ceil(start_frame + (take.n_frames - 1) / take.fps * rate - 1e-3)
    return Span(first, max(last, first + 1), from_zero)


def writers(context: Any, character: Any, span: Span) -> Mapping[str, presets.Writer]:
    """A writer for each format of `presets.BLENDER_FORMATS`."""
    return {name: _writer(context, character, span, name) for name in _FORMATS}


def _writer(context: Any, character: Any, span: Span, name: str) -> presets.Writer:
    def write(job: presets.ExportJob, folder: Path) -> report.ExportReport:
        path = folder / f"{job.name}{_FORMATS[name][0]}"
        return write_format(context, character, span, name, path)

    return write


def write_format(
    context: Any, character: Any, span: Span, name: str, path: Path
) -> report.ExportReport:
    """Write one file, beside the one that is there until it is complete.

    Raises:
        ExportError: Blender could not write it. CharacterError: there is nothing to export.
        OSError: the file cannot be put there. The earlier file stays as it was in all cases.
    """
    scene, save = context.scene, _FORMATS[name][1]
    with (
        saving.replacing(path) as part,
        _only(context, exported_objects(character)) as left_out,
        _frames(scene, span),
    ):
        try:
            notes = save(scene, part, span)
        except RuntimeError as error:  # what Blender's exporters report
            said = str(error).removeprefix("Error: ").strip()
            raise ExportError(f"Blender could not write {path.name}: {said}") from error
        if not part.is_file():  # an exporter that fails in silence must not look well
            raise ExportError(f"Blender wrote no {path.name}; its console says why.")
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    notes = tuple(note.replace(part.name, path.name) for note in notes)
    return report.ExportReport(
        (path,), span.n_frames, span.n_frames / rate, rate, (*notes, *left_out)
    )


def exported_objects(character: Any) -> list[Any]:
    """The character's meshes, all that is parented to them, and the armatures that move them.

    Raises:
        CharacterError: it has no mesh with shape keys.
    """
    if not shaped_meshes(character):
        raise CharacterError(f"No mesh of '{character.name}' has shape keys, so nothing moves.")
    found: list[Any] = []
    for item in (entry.object for entry in character.meshes if is_in_file(entry.object)):
        armature = item.find_armature()
        related = [item, *item.children_recursive, *([armature] if armature else [])]
        found += [other for other in related if other not in found]
    return [item for item in found if item.type in {"MESH", "ARMATURE", "EMPTY"}]


@contextlib.contextmanager
def _only(context: Any, objects: list[Any]) -> Iterator[tuple[str, ...]]:
    """Exactly these objects selected, the others as they were afterwards; yields who could not."""
    layer = context.view_layer
    selected, active = [o for o in layer.objects if o.select_get()], layer.objects.active
    mode = active.mode if active is not None else "OBJECT"
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    present = [item for item in objects if item.name in layer.objects and item.visible_get()]
    absent = [item.name for item in objects if item not in present]
    for item in layer.objects:
        item.select_set(item in present)
    layer.objects.active = present[0] if present else active
    try:
        yield (f"Hidden, so left out: {', '.join(absent)}.",) if absent else ()
    finally:
        for item in layer.objects:
            item.select_set(item in selected)
        layer.objects.active = active
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


@contextlib.contextmanager
def _frames(scene: Any, span: Span) -> Iterator[None]:
    """The scene's range set to the take's, and the playhead put back afterwards."""
    before = scene.frame_start, scene.frame_end, scene.frame_current, scene.use_preview_range
    scene.use_preview_range = False
    scene.frame_start, scene.frame_end = span.first, span.last
    try:
        yield
    finally:
        scene.frame_start, scene.frame_end, _, scene.use_preview_range = before
        scene.frame_set(before[2])


def _gltf(scene: Any, path: Path, span: Span) -> tuple[str, ...]:
    bpy.ops.export_scene.gltf(
        filepath=str(path), export_format="GLB", use_selection=True, export_apply=False,
        export_morph=True, export_morph_animation=True, export_animations=True,
        export_animation_mode="SCENE", export_anim_scene_split_object=False,
        export_frame_range=True, export_frame_step=1, export_force_sampling=True,
        export_optimize_animation_size=False, export_negative_frame="SLIDE",
        export_anim_slide_to_zero=span.from_zero,
    )  # fmt: skip
    return _with_true_times(scene, path, span)


def _with_true_times(scene: Any, path: Path, span: Span) -> tuple[str, ...]:
    """Set the times right where the exporter took the wrong rate; see `core.glb`."""
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    expected = (span.last - (span.first if span.from_zero else 0)) / rate
    written = animation_end(path)
    base = scene.render.fps_base**2
    if abs(base - 1.0) > 1e-6 and abs(written * base - expected) < abs(written - expected):
        scale_times(path, base)
        written = animation_end(path)
    if abs(written - expected) > 0.5 / rate:
        return (f"The animation in {path.name} ends at {written:.3f} s, not at {expected:.3f}.",)
    return ()


def _fbx(scene: Any, path: Path, span: Span) -> tuple[str, ...]:
    bpy.ops.export_scene.fbx(
        filepath=str(path), use_selection=True, use_mesh_modifiers=False, add_leaf_bones=False,
        object_types={"MESH", "ARMATURE", "EMPTY"}, colors_type="LINEAR",
        bake_anim=True, bake_anim_use_nla_strips=False, bake_anim_use_all_actions=False,
        bake_anim_use_all_bones=True, bake_anim_force_startend_keying=True,
        bake_anim_step=1.0, bake_anim_simplify_factor=0.0,
    )  # fmt: skip
    return _scene_time(scene, path, span)


def _scene_time(scene: Any, path: Path, span: Span) -> tuple[str, ...]:
    """What to tell where an exporter knows no start at zero."""
    if not span.from_zero or span.first == 0:
        return ()
    start = span.first / scene_rate(scene.render.fps, scene.render.fps_base)
    return (f"{path.name} keeps the scene's time: the take begins at {start:.3f} s in it.",)


def _usd(scene: Any, path: Path, span: Span) -> tuple[str, ...]:
    bpy.ops.wm.usd_export(
        filepath=str(path), selected_objects_only=True, export_animation=True,
        export_shapekeys=True, export_armatures=True, evaluation_mode="RENDER",
        convert_world_material=False,  # else the world's colour lies beside the file as a texture
    )  # fmt: skip
    return _scene_time(scene, path, span)


_FORMATS: Final[Mapping[str, tuple[str, Callable[..., tuple[str, ...]]]]] = {
    "gltf": (".glb", _gltf),
    "fbx": (".fbx", _fbx),
    "usd": (".usdc", _usd),
}
