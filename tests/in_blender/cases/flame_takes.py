"""Generate on a FLAME head: takes that switch, keep what was there, and move as the model says."""

from __future__ import annotations

import time
from typing import Any

import bpy
import numpy as np

from . import tools
from .flame import evaluated, moving_clip

FRAMES = (0, 9, 49)
"""Frames of a take that are looked at."""


def _head(address: str, wav: str) -> Any:
    """The built-in FLAME head with a line, at 25 fps; returns its mesh object."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 25, 1.0
    assert bpy.ops.soliloquy.add_flame_head(built_in=True) == {"FINISHED"}
    tools.use_server(address)
    tools.file_line(tools.active(), wav, start=11.0)
    return bpy.context.active_object


def _check(item: Any, shown: str, seed: int) -> None:
    """Compare with `shown`: vertices [seed, frame, V, 3] that the model itself gives."""
    for frame, wanted in zip(FRAMES, np.load(shown)[seed], strict=True):
        bpy.context.scene.frame_set(11 + frame)
        assert np.abs(evaluated(item) - wanted).max() < 1e-4, (seed, frame)


def a_flame_head_gets_takes(address: str, wav: str, shown: str) -> None:
    from blender_addon.takes.storage import load_clip

    item = _head(address, wav)
    rig = item.parent
    character = tools.active()
    assert [m.object for m in character.meshes] == [item]
    character.generation.takes = 2
    tools.generate()
    assert [(t.seed, t.is_original) for t in character.takes] == [(0, False), (1, False)]
    assert [t.object for t in character.takes[0].tracks] == [item, rig]
    _check(item, shown, seed=1)
    assert bpy.ops.soliloquy.use_take(index=0) == {"FINISHED"}
    _check(item, shown, seed=0)
    stored = load_clip(character.takes[0])
    assert stored.n_frames == 50 and set(stored.layers) == {"lips", "life"}
    assert not bpy.ops.soliloquy.apply_layers.poll()
    assert not bpy.ops.soliloquy.blend_takes.poll()


def earlier_flame_animation_is_kept(address: str, wav: str, folder: str) -> None:
    from blender_addon.core.flame_rig import read_model

    item = _head(address, wav)
    rig, character, model = item.parent, tools.active(), read_model(None)
    clip = moving_clip(model)
    clip.save(f"{folder}/mine.npz")
    bpy.context.scene.frame_set(1)
    assert bpy.ops.soliloquy.import_flame_clip(filepath=f"{folder}/mine.npz") == {"FINISHED"}
    mine = item.data.shape_keys.animation_data.action, rig.animation_data.action
    tools.generate()
    assert [t.is_original for t in character.takes] == [True, False]
    assert (item.data.shape_keys.animation_data.action, rig.animation_data.action) != mine
    assert bpy.ops.soliloquy.use_take(index=0) == {"FINISHED"}
    assert (item.data.shape_keys.animation_data.action, rig.animation_data.action) == mine
    wanted = model.vertices(clip.expression, **clip.pose)
    bpy.context.scene.frame_set(3)
    assert np.abs(evaluated(item) - wanted[2]).max() < 5e-5
    character.take_index = 1
    assert bpy.ops.soliloquy.use_take(index=1) == {"FINISHED"}
    assert bpy.ops.soliloquy.delete_take() == {"FINISHED"}
    assert rig.animation_data.action == mine[1], "what was there before plays again"


def takes_of_a_flame_head_survive_the_file(address: str, wav: str, folder: str, shown: str) -> None:
    item = _head(address, wav)
    tools.generate()
    name = item.name
    bpy.ops.wm.save_as_mainfile(filepath=f"{folder}/flame.blend")
    bpy.ops.wm.open_mainfile(filepath=f"{folder}/flame.blend")
    item, character = bpy.data.objects[name], tools.active()
    _check(item, shown, seed=0)
    character.takes[0].tracks[1].object.animation_data_clear()
    assert bpy.ops.soliloquy.use_take(index=0) == {"FINISHED"}
    _check(item, shown, seed=0)


def fewer_keys_move_a_flame_head_as_well(address: str, wav: str) -> None:
    from blender_addon import compat

    item = _head(address, wav)
    settings = tools.active().generation
    settings.reduction, settings.tolerance = "ALWAYS", 0.01
    tools.generate()
    playing = item.parent.animation_data
    curves = compat.curves_of(playing.action, compat.slot_of(item.parent))
    assert min(len(c.keyframe_points) for c in curves) >= 2
    assert sum(len(c.keyframe_points) for c in curves) < 50 * len(curves)


def a_head_of_another_file_asks_for_its_model(address: str, wav: str, folder: str) -> None:
    from pathlib import Path

    from .flame import small_model

    file = small_model(Path(folder))
    assert bpy.ops.soliloquy.add_flame_head(filepath=str(file)) == {"FINISHED"}
    tools.use_server(address)
    tools.file_line(tools.active(), wav)
    said = tools.error_of(bpy.ops.soliloquy.generate)
    assert "no FLAME model of the basis" in said and "soliloquy serve --flame" in said


def a_part_of_a_flame_take_is_made_anew(address: str, wav: str) -> None:
    """Outside the preview range every value stays, the user's own edits too."""
    from blender_addon import compat
    from blender_addon.takes.splicing import values_at

    item = _head(address, wav)
    tools.generate()
    character, scene = tools.active(), bpy.context.scene
    first = character.takes[0]
    _curve(first.tracks[0], "Exp001").keyframe_points[2].co.y += 0.5
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 31, 45
    character.take_index = 0
    assert bpy.ops.soliloquy.regenerate() == {"FINISHED"}
    first, second = character.takes
    assert [t.object for t in second.tracks] == [item, item.parent]
    outside = np.array([*range(11, 31), *range(46, 61)], np.float32)
    inside = np.arange(36, 41, dtype=np.float32)
    moved = 0
    for old, new in zip(first.tracks, second.tracks, strict=True):
        for curve in compat.curves_of(old.action, old.slot):
            found = compat.curves_of(new.action, new.slot).find(
                curve.data_path, index=curve.array_index
            )
            assert np.array_equal(values_at(curve, outside), values_at(found, outside)), (
                curve.data_path
            )
            moved += not np.allclose(values_at(curve, inside), values_at(found, inside), atol=1e-3)
    assert moved > 20, "the part itself is new"


