"""Nothing of the user's is lost: actions, files, undo, renaming, deletion."""

from __future__ import annotations

import bpy
import numpy as np
from acting import formula

from arkit.names import ARKIT_NAMES, INDEX

from . import tools


def _own_action(item):
    key = item.data.shape_keys.key_blocks["jawOpen"]
    key.value = 0.25
    key.keyframe_insert("value", frame=3)
    action = item.data.shape_keys.animation_data.action
    action.name = "My own"
    return action


def earlier_animation_stays_and_comes_back(address: str, wav: str) -> None:
    face = tools.arkit_face()
    own = _own_action(face)
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    tools.generate()
    assert face.data.shape_keys.animation_data.action != own
    assert own.use_fake_user
    assert [take.is_original for take in character.takes] == [True, False]
    bpy.ops.soliloquy.use_take(index=0)
    assert face.data.shape_keys.animation_data.action == own
    assert np.allclose(tools.keys_of(face, "jawOpen"), [[3, 0.25]])
    bpy.ops.soliloquy.use_take(index=1)
    assert len(tools.keys_of(face, "jawOpen")) == 48
    tools.generate()
    assert len(character.takes) == 3, "the earlier animation is remembered once"


def two_takes_differ_and_carry_their_seeds(address: str, wav: str) -> None:
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    character.generation.takes = 2
    character.generation.seed = 4
    tools.generate()
    assert [take.seed for take in character.takes] == [4, 5]
    assert np.allclose(
        tools.keys_of(face, "jawOpen")[:, 1],
        formula(np.arange(48) / 24, seed=5)[:, INDEX["jawOpen"]],
        atol=1e-4,
    )
    actions = [take.tracks[0].action for take in character.takes]
    assert all(a.use_fake_user and a.name.startswith("Soliloquy hello line") for a in actions)
    assert bpy.ops.soliloquy.new_seed() == {"FINISHED"}
    assert character.generation.seed == 6


def several_meshes(path: str, address: str, wav: str) -> None:
    head = tools.arkit_face("Head")
    teeth = tools.face("Teeth", ("jawOpen", "jawLeft", "jawRight", "jawForward"))
    tongue = tools.face("Tongue", ("tongueOut", "jawOpen"))
    twin = bpy.data.objects.new("Twin", head.data)
    bpy.context.scene.collection.objects.link(twin)
    character = tools.character_of(head, teeth, tongue, twin)
    tools.use_server(address)
    tools.file_line(character, wav, 5.0)
    character.line.transcript = "hello"
    tools.generate()
    assert len(character.takes[0].tracks) == 3, "a shared Key data-block counts once"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert not bpy.data.actions
    bpy.ops.wm.open_mainfile(filepath=path)
    _check_reopened()


def _check_reopened() -> None:
    from blender_addon.takes.storage import load_clip, playing_take

    expected = formula(np.arange(48) / 24, seed=0)
    for name, keys in (("Head", ARKIT_NAMES), ("Teeth", ("jawLeft",)), ("Tongue", ("tongueOut",))):
        for key in keys:
            found = tools.keys_of(bpy.data.objects[name], key)
            assert np.allclose(found[:, 0], 5 + np.arange(48), atol=1e-3)
            assert np.allclose(found[:, 1], expected[:, INDEX[key]], atol=1e-4), (name, key)
    bpy.context.scene.frame_set(14)
    value = bpy.data.objects["Teeth"].data.shape_keys.key_blocks["jawOpen"].value
    assert abs(value - expected[9, INDEX["jawOpen"]]) < 1e-4
    character = tools.active()
    assert playing_take(character) == 0
    clip = load_clip(character.takes[0])
    assert set(clip.layers) == {"lips", "life"} and clip.contacts[0].kind == "lips"
    assert np.allclose(clip.layers["lips"] + clip.layers["life"], expected, atol=1e-4)


def many_keys_are_written_fast() -> None:
    import time

    from blender_addon.core.keyframes import KeyPlan
    from blender_addon.takes.animation import assign, write_action

    face = tools.arkit_face()
    random = np.random.default_rng(0)
    curves = {name: random.random(15000).astype(np.float32) for name in ARKIT_NAMES}
    plan = KeyPlan(1 + np.arange(15000, dtype=np.float32), curves)
    seconds = []
    for _ in range(3):
        begun = time.process_time()  # of this process: other work on the machine does not count
        assign(face.data.shape_keys, write_action(face.data.shape_keys, plan, "Fast"))
        seconds.append(time.process_time() - begun)
    print(f"52 curves x 15,000 frames: {min(seconds):.3f} s", flush=True)
    assert min(seconds) < 0.5, seconds
    assert np.allclose(tools.keys_of(face, "jawOpen")[:, 1], curves["jawOpen"])


def the_demo_file_opens_with_its_take(path: str) -> None:
    from blender_addon.takes.storage import playing_take

    bpy.ops.wm.open_mainfile(filepath=path)
    character = tools.active()
    assert playing_take(character) == 0 and character.takes[0].seed == 3
    for name in ("Head", "Tongue"):
        assert len(tools.keys_of(bpy.data.objects[name], "jawOpen")) == 48
    assert bpy.context.scene.camera is not None and bpy.context.scene.frame_end == 48
    assert character.line.strip
