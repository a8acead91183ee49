"""How much of a captured mouth the sound alone can explain: a supervised network per speaker.

A small network from log-mel (200 ms to either side) straight to the captured channels, trained on
some takes of the one speaker and tested on another: what a generator that never saw this speaker's
face cannot be expected to beat. Nothing of it is shipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from server.speech.features import N_MELS, log_mel
from server.speech.recogniser import FEATURE_RATE
from server.training.facegood import CAPTURE_FPS, Take

Array = NDArray[np.float32]


@dataclass(frozen=True)
class CeilingConfig:
    """Options of the network; `seeds` networks are averaged."""

    bands: int = 40
    reach: int = 20  # feature frames on either side
    step: int = 2
    hidden: int = 128
    dropout: float = 0.4
    noise: float = 0.3  # standard deviations added to the input
    epochs: int = 14
    batch: int = 128
    learning_rate: float = 2e-3
    seeds: tuple[int, ...] = (0, 1)


def ceiling(
    train: Sequence[Take], test: Take, config: CeilingConfig | None = None
) -> dict[str, Array]:
    """Return predicted curves [T] of every channel that moves in `test`, at 30 fps."""
    config = config or CeilingConfig()
    channels = test.moving
    bands = {take.name: _bands(take, config) for take in (*train, test)}
    heard = np.concatenate([bands[take.name] for take in train])
    mean, spread = heard.mean(axis=0), heard.std(axis=0)

    def inputs(take: Take) -> torch.Tensor:
        return torch.from_numpy(_tapped((bands[take.name] - mean) / spread, take, config))

    def targets(take: Take) -> Array:
        return np.stack([take.curve(name) for name in channels], axis=1)

    goals = np.concatenate([targets(take) for take in train])
    centre, scale = goals.mean(axis=0), goals.std(axis=0) + 1e-3
    x = torch.cat([inputs(take) for take in train])
    y = torch.from_numpy(((goals - centre) / scale).astype(np.float32))
    nets = [_fitted(x, y, config, seed) for seed in config.seeds]
    with torch.no_grad():
        said = torch.stack([net(inputs(test)) for net in nets]).mean(dim=0).numpy()
    curves = said * scale + centre
    return {name: curves[:, i].astype(np.float32) for i, name in enumerate(channels)}


def _bands(take: Take, config: CeilingConfig) -> Array:
    mels = log_mel(take.samples)
    return mels.reshape(len(mels), config.bands, N_MELS // config.bands).mean(axis=2)


def _tapped(bands: Array, take: Take, config: CeilingConfig) -> Array:
    frames = np.round(np.arange(len(take.coefficients)) / CAPTURE_FPS * FEATURE_RATE).astype(int)
    taps = np.arange(-config.reach, config.reach + 1, config.step)
    at = np.clip(frames[:, None] + taps, 0, len(bands) - 1)
    return bands[at].reshape(len(frames), -1).astype(np.float32)


def _fitted(x: torch.Tensor, y: torch.Tensor, config: CeilingConfig, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Dropout(0.1), nn.Linear(x.shape[1], config.hidden), nn.SiLU(),
        nn.Dropout(config.dropout), nn.Linear(config.hidden, config.hidden), nn.SiLU(),
        nn.Dropout(config.dropout), nn.Linear(config.hidden, y.shape[1]),
    )  # fmt: skip
    steps = len(x) // config.batch
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=steps * config.epochs
    )
    for _ in range(config.epochs):
        order = torch.randperm(len(x))
        for step in range(steps):
            rows = order[step * config.batch : (step + 1) * config.batch]
            noisy = x[rows] + config.noise * torch.randn(len(rows), x.shape[1])
            loss = ((net(noisy) - y[rows]) ** 2).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return net.eval()
