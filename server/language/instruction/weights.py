"""Reading and writing the instruction stage's weights: float16, config and words inside, strict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch

from .config import InstructionConfig, LanguageModelConfig
from .errors import InstructionError
from .model import InstructionModel
from .words import CausalModel, Vocabulary, WordModel

FOLDER: Final = Path(__file__).parents[2] / "weights"
DEFAULT: Final = "instruction"
RESEARCH: Final = "instruction-research"
"""Partly from recordings for non-commercial use; only ever loaded when asked for by name."""


def weights_path(name: str | Path) -> Path:
    """The file of a name ("instruction", "instruction-research") or of a path to one.

    Raises:
        InstructionError: there is no such file.
    """
    path = FOLDER / f"{name}.safetensors" if name in (DEFAULT, RESEARCH) else Path(name)
    if path.is_file():
        return path
    if name == RESEARCH:
        raise InstructionError(
            f"there are no weights '{RESEARCH}' at {path}",
            "They are for non-commercial use and not part of the package: build them with the "
            "recipe, or use 'instruction'.",
        )
    raise InstructionError(
        f"there are no instruction weights at {path}",
        "Install Soliloquy again, as weights belong to it, or write the direction yourself.",
    )


def text_encoder_hash() -> str:
    """A hash of the built-in text encoder's file: embeddings mean something only beside it."""
    path = FOLDER / "text_encoder.safetensors"
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def save_instruction(model: InstructionModel, path: Path, note: Mapping[str, str]) -> None:
    """Write a model as float16 with its config, words, requests and a note of strings."""
    from safetensors.torch import save_file

    words = model.words
    stored = {
        name: value.to(torch.float16).contiguous() for name, value in model.state_dict().items()
    }
    metadata = {
        "config": json.dumps(asdict(model.config)),
        "words": json.dumps(words.vocabulary.words if isinstance(words, WordModel) else ()),
        "requests": json.dumps(model.requests),
        "anchors": json.dumps(model.anchor_names),
        **note,
    }
    save_file(stored, str(path), metadata=metadata)


def load_instruction(
    path: Path, checkpoint: CausalModel | None = None
) -> tuple[InstructionModel, dict[str, str]]:
    """Read what `save_instruction` wrote: the model, and all that the file says of itself.

    `checkpoint` is the language model of the size "paper", whose weights are in no file of ours.

    Raises:
        InstructionError: the file is absent or does not fit.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(weights_path(path)), framework="pt") as file:
            about: dict[str, str] = dict(file.metadata() or {})
            stored = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        config = _config(json.loads(about["config"]))
        words = checkpoint or WordModel(config.words, Vocabulary(json.loads(about["words"])))
        model = InstructionModel(
            config, words, json.loads(about["requests"]), json.loads(about["anchors"])
        )
        model.load_state_dict(stored)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InstructionError(
            f"{path} does not hold an instruction model of this version: {error}",
            "Install Soliloquy again, or train the weights anew.",
        ) from error
    return model.eval().requires_grad_(False), about


def _config(values: dict[str, Any]) -> InstructionConfig:
    return InstructionConfig(**{**values, "words": LanguageModelConfig(**values["words"])})
