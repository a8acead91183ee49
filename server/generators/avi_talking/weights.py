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

from .config import AviTalkingConfig
from .following import Follower
from .model import TalkingPrior
from .space import built_in_space, check_basis

WEIGHTS: Final = Path(__file__).parents[2] / "weights" / "avi_talking.safetensors"
_TUPLES: Final = ("emotions", "actors")


class Network(nn.Module):
    """The talking prior and what brings instructions to it.

    Attributes:
        habits: what emotions do to blinks, gaze and head, see `cafe_talk.habits`.
    """

    def __init__(
        self, prior: TalkingPrior, follower: Follower, habits: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        self.prior, self.follower = prior, follower
        self.habits = dict(habits or {})

    @property
    def config(self) -> AviTalkingConfig:
        """The sizes of both."""
        return self.prior.config


def random_network(config: AviTalkingConfig, seed: int = 0) -> Network:
    """Return a network with random weights, its zero layers included, for tests."""
    torch.manual_seed(seed)
    network = Network(TalkingPrior(config), Follower(config))
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)
    return network.eval()


def save_weights(network: Network, path: Path, note: Mapping[str, str]) -> None:
    """Write a network as float16 with its config, habits and a note of strings."""
    from safetensors.torch import save_file

    stored = {name: value.to(torch.float16) for name, value in network.state_dict().items()}
    metadata = {"config": json.dumps(asdict(network.config)), "habits": json.dumps(network.habits)}
    save_file(stored, str(path), metadata={**metadata, **note})


def load_weights(path: Path = WEIGHTS) -> tuple[Network, str]:
    """Read what `save_weights` wrote; return the network and a hash of the file.

    Raises:
        WeightsError: the file is absent, does not fit, or is of another FLAME basis.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"there are no AVI-Talking weights at {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            about = file.metadata()
            values = json.loads(about["config"])
            tuples = {name: tuple(values[name]) for name in _TUPLES}
            config = AviTalkingConfig(**{**values, **tuples})
            stored = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        network = Network(TalkingPrior(config), Follower(config), json.loads(about["habits"]))
        network.load_state_dict(stored)
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path} does not hold AVI-Talking of this version: {error}") from error
    check_basis(config.basis_id)
    if config.n_motion != built_in_space().n_motion:
        raise WeightsError(f"{path} moves {config.n_motion} coordinates, not those of our head")
    return network.eval(), hashlib.sha256(path.read_bytes()).hexdigest()[:16]
