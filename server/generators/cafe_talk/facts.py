"""What `cafe_talk` can be asked for, read from the header of its weights without torch."""

from __future__ import annotations

import json
import os
import struct
from functools import lru_cache
from pathlib import Path
from typing import Final

from server.language.tables import EMOTIONS
from server.wire.messages import GeneratorFacts

WEIGHTS: Final = Path(__file__).parents[2] / "weights" / "cafe_talk.safetensors"
VARIABLE: Final = "SOLILOQUY_CAFE_TALK"
CONTROLS: Final = (
    "direction", "direction_strips", "blend", "emotion", "style", "style_clip", "strips",
    "guidance", "guidance_mode", "steps",
)  # fmt: skip
_LARGEST_HEADER: Final = 1 << 20


def weights_file() -> Path:
    """Return the file that `SOLILOQUY_CAFE_TALK` names, as after a training of one's own, or the
    shipped one."""
    named = os.environ.get(VARIABLE, "")
    return Path(named) if named else WEIGHTS


def facts() -> GeneratorFacts:
    """Return styles by name, the plain emotions (any word will do) and the controls obeyed."""
    path = weights_file()
    try:
        styles = _styles(path)
    except (OSError, struct.error, ValueError, KeyError):
        return GeneratorFacts(
            problem=f"'cafe_talk' cannot be used: {VARIABLE} names {path}, which holds no weights."
        )
    return GeneratorFacts(styles=styles, emotions=EMOTIONS, controls=CONTROLS)


@lru_cache(maxsize=4)
def _styles(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(min(length, _LARGEST_HEADER)))
    return tuple(json.loads(header["__metadata__"]["config"])["styles"])
