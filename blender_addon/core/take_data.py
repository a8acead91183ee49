"""A clip as bytes that are kept in the .blend, so that a take can be baked again later."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import cast

from ..vendor import clip
from .errors import TakeError


def pack(take: clip.ArkitClip) -> bytes:
    """All of a clip, with its layers, contacts, phones and provenance, losslessly compressed."""
    buffer = BytesIO()
    take.save(cast(Path, buffer))  # numpy writes to anything that has `write`
    return buffer.getvalue()


def unpack(data: bytes) -> clip.ArkitClip:
    """The clip that `pack` was given.

    Raises:
        TakeError: the bytes are not such a clip.
    """
    try:
        return clip.ArkitClip.load(cast(Path, BytesIO(data)))
    except ValueError as error:
        raise TakeError("The stored data of this take is damaged. Generate it again.") from error
