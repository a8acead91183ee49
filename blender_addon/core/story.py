"""How a take was asked to be played, in one line for the list of takes."""

from __future__ import annotations

from collections.abc import Sequence

from ..vendor import messages

_LONGEST = 200  # characters


def told_direction(request: messages.GenerateRequest) -> str:
    """Words, emotion, style and number of strips; "" when nothing was asked for."""
    parts = [request.direction.strip()]
    parts.append(" \u2192 ".join(strip.text for strip in request.direction_strips))
    if request.emotion not in ("", "neutral"):
        parts.append(f"{request.emotion} {request.intensity:.2g}")
    parts.append(request.style.strip())
    if request.strips:
        parts.append(_units([strip.au for strip in request.strips]))
    told = " \u00b7 ".join(part for part in parts if part)
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 3]}..."


def _units(codes: Sequence[str], most: int = 4) -> str:
    """The first few Action Units, each once."""
    each = list(dict.fromkeys(codes))
    listed = ", ".join(each[:most])
    return listed if len(each) <= most else f"{listed} and {len(each) - most} more"
