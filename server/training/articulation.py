"""Fit the evidence regression of `articulate`: captured mouths and synthetic voices together.

    python -m server.training.articulation --data DATA --corpus EARS_CORPUS --out FILE

Captured takes teach how far and when a real mouth moves, but are one voice; the ears' synthetic
corpus has a hundred voices with exact phones, whose targets are the articulation rules themselves.
Trained on both, the regression transfers to voices that it never heard, and it is better on the
captured speaker too. Voices are altered (formants, colour, noise) on the fly.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import nn

from arkit.clip import Phone
from arkit.names import INDEX
from server.generators.articulate.coarticulation import mouth, with_closures
from server.generators.articulate.config import ArticulateConfig
from server.generators.articulate.evidence import (
    FULL_SCALE_DB,
    N_BANDS,
    NATS_PER_DB,
    colour_of,
    line_level,
    normalised,
)
from server.generators.articulate.track import contacts_of, track_of
from server.generators.base import Speech
from server.speech.features import N_MELS, log_mel
from server.speech.phones import PHONES
from server.speech.recogniser import FEATURE_RATE
from server.training.ears.shards import Shard, read_shard
from server.training.facegood import CALIBRATION_TAKES, CAPTURE_FPS, Take, load_take

Array = NDArray[np.float32]
_log = logging.getLogger(__name__)

CHANNELS: Final[tuple[str, ...]] = (
    "jawOpen", "mouthFunnel", "mouthPucker", "mouthSmileLeft", "mouthStretchLeft",
    "mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthLowerDownLeft",
    "mouthUpperUpLeft",
)  # fmt: skip
TAPS: Final = (-20, -15, -11, -8, -6, -4, -2, 0, 2, 4, 6, 8, 11, 15, 20)
HELD_OUT_SHARDS: Final = ("festival_lj", "festival_kal", "flite_rms")
_CHUNK_SECONDS = 14
_PER_CHUNK = 130


@dataclass(frozen=True)
class FitConfig:
    """Options of the fit.

    Attributes:
        captured_share: of each batch; the rest is synthetic.
        alterations: altered copies of each take.
        chunks: stretches drawn from each synthetic shard (more from larger ones).
        noise: standard deviation added to normalised bands.
    """

    hidden: int = 128
    steps: int = 3000
    batch: int = 512
    learning_rate: float = 4e-3
    captured_share: float = 0.6
    alterations: int = 2
    chunks: int = 90
    dropout: float = 0.3
    noise: float = 0.3
    seed: int = 0


@dataclass(frozen=True)
class Examples:
    """Inputs [N, taps x bands] and targets [N, K] in the units of the rules."""

    inputs: Array
    targets: Array


def loudness_of(log_mels: Array) -> Array:
    """Return loudness in dB of full scale from log mel power, [F]."""
    nats = np.logaddexp.reduce(log_mels.astype(np.float64), axis=1)
    return (nats / NATS_PER_DB - FULL_SCALE_DB).astype(np.float32)


def line_bands(log_mels: Array, rng: np.random.Generator | None = None) -> Array:
    """Return normalised bands [F, N_BANDS] of a stretch; with `rng`, as another voice elsewhere."""
    loudness = loudness_of(log_mels)
    level = line_level(loudness)
    if rng is not None:
        log_mels = _altered(log_mels, level, rng).astype(np.float32)
    bands = np.log(np.exp(log_mels).reshape(len(log_mels), N_BANDS, -1).mean(axis=2))
    return normalised(bands, level, colour_of(bands, loudness, level))


def _altered(
    log_mels: Array, level_db: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.float64]:
    """Stretch formants by up to 15 %, tilt the colour, add noise under the voice."""
    place = np.arange(N_MELS)
    source = np.clip(place * rng.uniform(0.86, 1.16), 0, N_MELS - 1)
    low = np.floor(source).astype(int)
    high = np.minimum(low + 1, N_MELS - 1)
    share = source - low
    mels = log_mels[:, low] * (1 - share) + log_mels[:, high] * share
    knots = np.linspace(0, N_MELS - 1, 6)
    mels = mels + np.interp(place, knots, rng.normal(0, 0.8, 6))
    noise = rng.uniform(-9, -3) + np.interp(place, knots, rng.normal(0, 1, 6))
    return np.logaddexp(mels, noise + ((level_db + FULL_SCALE_DB) * NATS_PER_DB)[:, None])


def tapped(bands: Array, frames: NDArray[np.intp]) -> Array:
    """Return the bands around each frame, [n, taps x bands]."""
    at = np.clip(frames[:, None] + np.array(TAPS), 0, len(bands) - 1)
    return bands[at].reshape(len(frames), -1)


def rule_curves(phones: tuple[Phone, ...], loudness: Array, times: NDArray[np.float64]) -> Array:
    """Return what the rules alone do, [T, K]."""
    config = ArticulateConfig()
    seconds = len(loudness) / FEATURE_RATE
    track = track_of(Speech(np.zeros(0, np.float32), seconds, phones, loudness), config)
    faces = with_closures(mouth(times, track, config)[0], times, contacts_of(phones), config)
    return faces[:, [INDEX[c] for c in CHANNELS]].astype(np.float32)


def captured_examples(takes: Sequence[Take], config: FitConfig, units: Array) -> Examples:
    """Return all frames of the takes, as they are and altered; targets times `units` [K]."""
    rng = np.random.default_rng(config.seed)
    inputs, targets = [], []
    for take in takes:
        mels = log_mel(take.samples)
        curves = np.stack([take.curve(c) for c in CHANNELS], axis=1) * units
        frames = np.round(np.arange(len(curves)) / CAPTURE_FPS * FEATURE_RATE).astype(np.intp)
        for alteration in range(config.alterations + 1):
            bands = line_bands(mels, rng if alteration else None)
            inputs.append(tapped(bands, frames))
            targets.append(curves)
    return Examples(np.concatenate(inputs), np.concatenate(targets).astype(np.float32))


def synthetic_examples(corpus: Path, config: FitConfig) -> Examples:
    """Return frames of synthetic voices with the rules' curves as targets."""
    rng = np.random.default_rng(config.seed)
    names = sorted(p.stem for p in corpus.glob("*.json"))
    names = [n for n in names if not n.startswith(("test_", "real_")) and n not in HELD_OUT_SHARDS]
    inputs, targets = [], []
    for name in names:
        shard = read_shard(corpus, name)
        for _ in range(config.chunks * (1 + min(2, int(shard.hours / 3)))):
            example = _synthetic_chunk(shard, rng)
            if example is not None:
                inputs.append(example.inputs)
                targets.append(example.targets)
    return Examples(np.concatenate(inputs), np.concatenate(targets))


