"""Lays strips into the Sequencer without hijacking the render."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import compat
from ..core.direction_plan import label_of
from ..core.phone_plan import PhoneSpan
from ..core.timing import scene_rate
from ..vendor import action_units
from .reading import kind_of

_SOUNDS = frozenset({"SOUND"})


def prepared_editor(context: Any) -> tuple[Any, Any]:
    """The Sequencer's scene and its editor, ready for new strips, with nothing selected."""
    scene = compat.sequencer_scene(context)
    compat.use_scene_in_sequencer(context, scene)
    editor = scene.sequence_editor_create()
    for strip in compat.strips_of(editor):
        strip.select = False
    return scene, editor


def add_strips(context: Any, units: dict[str, float], seconds: float) -> list[Any]:
    """Add one strip for each Action Unit, from the current frame on, each in a free channel."""
    scene, editor = prepared_editor(context)
    start, length = scene.frame_current, _length(scene, seconds)
    return [add_unit(editor, code, value, start, length) for code, value in units.items()]


def add_direction(context: Any, text: str, seconds: float, intensity: float = 1.0) -> Any:
    """Add a direction from the current frame on, in a free channel."""
    scene, editor = prepared_editor(context)
    start, length = scene.frame_current, _length(scene, seconds)
    return add_words(editor, text, intensity, start, length)


def add_unit(editor: Any, code: str, intensity: float, start: int, length: int) -> Any:
    """Add the strip of an Action Unit."""
    name = f"{code} {action_units.ACTION_UNITS[code].name}"
    strip = _new(editor, name, start, length)
    strip.facs_au = code
    strip.facs_intensity = intensity
    return strip


def add_words(editor: Any, text: str, intensity: float, start: int, length: int) -> Any:
    """Add the strip of a direction."""
    strip = _new(editor, label_of(text), start, length)
    strip.soliloquy_direction = text
    strip.facs_intensity = intensity
    return strip


def add_phones(editor: Any, spans: Iterable[PhoneSpan], owner: str) -> list[Any]:
    """Add the strips of phones, in neighbouring channels with nothing else in them."""
    spans = list(spans)
    if not spans:
        return []
    n_lanes = 1 + max(span.lane for span in spans)
    ends = min(span.start for span in spans), max(span.end for span in spans)
    channel = compat.free_channel(editor, *ends, n_lanes)
    return [_add_phone(editor, span, i, channel, owner) for i, span in enumerate(spans, 1)]


def _add_phone(editor: Any, span: PhoneSpan, number: int, channel: int, owner: str) -> Any:
    name = f"{span.phone} {number}"
    row = min(channel + span.lane, 128)
    length = span.end - span.start
    strip = compat.new_colour_strip(editor, name, row, span.start, length)
    strip.blend_type = "ALPHA_OVER"
    strip.blend_alpha = 0.0
    strip.select = False  # Blender selects what is new; hundreds would move with the next one
    strip.soliloquy_phone_start, strip.soliloquy_phone_end = span.exact_start, span.exact_end
    strip.soliloquy_owner = owner
    strip.soliloquy_phone = span.phone
    return strip


def _new(editor: Any, name: str, start: int, length: int) -> Any:
    channel = compat.free_channel(editor, start, start + length)
    strip = compat.new_colour_strip(editor, name, channel, start, length)
    strip.blend_type = "ALPHA_OVER"
    strip.blend_alpha = 0.0  # over other strips it is never seen
    strip.select = True
    editor.active_strip = strip
    return strip


def _length(scene: Any, seconds: float) -> int:
    return max(1, round(seconds * scene_rate(scene.render.fps, scene.render.fps_base)))


def free_the_render(scene: Any) -> str:
    """Let F12 show the 3D scene although there are strips of ours; returns what to tell the user.

    Blender renders the Sequencer when it has strips with pictures. When ours are the only ones,
    that is switched off; when there are others, the user renders the Sequencer on purpose.
    """
    others = [
        strip
        for strip in compat.strips_of(scene.sequence_editor)
        if strip.type not in _SOUNDS and not kind_of(strip)
    ]
    if others or not scene.render.use_sequencer:
        return ""
    scene.render.use_sequencer = False
    return (
        "Output > Post Processing > Sequencer was switched off, so that rendering shows the 3D "
        "scene and not the strips."
    )
