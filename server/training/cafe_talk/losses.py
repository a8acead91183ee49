"""Fig. 5 of the paper: the losses of the base model and of Table 3's variants, on the same windows.

    python -m server.training.cafe_talk.losses RECIPE --store STORE NAME=WEIGHTS ... [--windows N]

Every network sees the same windows, times and noise. The first one without its AU sequence is the
base model, so a network whose base was frozen is named first. Sums are of squares of coefficients
in the network's scale, as the training's are.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from server.evaluation.intervals import Estimate, mean
from server.generators.cafe_talk.model import CafeTalk, Conditions
from server.generators.cafe_talk.weights import load_weights
from server.generators.diffusion import noised

from .batches import Drawer
from .sequences import clip_sequence
from .store import open_store
from .train import LEAST_TIME, drawer_of, read_recipe

log = logging.getLogger(__name__)

BASE, REGULAR, ACTIVE, SWAPPED = "base", "Eq. 5", "Eq. 5 where AUs are active", "Eq. 6"
"""Without an AU sequence; with it; with it, on its channels and frames alone; the same with the
emotion of another line."""
KINDS: Final = (BASE, REGULAR, ACTIVE, SWAPPED)


@dataclass
class Batch:
    """Windows with all that a loss needs, but for the style, which each network names its own way.

    Attributes:
        x0, eps: [B, T, C]. t: [B]. rows: of the style table, [B].
        own, swapped: conditions with the windows' emotions and with other lines'.
        control: Z_ctrl of Eq. 6, valid: channels that were captured, [B, T, C] and [B, 1, C].
    """

    x0: Tensor
    eps: Tensor
    t: Tensor
    rows: Tensor
    own: Conditions
    swapped: Conditions
    control: Tensor
    valid: Tensor


def drawn(drawer: Drawer, size: int, late: float, seed: int) -> Iterator[Batch]:
    """Draw batches without end, as stage 2 of the paper does.

    Args:
        late: times are 1 - u^late, u uniform.
    """
    config = drawer.config
    for number in range(2**31):
        rng = np.random.default_rng((seed, number))
        batch = drawer.draw(size, rng)
        x0 = batch.target(config)
        sequences = [clip_sequence(face, rng) for face in batch.faces]
        none = torch.zeros(size, config.n_style)
        own = drawer.conditions(batch, x0, none, rng)
        own.is_given = torch.zeros_like(own.is_given)
        own.fine = torch.from_numpy(np.stack([fine for fine, _ in sequences]))
        others = drawer.conditions(batch, x0, none, rng, swap=np.ones(size, bool))
        control = torch.from_numpy(np.stack([mask for _, mask in sequences]))
        early = rng.uniform(0.0, 1.0 - LEAST_TIME, size) ** late
        yield Batch(
            x0, torch.from_numpy(rng.standard_normal(x0.shape, np.float32)),
            torch.from_numpy((1.0 - early).astype(np.float32)), drawer.style_rows(batch.numbers),
            own, replace(own, text=others.text, intensity=others.intensity),
            control * batch.valid, batch.valid.expand_as(control),
        )  # fmt: skip


@torch.inference_mode()
def losses(model: CafeTalk, batch: Batch) -> dict[str, float]:
    """Return each of `KINDS` on a batch."""
    own = _errors(model, batch, batch.own)
    swapped = _errors(model, batch, batch.swapped)
    return {
        BASE: _mean(_errors(model, batch, replace(batch.own, fine=None)), batch.valid),
        REGULAR: _mean(own, batch.valid),
        ACTIVE: _mean(own, batch.control),
        SWAPPED: _mean(swapped, batch.control),
    }


def _errors(model: CafeTalk, batch: Batch, conditions: Conditions) -> Tensor:
    styled = replace(conditions, style=model.style_table(batch.rows))
    return (model(noised(batch.x0, batch.eps, batch.t), batch.t, styled) - batch.x0) ** 2


def _mean(errors: Tensor, weight: Tensor) -> float:
    return float((errors * weight).sum() / weight.sum().clamp_min(1.0))


def compared(models: Mapping[str, CafeTalk], batches: Iterator[Batch], n_batches: int
             ) -> dict[str, dict[str, tuple[Estimate, Estimate]]]:  # fmt: skip
    """Return each loss of each model, and its distance from the base's; intervals over batches."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in models}
    for _ in range(n_batches):
        batch = next(batches)
        for name, model in models.items():
            found[name].append(losses(model, batch))
    base = [row[BASE] for row in found[next(iter(models))]]
    return {
        name: {
            kind: (
                mean([row[kind] for row in rows]),
                mean([row[kind] - b for row, b in zip(rows, base, strict=True)]),
            )
            for kind in KINDS
        }
        for name, rows in found.items()
    }


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("networks", nargs="+", metavar="NAME=WEIGHTS")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--windows", type=int, default=480)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    recipe = read_recipe(options.recipe)
    torch.set_num_threads(recipe.threads)
    drawer = drawer_of(recipe, open_store(options.store))
    named = (text.partition("=") for text in options.networks)
    models = {name: load_weights(Path(file))[0].model for name, _, file in named}
    for late in sorted({1.0, recipe.fine_late}):
        batches = drawn(drawer, recipe.fine_batch, late, options.seed)
        table = compared(models, batches, options.windows // recipe.fine_batch)
        log.info("times 1 - u^%g", late)
        for name, row in table.items():
            for kind, (value, over) in row.items():
                log.info("  %s, %s: %s; minus base: %s", name, kind, value, over)


if __name__ == "__main__":
    main()
