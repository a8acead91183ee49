"""Read and write the ears' weights: one safetensors file, half precision, its own configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from safetensors import safe_open
from safetensors.torch import save_file

from .ears_model import Ears, EarsConfig
from .phones import PHONES
from .recogniser import RecogniserError

DEFAULT_WEIGHTS: Final = Path(__file__).resolve().parents[1] / "weights" / "ears.safetensors"

RESEARCH_WEIGHTS: Final = DEFAULT_WEIGHTS.with_name("ears-research.safetensors")
"""Partly from recordings for non-commercial use; only ever loaded when asked for by name."""


def save_ears(model: Ears, path: Path, about: dict[str, Any]) -> None:
    """Write the weights in half precision, whole or not at all; `about` goes into the metadata."""
    tensors = {k: v.detach().half().contiguous() for k, v in model.state_dict().items()}
    metadata = {
        "config": json.dumps(model.config.to_dict()), "phones": " ".join(PHONES),
        "about": json.dumps(about),
    }  # fmt: skip
    temporary = path.with_suffix(".part")
    save_file(tensors, temporary, metadata)
    temporary.replace(path)


def load_ears(path: Path = DEFAULT_WEIGHTS) -> Ears:
    """Read the weights into a network in single precision, ready to hear.

    Raises:
        RecogniserError: there is no such file, or it is for another phone inventory.
    """
    if not path.exists():
        raise RecogniserError(f"no ears at {path}: install the weights, or name another recogniser")
    with safe_open(path, "pt") as handle:
        metadata = handle.metadata() or {}
        tensors = {name: handle.get_tensor(name).float() for name in handle.keys()}  # noqa: SIM118
    if metadata.get("phones") != " ".join(PHONES):
        raise RecogniserError(f"{path} is for another phone inventory: train the ears again")
    model = Ears(EarsConfig.from_dict(json.loads(metadata["config"])))
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False)


def weights_about(path: Path = DEFAULT_WEIGHTS) -> dict[str, Any]:
    """Return what the weights file says of its making."""
    with safe_open(path, "pt") as handle:
        return dict(json.loads((handle.metadata() or {}).get("about", "{}")))
