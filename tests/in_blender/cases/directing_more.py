"""Directions that are no typed words: a pose, a picture, a second one, and the voice's own."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from . import tools


def _ready(address: str, wav: str) -> Any:
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav, start=11.0)
    return face, character


def a_pose_is_the_direction(address: str, wav: str) -> None:
    from blender_addon.core.expressive import pose_of_text

    face, character = _ready(address, wav)
    settings = character.generation
    blocks = face.data.shape_keys.key_blocks
    for block in blocks:
        block.value = 0.0  # Blender 5.0 adds keys with the value 1
    assert not bpy.ops.soliloquy.clear_pose.poll()
    said = tools.error_of(bpy.ops.soliloquy.take_pose)
    assert "is at rest" in said
    for name, value in (("mouthSmileLeft", 0.8), ("browInnerUp", 0.5), ("jawOpen", 0.01)):
        blocks[name].value = value
    settings.direction = "kept for later"
    assert bpy.ops.soliloquy.take_pose() == {"FINISHED"}
    assert settings.directed_by == "POSE"
    assert pose_of_text(settings.pose) == {"mouthSmileLeft": 0.8, "browInnerUp": 0.5}
    settings.intensity = 0.25
    tools.generate()
    assert character.takes[-1].direction.startswith("pose: mouthSmileLeft 0.80")
    settings.second, settings.mix = "calm", 0.25
    assert bpy.ops.soliloquy.clear_pose() == {"FINISHED"}
    assert settings.directed_by == "TEXT" and settings.direction == "kept for later"
    tools.generate()
    assert character.takes[-1].direction.startswith("75% kept for later + 25% calm")


def sliders_that_were_left_alone_do_not_weaken_a_pose() -> None:
    from blender_addon.core.expressive import pose_of_text

    head, lashes = tools.face("Head", ("mouthPucker",)), tools.face("Lashes", ("mouthPucker",))
    character = tools.character_of(head, lashes)
    for item, value in ((head, 0.75), (lashes, 0.0)):
        item.data.shape_keys.key_blocks["mouthPucker"].value = value
    assert bpy.ops.soliloquy.take_pose() == {"FINISHED"}
    assert pose_of_text(character.generation.pose) == {"mouthPucker": 0.75}


def a_pose_is_read_at_a_frame() -> None:
    from blender_addon.core.expressive import pose_of_text

    face = tools.arkit_face()
    character = tools.character_of(face)
    block = face.data.shape_keys.key_blocks["mouthPucker"]
    for frame, value in ((1, 0.0), (11, 1.0)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    for curve in _curves(face):
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"
    bpy.context.scene.frame_set(11)
    assert bpy.ops.soliloquy.take_pose(use_frame=True, frame=6.0) == {"FINISHED"}
    assert abs(pose_of_text(character.generation.pose)["mouthPucker"] - 0.5) < 1e-3
    assert bpy.ops.soliloquy.take_pose() == {"FINISHED"}
    assert abs(pose_of_text(character.generation.pose)["mouthPucker"] - 1.0) < 1e-3


def _curves(face: Any) -> Any:
    from blender_addon import compat
    from blender_addon.takes.animation import current_action

    playing = current_action(face.data.shape_keys)
    return compat.curves_of(playing.action, playing.slot)


def a_picture_is_the_direction(address: str, wav: str, picture: str) -> None:
    _, character = _ready(address, wav)
    settings = character.generation
    settings.directed_by = "IMAGE"
    assert "No picture is chosen" in tools.error_of(bpy.ops.soliloquy.generate)
    settings.image = picture + ".gone"
    assert "cannot be read" in tools.error_of(bpy.ops.soliloquy.generate)
    settings.image = picture
    tools.generate()
    assert "Image was not used" in character.takes[-1].notes, "what is not obeyed is told"


def the_voice_fills_the_direction(address: str, wav: str, sentence: str) -> None:
    _, character = _ready(address, wav)
    settings = character.generation
    character.line.transcript = "hello"
    assert bpy.ops.soliloquy.hear_direction() == {"FINISHED"}
    assert settings.direction == settings.heard == sentence
    assert settings.heard_facts.startswith("happy") and "AU12" in settings.heard_facts
    assert settings.directed_by == "TEXT"
    settings.direction = "furious"
    tools.generate()
    assert character.takes[-1].direction.startswith("furious"), "the edited words count"
    assert settings.heard == sentence, "what the voice gave is not lost"


def the_direction_becomes_strips(address: str, wav: str) -> None:
    from blender_addon import compat
    from blender_addon.strips.reading import our_strips

    _, character = _ready(address, wav)
    bpy.context.scene.frame_set(40)
    assert not bpy.ops.soliloquy.lay_direction.poll(), "there are no words yet"
    character.generation.direction = "raise the left eyebrow"
    assert bpy.ops.soliloquy.lay_direction() == {"FINISHED"}
    laid = our_strips(bpy.context, "au")
    assert laid and any(strip.facs_au.endswith("L") for strip in laid)
    for strip in laid:
        assert compat.strip_span(strip) == (11, 59), "over the line, not at the playhead"
        assert strip.soliloquy_owner == character.uid
    assert not bpy.context.scene.render.use_sequencer
    tools.generate()
    character.generation.direction = "zzz"
    said = tools.error_of(bpy.ops.soliloquy.lay_direction)
    assert "Nothing in this direction moves a muscle" in said


def a_question_dies_with_its_file(address: str, wav: str) -> None:
    from blender_addon.generate.instructing import hear
    from blender_addon.generate.session import session

    _ready(address, wav)
    asked = hear(bpy.context)
    running = session()
    running.ask(address, asked.request, asked.audio, asked.on_answer)
    assert running.is_asking and not bpy.ops.soliloquy.hear_direction.poll()
    bpy.ops.wm.read_homefile(use_factory_startup=False)
    assert running.question is None
    running.wait()
    assert not np.any([scene.soliloquy.characters for scene in bpy.data.scenes])


def a_refusal_is_one_sentence(address: str, wav: str) -> None:
    _, character = _ready(address, wav)
    character.generation.direction = "as it was"
    said = tools.error_of(bpy.ops.soliloquy.hear_direction)
    assert "there are no instruction weights" in said.lower()
    assert character.generation.direction == "as it was"
