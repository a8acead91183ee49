"""Takes after generation: layer weights, fewer keys, deleting."""

from __future__ import annotations

import bpy
import numpy as np
from acting import formula

from arkit.names import INDEX, REGIONS

from . import tools


def _take(address: str, wav: str, **settings):
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    for name, value in settings.items():
        setattr(character.generation, name, value)
    tools.generate()
    return face, character


def _curve(item, shape_key: str):
    from blender_addon import compat
    from blender_addon.takes.animation import current_action, key_path

    playing = current_action(item.data.shape_keys)
    return compat.curves_of(playing.action, playing.slot).find(key_path(shape_key))


def layer_weights_keep_hand_edits(address: str, wav: str) -> None:
    face, character = _take(address, wav)
    take = character.takes[0]
    expected = formula(np.arange(48) / 24, seed=0)[:, INDEX["jawOpen"]]
    curve = _curve(face, "jawOpen")
    curve.keyframe_points[10].co.y += 0.2
    curve.keyframe_points.insert(20.5, 0.7)
    curve.update()
    at_half = np.interp(19.5, np.arange(48), expected)
    assert not bpy.ops.soliloquy.apply_layers.poll(), "nothing to bake yet"
    take.life = 0.0
    assert bpy.ops.soliloquy.apply_layers() == {"FINISHED"}
    keys = dict(tools.keys_of(face, "jawOpen").round(4).tolist())
    assert len(keys) == 49
    assert abs(keys[5.0] - 0.75 * expected[4]) < 1e-3
    assert abs(keys[11.0] - (0.75 * expected[10] + 0.2)) < 1e-3, "the edit stays on top"
    assert abs(keys[20.5] - (0.7 - 0.25 * at_half)) < 2e-3, "a key of the user's own too"
    take.life = 1.0
    bpy.ops.soliloquy.apply_layers()
    keys = dict(tools.keys_of(face, "jawOpen").round(4).tolist())
    assert abs(keys[5.0] - expected[4]) < 1e-3 and abs(keys[11.0] - expected[10] - 0.2) < 1e-3
    assert abs(keys[20.5] - 0.7) < 1e-3, "and all of it comes back"


def fewer_keys_stay_within_the_tolerance(address: str, wav: str) -> None:
    face, character = _take(
        address, wav, curve_rate="CUSTOM", curve_fps=120.0, reduction="ALWAYS", tolerance=0.02
    )
    expected = formula(np.arange(240) / 120, seed=0)
    for name in ("jawOpen", "tongueOut"):
        keys = tools.keys_of(face, name)
        assert 4 < len(keys) < 120, len(keys)
        frames = 1 + np.arange(240) * 24 / 120
        missed = np.abs(np.interp(frames, *keys.T) - expected[:, INDEX[name]])
        assert missed.max() < 0.0201, missed.max()
    character.takes[0].lips = 0.5
    assert bpy.ops.soliloquy.apply_layers() == {"FINISHED"}


def a_deleted_take_gives_way_to_the_one_before(address: str, wav: str) -> None:
    face, character = _take(address, wav, takes=2)
    assert len(bpy.data.actions) == 2
    assert bpy.ops.soliloquy.delete_take() == {"FINISHED"}
    assert [take.seed for take in character.takes] == [0] and len(bpy.data.actions) == 1
    assert len(tools.keys_of(face, "jawOpen")) == 48
    bpy.ops.soliloquy.delete_take()
    assert not character.takes and not bpy.data.actions
    assert face.data.shape_keys.animation_data.action is None
    assert not any(block.value for block in face.data.shape_keys.key_blocks[1:])
    assert not bpy.ops.soliloquy.delete_take.poll()


def earlier_animation_cannot_be_deleted(address: str, wav: str) -> None:
    face = tools.arkit_face()
    block = face.data.shape_keys.key_blocks["jawOpen"]
    block.keyframe_insert("value", frame=1)
    own = face.data.shape_keys.animation_data.action
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    character.take_index = 0
    assert not bpy.ops.soliloquy.delete_take.poll()
    character.take_index = 1
    bpy.ops.soliloquy.delete_take()
    assert face.data.shape_keys.animation_data.action == own


def only_the_chosen_part_is_made_anew(address: str, wav: str) -> None:
    from blender_addon.takes.storage import load_clip

    face, character = _take(address, wav)
    own = _curve(face, "jawOpen")
    own.keyframe_points[2].co.y = 0.9
    own.keyframe_points.insert(40.5, 0.1)
    own.update()
    before = {key: tools.keys_of(face, key) for key in ("jawOpen", "browInnerUp", "eyeBlinkLeft")}
    assert not bpy.ops.soliloquy.regenerate.poll(), "all of it would be Generate"
    scene = bpy.context.scene
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 13, 36
    character.generation.regions = {"jaw", "brow"}
    assert bpy.ops.soliloquy.regenerate() == {"FINISHED"}
    again = character.takes[1]
    assert (again.seed, character.take_index, len(character.takes)) == (1, 1, 2)
    new = formula(np.arange(48) / 24, seed=1)
    after = {key: tools.keys_of(face, key) for key in before}
    assert np.array_equal(before["eyeBlinkLeft"], after["eyeBlinkLeft"])
    for key in ("jawOpen", "browInnerUp"):
        for old, now in ((before[key], after[key]),):
            outside = [(old[:, 0] < 13) | (old[:, 0] > 36), (now[:, 0] < 13) | (now[:, 0] > 36)]
            assert np.array_equal(old[outside[0]], now[outside[1]]), key
        middle = dict(after[key].tolist())[25.0]
        assert abs(middle - new[24, INDEX[key]]) < 1e-4, key
    assert 40.5 in after["jawOpen"][:, 0] and abs(after["jawOpen"][2, 1] - 0.9) < 1e-6
    kept, stored = load_clip(character.takes[0]), load_clip(again)
    inside = (stored.times >= 0.5) & (stored.times < 1.5)
    chosen = [INDEX[name] for region in ("jaw", "brow") for name in REGIONS[region]]
    others = [k for k in range(52) if k not in chosen]
    for was, now in (
        (kept.coefficients, stored.coefficients),
        *((kept.layers[name], stored.layers[name]) for name in kept.layers),
    ):
        assert was[~inside].tobytes() == now[~inside].tobytes(), "every bit stays"
        assert was[:, others].tobytes() == now[:, others].tobytes(), "every bit stays"
    assert abs(stored.curve("jawOpen")[24] - new[24, INDEX["jawOpen"]]) < 1e-4
    bpy.ops.soliloquy.use_take(index=0)
    assert np.array_equal(tools.keys_of(face, "jawOpen"), before["jawOpen"]), "the old one is there"


def a_line_that_was_trimmed_is_not_spliced(address: str, wav: str) -> None:
    _, character = _take(address, wav)
    character.generation.regions = {"jaw"}
    character.line.filepath = character.line.filepath.replace("hello line", "short")
    message = tools.error_of(bpy.ops.soliloquy.regenerate)
    assert "The line has changed since this take was made" in message, message
    assert len(character.takes) == 1 and len(bpy.data.actions) == 1
