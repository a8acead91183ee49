"""Reads AU strips from the Sequencer for the next request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .. import compat
from ..core.strip_plan import FrameStrip, au_of, spec_of
from ..core.timing import scene_rate
from ..vendor import messages

_TYPES = frozenset({"COLOR", "TEXT", "ADJUSTMENT"})


def is_au_strip(strip: Any) -> bool:
    """Whether a strip stands for an Action Unit."""
    return strip.type in _TYPES and bool(au_of(strip.facs_au, strip.name))


def read_strips(context: Any) -> list[FrameStrip]:
    """The AU strips that count, muted ones and muted channels left out, by time."""
    scene = compat.sequencer_scene(context)
    editor = scene.sequence_editor
    if editor is None:
        return []
    found = [
        _frame_strip(scene, strip)
        for strip in compat.strips_of(editor)
        if is_au_strip(strip) and not strip.mute and not editor.channels[strip.channel].mute
    ]
    return sorted(found, key=lambda strip: (strip.start, strip.au))


def strips_of_line(
    context: Any, start_frame: float, seconds: float | None
) -> tuple[messages.StripSpec, ...]:
    """The AU strips over a line that starts at a frame and lasts `seconds` (None: unknown)."""
    scene = compat.sequencer_scene(context)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    end = float("inf") if seconds is None else start_frame + seconds * rate
    specs = (spec_of(strip, start_frame, end, rate) for strip in read_strips(context))
    return tuple(spec for spec in specs if spec is not None)


def _frame_strip(scene: Any, strip: Any) -> FrameStrip:
    start, end = compat.strip_span(strip)
    return FrameStrip(
        au=au_of(strip.facs_au, strip.name),
        name=strip.name,
        start=start,
        end=end,
        keys=tuple(_intensity_keys(scene, strip, start, end)),
        mode=strip.facs_mode,
        ease_in=strip.facs_ease_in,
        ease_out=strip.facs_ease_out,
    )


def _intensity_keys(
    scene: Any, strip: Any, start: float, end: float
) -> Iterator[tuple[float, float]]:
    """One key, or one for each frame of a strip whose intensity is animated."""
    curve = compat.strip_curve(scene, strip, "facs_intensity")
    if curve is None:
        yield start, float(strip.facs_intensity)
        return
    for frame in range(int(start), int(end) + 1):
        yield float(frame), float(curve.evaluate(frame))
