"""Reading and writing the generator's weights: float16, config inside, strict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch

from server.language.errors import WeightsError

from .config import ExpClipConfig
from .model import ExpClipAnimator

WEIGHTS: Final = Path(__file__).parents[2] / "weights" / "expclip.safetensors"


def save_animator(model: ExpClipAnimator, path: Path, note: Mapping[str, str]) -> None:
    """Write the networks as float16 with their config and a note of strings."""
    from safetensors.torch import save_file

    stored = {name: value.to(torch.float16) for name, value in model.state_dict().items()}
    save_file(stored, str(path), metadata={"config": json.dumps(asdict(model.config)), **note})


def load_animator(path: Path = WEIGHTS) -> tuple[ExpClipAnimator, str]:
    """Read what `save_animator` wrote; return the model and a hash of the file.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"there are no ExpCLIP generator weights at {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            config = ExpClipConfig(**json.loads(file.metadata()["config"]))
            stored = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        model = ExpClipAnimator(config)
        model.load_state_dict(stored)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(
            f"{path} is not an ExpCLIP generator of this version: {error}"
        ) from error
    return model.eval(), hashlib.sha256(path.read_bytes()).hexdigest()[:16]
