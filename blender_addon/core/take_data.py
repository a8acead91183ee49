"""A clip as bytes that are kept in the .blend, so that a take can be baked again later."""

from __future__ import annotations

from io import BytesIO

from ..vendor import clip
from .errors import TakeError


def pack(take: clip.ArkitClip) -> bytes:
    """All of a clip, with its layers, contacts, phones and provenance, losslessly compressed."""
    buffer = BytesIO()
    take.save(buffer)
    return buffer.getvalue()


def unpack(data: bytes) -> clip.ArkitClip:
    """The clip that `pack` was given.

    Raises:
        TakeError: the bytes are not such a clip.
    """
    try:
        return clip.ArkitClip.load(BytesIO(data))
    except ValueError as error:
        raise TakeError("The stored data of this take is damaged. Generate it again.") from error
