"""Direction and phone strips in the Sequencer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from . import tools


def _strips() -> Any:
    from blender_addon import compat

    return compat.strips_of(bpy.context.scene.sequence_editor)


def _of(kind: str) -> list[Any]:
    from blender_addon.strips.reading import our_strips

    return our_strips(bpy.context, kind)


def _speaker(address: str, wav: str, start: float = 11.0) -> Any:
    character = tools.character_of(tools.arkit_face())
    tools.use_server(address)
    tools.file_line(character, wav, start)
    return character


def _place(strip: Any, start: int, end: int) -> None:
    strip.frame_final_end = max(end, start + 1)
    strip.frame_final_start = start
    strip.frame_final_end = end


def directions_go_along(address: str, wav: str, path: str) -> None:
    from blender_addon.strips.panels import count_sentence

    _speaker(address, wav)
    scene = bpy.context.scene
    assert "empty" in tools.error_of(bpy.ops.soliloquy.add_direction, text="  ")
    for frame, text, seconds in ((17, "furious", 1.0), (47, "calm", 3.0), (900, "late", 1.0)):
        scene.frame_set(frame)
        bpy.ops.soliloquy.add_direction(text=text, seconds=seconds)
    furious = _of("direction")[0]
    assert furious.name == "furious" and furious.facs_intensity == 1.0
    colour = tuple(furious.color)
    furious.facs_intensity = 0.6
    furious.soliloquy_direction = "furious, then cold"
    assert furious.name == "furious, then cold" and tuple(furious.color) != colour
    assert "2 of 3 directions" in count_sentence(bpy.context)
    assert not scene.render.use_sequencer, "F12 still renders the 3D scene"
    calm = _of("direction")[1]
    start, end = (round(frame) for frame in (calm.frame_final_start, calm.frame_final_end))
    for frame, value in ((start, 0.2), (end, 0.6)):
        calm.facs_intensity = value
        calm.keyframe_insert("facs_intensity", frame=frame)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    tools.generate()
    assert "Direction strips" in tools.active().takes[0].notes, "what is not obeyed is told"


def phones_are_shown_corrected_and_obeyed(address: str, wav: str, path: str) -> None:
    from arkit.clip import Phone
    from blender_addon.core.phone_plan import lay_phones
    from blender_addon.strips.adding import add_phones
    from blender_addon.strips.panels import count_sentence

    character = _speaker(address, wav)
    assert not bpy.ops.soliloquy.show_phones.poll()
    tools.generate()
    assert bpy.ops.soliloquy.show_phones() == {"FINISHED"}
    (heard,) = _of("phone")
    assert (heard.soliloquy_phone, heard.name) == ("a", "a 1")
    assert (heard.frame_final_start, heard.frame_final_end) == (11, 59)
    assert not bpy.context.scene.render.use_sequencer
    bpy.ops.soliloquy.show_phones()
    assert len(_of("phone")) == 1, "shown again, they take the place of the others"
    bpy.ops.soliloquy.remove_phones()
    assert not _of("phone") and not bpy.ops.soliloquy.remove_phones.poll()

    editor = bpy.context.scene.sequence_editor
    said = [("m", 0.1, 0.4), ("ʌ", 0.4, 0.5), ("l", 0.5, 0.6), ("o", 0.6, 1.75)]
    phones = [Phone(*phone) for phone in said]
    add_phones(editor, lay_phones(phones, 11.0, 24.0), character.uid)
    m, uh, _, o = _of("phone")
    m.soliloquy_phone = "b"  # corrected in the panel
    assert m.name == "b 1"
    _strips().remove(uh)  # deleted
    cut = o.split(frame=47, split_method="SOFT")  # cut in two
    right = cut or next(s for s in _of("phone") if s.frame_final_start == 47)
    right.name = "m"  # renamed in the Sequencer
    right.frame_final_start = 49  # and its edge moved
    assert "4 of 4 phones" in count_sentence(bpy.context)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    tools.generate()
    _of("phone")[0].name = "qq"
    assert "4 of 4 phones" in count_sentence(bpy.context), "a name that is no phone changes nothing"
    bpy.ops.soliloquy.remove_phones()
    tools.generate()


def strips_are_copied_to_another_line(address: str, wav: str) -> None:
    from blender_addon.core.phone_plan import PhoneSpan
    from blender_addon.strips.adding import add_phones

    character = _speaker(address, wav)
    message = tools.error_of(bpy.ops.soliloquy.paste_strips)
    assert "clipboard holds no strips" in message, message
    scene = bpy.context.scene
    scene.frame_set(17)
    bpy.ops.soliloquy.add_strip(au="AU12", intensity=0.25, seconds=1.0)
    bpy.ops.soliloquy.add_direction(text="sly", seconds=0.5)
    (unit,) = _of("au")
    unit.facs_mode = "accent"
    for frame, value in ((17, 0.0), (29, 0.5)):
        unit.facs_intensity = value
        unit.keyframe_insert("facs_intensity", frame=frame)
    add_phones(scene.sequence_editor, [PhoneSpan("o", 13, 15, 0, 0.0912, 0.1734)], character.uid)
    tools.generate()
    for strip in _strips():
        strip.select = False
    assert bpy.ops.soliloquy.copy_strips() == {"FINISHED"}

    other = bpy.data.scenes.new("Other")
    other.render.fps = 24
    bpy.context.window_manager.windows[0].scene = other
    workspace = bpy.context.window_manager.windows[0].workspace
    if hasattr(workspace, "sequencer_scene"):
        workspace.sequencer_scene = other
    character = tools.character_of(tools.arkit_face("Second"))
    tools.file_line(character, wav, 101.0)
    assert bpy.ops.soliloquy.paste_strips(only_here=True) == {"FINISHED"}
    assert {round(s.frame_final_start) for s in _of("au")} == {107}
    assert {s.soliloquy_owner for s in _strips()} == {character.uid}
    assert not other.render.use_sequencer
    tools.generate()
    bystander = bpy.ops.soliloquy.add_character()
    assert bystander == {"FINISHED"}
    second = tools.character_of(tools.arkit_face("Third"))
    tools.file_line(second, wav, 101.0)
    tools.generate()


def expressions_are_searched_and_drawn() -> None:
    from blender_addon.core.presets import EXPRESSIONS, expression_pose, found_expressions
    from blender_addon.pictures import Pictures, pictures

    assert "Smile" in found_expressions("smile") and "Angry" not in found_expressions("smile")
    assert "Furious" in found_expressions("AU9 brow") and not found_expressions("zebra")
    assert found_expressions("") == list(EXPRESSIONS)
    names = ("Smile", "Angry")
    icons = [pictures().icon(name, expression_pose(name), keep=True) for name in names]
    assert icons == [0, 0]
    end = time.monotonic() + 200
    while pictures().collect() and time.monotonic() < end:
        time.sleep(0.02)
    assert not pictures().trouble and all(pictures().has(name) for name in names)
    smile, angry = (pictures().pixels(name) for name in names)
    assert smile.shape[2] == 4 and np.abs(smile - angry).max() > 0.1
    assert smile[..., :3].std() > 0.05, "a face, not a plain colour"
    folder = Path(bpy.utils.user_resource("CONFIG", path="soliloquy/pictures"))
    assert len(list(folder.glob("*.npy"))) == 2, "kept for the next day"
    again = Pictures()
    again.icon("Smile", expression_pose("Smile"), keep=True)
    while again.collect():
        time.sleep(0.01)
    assert np.abs(again.pixels("Smile") - smile).max() < 0.01
    again.close()
