"""What directions that are no typed words look like in the panel: a pose, a heard instruction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..vendor import messages
from .strip_clipboard import CopiedStrip

_SEEN: Final = 0.02  # a blendshape below this is not worth a name
_LINES: Final = 4


def worn(pose: Mapping[str, float]) -> dict[str, float]:
    """The blendshapes of a pose that show, the strongest first, rounded."""
    shown = {name: round(min(value, 1.0), 3) for name, value in pose.items() if value >= _SEEN}
    return dict(sorted(shown.items(), key=lambda item: -item[1]))


def pose_sentence(pose: Mapping[str, float], most: int = _LINES) -> str:
    """The strongest blendshapes of a pose by name; "" for a face at rest."""
    shown = worn(pose)
    listed = [f"{name} {value:.2f}" for name, value in list(shown.items())[:most]]
    if len(shown) > most:
        listed[-1] += f" and {len(shown) - most} more"
    return ", ".join(listed)


def heard_sentence(found: messages.Instruction) -> str:
    """What else an instruction said: feeling, strength, certainty, muscles."""
    units = ", ".join(f"{au} {value:.1f}" for au, value in list(found.aus.items())[:_LINES])
    told = f"{found.emotion} {found.intensity:.1f}, {found.confidence:.0%} sure"
    return f"{told}: {units}" if units else told


def laid_strips(found: messages.Instruction) -> list[CopiedStrip]:
    """The AU strips of an instruction, ready to be laid over its line."""
    return [
        CopiedStrip("au", s.au, s.start, s.end, s.keys, s.mode, s.ease_in, s.ease_out)
        for s in found.strips
        if s.end > s.start
    ]
