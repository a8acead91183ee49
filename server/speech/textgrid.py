"""Praat's TextGrid: interval tiers written in the long text form, read from the long or short one.

Source of the format: the Praat manual, "TextGrid file formats" (free-standing numbers, quoted
texts and <flags> count; everything else on a line, and what follows a "!", is comment).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .recogniser import SpeechError

_TOKEN: Final = re.compile(
    r'"(?P<text>(?:[^"]|"")*)"|(?P<flag><\w+>)|![^\n]*'
    r"|(?<!\S)(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?!\S)|[^\s\"!]+"
)


class TextGridError(SpeechError):
    """A TextGrid cannot be read; the sentence says why."""


class Interval(NamedTuple):
    """A label with its times in seconds."""

    start: float
    end: float
    label: str


@dataclass(frozen=True)
class Tier:
    """An interval tier: its name, and its intervals in the order of the file."""

    name: str
    intervals: tuple[Interval, ...]


def write_textgrid(tiers: Sequence[Tier], seconds: float) -> str:
    """Return a TextGrid of interval tiers that each run from 0 to `seconds` without gaps.

    Times keep seven decimals: a sample at 16 kHz is not rounded.
    """
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0",
        f"xmax = {decimal(seconds)}", "tiers? <exists>", f"size = {len(tiers)}", "item []:",
    ]  # fmt: skip
    for number, tier in enumerate(tiers, 1):
        intervals = _filled(tier.intervals, seconds)
        lines += [
            f"    item [{number}]:", '        class = "IntervalTier"',
            f'        name = "{_quoted(tier.name)}"', "        xmin = 0",
            f"        xmax = {decimal(seconds)}", f"        intervals: size = {len(intervals)}",
        ]  # fmt: skip
        for i, (start, end, label) in enumerate(intervals, 1):
            lines += [
                f"        intervals [{i}]:", f"            xmin = {decimal(start)}",
                f"            xmax = {decimal(end)}", f'            text = "{_quoted(label)}"',
            ]  # fmt: skip
    return "\n".join(lines) + "\n"


def decimal(seconds: float) -> str:
    """Return seconds with at most seven decimals and no exponent."""
    return f"{seconds:.7f}".rstrip("0").rstrip(".")


def _quoted(label: str) -> str:
    return label.replace('"', '""')


def _filled(intervals: Sequence[Interval], seconds: float) -> list[Interval]:
    """Intervals without gaps from 0 to `seconds`: Praat accepts nothing else."""
    filled: list[Interval] = []
    clock = 0.0
    for start, end, label in intervals:
        if start - clock > 1e-6:
            filled.append(Interval(clock, start, ""))
        filled.append(Interval(max(start, clock), end, label))
        clock = end
    if seconds - clock > 1e-6:
        filled.append(Interval(clock, seconds, ""))
    return filled


def read_textgrid_tiers(data: bytes) -> tuple[Tier, ...]:
    """Return the interval tiers of a TextGrid; tiers of points are passed over.

    Args:
        data: the file: long or short text form, in UTF-8, UTF-16 or Latin-1.

    Raises:
        TextGridError: it is no TextGrid, a binary one, or broken off.
    """
    text = _decoded(data)
    tokens = _tokens(text)
    try:
        if (next(tokens), next(tokens)) != ("ooTextFile", "TextGrid"):
            raise TextGridError("it does not begin as a TextGrid does")
        _span(tokens)
        if next(tokens) != "<exists>":
            return ()
        tiers = [_tier(tokens) for _ in range(int(_number(tokens)))]
    except StopIteration as error:
        raise TextGridError("the TextGrid breaks off before its end") from error
    return tuple(tier for tier in tiers if tier)


def _decoded(data: bytes) -> str:
    if data.startswith(b"ooBinaryFile"):
        raise TextGridError("it is a binary TextGrid; in Praat, choose 'Save as text file'")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in data[:4]:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8-sig":
            raise TextGridError("its UTF-16 text is damaged") from error
        return data.decode("latin-1")


def _tokens(text: str) -> Iterator[str | float]:
    """Yield texts and flags as str, numbers as float."""
    for match in _TOKEN.finditer(text):
        if match["text"] is not None:
            yield match["text"].replace('""', '"')
        elif match["flag"]:
            yield match["flag"]
        elif match["number"]:
            yield float(match["number"])


def _number(tokens: Iterator[str | float]) -> float:
    token = next(tokens)
    if isinstance(token, str):
        raise TextGridError(f"a number is missing where '{token}' stands")
    return token


def _span(tokens: Iterator[str | float]) -> tuple[float, float]:
    return _number(tokens), _number(tokens)


def _text(tokens: Iterator[str | float]) -> str:
    token = next(tokens)
    if not isinstance(token, str):
        raise TextGridError(f"a text in quotes is missing where {token:g} stands")
    return token


def _tier(tokens: Iterator[str | float]) -> Tier | None:
    """Read one tier; None for one of points."""
    kind, name = _text(tokens), _text(tokens)
    _span(tokens)
    n = int(_number(tokens))
    if kind == "TextTier":
        for _ in range(n):
            _number(tokens)
            _text(tokens)
        return None
    if kind != "IntervalTier":
        raise TextGridError(f"a tier is of the class '{kind}', not IntervalTier or TextTier")
    rows = [Interval(_number(tokens), _number(tokens), _text(tokens)) for _ in range(n)]
    return Tier(name, tuple(rows))
