"""Where the encoders of the papers lie, which are somebody else's and not shipped.

One folder holds them, each in a folder of its own: `clip`, `xlsr`, `wav2vec2`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

VARIABLE: Final = "SOLILOQUY_ENCODERS"


def encoders_folder() -> Path | None:
    """Return the folder that `SOLILOQUY_ENCODERS` names, or None."""
    named = os.environ.get(VARIABLE, "")
    return Path(named) if named else None