def _synthetic_chunk(shard: Shard, rng: np.random.Generator) -> Examples | None:
    n = _CHUNK_SECONDS * FEATURE_RATE
    start = int(rng.integers(0, len(shard.phone) - n))
    labels = np.asarray(shard.phone[start : start + n])
    edges = np.flatnonzero(np.diff(labels, prepend=-1))
    ends = np.append(edges[1:], n)
    phones = tuple(
        Phone(PHONES[labels[a]], a / FEATURE_RATE, b / FEATURE_RATE)
        for a, b in zip(edges, ends, strict=True)
        if labels[a] < len(PHONES)
    )
    if len(phones) < _CHUNK_SECONDS:
        return None
    mels = np.asarray(shard.mel[start : start + n], np.float32)
    frames = np.sort(rng.choice(np.arange(50, n - 50), _PER_CHUNK, replace=False))
    curves = rule_curves(phones, loudness_of(mels), frames / FEATURE_RATE)
    return Examples(tapped(line_bands(mels, rng), frames), curves)


def fit(captured: Examples, synthetic: Examples, config: FitConfig) -> nn.Sequential:
    """Return a regression trained on both, in the units of the rules."""
    torch.manual_seed(config.seed)
    n_in, n_out, hidden = len(TAPS) * N_BANDS, len(CHANNELS), config.hidden
    net = nn.Sequential(
        nn.Linear(n_in, hidden), nn.SiLU(), nn.Dropout(config.dropout),
        nn.Linear(hidden, hidden // 2), nn.SiLU(), nn.Linear(hidden // 2, n_out),
    )  # fmt: skip
    units = torch.from_numpy(synthetic.targets.std(axis=0))
    sources = [
        (torch.from_numpy(e.inputs), torch.from_numpy(e.targets) / units, share)
        for e, share in (
            (captured, config.captured_share),
            (synthetic, 1 - config.captured_share),
        )
    ]
    # A channel that hardly moves on the captured face would otherwise not be learned from it.
    weights = [1 / (targets.var(dim=0) + 0.02) for _, targets, _ in sources]
    optimiser = torch.optim.AdamW(net.parameters(), lr=config.learning_rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, config.learning_rate, total_steps=config.steps
    )
    for _ in range(config.steps):
        loss = torch.zeros(())
        for (inputs, targets, share), weight in zip(sources, weights, strict=True):
            rows = torch.randint(0, len(inputs), (max(1, int(config.batch * share)),))
            noisy = inputs[rows] + config.noise * torch.randn(len(rows), n_in)
            error = (net(noisy) - targets[rows]) ** 2 * (weight / weight.mean())
            loss = loss + share * error.mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    last = net[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(units[:, None])
        last.bias.mul_(units)
    return net.eval()


def save(net: nn.Sequential, path: Path) -> None:
    """Write the regression where `evidence.load_evidence` reads it."""
    tensors: dict[str, NDArray[np.float16]] = {}
    for i, layer in enumerate(m for m in net if isinstance(m, nn.Linear)):
        tensors[f"weight{i}"] = layer.weight.detach().numpy().T.astype(np.float16).copy()
        tensors[f"bias{i}"] = layer.bias.detach().numpy().astype(np.float16)
    about = {"config": json.dumps({"names": CHANNELS, "taps": TAPS})}
    save_file(tensors, path, metadata=about)  # type: ignore[arg-type]


UNITS: Final[dict[str, float]] = {
    "jawOpen": 1.0, "mouthFunnel": 1.4, "mouthPucker": 1.2, "mouthSmileLeft": 3.0,
    "mouthStretchLeft": 3.0, "mouthRollLower": 2.0, "mouthRollUpper": 1.0,
    "mouthPressLeft": 2.0, "mouthLowerDownLeft": 1.4, "mouthUpperUpLeft": 1.4,
}  # fmt: skip
"""Captured coefficient -> the rules' unit: the captured speaker hardly moves some channels, and on
a rig such values would not show."""


def unit_row() -> Array:
    """Return `UNITS` in the order of `CHANNELS`, [K]."""
    return np.array([UNITS[c] for c in CHANNELS], np.float32)


def main() -> None:
    """Fit on the four calibration takes and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    config = FitConfig()
    takes = [load_take(options.data, name) for name in CALIBRATION_TAKES]
    captured = captured_examples(takes, config, unit_row())
    synthetic = synthetic_examples(options.corpus, config)
    _log.info("%d captured and %d synthetic frames", len(captured.inputs), len(synthetic.inputs))
    save(fit(captured, synthetic, config), options.out)


if __name__ == "__main__":
    main()
