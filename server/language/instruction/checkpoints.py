"""The paper's parts from local folders, through `transformers`: HuBERT and a LLaMA-type model.

Optional: used by the `paper` size only. Nothing is downloaded, no code of a checkpoint is run, and
only safetensors files are read.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .errors import InstructionError

_LEAST_SAMPLES: Final = 400


def _transformers(what: str) -> Any:
    try:
        return importlib.import_module("transformers")
    except ImportError as error:
        raise InstructionError(
            f"{what} needs the package transformers, which is not installed",
            "Install it, or use the size 'base'.",
        ) from error


def _checked(folder: Path, what: str) -> str:
    if not (folder / "config.json").is_file():
        raise InstructionError(
            f"there is no {what} checkpoint in {folder}",
            "Name a folder with config.json and safetensors weights.",
        )
    return str(folder)


class Hubert:
    """HuBERT features of a line: 16 kHz samples [S] -> [T, width] at 50 Hz.

    Raises:
        InstructionError: `transformers` is not installed, or the folder holds no such checkpoint.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        transformers, named = _transformers("HuBERT"), _checked(folder, "HuBERT")
        try:
            model: Any = transformers.HubertModel.from_pretrained(
                named, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError) as error:
            raise InstructionError(f"{folder} cannot be read as HuBERT: {error}") from error
        self._model, self._device = model.eval().to(device), device
        self.width = int(model.config.hidden_size)

    @torch.inference_mode()
    def encode(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features of a line of a few seconds; level and offset do not matter."""
        piece = np.pad(samples, (0, max(_LEAST_SAMPLES - len(samples), 0))).astype(np.float32)
        piece = (piece - piece.mean()) / np.float32(piece.std() + 1e-5)
        states = self._model(torch.from_numpy(piece)[None].to(self._device)).last_hidden_state
        return states[0].float().cpu().numpy()


class CausalCheckpoint:
    """A LLaMA-type model as a `words.CausalModel`; its weights stay as they are.

    Raises:
        InstructionError: `transformers` is not installed, or the folder holds no such checkpoint.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        transformers = _transformers("the language model")
        named = _checked(folder, "language model")
        try:
            self._tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
                named, local_files_only=True, trust_remote_code=False
            )
            model: Any = transformers.AutoModelForCausalLM.from_pretrained(
                named, local_files_only=True, use_safetensors=True, trust_remote_code=False
            )
        except (OSError, ValueError) as error:
            raise InstructionError(
                f"{folder} cannot be read as a language model: {error}"
            ) from error
        self._model = model.eval().requires_grad_(False).to(device)
        self.width = int(model.config.hidden_size)
        self.bos = int(self._tokenizer.bos_token_id)
        self.eos = int(self._tokenizer.eos_token_id)

    def encode(self, text: str) -> list[int]:
        """Tokens of a text, without the marks of its beginning and end."""
        found: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    def decode(self, ids: Sequence[int]) -> str:
        """The text of tokens."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text.strip()

    def embed(self, ids: Tensor) -> Tensor:
        """[B, N] -> [B, N, D]."""
        return self._model.get_input_embeddings()(ids)

    def __call__(self, embeddings: Tensor) -> Tensor:
        """[B, N, D] -> logits [B, N, V] of the token after each; gradients pass to the prompt."""
        return self._model(inputs_embeds=embeddings).logits

    def next_logits(self, embeddings: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """Logits [B, V] of the token after the last, and the state that goes on from there."""
        found = self._model(inputs_embeds=embeddings, past_key_values=state, use_cache=True)
        return found.logits[:, -1], found.past_key_values
