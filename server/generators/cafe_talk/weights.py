"""Reading and writing the generator's weights: float16, config and habits inside, strict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from server.language.errors import WeightsError

from .config import CafeTalkConfig
from .model import CafeTalk
from .styles import StyleEncoder

WEIGHTS: Final = Path(__file__).parents[2] / "weights" / "cafe_talk.safetensors"
_PARTS: Final = ("config", "habits", "calibration")


class Network(nn.Module):
    """Everything that is trained, and what goes with it.

    Attributes:
        model: base model and adapter. styles: reads a style from a clip.
        habits: see `habits`. calibration: {"floors": AU code -> share, see `fine.floor_of`,
            "reach": AU code -> channel name -> how far its strip reaches beside its own}.
    """

    def __init__(self, model: CafeTalk, styles: StyleEncoder, habits: Mapping[str, Any],
                 calibration: Mapping[str, Any] | None = None) -> None:  # fmt: skip
        super().__init__()
        self.model, self.styles = model, styles
        self.habits, self.calibration = dict(habits), dict(calibration or {})


def random_network(config: CafeTalkConfig, seed: int = 0) -> Network:
    """Return a network with random weights, its output layer and gates included, for tests."""
    torch.manual_seed(seed)
    network = Network(CafeTalk(config), StyleEncoder(config.n_style), {})
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.02)
    return network.eval()


def save_weights(network: Network, path: Path, note: Mapping[str, str]) -> None:
    """Write a network as float16 with its config, habits, calibration and a note of strings."""
    from safetensors.torch import save_file

    stored = {name: value.to(torch.float16) for name, value in network.state_dict().items()}
    metadata = {
        "config": json.dumps(asdict(network.model.config)),
        "habits": json.dumps(network.habits),
        "calibration": json.dumps(network.calibration),
        **note,
    }
    save_file(stored, str(path), metadata=metadata)


def note_of(path: Path) -> dict[str, str]:
    """Return the note of strings in a file that `save_weights` wrote."""
    from safetensors import safe_open

    with safe_open(str(path), framework="pt") as file:
        about: dict[str, str] = file.metadata()
    return {key: value for key, value in about.items() if key not in _PARTS}


def load_weights(path: Path = WEIGHTS) -> tuple[Network, str]:
    """Read what `save_weights` wrote; return the network and a hash of the file.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"there are no Cafe-Talk weights at {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            about = file.metadata()
            values = json.loads(about["config"])
            config = CafeTalkConfig(**{**values, "styles": tuple(values["styles"])})
            stored = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        network = Network(
            CafeTalk(config), StyleEncoder(config.n_style), json.loads(about["habits"]),
            json.loads(about["calibration"]),
        )  # fmt: skip
        network.load_state_dict(stored)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} does not hold Cafe-Talk of this version: {error}") from error
    return network.eval(), hashlib.sha256(path.read_bytes()).hexdigest()[:16]
