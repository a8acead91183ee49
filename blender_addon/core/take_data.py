"""A clip as bytes that are kept in the .blend, so that a take can be baked again later."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from ..vendor import clip
from .errors import TakeError
from .expressive import expressive_pose, pose_text


def pack(take: clip.ArkitClip) -> bytes:
    """All of a clip, with its layers, contacts, phones and provenance, losslessly compressed."""
    buffer = BytesIO()
    take.save(buffer)
    return buffer.getvalue()


@dataclass(frozen=True)
class Prepared:
    """What is kept of a take besides its keys: its clip as bytes, and the pose of its picture."""

    data: bytes
    pose: str


def prepare(take: clip.ArkitClip) -> Prepared:
    """Pack a clip and choose its picture; takes long enough for a thread of its own."""
    return Prepared(pack(take), pose_text(expressive_pose(take)))


def unpack(data: bytes) -> clip.ArkitClip:
    """The clip that `pack` was given.

    Raises:
        TakeError: the bytes are not such a clip.
    """
    try:
        return clip.ArkitClip.load(BytesIO(data))
    except ValueError as error:
        raise TakeError("The stored data of this take is damaged. Generate it again.") from error
