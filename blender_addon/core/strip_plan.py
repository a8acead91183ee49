"""AU strips from frames to the seconds of a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from ..vendor import action_units, arkit_errors, messages

_STRAIGHT: Final = 1e-4  # intensity; keys nearer to the line between their neighbours are left out


@dataclass(frozen=True)
class FrameStrip:
    """An AU strip as it stands in the Sequencer.

    Attributes:
        au: code, as "AU12L". name: of the strip, for messages.
        start, end: scene frames, end exclusive.
        keys: (frame, intensity); one key is a constant.
        mode: "hold" or "accent". ease_in, ease_out: seconds.
    """

    au: str
    name: str
    start: float
    end: float
    keys: tuple[tuple[float, float], ...]
    mode: str = "hold"
    ease_in: float = 0.15
    ease_out: float = 0.2


def au_of(property_value: str, strip_name: str) -> str:
    """The AU code of a strip: its property, else a code at the beginning of its name, else "".

    Duplicates are renamed by Blender ("AU12.001"), so the name is only the second choice.
    """
    if property_value:
        return property_value
    found = re.match(r"\s*(AU[ _]?\d{1,2}[BT]?[LR]?)\b", strip_name, re.IGNORECASE)
    if found is None:
        return ""
    try:
        return action_units.parse_au(found[1]).code
    except arkit_errors.ArkitError:
        return ""


def spec_of(
    strip: FrameStrip, line_start: float, line_end: float, rate: float
) -> messages.StripSpec | None:
    """The strip in seconds of the line (frames `line_start` to `line_end`); None if outside it.

    What hangs over an end of the line is cut off; an eased edge that was cut off is hard.
    """
    start, end = max(strip.start, line_start), min(strip.end, line_end)
    if end - start <= 0:
        return None
    keys = tuple(
        ((frame - line_start) / rate, min(max(value, 0.0), 1.0)) for frame, value in strip.keys
    )
    spec = messages.StripSpec(
        au=strip.au,
        start=(start - line_start) / rate,
        end=(end - line_start) / rate,
        keys=without_straight(keys),
        mode=strip.mode,
        ease_in=strip.ease_in,
        ease_out=strip.ease_out,
    )
    if start > strip.start:
        spec = replace(spec, ease_in=0.0)
    return replace(spec, ease_out=0.0) if end < strip.end else spec


def without_straight(
    keys: Sequence[tuple[float, float]],
) -> tuple[tuple[float, float], ...]:
    """Leave out keys that lie on the line between the one kept last and the next."""
    if len(keys) < 3:
        return tuple(keys)
    kept = [keys[0]]
    for here, after in pairwise(keys[1:]):
        before = kept[-1]
        share = (here[0] - before[0]) / (after[0] - before[0])
        if abs(before[1] + share * (after[1] - before[1]) - here[1]) > _STRAIGHT:
            kept.append(here)
    return (*kept, keys[-1])
