"""Rigs that are not plain."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from arkit.names import ARKIT_NAMES

from . import tools


def a_cube_says_what_it_lacks() -> None:
    from blender_addon.character.matching import character_match
    from blender_addon.generate.request import why_not

    character = tools.character_of(bpy.data.objects["Cube"])
    assert "Cube has no shape keys" in character_match(character).sentences[0]
    assert not bpy.ops.soliloquy.generate.poll()
    assert "has shape keys" in why_not(bpy.context)


def driven_and_muted_keys(address: str, wav: str) -> None:
    face = tools.arkit_face()
    blocks = face.data.shape_keys.key_blocks
    blocks["jawOpen"].driver_add("value").driver.expression = "0.5"
    blocks["jawLeft"].mute = True
    blocks["jawRight"].slider_max = 0.6
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    notes = character.takes[0].notes
    assert "Drivers move jawOpen of 'Face'" in notes
    assert "jawLeft of 'Face' are muted" in notes
    assert "clamps 'jawRight'" in notes and "0.60" in notes
    from blender_addon import compat
    from blender_addon.takes.animation import current_action, key_path

    playing = current_action(face.data.shape_keys)
    curves = compat.curves_of(playing.action, playing.slot)
    assert curves.find(key_path("jawOpen")) is None and len(curves) == 51


def a_linked_mesh_is_refused_and_an_override_is_keyed(address: str, wav: str, folder: str) -> None:
    tools.arkit_face("Linked")
    library = str(Path(folder) / "library.blend")
    bpy.ops.wm.save_as_mainfile(filepath=library)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(library, link=True) as (_, wanted):
        wanted.objects = ["Linked"]
    linked = wanted.objects[0]
    bpy.context.scene.collection.objects.link(linked)
    character = tools.character_of(linked)
    tools.use_server(address)
    tools.file_line(character, wav)
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert "'Linked' is linked from another file" in message, message

    own = linked.override_create(remap_local_usages=True)
    own.data.override_create(remap_local_usages=True)
    character.meshes.clear()
    character = tools.character_of(own)
    tools.generate()
    assert len(tools.keys_of(own, "jawOpen")) == 48
    assert own.data.shape_keys.override_library or own.data.override_library


def names_with_quotes_and_other_letters(address: str, wav: str) -> None:
    face = tools.face("Gesicht", ('jaw"Open', "mouthClose", "Lächeln"))
    character = tools.character_of(face)
    fix = character.fixes.add()
    fix.shape_key, fix.blendshape = 'jaw"Open', "jawOpen"
    assert bpy.ops.soliloquy.fix_match(shape_key="Lächeln", blendshape="mouthSmileLeft")
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    for key in ('jaw"Open', "mouthClose", "Lächeln"):
        assert len(tools.keys_of(face, key)) == 48, key


def the_ict_head(data: str, address: str, wav: str) -> None:
    from blender_addon.character.matching import character_match

    head = _import_ict(Path(data) / "ict_facekit")
    character = tools.character_of(head)
    match = character_match(character)
    assert match.report.missing == ("tongueOut",), match.report.missing
    assert "tongueOut" in match.sentences[0]
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    left, right = (tools.keys_of(head, f"browInnerUp_{side}") for side in "LR")
    assert len(left) == 48 and np.array_equal(left, right)
    bpy.context.scene.frame_set(9)
    bpy.context.view_layer.update()
    evaluated = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    moved = np.empty(3 * len(head.data.vertices), np.float32)
    evaluated.vertices.foreach_get("co", moved)
    still = np.empty_like(moved)
    head.data.vertices.foreach_get("co", still)
    assert np.abs(moved - still).max() > 0.1


def _import_ict(folder: Path):
    with np.load(folder / "ict_expressions.npz") as data:
        shapes = {name: data[name] for name in data.files}
    neutral = shapes.pop("neutral")
    mesh = bpy.data.meshes.new("ICT")
    mesh.from_pydata(neutral.tolist(), [], [])
    head = bpy.data.objects.new("ICT", mesh)
    bpy.context.scene.collection.objects.link(head)
    head.shape_key_add(name="Basis", from_mix=False)
    for name, vertices in shapes.items():
        block = head.shape_key_add(name=name, from_mix=False)
        block.value = 0.0
        block.data.foreach_set("co", vertices.ravel())
    return head


def the_built_in_head_speaks(address: str, wav: str) -> None:
    from blender_addon.character.matching import character_match

    assert bpy.ops.soliloquy.add_head() == {"FINISHED"}
    character = tools.active()
    match = character_match(character)
    assert not match.report.missing and match.is_complete, match.sentences
    found = {item.object.name: item.object for item in character.meshes}
    assert {"Head", "Tongue", "Teeth Lower", "Eye Left"} <= found.keys()
    keys = [item.data.shape_keys.key_blocks[1:] for item in found.values()]
    values = [block.value for blocks in keys for block in blocks]
    assert not any(values), "the head is added at rest"
    for name in ("mouth", "gums", "teeth", "tongue"):
        shader = bpy.data.materials[f"Soliloquy {name}"].node_tree.nodes["Principled BSDF"]
        assert shader.inputs["Base Color"].is_linked, f"{name} takes the colours of the mesh"
        assert 0.0 < shader.inputs["Emission Strength"].default_value < 0.5
    assert set(ARKIT_NAMES) == {
        b.name for item in found.values() for b in item.data.shape_keys.key_blocks[1:]
    }
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    for name in ("Head", "Teeth Lower", "Tongue"):
        assert len(tools.keys_of(found[name], "jawOpen")) == 48


def pinned_and_absolute_shape_keys(address: str, wav: str) -> None:
    face = tools.arkit_face()
    face.show_only_shape_key = True
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    assert "'Face' is pinned to its active shape key" in character.takes[0].notes
    face.data.shape_keys.use_relative = False
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert "shape keys of 'Face' are absolute" in message, message
    assert len(bpy.data.actions) == 1
