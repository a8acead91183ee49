"""What `avi_talking` can be asked for; imports nothing heavy."""

from __future__ import annotations

from typing import Final

from server.language.tables import EMOTIONS
from server.wire.messages import GeneratorFacts

CONTROLS: Final = (
    "direction", "direction_strips", "pose", "emotion", "strips", "guidance", "steps",
)  # fmt: skip


def facts() -> GeneratorFacts:
    """Return the plain emotions (any sentence will do) and the controls obeyed."""
    return GeneratorFacts(emotions=EMOTIONS, controls=CONTROLS)
