"""Reads our strips from the Sequencer for the next request: Action Units, directions, phones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .. import compat
from ..core.direction_plan import FrameDirection, direction_of, words_of
from ..core.phone_plan import PhoneSpan, phone_of, told_phones
from ..core.strip_plan import FrameStrip, au_of, spec_of
from ..core.timing import scene_rate
from ..vendor import messages

_TYPES = frozenset({"COLOR", "TEXT", "ADJUSTMENT"})


@dataclass(frozen=True)
class LineStrips:
    """What the strips over a line ask for, in seconds of the line."""

    aus: tuple[messages.StripSpec, ...]
    directions: tuple[messages.DirectionStrip, ...]
    phones: tuple[messages.TimedPhone, ...]


def kind_of(strip: Any) -> str:
    """ "phone", "direction" or "au"; "" for a strip that is none of ours."""
    if strip.type not in _TYPES:
        return ""
    if strip.soliloquy_phone:
        return "phone"
    if strip.soliloquy_direction:
        return "direction"
    return "au" if au_of(strip.facs_au, strip.name) else ""


def is_au_strip(strip: Any) -> bool:
    """Whether a strip stands for an Action Unit."""
    return kind_of(strip) == "au"


@dataclass(frozen=True)
class _Seen:
    """A strip as the meta strips around it let it be seen: frames, and whether one is muted."""

    strip: Any
    start: float
    end: float
    is_mute: bool

    def is_heard_by(self, owner: str) -> bool:
        """Whether it counts for a character ("" is anyone)."""
        is_theirs = not owner or self.strip.soliloquy_owner in ("", owner)
        return is_theirs and not self.is_mute and self.start < self.end


def _seen(
    container: Any, start: float = -math.inf, end: float = math.inf, is_mute: bool = False
) -> Iterator[_Seen]:
    """Strips of a sequence editor or a meta strip; those inside metas as seen through them."""
    for strip in compat.strips_of(container):
        left, right = compat.strip_span(strip)
        left, right = max(left, start), min(right, end)
        mute = is_mute or strip.mute or container.channels[strip.channel].mute
        yield _Seen(strip, left, right, mute)
        if strip.type == "META":
            yield from _seen(strip, left, right, mute)


def _seen_by_kind(context: Any) -> dict[str, list[_Seen]]:
    found: dict[str, list[_Seen]] = {"au": [], "direction": [], "phone": []}
    editor = compat.sequencer_scene(context).sequence_editor
    for seen in _seen(editor) if editor is not None else ():
        kind = kind_of(seen.strip)
        if kind:
            found[kind].append(seen)
    return found


def strips_by_kind(context: Any) -> dict[str, list[Any]]:
    """All our strips of the Sequencer, those inside meta strips too, in one go: a line may have
    thousands of phones."""
    return {kind: [seen.strip for seen in some] for kind, some in _seen_by_kind(context).items()}


def our_strips(context: Any, kind: str = "") -> list[Any]:
    """All our strips of the Sequencer, or those of one kind, by time."""
    kinds = strips_by_kind(context)
    found = kinds[kind] if kind else [strip for some in kinds.values() for strip in some]
    return sorted(found, key=lambda strip: (compat.strip_span(strip), strip.name))


def is_heard(editor: Any, strip: Any, owner: str) -> bool:
    """Whether a strip counts for a character ("" is anyone): not muted, and not someone else's."""
    chain = (strip, *compat.strip_parents(strip))
    containers = (*chain[1:], editor)
    mute = any(s.mute or c.channels[s.channel].mute for s, c in zip(chain, containers, strict=True))
    return not mute and (not owner or strip.soliloquy_owner in ("", owner))


def read_strips(context: Any, owner: str = "") -> list[FrameStrip]:
    """The AU strips that count, muted ones and muted channels left out, by time."""
    scene = compat.sequencer_scene(context)
    heard = _heard(context, "au", owner)
    return sorted(
        (_frame_strip(scene, seen) for seen in heard), key=lambda strip: (strip.start, strip.au)
    )


