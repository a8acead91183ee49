"""The preview of a take that is being made."""

from __future__ import annotations

import time
from typing import Any

import bpy
import numpy as np
from acting import formula

from arkit.names import ARKIT_NAMES, INDEX

from . import tools

KEYED, FREE = "jawLeft", "jawOpen"


def _evaluated(face: Any) -> np.ndarray:
    """What is seen: vertices of the evaluated mesh."""
    bpy.context.view_layer.update()
    mesh = face.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    flat = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def _begin(address: str, wav: str) -> tuple[Any, Any]:
    """A face with a keyed shape key and a posed one, and a job whose first chunk has come."""
    from blender_addon.generate.request import build_order
    from blender_addon.generate.session import session

    face = tools.arkit_face()
    for block in face.data.shape_keys.key_blocks:
        block.value = 0.0
    block = face.data.shape_keys.key_blocks[KEYED]
    for frame, value in ((1, 0.2), (30, 0.8)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    face.data.shape_keys.key_blocks[FREE].value = 0.3125
    character = tools.character_of(face)
    tools.use_server(address)
    # Four seconds of sound: two windows of the generator.
    tools.file_line(character, wav, 1.0)
    character.generation.curve_rate, character.generation.curve_fps = "CUSTOM", 50.0
    bpy.context.scene.frame_set(13)
    bpy.ops.ed.undo_push(message="begin")
    running = session()
    running.start(address, build_order(bpy.context))
    end = time.monotonic() + 30
    while not (running.preview and running.preview.seconds) and time.monotonic() < end:
        assert not running.job.is_over, running.job.text
        running.pump()
        time.sleep(0.005)
    return face, running


def _values(face: Any) -> dict[str, float]:
    return {b.name: round(b.value, 5) for b in face.data.shape_keys.key_blocks[1:]}


def _expected(frame: int, name: str) -> float:
    return float(formula(np.array([(frame - 1) / 24]), 0)[0, INDEX[name]])


def the_face_moves_while_the_rest_is_made(address: str, wav: str) -> None:
    face, running = _begin(address, wav)
    assert not running.job.is_over, "the rest is still being made"
    for frame in (13, 5):
        bpy.context.scene.frame_set(frame)
        for name in (KEYED, FREE):
            value = face.data.shape_keys.key_blocks[name].value
            assert abs(value - _expected(frame, name)) < 0.02, (frame, name, value)
        seen = _evaluated(face)
        bpy.context.scene.frame_set(frame + 3)
        assert np.abs(_evaluated(face) - seen).max() > 0.01, "and it is seen"
    bpy.context.scene.frame_set(40)
    assert abs(_values(face)[FREE] - 0.3125) < 1e-5, "what is not made yet looks as before"
    bpy.context.scene.frame_set(13)
    own = face.data.shape_keys.animation_data.action
    assert own is not None and not own.name.startswith("Soliloquy")
    running.wait()
    assert running.job.state.name == "DONE", running.job.text
    assert "soliloquy_resting" not in face.data.shape_keys
    assert len(tools.keys_of(face, FREE)) == 100
    bpy.ops.soliloquy.use_take(index=0)
    bpy.context.scene.frame_set(30)
    assert abs(_values(face)[KEYED] - 0.8) < 1e-5


def nothing_of_the_preview_stays(how: str, address: str, wav: str, path: str) -> None:
    face, running = _begin(address, wav)
    name = face.name
    assert abs(_values(face)[FREE] - 0.3125) > 0.01
    face.data.shape_keys.key_blocks["cheekPuff"].value = 0.125  # the user moves a slider
    if how == "undo":
        bpy.ops.ed.undo_push(message="in between")
        bpy.context.scene.frame_end = 77
        bpy.ops.ed.undo_push(message="another")
        bpy.ops.ed.undo()
        face = bpy.data.objects[name]
        assert abs(_values(face)[FREE] - _expected(13, FREE)) < 0.02, "it goes on"
    if how == "save":
        bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    if how == "render":
        scene = bpy.context.scene
        scene.render.engine, scene.cycles.samples = "CYCLES", 1
        scene.render.resolution_x = scene.render.resolution_y = 8
        seen = []
        bpy.app.handlers.render_pre.append(lambda *_: seen.append(_values(face)[FREE]))
        bpy.ops.render.render()
        bpy.app.handlers.render_pre.clear()
        assert seen == [0.3125], seen
        assert abs(_values(face)[FREE] - _expected(13, FREE)) < 0.02, "and it goes on"
    if how == "delete":
        bpy.ops.soliloquy.remove_character()
        running.wait()
        assert running.job.state.name == "FAILED"
    running.cancel()
    _check_untouched(face, moved=0.0 if how == "undo" else 0.125)
    if how == "undo":
        bpy.ops.ed.redo()
        _check_untouched(bpy.data.objects[name], moved=None)
    if how == "save":
        bpy.ops.wm.open_mainfile(filepath=path)
        _check_untouched(bpy.data.objects[name], moved=0.125)


def _check_untouched(face: Any, moved: float | None) -> None:
    bpy.context.view_layer.update()
    values = _values(face)
    assert values[FREE] == 0.3125, values[FREE]
    between = 0.2 + 0.6 * 12 / 29
    assert 0.2 < values[KEYED] < 0.8 and abs(values[KEYED] - between) < 0.1, values[KEYED]
    others = set(ARKIT_NAMES) - {KEYED, FREE, "cheekPuff"}
    assert not any(values[other] for other in others)
    assert moved is None or values["cheekPuff"] == moved, values["cheekPuff"]
    assert "soliloquy_resting" not in face.data.shape_keys
    assert not [a for a in bpy.data.actions if a.name.startswith("Soliloquy")]


def without_live_the_face_is_still(address: str, wav: str) -> None:
    from blender_addon.generate.request import build_order
    from blender_addon.generate.session import session

    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    character.generation.is_live = False
    session().start(address, build_order(bpy.context))
    before = _values(face)
    while session().pump():
        if not face.data.shape_keys.animation_data:
            assert _values(face) == before
        time.sleep(0.01)
    assert session().job.state.name == "DONE"
