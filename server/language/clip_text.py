"""The papers' text encoder: CLIP's text tower from a local folder, through `transformers`.

Optional: used by the `paper` sizes only. Nothing is downloaded, no code of a checkpoint is run, and
only safetensors files are read.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .encoder import TextEncoder
from .errors import EncoderError


class ClipTextEncoder:
    """CLIP text embeddings, unit length; `width` is the checkpoint's projection width.

    Raises:
        EncoderError: `transformers` is not installed, or the folder holds no CLIP text tower.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        try:
            transformers: Any = importlib.import_module("transformers")
        except ImportError as error:
            raise EncoderError(
                "the CLIP text encoder needs the package transformers, which is not installed",
                "Install it, or use the built-in text encoder.",
            ) from error
        if not (folder / "config.json").is_file():
            raise EncoderError(
                f"there is no CLIP checkpoint in {folder}",
                "Name a folder with config.json, the tokenizer and safetensors weights.",
            )
        try:
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(
                str(folder), local_files_only=True
            )
            self._model = transformers.CLIPTextModelWithProjection.from_pretrained(
                str(folder), local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError) as error:
            raise EncoderError(f"{folder} cannot be read as CLIP: {error}") from error
        self._model = self._model.eval().to(device)
        self._device = device
        self.width = int(self._model.config.projection_dim)

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 [B, width]; texts past CLIP's length are cut."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        longest = int(self._model.config.max_position_embeddings)
        tokens = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt"
        )
        found = self._model(**{name: value.to(self._device) for name, value in tokens.items()})
        return torch.nn.functional.normalize(found.text_embeds.float(), dim=-1).cpu().numpy()


def text_encoder(name: str, folder: Path | None = None) -> TextEncoder:
    """A text encoder by the name in a generator's config: "builtin" or "clip".

    Raises:
        EncoderError: an unknown name, or "clip" without a folder.
        WeightsError: the built-in encoder's file is absent.
    """
    if name == "builtin":
        from .encoder import load_encoder
        from .express import WEIGHTS

        return load_encoder(WEIGHTS / "text_encoder.safetensors")
    if name == "clip":
        if folder is None:
            raise EncoderError("the CLIP text encoder needs the folder of a checkpoint")
        return ClipTextEncoder(folder)
    raise EncoderError(f"'{name}' is not a text encoder; use builtin or clip")
