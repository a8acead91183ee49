"""AU strips in the Sequencer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import tools


def _strips() -> Any:
    from blender_addon import compat

    return compat.strips_of(bpy.context.scene.sequence_editor)


def _by_au(code: str) -> Any:
    return next(strip for strip in _strips() if strip.facs_au == code)


def strips_go_into_the_request(address: str, wav: str) -> None:
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav, 11.0)
    scene = bpy.context.scene
    scene.frame_set(23)
    assert bpy.ops.soliloquy.add_strip(au="AU12L", intensity=0.5, seconds=0.5) == {"FINISHED"}
    scene.frame_set(17)
    assert bpy.ops.soliloquy.add_expression(expression="Smile", seconds=1.0) == {"FINISHED"}
    muted = _by_au("AU6")
    muted.mute = True
    keyed = _by_au("AU12")
    for frame, value in ((17, 0.0), (29, 1.0)):
        keyed.facs_intensity = value
        keyed.keyframe_insert("facs_intensity", frame=frame)
    assert len({strip.channel for strip in _strips()}) == 3, "each has a channel of its own"
    scene.frame_set(1)
    bpy.ops.soliloquy.add_strip(au="AU4", seconds=0.25)
    tools.generate()


def strips_in_a_trimmed_meta_strip(address: str, wav: str) -> None:
    from blender_addon import compat
    from blender_addon.strips.reading import count_of_line, is_heard

    character = tools.character_of(tools.arkit_face())
    tools.use_server(address)
    tools.file_line(character, wav, 1.0)
    scene = bpy.context.scene
    for frame, au in ((1, "AU12"), (13, "AU4"), (37, "AU2")):
        scene.frame_set(frame)
        bpy.ops.soliloquy.add_strip(au=au, seconds=0.5)
    editor = scene.sequence_editor
    inside = [_by_au("AU12"), _by_au("AU4")]
    meta = compat.strips_of(editor).new_meta(name="scene 4", channel=9, frame_start=1)
    for strip in inside:
        strip.move_to_meta(meta)
    meta.frame_final_end = 19  # in the middle of AU4, which the meta strip hides from there on
    assert count_of_line(bpy.context, 1.0, 2.0, "")["au"] == (3, 3)
    tools.generate()
    meta.channels[inside[0].channel].mute = True
    assert not is_heard(editor, inside[0], "")
    meta.channels[inside[0].channel].mute = False
    inside[0].mute = True
    assert not is_heard(editor, inside[0], "") and is_heard(editor, inside[1], "")
    tools.generate()
    meta.mute = True
    assert not is_heard(editor, inside[1], "")
    tools.generate()


def strips_survive_saving(path: str) -> None:
    from blender_addon.strips.reading import read_strips

    bpy.ops.soliloquy.add_strip(au="AU12", intensity=0.3, seconds=1.0)
    strip = _by_au("AU12")
    strip.facs_mode, strip.name = "accent", "renamed"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    (found,) = read_strips(bpy.context)
    assert (found.au, found.mode, found.name) == ("AU12", "accent", "renamed")
    assert abs(found.keys[0][1] - 0.3) < 1e-6
    assert found.end - found.start == 24


def rendering_still_shows_the_scene(folder: str) -> None:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.render.resolution_x = scene.render.resolution_y = 48
    bpy.ops.soliloquy.add_expression(expression="Angry", seconds=2.0)
    assert not scene.render.use_sequencer
    scene.render.filepath = str(Path(folder) / "frame.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    pixels = np.array(image.pixels[:], np.float32).reshape(-1, 4)[:, :3]
    assert len(np.unique(pixels.round(3), axis=0)) > 20, "the cube, not a strip"


def an_edit_with_pictures_is_left_alone(picture: str) -> None:
    scene = bpy.context.scene
    scene.sequence_editor_create()
    _strips().new_image(name="edit", filepath=picture, channel=1, frame_start=1)
    bpy.ops.soliloquy.add_strip(au="AU12")
    assert scene.render.use_sequencer, "the user renders the Sequencer on purpose"
    assert _by_au("AU12").blend_alpha == 0.0, "and our strip is never seen in it"


def words_become_strips() -> None:
    assert bpy.ops.soliloquy.add_from_text(text="smirk") == {"FINISHED"}
    assert {strip.facs_au for strip in _strips()} == {"AU12L", "AU14L"}
    message = tools.error_of(bpy.ops.soliloquy.add_from_text, text="blorp")
    assert "'blorp' is not an Action Unit" in message
    bpy.ops.soliloquy.select_strip(index=1)
    assert bpy.context.scene.sequence_editor.active_strip == _strips()[1]
