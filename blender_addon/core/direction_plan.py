"""Directions over time: strips that carry words, from frames to the seconds of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..vendor import messages


@dataclass(frozen=True)
class FrameDirection:
    """A direction strip as it stands in the Sequencer; frames, end exclusive; intensity 0..1."""

    text: str
    start: float
    end: float
    intensity: float = 1.0


def label_of(text: str) -> str:
    """What a strip of these words is called: Blender keeps 63 bytes of a name."""
    flat = " ".join(text.split())
    return flat.encode()[:58].decode(errors="ignore").rstrip() or "Direction"


def words_of(stored: str, strip_name: str) -> str:
    """The words of a strip: its text, unless the strip was renamed to other words.

    Blender calls a copy "furious.001"; that is not another text.
    """
    written = re.sub(r"\.\d{3}$", "", strip_name)
    return stored if written == label_of(stored) else written.strip()


def direction_of(
    strip: FrameDirection, line_start: float, line_end: float, rate: float
) -> messages.DirectionStrip | None:
    """The strip in seconds of the line; None when it lies outside of it or says nothing."""
    start, end = max(strip.start, line_start), min(strip.end, line_end)
    if end - start <= 0 or not strip.text.strip():
        return None
    return messages.DirectionStrip(
        text=strip.text.strip(),
        start=(start - line_start) / rate,
        end=(end - line_start) / rate,
        intensity=min(max(strip.intensity, 0.0), 1.0),
    )
