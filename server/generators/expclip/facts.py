"""What `expclip` can be asked for; imports nothing heavy."""

from __future__ import annotations

from typing import Final

from server.language.tables import EMOTIONS
from server.wire.messages import GeneratorFacts

CONTROLS: Final = ("direction", "direction_strips", "pose", "blend", "emotion", "strips")


def facts() -> GeneratorFacts:
    """Return the plain emotions (any word will do) and the controls obeyed."""
    return GeneratorFacts(emotions=EMOTIONS, controls=CONTROLS)


def image_problem() -> tuple[str, str]:
    """Return why a picture cannot be the direction here, and what to get."""
    return (
        "A picture cannot be the direction yet: there is no trained image projector, and no CLIP "
        "weights to read pictures with.",
        "Take the expression as a pose, or write it in words; or get a CLIP ViT-B/32 folder "
        "(config.json and safetensors) and train the projector on it.",
    )
