"""What a generation needs: the request, its audio, and where its takes belong."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ..core.target import Target
from ..vendor import clip, messages


class Order(NamedTuple):
    """A request on its way to the server.

    Attributes:
        audio: the recording, or its bytes.
        live: whether the face shows the take while it is made.
        base: the take that a part is made anew of, when the target says so.
    """

    target: Target
    request: messages.GenerateRequest
    audio: bytes | Path | None
    base: clip.ArkitClip | None = None
    live: bool = True
