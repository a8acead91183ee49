"""The paper's image encoder: CLIP's vision tower from a local folder, through `transformers`.

Optional: used by picture directions only. Nothing is downloaded, no code of a checkpoint is run,
and only safetensors files are read.
"""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from server.errors import BadRequest, Unavailable

Pixels = NDArray[np.uint8]

_MEAN: Final = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
_SPREAD: Final = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
"""Of the pictures that CLIP was trained on (0..1, red, green, blue)."""
_MOST_PIXELS: Final = 64_000_000
_BATCH: Final = 32


def _pillow() -> Any:
    try:
        return importlib.import_module("PIL.Image")
    except ImportError as error:
        raise Unavailable(
            "A picture as the direction needs the package pillow, which is not installed.",
            "Install it on the server: pip install pillow.",
        ) from error


def read_picture(data: bytes) -> Pixels:
    """Return the pixels of a picture file, uint8 [H, W, 3], upright as its camera says.

    Raises:
        BadRequest: it is no picture that can be read, or too large a one.
        Unavailable: Pillow is not installed.
    """
    pillow = _pillow()
    turned = importlib.import_module("PIL.ImageOps").exif_transpose
    try:
        with warnings.catch_warnings(), pillow.open(io.BytesIO(data)) as picture:
            warnings.simplefilter("ignore")
            width, height = picture.size
            if width * height > _MOST_PIXELS:
                raise BadRequest(
                    f"The picture has {width} x {height} pixels.",
                    f"Use one of at most {_MOST_PIXELS // 1_000_000} million pixels.",
                )
            return np.asarray(turned(picture).convert("RGB"))
    except (OSError, ValueError, SyntaxError, pillow.DecompressionBombError) as error:
        unknown = isinstance(error, pillow.UnidentifiedImageError)
        why = "it is no picture file" if unknown else error
        raise BadRequest(
            f"The picture that is the direction cannot be read: {why}.",
            "Use a PNG or JPEG file of a face.",
        ) from error


def prepared(pixels: Pixels, side: int) -> NDArray[np.float32]:
    """Return a picture as CLIP wants it: its middle square, scaled, normalised, [3, side, side]."""
    pillow = _pillow()
    height, width = pixels.shape[:2]
    square = min(height, width)
    left, top = (width - square) / 2, (height - square) / 2
    picture = pillow.fromarray(np.ascontiguousarray(pixels)).resize(
        (side, side), pillow.Resampling.BICUBIC, box=(left, top, left + square, top + square)
    )
    values = np.asarray(picture, np.float32) / 255.0
    return ((values - _MEAN) / _SPREAD).transpose(2, 0, 1)


class ClipImageEncoder:
    """CLIP image embeddings, unit length; `width` is the checkpoint's projection width."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        """Read a checkpoint.

        Raises:
            Unavailable: `transformers` is not installed, or the folder holds no CLIP.
        """
        try:
            transformers: Any = importlib.import_module("transformers")
        except ImportError as error:
            raise Unavailable(
                "A picture as the direction needs the package transformers, which is not "
                "installed.",
                "Install it on the server: pip install transformers.",
            ) from error
        transformers.utils.logging.disable_progress_bar()
        try:
            model: Any = transformers.CLIPVisionModelWithProjection.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError) as error:
            raise Unavailable(
                f"{folder} cannot be read as CLIP: {error}",
                "Put a CLIP checkpoint there: config.json and model.safetensors.",
            ) from error
        self._model = model.eval().requires_grad_(False).to(device)
        self._device = device
        self._side = int(model.config.image_size)
        self.width = int(model.config.projection_dim)

    @torch.inference_mode()
    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        """Return unit vectors of pictures [H, W, 3]: float32 [B, width]."""
        rows = [np.zeros((0, self.width), np.float32)]
        for first in range(0, len(pictures), _BATCH):
            ready = [prepared(p, self._side) for p in pictures[first : first + _BATCH]]
            rows.append(self._unit(torch.from_numpy(np.stack(ready))).cpu().numpy())
        return np.concatenate(rows)

    def _unit(self, ready: Tensor) -> Tensor:
        found = self._model(pixel_values=ready.to(self._device)).image_embeds
        return torch.nn.functional.normalize(found.float(), dim=-1)
