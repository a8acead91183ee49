"""How a take was asked to be played, in one line for the list of takes."""

from __future__ import annotations

from collections.abc import Sequence

from ..vendor import messages
from .directing import pose_sentence

_LONGEST = 200  # characters


def told_direction(request: messages.GenerateRequest) -> str:
    """Words, emotion, style and number of strips; "" when nothing was asked for."""
    parts = [_directed(request)]
    parts.append(" \u2192 ".join(strip.text for strip in request.direction_strips))
    if request.emotion not in ("", "neutral"):
        parts.append(f"{request.emotion} {request.intensity:.2g}")
    parts.append(request.style.strip())
    if request.strips:
        parts.append(_units([strip.au for strip in request.strips]))
    told = " \u00b7 ".join(part for part in parts if part)
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 3]}..."


def _directed(request: messages.GenerateRequest) -> str:
    """The direction of the whole line: words, a pose or a picture, and what is mixed in."""
    first = request.direction.strip()
    if request.pose:
        first = f"pose: {pose_sentence(request.pose, 2)}"
    elif request.image:
        first = "a picture"
    if request.blend is None:
        return first
    share = request.blend.share
    return f"{1 - share:.0%} {first or 'neutral'} + {share:.0%} {request.blend.text.strip()}"


def _units(codes: Sequence[str], most: int = 4) -> str:
    """The first few Action Units, each once."""
    each = list(dict.fromkeys(codes))
    listed = ", ".join(each[:most])
    return listed if len(each) <= most else f"{listed} and {len(each) - most} more"
