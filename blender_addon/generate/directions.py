"""What says how the whole line is played: words, a pose or a picture, and a second direction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..core.errors import LineError
from ..core.expressive import pose_of_text
from ..vendor import messages


def directions(settings: Any) -> dict[str, Any]:
    """The fields of a request that the direction fills.

    Raises:
        LineError: there is no pose or picture where one should be, or it cannot be read.
    """
    check_directions(settings)
    by = settings.directed_by
    second = settings.second.strip()
    return {
        "direction": settings.direction.strip() if by == "TEXT" else "",
        "pose": pose_of_text(settings.pose) if by == "POSE" else {},
        "image": _picture(settings) if by == "IMAGE" else b"",
        "blend": messages.DirectionBlend(second, settings.mix) if second else None,
    }


def check_directions(settings: Any) -> None:
    """Refuse a pose that was never taken and a picture that is not there.

    Raises:
        LineError: the sentence says what to do.
    """
    if settings.directed_by == "POSE" and not settings.pose:
        raise LineError("No pose was taken. Press Take Pose in Performance, or direct in words.")
    if settings.directed_by == "IMAGE" and not settings.image:
        raise LineError("No picture is chosen in Performance. Choose one, or direct in words.")


def _picture(settings: Any) -> bytes:
    path = Path(bpy.path.abspath(settings.image))
    try:
        return path.read_bytes()
    except OSError as error:
        raise LineError(
            f"The picture '{path.name}' cannot be read ({error.strerror}). Choose another one in "
            "Performance."
        ) from error
