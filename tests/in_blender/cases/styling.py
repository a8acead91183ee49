"""Which generator, whose style, how strongly: what the panels say goes into the request."""

from __future__ import annotations

import bpy
import numpy as np

from . import tools
from .exporting import draw_panel

_CONTROLS = {"direction", "emotion", "intensity", "directed_by", "second", "style_source"}


def _ready(address: str, wav: str):
    face = tools.arkit_face()
    character = tools.character_of(face)
    tools.use_server(address)
    tools.file_line(character, wav)
    return face, character


def the_default_is_the_servers_best(address: str, wav: str) -> None:
    from blender_addon.generate.panels import SOLILOQUY_PT_performance
    from blender_addon.generate.session import session

    _, character = _ready(address, wav)
    assert character.generation.generator == "default"
    assert SOLILOQUY_PT_performance.poll(bpy.context), "nothing is known of the server yet"
    bpy.ops.soliloquy.check_server()
    assert session().default_generator == "articulate", "the first one cannot be used there"
    assert session().generators == ("articulate",)
    assert SOLILOQUY_PT_performance.poll(bpy.context), "greyed, with the reason"
    sheet = draw_panel(SOLILOQUY_PT_performance)
    assert [name for name in sheet.drawn if name in _CONTROLS] == [
        "direction",
        "emotion",
        "intensity",
    ]
    assert sheet.enabled is False and "cannot be directed" in " ".join(sheet.drawn)
    tools.generate()
    take = character.takes[0]
    assert take.generator == "articulate"
    assert "'cafe_talk' cannot be used" in take.notes


def advanced_settings_go_into_the_request(address: str, wav: str) -> None:
    _, character = _ready(address, wav)
    settings = character.generation
    settings.generator = "default"
    settings.steps = 6
    settings.use_guidance, settings.guidance_strips = True, 2.5
    settings.guidance_mode = "paper"
    tools.generate()


def a_style_by_name_is_offered_and_sent(address: str, wav: str) -> None:
    from blender_addon.generate.properties import style_names

    _, character = _ready(address, wav)
    settings = character.generation
    bpy.ops.soliloquy.check_server()
    assert style_names(settings, bpy.context, "") == ["Ada", "Bruno"]
    assert style_names(settings, bpy.context, "br") == ["Bruno"]
    settings.style_source, settings.style = "NAME", "Bruno"
    tools.generate()
    settings.style = "Zoe"
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert "'articulate' has no style 'Zoe'. Use one of Ada, Bruno." in message, message


def the_style_of_what_is_animated_is_sent(address: str, wav: str) -> None:
    face, character = _ready(address, wav)
    character.generation.style_source = "CLIP"
    message = tools.error_of(bpy.ops.soliloquy.generate)
    assert "Nothing is animated on" in message, message
    block = face.data.shape_keys.key_blocks["jawOpen"]
    for frame, value in ((5, 0.0), (29, 0.6)):
        block.value = value
        block.keyframe_insert("value", frame=frame)
    tools.generate()
    assert np.isclose(tools.keys_of(face, "jawOpen")[0, 0], 1.0), "and the take is the line's"
