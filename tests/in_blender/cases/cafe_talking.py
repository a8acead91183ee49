"""The default generator, tiny and untrained, directed from Blender: strips, styles, parts."""

from __future__ import annotations

import bpy
import numpy as np

from . import tools

KEYS = ("mouthSmileLeft", "browInnerUp", "jawOpen", "eyeBlinkLeft")


def _line(address: str, wav: str):
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    character.generation.emotion = "happy"
    return face, character


def _keys(face) -> dict[str, np.ndarray]:
    return {key: tools.keys_of(face, key) for key in KEYS}


def a_strip_in_the_sequencer_acts_where_it_lies(address: str, wav: str) -> None:
    face, character = _line(address, wav)
    tools.generate()
    assert character.takes[0].generator == "cafe_talk"
    plain = _keys(face)
    bpy.context.scene.frame_set(15)
    assert bpy.ops.soliloquy.add_strip(au="AU12", intensity=1.0, seconds=0.5) == {"FINISHED"}
    character.generation.use_guidance = True
    character.generation.guidance_strips = 20.0  # nothing was learned, so what there is is weak
    tools.generate()
    marked = _keys(face)
    smile = marked["mouthSmileLeft"][:, 1] - plain["mouthSmileLeft"][:, 1]
    frames = plain["mouthSmileLeft"][:, 0]
    away = (frames < 15 - 6) | (frames > 15 + 12 + 6)
    assert np.abs(smile).max() > 1e-3, "the strip does something"
    assert not smile[away].any(), "and nothing elsewhere"
    assert np.array_equal(plain["jawOpen"][away], marked["jawOpen"][away])
    character.takes[1].strips = 0.0
    assert bpy.ops.soliloquy.apply_layers() == {"FINISHED"}
    without = _keys(face)["mouthSmileLeft"][:, 1]
    assert np.allclose(without, plain["mouthSmileLeft"][:, 1], atol=2e-3), "a layer of its own"


def a_part_is_made_anew_and_the_rest_stays(address: str, wav: str) -> None:
    from blender_addon.takes.storage import load_clip

    face, character = _line(address, wav)
    tools.generate()
    before = _keys(face)
    scene = bpy.context.scene
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 13, 36
    character.generation.emotion = "sad"
    assert bpy.ops.soliloquy.regenerate() == {"FINISHED"}
    after = _keys(face)
    outside = (before["jawOpen"][:, 0] < 13) | (before["jawOpen"][:, 0] > 36)
    for key in KEYS:
        assert np.array_equal(before[key][outside], after[key][outside]), key
    old, new = (load_clip(take) for take in character.takes)
    still = (old.times < 0.5) | (old.times >= 1.5)
    assert old.coefficients[still].tobytes() == new.coefficients[still].tobytes()
    assert not np.array_equal(old.coefficients[~still], new.coefficients[~still])


def a_style_is_chosen_by_name_or_taken_from_the_character(address: str, wav: str) -> None:
    face, character = _line(address, wav)
    settings = character.generation
    made = {}
    for source, style in (("NAME", "Ada"), ("NAME", "Bruno"), ("CLIP", "")):
        settings.style_source, settings.style = source, style
        tools.generate()
        made[source, style] = tools.keys_of(face, "mouthSmileLeft")[:, 1].copy()
    values = list(made.values())
    assert not np.array_equal(values[0], values[1]) and not np.array_equal(values[1], values[2])
    assert not character.takes[-1].notes, character.takes[-1].notes