def _curve(track: object, shape_key: str) -> Any:
    from blender_addon import compat
    from blender_addon.takes.animation import key_path

    return compat.curves_of(track.action, track.slot).find(key_path(shape_key))


def the_own_server_knows_the_heads_of_the_file(python: str, port: int, wav: str, file: str) -> None:
    """Blender starts its server with the FLAME file that a head was made from, and it performs."""
    from blender_addon.connection.process import own_command, own_server
    from blender_addon.generate.session import session

    assert bpy.ops.soliloquy.add_flame_head(built_in=True) == {"FINISHED"}
    tools.use_server(f"tcp://127.0.0.1:{port}")
    bpy.context.preferences.addons[tools.MODULE].preferences.python = python
    assert "--flame" not in own_command(), "the built-in head is in every server"
    for _ in range(2):
        assert bpy.ops.soliloquy.add_flame_head(filepath=file) == {"FINISHED"}
    assert own_command()[-2:] == ["--flame", file] and own_command().count("--flame") == 1
    assert bpy.ops.soliloquy.start_server() == {"FINISHED"}
    end = time.monotonic() + 240
    while not session().greet(1.0):
        assert own_server().is_running and time.monotonic() < end, own_server().ended
    item, character = bpy.context.active_object, tools.active()
    character.generation.generator = "articulate"
    tools.file_line(character, wav)
    tools.generate()
    assert [take.generator for take in character.takes] == ["articulate"]
    rest, moved = evaluated(item), 0.0
    for frame in range(2, 40, 4):
        bpy.context.scene.frame_set(frame)
        moved = max(moved, float(np.abs(evaluated(item) - rest).max()))
    assert moved > 0.002, "the mouth moves, metres"
    assert bpy.ops.soliloquy.stop_server() == {"FINISHED"}
