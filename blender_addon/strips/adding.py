"""Lays AU strips into the Sequencer without hijacking the render."""

from __future__ import annotations

from typing import Any

from .. import compat
from ..core.timing import scene_rate
from ..vendor import action_units
from .reading import is_au_strip

_SOUNDS = frozenset({"SOUND"})


def add_strips(context: Any, units: dict[str, float], seconds: float) -> list[Any]:
    """Add one strip for each Action Unit, from the current frame on, each in a free channel."""
    scene = compat.sequencer_scene(context)
    compat.use_scene_in_sequencer(context, scene)
    editor = scene.sequence_editor_create()
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    start, length = scene.frame_current, max(1, round(seconds * rate))
    for strip in compat.strips_of(editor):
        strip.select = False
    return [_add(editor, code, value, start, length) for code, value in units.items()]


def _add(editor: Any, code: str, intensity: float, start: int, length: int) -> Any:
    unit = action_units.ACTION_UNITS[code]
    channel = compat.free_channel(editor, start, start + length)
    name = f"{code} {unit.name}"
    strip = compat.new_colour_strip(editor, name, channel, start, length)
    strip.facs_au = code
    strip.facs_intensity = intensity
    strip.blend_type = "ALPHA_OVER"
    strip.blend_alpha = 0.0  # over other strips it is never seen
    strip.select = True
    editor.active_strip = strip
    return strip


def free_the_render(scene: Any) -> str:
    """Let F12 show the 3D scene although there are AU strips; returns what to tell the user.

    Blender renders the Sequencer when it has strips with pictures. When ours are the only ones,
    that is switched off; when there are others, the user renders the Sequencer on purpose.
    """
    others = [
        strip
        for strip in compat.strips_of(scene.sequence_editor)
        if strip.type not in _SOUNDS and not is_au_strip(strip)
    ]
    if others or not scene.render.use_sequencer:
        return ""
    scene.render.use_sequencer = False
    return (
        "Output > Post Processing > Sequencer was switched off, so that rendering shows the 3D "
        "scene and not the strips."
    )
