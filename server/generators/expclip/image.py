"""A picture of a face as the direction: CLIP, the image projector, ExpCLIP's decoder.

Neither CLIP nor the projector is shipped: CLIP is somebody else's, and a projector belongs to one
CLIP. Where they are missing a picture is refused with what to get, never read at random.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from server.errors import Unavailable
from server.generators.encoders import VARIABLE, encoders_folder
from server.language.errors import WeightsError
from server.language.expclip import ExpClip, ImageProjector, load_projector

from .clip_image import ClipImageEncoder, Pixels, read_picture

PROJECTOR: Final = "expclip_image.safetensors"
_ALIKE: Final = 0.99


def prompt_of_image(
    image: bytes, expclip: ExpClip, folder: Path | None = None
) -> NDArray[np.float64]:
    """Return the expression that a picture of a face shows: 52 blendshapes, 0..1.

    D(P_img(E_img(picture))) of the paper; the picture should be a portrait that the face fills.

    Args:
        image: bytes of a PNG or JPEG file.
        folder: CLIP in `clip` and the projector; by default what `SOLILOQUY_ENCODERS` names.

    Raises:
        Unavailable: CLIP, the projector or a package is not there, or they do not belong together.
        BadRequest: the picture cannot be read.
    """
    encoder, projector = _reader(folder or encoders_folder(), expclip.config.n_embedding)
    found = torch.from_numpy(encoder.encode([read_picture(image)]))
    with torch.inference_mode():
        face = expclip.decoder(projector(found)).clamp(0.0, 1.0)
    return face[0].double().numpy()


def probe_picture() -> Pixels:
    """Return the picture by whose embedding a projector knows its CLIP again, [64, 64, 3]."""
    ramp = np.arange(64) * 4
    rings = (np.hypot(*np.meshgrid(ramp - 128, ramp - 128)) % 64) * 4
    return np.stack([*np.meshgrid(ramp, ramp), rings], axis=-1).astype(np.uint8)


def _missing(what: str) -> Unavailable:
    return Unavailable(
        f"A picture as the direction cannot be read here: {what}.",
        f"Put a CLIP checkpoint (such as ViT-B/32, as safetensors) into the folder 'clip' of a "
        f"folder that {VARIABLE} names, train the projector with "
        "server.training.expclip.image, and start the server again; "
        "or describe the face in words, or use a pose.",
    )


@lru_cache(maxsize=1)
def _reader(folder: Path | None, n_embedding: int) -> tuple[ClipImageEncoder, ImageProjector]:
    """Open CLIP and its projector, once."""
    if folder is None:
        raise _missing(f"no CLIP is installed ({VARIABLE} is not set)")
    if not (folder / "clip" / "config.json").is_file():
        raise _missing(f"there is no CLIP checkpoint in {folder / 'clip'}")
    if not (folder / PROJECTOR).is_file():
        raise _missing(f"CLIP is there, but no image projector {folder / PROJECTOR}")
    encoder = ClipImageEncoder(folder / "clip")
    try:
        projector = load_projector(folder / PROJECTOR)
    except WeightsError as error:
        raise _missing(error.message) from error
    if (encoder.width, n_embedding) != (projector.config.n_image, projector.config.n_embedding):
        raise _missing("the image projector was trained for encoders of other widths")
    seen = torch.from_numpy(encoder.encode([probe_picture()]))[0]
    if float(seen @ projector.probe) < _ALIKE:
        raise _missing("the image projector was trained for another CLIP")
    return encoder, projector
