"""What the list of takes shows, and blending."""

from __future__ import annotations

import json
import time

import bpy
import numpy as np
from acting import formula

from arkit.names import INDEX

from . import tools


def _two_takes(address: str, wav: str):
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    character.generation.takes = 2
    character.generation.direction = "furious"
    tools.generate()
    return face, character


def a_take_tells_and_shows_itself(address: str, wav: str) -> None:
    from blender_addon.pictures import pictures
    from blender_addon.takes.panels import take_icon

    _, character = _two_takes(address, wav)
    first, second = character.takes
    assert (first.direction, first.seed, second.seed) == ("furious", 0, 1)
    pose = json.loads(first.pose)
    frames = formula(np.arange(48) / 24, seed=0)
    row = np.abs(frames[:, INDEX["jawOpen"]] - pose["jawOpen"]).argmin()
    assert np.allclose(frames[row, INDEX["browInnerUp"]], pose["browInnerUp"], atol=2e-3)
    assert take_icon(first) == take_icon(second) == 0
    end = time.monotonic() + 200
    while pictures().collect() and time.monotonic() < end:
        time.sleep(0.02)
    names = [f"take {take.uid} {hash(take.pose)}" for take in (first, second)]
    assert all(pictures().has(name) for name in names)
    assert np.abs(pictures().pixels(names[0]) - pictures().pixels(names[1])).max() > 0.1
    first.lips = 0.0
    character.take_index = 0
    bpy.ops.soliloquy.apply_layers()
    assert json.loads(first.pose) != pose, "the picture follows the layers"


def two_takes_are_blended(address: str, wav: str) -> None:
    from blender_addon.takes.storage import load_clip

    face, character = _two_takes(address, wav)
    character.take_index = 0
    bpy.ops.soliloquy.use_take(index=0)
    from blender_addon import compat
    from blender_addon.takes.animation import current_action, key_path

    playing = current_action(face.data.shape_keys)
    curve = compat.curves_of(playing.action, playing.slot).find(key_path("jawOpen"))
    curve.keyframe_points[10].co.y += 0.4
    curve.update()
    kept = tools.keys_of(face, "jawOpen")
    other = character.takes[1].uid
    assert bpy.ops.soliloquy.blend_takes(other=other, factor=0.25) == {"FINISHED"}
    assert len(character.takes) == 3 and len(bpy.data.actions) == 3
    made = character.takes[2]
    assert made.name == f"{character.takes[0].name} + {character.takes[1].name}"
    assert "75%" in made.direction and made.pose
    a, b = (formula(np.arange(48) / 24, seed=seed) for seed in (0, 1))
    expected = 0.75 * a + 0.25 * b
    keys = tools.keys_of(face, "jawOpen")[:, 1]
    want = expected[:, INDEX["jawOpen"]].copy()
    want[10] += 0.75 * 0.4
    assert np.allclose(keys, want, atol=1e-3), np.abs(keys - want).max()
    stored = load_clip(made)
    assert set(stored.layers) == {"lips", "life"}
    assert np.allclose(sum(stored.layers.values()), expected, atol=1e-3)
    bpy.ops.soliloquy.use_take(index=0)
    assert np.array_equal(tools.keys_of(face, "jawOpen"), kept), "the two stay as they are"
    character.take_index = 2
    bpy.ops.soliloquy.use_take(index=2)
    made.life = 0.0
    assert bpy.ops.soliloquy.apply_layers() == {"FINISHED"}, "and it can be baked anew"


def takes_of_different_lines(address: str, wav: str) -> None:
    _, character = _two_takes(address, wav)
    character.generation.curve_rate, character.generation.curve_fps = "CUSTOM", 60.0
    character.generation.takes = 1
    tools.generate()
    character.take_index = 0
    message = tools.error_of(bpy.ops.soliloquy.blend_takes, other=character.takes[2].uid)
    assert "only takes of the same line" in message, message
    assert len(character.takes) == 3 and len(bpy.data.actions) == 3
    character.take_index = 2
    bpy.ops.soliloquy.delete_take()
    character.take_index = 1
    bpy.ops.soliloquy.delete_take()
    assert not bpy.ops.soliloquy.blend_takes.poll()
