"""What `cafe_talk` can be asked for, read from the header of its weights without torch."""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from pathlib import Path
from typing import Final

from server.language.tables import EMOTIONS
from server.wire.messages import GeneratorFacts

WEIGHTS: Final = Path(__file__).parents[2] / "weights" / "cafe_talk.safetensors"
CONTROLS: Final = (
    "direction", "direction_strips", "emotion", "style", "style_clip", "strips", "guidance",
    "guidance_mode", "steps",
)  # fmt: skip
_LARGEST_HEADER: Final = 1 << 20


def facts(path: Path = WEIGHTS) -> GeneratorFacts:
    """Return styles by name, the plain emotions (any word will do) and the controls obeyed."""
    return GeneratorFacts(styles=_styles(path), emotions=EMOTIONS, controls=CONTROLS)


@lru_cache(maxsize=4)
def _styles(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(min(length, _LARGEST_HEADER)))
    return tuple(json.loads(header["__metadata__"]["config"])["styles"])
