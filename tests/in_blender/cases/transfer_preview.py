"""The preview of a transfer: what it shows, and that the character is not touched by it."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import bpy
import numpy as np

from . import tools
from .transfer import _bare_head, _moved, _rest

_KINDS = ("objects", "meshes", "collections", "materials", "shape_keys", "actions")


def _in_the_file() -> dict[str, list[str]]:
    return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in _KINDS}


def _of(item: Any) -> dict[str, Any]:
    """What a user would notice of an object."""
    keys = item.data.shape_keys
    return {
        "rest": _rest(item).tobytes(),
        "matrix": [round(value, 7) for row in item.matrix_world for value in row],
        "keys": [block.name for block in keys.key_blocks] if keys else [],
        "modifiers": [m.name for m in item.modifiers],
        "groups": [group.name for group in item.vertex_groups],
        "hidden": (item.hide_get(), item.hide_viewport, item.hide_render),
        "selected": item.select_get(),
        "properties": sorted(item.keys()),
        "materials": [slot.name for slot in item.material_slots],
    }


def _made(kind: str) -> list[Any]:
    return [item for item in bpy.data.objects if item.get("soliloquy_preview") == kind]


def _bare() -> Any:
    """A head in nobody's file but its own, turned, with a key and a modifier of its user's."""
    head, bare = _bare_head(0.4)
    for item in [head, *head.children]:
        bpy.data.objects.remove(item)
    bpy.ops.outliner.orphans_purge(do_recursive=True)
    bare.modifiers.new("Fine", "SUBSURF")
    bare.shape_key_add(name="Basis", from_mix=False)
    mine = bare.shape_key_add(name="mine", from_mix=False)
    mine.data[0].co.z += 0.01
    mine.value = 0.5
    tools.select(bare)
    tools.character_of(bare)
    return bare


def nothing_is_touched_until_it_is_accepted() -> None:
    bare = _bare()
    file, before = _in_the_file(), _of(bare)
    assert "Preview Fit first" in tools.error_of(bpy.ops.soliloquy.accept_transfer)
    told: list[float] = []
    with mock.patch("blender_addon.character.laying_over.silent", told.append):
        assert bpy.ops.soliloquy.preview_transfer() == {"FINISHED"}
    assert told == sorted(told) and told[0] >= 0.0 and told[-1] <= 1.0
    assert np.diff([0.0, *told, 1.0]).max() < 0.25, "the status bar does not stand still"
    assert _of(bare) == before
    (overlay,), (copy,) = _made("overlay"), _made("copy")
    _overlay_lies_on(overlay, bare)
    _copy_plays(copy, bare)
    assert overlay.hide_render and copy.hide_render and len(_made("landmark")) == 7
    assert bpy.ops.soliloquy.cancel_transfer() == {"FINISHED"}
    assert _in_the_file() == file and _of(bare) == before
    assert bare.data.shape_keys.key_blocks["mine"].value == 0.5


def _overlay_lies_on(overlay: Any, bare: Any) -> None:
    points = np.array([overlay.matrix_world @ v.co for v in overlay.data.vertices])
    theirs = (
        _rest(bare) @ np.array(bare.matrix_world)[:3, :3].T + np.array(bare.matrix_world)[:3, 3]
    )
    far = [np.linalg.norm(theirs - p, axis=1).min() for p in points[::20]]
    assert np.median(far) < 0.004, np.median(far)  # the nearest vertex, not the surface
    used = np.zeros(len(overlay.data.polygons), np.int32)
    overlay.data.polygons.foreach_get("material_index", used)
    assert (used == 0).mean() > 0.8 and len(overlay.data.materials) == 3
    print("within 1 mm:", (used == 0).mean(), "off:", (used == 2).mean())


def _copy_plays(copy: Any, bare: Any) -> None:
    from blender_addon.character.transfer_playing import _tick, is_playing

    away = copy.matrix_world.translation - bare.matrix_world.translation
    assert 0.15 < away.length < 1.0, "beside the head, not inside it"
    blocks = copy.data.shape_keys.key_blocks
    assert len(blocks) > 52 and blocks["mine"].value == 0.0
    assert bpy.ops.soliloquy.preview_pose(pose="OPEN") == {"FINISHED"}
    assert blocks["jawOpen"].value == 1.0 and blocks["mouthPucker"].value == 0.0
    assert _moved(copy, "jawOpen")[:, 2].min() < -0.02
    assert bpy.ops.soliloquy.play_faces() == {"FINISHED"} and is_playing()
    blocks["jawOpen"].value = 0.9
    assert _tick() > 0.0 and blocks["jawOpen"].value < 0.5, "from rest on"
    assert bpy.ops.soliloquy.play_faces() == {"FINISHED"} and not is_playing()
    assert not any(block.value for block in blocks[1:])
    bpy.ops.soliloquy.play_faces()


def accepted_it_is_what_was_shown(path: str) -> None:
    bare = _bare()
    file = _in_the_file()
    bpy.ops.soliloquy.preview_transfer()
    (copy,) = _made("copy")
    shown = {name: _moved(copy, name) for name in json.loads(copy["soliloquy_new_keys"])}
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    bare = bpy.data.objects["Bare"]
    assert [b.name for b in bare.data.shape_keys.key_blocks] == ["Basis", "mine"]
    assert bpy.ops.soliloquy.accept_transfer() == {"FINISHED"}
    assert not _made("copy") + _made("overlay") + _made("landmark")
    assert _in_the_file() == file, "no mesh, material or collection is left"
    blocks = bare.data.shape_keys.key_blocks
    assert {b.name for b in blocks} == {"Basis", "mine", *shown} and len(shown) >= 50
    assert blocks["mine"].value == 0.5 and not any(blocks[name].value for name in shown)
    for name, movement in shown.items():
        assert np.abs(_moved(bare, name) - movement).max() < 1e-6, name
    assert bpy.ops.soliloquy.preview_pose(pose="SMILE") == {"FINISHED"}
    assert blocks["mouthSmileLeft"].value == 1.0, "and now on the character itself"


def what_changed_meanwhile_is_refused() -> None:
    bare = _bare()
    bpy.ops.soliloquy.preview_transfer()
    bare.data.shape_keys.reference_key.data[5].co.x += 0.02
    assert "changed since the preview" in tools.error_of(bpy.ops.soliloquy.accept_transfer)
    assert len(bare.data.shape_keys.key_blocks) == 2 and _made("copy")
    bare.data.shape_keys.reference_key.data[5].co.x -= 0.02
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.soliloquy.remove_character()
    bpy.data.objects.remove(bare)
    assert "was deleted" in tools.error_of(bpy.ops.soliloquy.accept_transfer)
    assert bpy.ops.soliloquy.cancel_transfer() == {"FINISHED"}
    assert not _made("copy") + _made("overlay") + _made("landmark")


def a_bad_fit_is_shown_and_not_accepted() -> None:
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=48)
    ball = bpy.context.active_object
    tools.character_of(ball)
    file = _in_the_file()
    for _ in range(2):  # landmarks that the preview itself placed do not make it better
        assert bpy.ops.soliloquy.preview_transfer() == {"FINISHED"}
        assert _made("overlay") and not _made("copy")
        assert "not good enough" in tools.error_of(bpy.ops.soliloquy.accept_transfer)
        assert "Preview Fit first" in tools.error_of(bpy.ops.soliloquy.play_faces)
    assert bpy.ops.soliloquy.cancel_transfer() == {"FINISHED"}
    assert _in_the_file() == file and ball.data.shape_keys is None
