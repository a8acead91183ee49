"""Match presets and one-click repairs."""

from __future__ import annotations

import bpy

from . import tools

ODD = ("Kiefer", "Lächeln", "mouthClose")


def the_next_character_is_matched_by_itself() -> None:
    from blender_addon.character.matching import character_match
    from blender_addon.character.presets import folder

    character = tools.character_of(tools.face("Erster", ODD))
    assert not bpy.ops.soliloquy.save_match.poll()
    assert not bpy.ops.soliloquy.delete_match.poll()
    bpy.ops.soliloquy.fix_match(shape_key="Kiefer", blendshape="jawOpen")
    bpy.ops.soliloquy.fix_match(shape_key="Lächeln", blendshape="mouthSmileLeft")
    assert bpy.ops.soliloquy.save_match(name="Erste Figur") == {"FINISHED"}
    (folder() / "broken.json").write_text("{")
    bpy.ops.wm.read_homefile(use_empty=True)
    character = tools.character_of(tools.face("Zweiter", reversed(ODD)))
    assert {fix.shape_key: fix.blendshape for fix in character.fixes} == {
        "Kiefer": "jawOpen", "Lächeln": "mouthSmileLeft",
    }  # fmt: skip
    weights = character_match(character).weights["Zweiter"]
    assert weights["Kiefer"] == {"jawOpen": 1.0}
    other = tools.face("Anderer", ("Kiefer", "Zunge"))
    tools.select(other)
    bpy.ops.soliloquy.add_character()
    assert not tools.active().fixes, "another rig is left alone"
    third = tools.face("Dritter", ODD)
    tools.select(third)
    bpy.ops.soliloquy.add_character()
    character = tools.active()
    character.fixes.clear()
    character.fixes.add().shape_key = "mouthClose"
    kept = next(folder().glob("[0-9a-f]*[0-9a-f].json")).stem
    assert bpy.ops.soliloquy.apply_match(preset=kept) == {"FINISHED"}
    assert len(character.fixes) == 2
    assert bpy.ops.soliloquy.delete_match() == {"FINISHED"}
    assert not bpy.ops.soliloquy.delete_match.poll()


def one_click_puts_it_right(address: str, wav: str) -> None:
    from blender_addon.character.repairs import repairs

    face = tools.arkit_face()
    key = face.data.shape_keys
    for block in key.key_blocks:
        block.slider_min, block.slider_max = 0.0, 1.0
    character = tools.character_of(face)
    assert repairs(character) == []
    key.key_blocks["jawLeft"].mute = True
    key.key_blocks["jawRight"].slider_max = 0.6
    face.show_only_shape_key = True
    key.use_relative = False
    kinds = [repair.kind for repair in repairs(character)]
    assert kinds == ["UNMUTE", "WIDEN", "UNPIN", "RELATIVE"], kinds
    for repair in repairs(character):
        assert "Face" in repair.sentence
        bpy.ops.soliloquy.repair_mesh(kind=repair.kind, mesh=repair.mesh)
    assert repairs(character) == []
    assert key.key_blocks["jawRight"].slider_max == 1.0
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    assert not character.takes[0].notes, character.takes[0].notes
    message = tools.error_of(bpy.ops.soliloquy.repair_mesh, kind="UNPIN", mesh="Nobody")
    assert "'Nobody' is not a mesh of the character" in message
