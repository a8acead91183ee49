"""Copies strips from one line and pastes them over another: other times, scene or character."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import compat
from ..core.errors import StripError
from ..core.phone_names import is_phone
from ..core.phone_plan import lay_phones, seconds_of
from ..core.strip_clipboard import CopiedStrip, from_text, to_text
from ..core.strip_plan import without_straight
from ..core.timing import scene_rate
from ..vendor import action_units, clip
from .adding import add_phones, add_unit, add_words, prepared_editor
from .reading import intensity_keys, is_heard, kind_of, our_strips, phone_span, text_of

_held: list[str] = [""]  # the clipboard of a Blender without windows


def copy_strips(context: Any, line_start: float, owner: str) -> int:
    """Put the selected strips of ours, or without a selection all, on the clipboard.

    Returns:
        How many.

    Raises:
        StripError: there are none.
    """
    scene = compat.sequencer_scene(context)
    editor = scene.sequence_editor
    ours = our_strips(context)
    chosen = [strip for strip in ours if strip.select]
    chosen = chosen or [strip for strip in ours if is_heard(editor, strip, owner)]
    if not chosen:
        raise StripError("There are no strips to copy. Add some in Strips.")
    text = to_text([_copied(scene, strip, line_start) for strip in chosen])
    _held[0] = text
    context.window_manager.clipboard = text
    return len(chosen)


def paste_strips(context: Any, line_start: float, owner: str) -> list[Any]:
    """Lay the copied strips over a line that starts at a frame; selects them.

    Args:
        owner: the character that they are for, "" for everyone. Phones always have one.

    Raises:
        StripError: nothing was copied.
    """
    return lay_strips(
        context, from_text(context.window_manager.clipboard or _held[0]), line_start, owner
    )


def lay_strips(
    context: Any, copied: Sequence[CopiedStrip], line_start: float, owner: str
) -> list[Any]:
    """Lay strips over a line that starts at a frame; arguments and errors as `paste_strips`."""
    known = [s for s in copied if _is_known(s)]
    if not known:
        raise StripError("None of the strips says anything that this Soliloquy knows.")
    scene, editor = prepared_editor(context)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    found = [_pasted(editor, s, line_start, rate) for s in known if s.kind != "phone"]
    for strip in found:
        strip.soliloquy_owner = owner
    phones = [clip.Phone(s.name, s.start, s.end) for s in known if s.kind == "phone"]
    phones.sort(key=lambda phone: phone.start)
    return found + add_phones(editor, lay_phones(phones, line_start, rate), owner)


def _is_known(copied: CopiedStrip) -> bool:
    if copied.kind == "phone":
        return is_phone(copied.name)
    return copied.kind == "direction" or copied.name in action_units.ACTION_UNITS


def _copied(scene: Any, strip: Any, line_start: float) -> CopiedStrip:
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    start, end = compat.strip_span(strip)
    first, last = (start - line_start) / rate, (end - line_start) / rate
    if kind_of(strip) == "phone":
        first, last = seconds_of(phone_span(strip), line_start, rate)
    keys = without_straight(
        tuple(((f - line_start) / rate, v) for f, v in intensity_keys(scene, strip, start, end))
    )
    return CopiedStrip(
        kind=kind_of(strip), name=text_of(strip), start=first, end=last, keys=keys,
        mode=strip.facs_mode, ease_in=strip.facs_ease_in, ease_out=strip.facs_ease_out,
        mute=strip.mute,
    )  # fmt: skip


def _pasted(editor: Any, copied: CopiedStrip, line_start: float, rate: float) -> Any:
    start = round(line_start + copied.start * rate)
    length = max(1, round(line_start + copied.end * rate) - start)
    intensity = min(max(copied.keys[0][1], 0.0), 1.0)
    if copied.kind == "direction":
        strip = add_words(editor, copied.name, intensity, start, length)
    else:
        strip = add_unit(editor, copied.name, intensity, start, length)
    strip.facs_mode, strip.mute = copied.mode, copied.mute
    strip.facs_ease_in, strip.facs_ease_out = copied.ease_in, copied.ease_out
    if len(copied.keys) > 1:
        for second, value in copied.keys:
            strip.facs_intensity = value
            strip.keyframe_insert("facs_intensity", frame=line_start + second * rate)
    return strip
