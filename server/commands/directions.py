"""Directions that are no words: a pose, a picture, and a second direction mixed in."""

from __future__ import annotations

import json
from pathlib import Path

from server.errors import BadRequest
from server.wire.messages import DirectionBlend

_HOW = 'Write {"mouthSmileLeft": 0.7, ...}, or take what `soliloquy express TEXT --json` prints.'
_EVEN = 0.5


def read_pose(path: Path | None) -> dict[str, float]:
    """Return blendshape -> value of a JSON file, also of what `express --json` prints.

    Raises:
        BadRequest: it cannot be read, or holds something else.
    """
    if path is None:
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequest(f"The pose '{path}' cannot be read: {_why(error)}.", _HOW) from error
    if isinstance(found, dict) and isinstance(found.get("blendshapes"), dict):
        found = found["blendshapes"]
    numbers = isinstance(found, dict) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in found.values()
    )
    if not numbers or not found:
        raise BadRequest(f"'{path.name}' holds no pose.", _HOW)
    return {name: float(value) for name, value in found.items()}


def read_image(path: Path | None) -> bytes:
    """Return the bytes of a picture, none without one.

    Raises:
        BadRequest: it cannot be read.
    """
    if path is None:
        return b""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadRequest(f"The picture '{path}' cannot be read: {_why(error)}.") from error
    if not data:
        raise BadRequest(f"The picture '{path}' is empty.", "Give a PNG or JPEG file.")
    return data


def _why(error: Exception) -> str:
    """Return what the system says of a file, without its number, or what is wrong inside."""
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def read_blend(text: str, share: float | None) -> DirectionBlend | None:
    """Return the second direction with its share, None without one.

    Raises:
        BadRequest: there is a share and nothing to mix in.
    """
    if not text.strip():
        if share is not None:
            raise BadRequest(f"--mix is {share:g}, and there is no second direction.",
                             "Add --direction-b TEXT.")  # fmt: skip
        return None
    return DirectionBlend(text, _EVEN if share is None else share)