def count_of_line(
    context: Any, start_frame: float, seconds: float | None, owner: str
) -> dict[str, tuple[int, int]]:
    """As `strips_of_line`, but only how many: kind -> (obeyed, all). Quick enough for a panel."""
    scene = compat.sequencer_scene(context)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    end = float("inf") if seconds is None else start_frame + seconds * rate
    counted = {}
    for kind, strips in _seen_by_kind(context).items():
        mine = [s for s in strips if kind != "phone" or s.strip.soliloquy_owner == owner]
        heard = (s for s in mine if s.is_heard_by(owner))
        obeyed = sum(1 for s in heard if s.start < end and s.end > start_frame)
        counted[kind] = (obeyed, len(mine))
    return counted


def strips_of_line(
    context: Any, start_frame: float, seconds: float | None, owner: str = ""
) -> LineStrips:
    """What the strips over a line ask for; it starts at a frame and lasts `seconds`.

    Args:
        seconds: None where the length is unknown. owner: identifier of the character.

    Raises:
        LineError: a phone strip names no phone.
    """
    scene = compat.sequencer_scene(context)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    end = float("inf") if seconds is None else start_frame + seconds * rate
    aus = (spec_of(strip, start_frame, end, rate) for strip in read_strips(context, owner))
    directions = (
        direction_of(_frame_direction(scene, seen), start_frame, end, rate)
        for seen in _heard(context, "direction", owner)
    )
    spans = [phone_span(seen.strip) for seen in _heard(context, "phone", owner)]
    return LineStrips(
        aus=tuple(spec for spec in aus if spec is not None),
        directions=tuple(spec for spec in directions if spec is not None),
        phones=told_phones(spans, start_frame, rate, seconds),
    )


def phone_span(strip: Any) -> PhoneSpan:
    """A phone strip as it stands."""
    start, end = compat.strip_span(strip)
    return PhoneSpan(
        phone=phone_of(strip.soliloquy_phone, strip.name),
        start=round(start),
        end=round(end),
        lane=strip.channel,
        exact_start=strip.soliloquy_phone_start,
        exact_end=strip.soliloquy_phone_end,
    )


def text_of(strip: Any) -> str:
    """What a strip says: the code of its Action Unit, its words, or its phone."""
    kind = kind_of(strip)
    if kind == "phone":
        return phone_of(strip.soliloquy_phone, strip.name)
    if kind == "direction":
        return words_of(strip.soliloquy_direction, strip.name)
    return au_of(strip.facs_au, strip.name)


def intensity_keys(
    scene: Any, strip: Any, start: float, end: float
) -> Iterator[tuple[float, float]]:
    """One key, or one for each frame of a strip whose intensity is animated."""
    curve = compat.strip_curve(scene, strip, "facs_intensity")
    if curve is None:
        yield start, float(strip.facs_intensity)
        return
    for frame in range(int(start), int(end) + 1):
        yield float(frame), float(curve.evaluate(frame))


def _heard(context: Any, kind: str, owner: str) -> list[_Seen]:
    found = [seen for seen in _seen_by_kind(context)[kind] if seen.is_heard_by(owner)]
    return sorted(found, key=lambda seen: (seen.start, seen.end, seen.strip.name))


def _frame_direction(scene: Any, seen: _Seen) -> FrameDirection:
    """A direction has one intensity: the mean of an animated one."""
    values = [value for _, value in intensity_keys(scene, seen.strip, seen.start, seen.end)]
    return FrameDirection(text_of(seen.strip), seen.start, seen.end, sum(values) / len(values))


def _frame_strip(scene: Any, seen: _Seen) -> FrameStrip:
    strip = seen.strip
    return FrameStrip(
        au=text_of(strip),
        name=strip.name,
        start=seen.start,
        end=seen.end,
        keys=tuple(intensity_keys(scene, strip, seen.start, seen.end)),
        mode=strip.facs_mode,
        ease_in=strip.facs_ease_in,
        ease_out=strip.facs_ease_out,
    )
