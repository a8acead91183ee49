"""Strips as text, in seconds from the start of a line, to be pasted over another line.

The text goes through the system's clipboard, so that it also reaches another Blender. What comes
back from there is checked like any input.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from .errors import StripError

_FORMAT: Final = "soliloquy-strips/1"
KINDS: Final = ("au", "direction", "phone")
_MOST: Final = 20_000  # strips; more than an hour of phones
_LONGEST: Final = 1000  # characters of a text


@dataclass(frozen=True)
class CopiedStrip:
    """One strip without its frames.

    Attributes:
        kind: one of `KINDS`. name: its text: AU code, words, or phone.
        start, end: seconds from the start of the line that it was copied from.
        keys: (seconds, intensity); one key is a constant.
        mode, ease_in, ease_out: of an AU strip.
        mute: whether it is switched off.
    """

    kind: str
    name: str
    start: float
    end: float
    keys: tuple[tuple[float, float], ...] = field(default=((0.0, 1.0),))
    mode: str = "hold"
    ease_in: float = 0.15
    ease_out: float = 0.2
    mute: bool = False


def to_text(strips: Sequence[CopiedStrip]) -> str:
    """The strips as JSON."""
    return json.dumps({"format": _FORMAT, "strips": [asdict(strip) for strip in strips]})


def from_text(text: str) -> list[CopiedStrip]:
    """The strips of `to_text`.

    Raises:
        StripError: the text is something else, or holds values that no strip has.
    """
    try:
        found = json.loads(text)
        if found["format"] != _FORMAT:
            raise ValueError(found["format"])
        strips = [_checked(entry) for entry in found["strips"][:_MOST]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StripError("The clipboard holds no strips. Copy some in Strips first.") from error
    if not strips:
        raise StripError("The clipboard holds no strips. Copy some in Strips first.")
    return strips


def _checked(entry: dict[str, Any]) -> CopiedStrip:
    numbers = {name: float(entry[name]) for name in ("start", "end", "ease_in", "ease_out")}
    keys = tuple((float(second), float(value)) for second, value in entry["keys"])
    strip = CopiedStrip(
        kind=str(entry["kind"]), name=str(entry["name"])[:_LONGEST], keys=keys,
        mode=str(entry["mode"]), mute=bool(entry["mute"]), **numbers,
    )  # fmt: skip
    values = [*numbers.values(), *(number for key in keys for number in key)]
    if strip.kind not in KINDS or strip.mode not in ("hold", "accent") or not keys:
        raise ValueError(strip.kind)
    if not all(math.isfinite(v) and abs(v) < 1e6 for v in values) or strip.end <= strip.start:
        raise ValueError("times")
    return strip
