"""What `expclip` can be asked for; imports nothing heavy."""

from __future__ import annotations

from typing import Final

from server.generators.encoders import VARIABLE, encoders_folder
from server.language.tables import EMOTIONS
from server.wire.messages import GeneratorFacts

CONTROLS: Final = (
    "direction", "direction_strips", "pose", "image", "blend", "emotion", "strips",
)  # fmt: skip
PROJECTOR: Final = "expclip_image.safetensors"
"""The image projector, beside the folder of CLIP; see `image`."""


def facts() -> GeneratorFacts:
    """Return the plain emotions (any word will do) and the controls obeyed on this machine."""
    usable = tuple(c for c in CONTROLS if c != "image" or not image_problem()[0])
    return GeneratorFacts(emotions=EMOTIONS, controls=usable)


def image_problem() -> tuple[str, str]:
    """Return why a picture cannot be the direction here and what to get; "" and "" when it can."""
    folder = encoders_folder()
    if folder is None:
        missing = f"no CLIP is installed ({VARIABLE} is not set)"
    elif not (folder / "clip" / "config.json").is_file():
        missing = f"there is no CLIP checkpoint in {folder / 'clip'}"
    elif not (folder / PROJECTOR).is_file():
        missing = f"CLIP is there, but no image projector {folder / PROJECTOR}"
    else:
        return "", ""
    return (
        f"A picture as the direction cannot be read here: {missing}.",
        f"Put a CLIP checkpoint (such as ViT-B/32, as safetensors) into the folder 'clip' of a "
        f"folder that {VARIABLE} names, train the projector with "
        "server.training.expclip.image, and start the server again; "
        "or describe the face in words, or use a pose.",
    )
