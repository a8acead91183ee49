"""AU strips: which muscle, when, how strongly, evaluated to curves at any frame rate.

`hold` keeps the AU up through the strip with eased ends, as animators expect; `accent` is one
onset, apex and offset inside the strip. Keys animate the intensity; one key is a constant.
Knows no scene and no generator: a generator that wants conditions takes `au_intensities` or
`own_channel_intensities`, a preview takes `render_strips`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .action_units import AU_INDEX, ActionUnit, limitation, parse_au
from .errors import ActionUnitError, StripError
from .names import ARKIT_NAMES, INDEX

MODES: Final[tuple[str, ...]] = ("hold", "accent")

ACCENT_ONSET: Final = 0.3
"""Share of an accent spent rising; faces rise faster than they fall."""
ACCENT_APEX: Final = 0.15
"""Share of an accent spent at its height."""

_HARD_EDGE: Final = 1e-6
"""Seconds; a shorter ease is none."""


@dataclass(frozen=True)
class AUStrip:
    """One AU strip.

    Attributes:
        au: a code or name that `action_units.parse_au` reads ("AU12", "AU12L").
        start, end: seconds; at `end` the strip is over.
        keys: (seconds, intensity 0..1) in absolute seconds, linear between, constant outside.
            Intensities outside 0..1 are clipped.
        mode: "hold" or "accent".
        ease_in, ease_out: seconds of onset and offset of a held strip; both shrink together where
            the strip is shorter than their sum. An accent has its own onset and offset.
    """

    au: str
    start: float
    end: float
    keys: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    mode: str = "hold"
    ease_in: float = 0.15
    ease_out: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what has no meaning.

        Raises:
            StripError: times or keys that are not finite, an end at or before the start, no key,
                a negative ease, an unknown mode.
        """
        numbers = (self.start, self.end, self.ease_in, self.ease_out, *np.ravel(self.keys))
        if not np.all(np.isfinite(numbers)):
            raise StripError(f"strip {self.au} has a time or key that is not a number")
        if self.end <= self.start:
            raise StripError(
                f"strip {self.au} ends at {self.end:g} s, which is not after its start at "
                f"{self.start:g} s; make it longer"
            )
        if not self.keys:
            raise StripError(f"strip {self.au} has no key; give it one intensity at least")
        if min(self.ease_in, self.ease_out) < 0:
            raise StripError(f"strip {self.au} has a negative ease; use 0 for a hard edge")
        if self.mode not in MODES:
            raise StripError(f"strip {self.au} has mode '{self.mode}'; use hold or accent")

    @property
    def unit(self) -> ActionUnit:
        """The table entry.

        Raises:
            ActionUnitError: no such AU, or not on this side.
        """
        return parse_au(self.au)


def strip_curve(strip: AUStrip, times: ArrayLike) -> NDArray[np.float64]:
    """Return the intensity of a strip at each time (seconds), [T], 0..1, 0 outside the strip."""
    t = np.asarray(times, np.float64)
    seconds, values = np.array(sorted(strip.keys), np.float64).T
    intensity = np.interp(t, seconds, np.clip(values, 0.0, 1.0))
    inside = (t >= strip.start) & (t < strip.end)
    envelope = _hold(strip, t) if strip.mode == "hold" else _accent(strip, t)
    return np.where(inside, intensity * envelope, 0.0)


