"""Frame rates and Live Link timecode in exact arithmetic.

A Live Link timecode counts 1/60 s whatever the rate of the take: `HH:MM:SS:FF.fff`, so one unit of
the last digit is 1/60000 s. Floats appear only where a caller brings them.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from ..errors import ClipReadError, ExportError

UNITS_PER_SECOND: Final = 60_000
"""Thousandths of a sixtieth: the last digit of a timecode."""

_NTSC: Final[tuple[Fraction, ...]] = tuple(
    Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)
)
_TIMECODE: Final = re.compile(r"(\d+):(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d*)?)")


def frame_rate(fps: float) -> Fraction:
    """Return the rate as numerator and denominator: 23.976 is 24000/1001, 30.0 is 30/1.

    For formats that name a rate. Placing rows in time uses `exact_rate`, which never rounds.

    Raises:
        ExportError: `fps` is not a positive number.
    """
    exact = exact_rate(fps)
    for rate in _NTSC:
        if abs(exact - rate) < Fraction(1, 500):
            return rate
    return exact.limit_denominator(1001)


def exact_rate(fps: float | Fraction) -> Fraction:
    """Return the rate exactly as given.

    Raises:
        ExportError: `fps` is not a positive number.
    """
    try:
        rate = Fraction(fps)
    except (ValueError, OverflowError) as error:
        raise ExportError(f"the frame rate must be a positive number, got {fps}") from error
    if rate <= 0:
        raise ExportError(f"the frame rate must be a positive number, got {fps}")
    return rate


def timecode(frame: int, fps: float | Fraction, start: float | Fraction = 0) -> str:
    """Return the timecode of a frame that stands at `start + frame / fps` seconds.

    The error is at most half a unit (1/120000 s) at every frame, so there is no drift.

    Raises:
        ExportError: the rate is not positive, or the time is negative.
    """
    seconds = Fraction(start) + frame / exact_rate(fps)
    if seconds < 0:
        raise ExportError(f"a timecode cannot be negative, got {float(seconds):g} s")
    units = (2 * seconds.numerator * UNITS_PER_SECOND + seconds.denominator) // (
        2 * seconds.denominator
    )
    whole, rest = divmod(units, UNITS_PER_SECOND)
    sixtieths, thousandths = divmod(rest, 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02d}:{minute:02d}:{second:02d}:{sixtieths:02d}.{thousandths:03d}"


def timecode_seconds(text: str) -> Fraction:
    """Return the seconds of a timecode, exactly.

    Raises:
        ClipReadError: not `HH:MM:SS:FF.fff`.
    """
    found = _TIMECODE.fullmatch(text.strip())
    if found is None:
        raise ClipReadError(f"'{text}' is not a timecode HH:MM:SS:FF.fff")
    hours, minutes, seconds, sixtieths = found.groups()
    whole = (int(hours) * 60 + int(minutes)) * 60 + int(seconds)
    return whole + Fraction(sixtieths.rstrip(".")) / 60
