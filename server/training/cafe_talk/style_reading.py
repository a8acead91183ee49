"""Fit the reading of a style from clips anew, for a network whose style table is trained.

    python -m server.training.cafe_talk.style_reading STORE WEIGHTS

In stage 1 the style encoder only follows the moving table. Here the table stands still, inputs are
standardised at the start, and it learns from the mean statistics of one to eight clips of an actor.
The squared error alone decides: a loss that also wants the nearest row to be the right one names
more actors, but sends a single clip that it mistakes further astray.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from server.generators.cafe_talk.styles import StyleEncoder
from server.generators.cafe_talk.weights import Network, load_weights, note_of, save_weights

from .store import Store, open_store

log = logging.getLogger(__name__)

CLIPS: Final = (1, 1, 2, 4, 8)
"""How many clips an example shows, one of these."""
_DRAWS: Final = 20


@dataclass(frozen=True)
class Fit:
    """Steps, windows a step, peak rate, decay, noise in standard deviations, and seed."""

    steps: int = 2000
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.05
    noise: float = 0.15
    seed: int = 0


def by_style(store: Store, names: Sequence[str], splits: Sequence[str]) -> dict[int, list[int]]:
    """Return row of the style table -> numbers of its actor's performed lines."""
    found: dict[int, list[int]] = {}
    for split in splits:
        for number in store.of_split(split):
            line = store.lines[number]
            if not line.real:
                found.setdefault(names.index(line.actor), []).append(number)
    return found


def _drawn(statistics: NDArray[np.float32], numbers: Sequence[int], clips: int,
           rng: np.random.Generator) -> NDArray[np.float32]:  # fmt: skip
    return statistics[rng.choice(numbers, clips)].mean(axis=0)


def recognised(
    encoder: StyleEncoder, table: Tensor, statistics: NDArray[np.float32],
    lines: Mapping[int, Sequence[int]], clips: int,
) -> float:  # fmt: skip
    """Return how often the nearest style is the right one, from `clips` clips each.

    Args:
        table: [K, n_style]. statistics: [U, S]. lines: as `by_style` gives them.
    """
    rng = np.random.default_rng(0)
    right: list[bool] = []
    for row, numbers in lines.items():
        shown = np.stack([_drawn(statistics, numbers, clips, rng) for _ in range(_DRAWS)])
        with torch.no_grad():
            nearest = torch.cdist(encoder(torch.from_numpy(shown)), table).argmin(dim=1)
        right += (nearest == row).tolist()
    return float(np.mean(right))


def fitted(
    table: Tensor, statistics: NDArray[np.float32], lines: Mapping[int, Sequence[int]], fit: Fit
) -> StyleEncoder:
    """Return a style encoder for a table [K, n_style]; see the module."""
    torch.manual_seed(fit.seed)
    rng = np.random.default_rng(fit.seed)
    seen = statistics[sorted(n for numbers in lines.values() for n in numbers)]
    centre, spread = seen.mean(axis=0), seen.std(axis=0) + 1e-3
    encoder = _standardising(StyleEncoder(table.shape[1]), centre, spread)
    optimiser = torch.optim.AdamW(encoder.parameters(), fit.rate, weight_decay=fit.decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, fit.steps)
    rows = np.array(list(lines))
    for _ in range(fit.steps):
        chosen = rng.choice(rows, fit.batch)
        clips = rng.choice(CLIPS, fit.batch)
        shown = np.stack(
            [_drawn(statistics, lines[r], n, rng) for r, n in zip(chosen, clips, strict=True)]
        )
        shown = shown + fit.noise * spread * rng.standard_normal(shown.shape)
        read = encoder(torch.from_numpy(shown.astype(np.float32)))
        loss = (read - table[torch.from_numpy(chosen)]).square().mean() / table.var()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return encoder.eval()


def _standardising(
    encoder: StyleEncoder, centre: NDArray[np.float32], spread: NDArray[np.float32]
) -> StyleEncoder:
    """Let the first layer begin as one that reads standardised statistics."""
    first = encoder.network[0]
    assert isinstance(first, nn.Linear)
    with torch.no_grad():
        first.weight.copy_(0.5 * first.weight / torch.from_numpy(spread))
        first.bias.sub_(first.weight @ torch.from_numpy(centre))
    return encoder


def refit(store: Store, weights: Path, fit: Fit) -> Network:
    """Fit on the store's training lines and write the network back; return it."""
    network, _ = load_weights(weights)
    table = network.model.style_table.weight.detach()
    names = network.model.config.styles
    lines = by_style(store, names, ("train",))
    network.styles = fitted(table, store.statistics, lines, fit)
    for splits in (("valid",), ("test", "test_voice", "test_word")):
        held_out = by_style(store, names, splits)
        shares = [
            recognised(network.styles, table, store.statistics, held_out, n) for n in (1, 4, 8)
        ]
        log.info("%s: right from 1, 4, 8 clips: %.3f %.3f %.3f", splits[0], *shares)
    save_weights(network, weights, note_of(weights))
    return network


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", type=Path)
    parser.add_argument("weights", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    refit(open_store(options.store), options.weights, Fit())


if __name__ == "__main__":
    main()