def _smooth_step(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rise from 0 to 1 with zero velocity at both ends."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _hold(strip: AUStrip, t: NDArray[np.float64]) -> NDArray[np.float64]:
    eases = strip.ease_in + strip.ease_out
    shrink = min(1.0, (strip.end - strip.start) / eases) if eases > _HARD_EDGE else 1.0
    envelope = np.ones_like(t)
    if strip.ease_in > _HARD_EDGE:
        envelope *= _smooth_step((t - strip.start) / (strip.ease_in * shrink))
    if strip.ease_out > _HARD_EDGE:
        envelope *= _smooth_step((strip.end - t) / (strip.ease_out * shrink))
    return envelope


def _accent(strip: AUStrip, t: NDArray[np.float64]) -> NDArray[np.float64]:
    phase = (t - strip.start) / (strip.end - strip.start)
    offset = 1.0 - ACCENT_ONSET - ACCENT_APEX
    return _smooth_step(phase / ACCENT_ONSET) * _smooth_step((1.0 - phase) / offset)


def render_strips(strips: Sequence[AUStrip], times: ArrayLike) -> NDArray[np.float32]:
    """Return the blendshapes that strips ask for, float32 [T, 52] in `ARKIT_NAMES` order.

    Overlapping strips of one AU count once, at the stronger (an AU on both sides and on one side
    are the same muscle); different AUs add up on a shared blendshape; the sum stops at 1.

    Raises:
        ActionUnitError: an AU that does not exist, or that ARKit cannot show.
    """
    t = np.asarray(times, np.float64)
    families: dict[str, NDArray[np.float64]] = {}
    for strip in strips:
        unit = _shown(strip)
        family = families.setdefault(unit.family, np.zeros((len(t), len(ARKIT_NAMES))))
        curve = strip_curve(strip, t)
        for name, weight in unit.blendshapes.items():
            column = family[:, INDEX[name]]
            np.maximum(column, weight * curve, out=column)
    total = sum(families.values(), start=np.zeros((len(t), len(ARKIT_NAMES))))
    return np.clip(total, 0.0, 1.0).astype(np.float32)


def au_intensities(strips: Sequence[AUStrip], times: ArrayLike) -> NDArray[np.float32]:
    """Return the intensity of each AU over time, float32 [T, len(AU_CODES)]: max over its strips.

    Raises:
        ActionUnitError: an AU that does not exist, or that ARKit cannot show.
    """
    t = np.asarray(times, np.float64)
    intensities = np.zeros((len(t), len(AU_INDEX)), np.float32)
    for strip in strips:
        column = intensities[:, AU_INDEX[_shown(strip).code]]
        np.maximum(column, strip_curve(strip, t), out=column, casting="same_kind")
    return intensities


def own_channel_intensities(strips: Sequence[AUStrip], times: ArrayLike) -> NDArray[np.float32]:
    """Return how strongly strips claim each blendshape, float32 [T, 52]: max over strips.

    Only an AU's own channels are claimed, so an AU6 strip does not claim the squint it brings.

    Raises:
        ActionUnitError: an AU that does not exist, or that ARKit cannot show.
    """
    t = np.asarray(times, np.float64)
    claimed = np.zeros((len(t), len(ARKIT_NAMES)), np.float32)
    for strip in strips:
        curve = strip_curve(strip, t).astype(np.float32)
        for name in _shown(strip).own_channels:
            column = claimed[:, INDEX[name]]
            np.maximum(column, curve, out=column)
    return claimed


def _shown(strip: AUStrip) -> ActionUnit:
    unit = strip.unit
    if not unit.expressible:
        raise StripError(f"{limitation(unit.code)}; remove the strip at {strip.start:g} s")
    return unit


_SYNTAX: Final = "write AU12@1.2-2.0:0.8, or AU12L@1.2-2.0:0.2@1.2,0.8@1.6/accent"
_NUMBER: Final = r"\d+(?:\.\d*)?|\.\d+"
_STRIP: Final = re.compile(
    rf"(?P<au>[^@]+)@(?P<start>{_NUMBER})s?-(?P<end>{_NUMBER})s?"
    r"(?::(?P<keys>[^/]*))?(?:/(?P<mode>\w+))?"
)
_KEY: Final = re.compile(rf"(?P<value>{_NUMBER})(?:@(?P<time>{_NUMBER})s?)?")


def parse_strip(text: str) -> AUStrip:
    """Read a strip as the command line writes it.

    "AU12@1.2-2.0:0.8" is AU12 at .8 from 1.2 s to 2 s; the intensity may be left out (1), keyed
    ("0.2@1.2,0.8@1.6": value at second), and "/accent" or "/hold" may follow.

    Raises:
        StripError: one sentence with the text, what is wrong and how to write it.
    """
    found = _STRIP.fullmatch(text.strip())
    if found is None:
        raise StripError(f"'{text}' is not an AU strip; {_SYNTAX}")
    start, end = float(found["start"]), float(found["end"])
    try:
        unit = parse_au(found["au"])
        strip = AUStrip(
            au=unit.code,
            start=start,
            end=end,
            keys=_parse_keys(found["keys"], start),
            mode=found["mode"] or "hold",
        )
        _shown(strip)
    except (ActionUnitError, StripError) as error:
        raise StripError(f"'{text}' is not an AU strip: {error}") from error
    return strip


def _parse_keys(text: str | None, start: float) -> tuple[tuple[float, float], ...]:
    if text is None:
        return ((start, 1.0),)
    keys: list[tuple[float, float]] = []
    for part in text.split(","):
        found = _KEY.fullmatch(part.strip())
        if found is None:
            raise StripError(f"intensity '{part}' cannot be read; {_SYNTAX}")
        value = float(found["value"])
        if value > 1.0:
            raise StripError(f"intensity {value:g} is above 1; give a value between 0 and 1")
        keys.append((float(found["time"] or start), value))
    if len(keys) > 1 and len({seconds for seconds, _ in keys}) < len(keys):
        raise StripError(f"keys '{text}' need a time each; {_SYNTAX}")
    return tuple(keys)


def format_strip(strip: AUStrip) -> str:
    """Return the text that `parse_strip` reads back; eases have no place in it."""
    if len(strip.keys) == 1:
        keys = f"{strip.keys[0][1]:g}"
    else:
        keys = ",".join(f"{value:g}@{seconds:g}" for seconds, value in strip.keys)
    mode = "" if strip.mode == "hold" else f"/{strip.mode}"
    return f"{strip.au}@{strip.start:g}-{strip.end:g}:{keys}{mode}"
