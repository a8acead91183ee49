"""A training loop by the clock: AdamW, warm-up and cosine over the minutes, moving average.

On a machine shared with others a step has no fixed length, so the learning rate follows the time
spent; the state holds it, and a stopped run goes on where it was.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

log = logging.getLogger(__name__)

StepLoss = Callable[[np.random.Generator], Tensor]


@dataclass(frozen=True)
class Clock:
    """Minutes of training, peak learning rate, decay of the moving average, seed, minutes between
    checkpoints, steps after which it ends at the latest (0: no limit), and steps at which `run`
    hands out the averaged parameters."""

    minutes: float
    rate: float = 1e-3
    decay: float = 0.998
    seed: int = 0
    keep_minutes: float = 3.0
    most_steps: int = 0
    marks: tuple[int, ...] = ()


class Average:
    """Moving average of parameters; early on it forgets faster."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {n: p.detach().clone() for n, p in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Move towards the model's parameters."""
        share = 1.0 - min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                self.values[name].lerp_(value, share)


def run(model: nn.Module, parameters: Sequence[nn.Parameter], loss_of: StepLoss, clock: Clock,
        path: Path, *, at_mark: Callable[[int, dict[str, Tensor]], None] | None = None
        ) -> dict[str, Tensor]:  # fmt: skip
    """Train in place; return the averaged parameters. State is kept at `path`."""
    optimiser = torch.optim.AdamW(parameters, lr=clock.rate, weight_decay=1e-3, betas=(0.9, 0.98))
    average = Average(model, clock.decay)
    step, spent, smooth = _resume(model, optimiser, average, path)
    rng = np.random.default_rng((clock.seed, step))
    torch.manual_seed(clock.seed + step)
    kept = spent
    while spent < clock.minutes * 60 and not 0 < clock.most_steps <= step:
        started = time.monotonic()
        for group in optimiser.param_groups:
            group["lr"] = clock.rate * _share(step, _progress(clock, step, spent))
        loss = loss_of(rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        step += 1
        average.update(model, step)
        if at_mark is not None and step in clock.marks:
            at_mark(step, average.values)
        now = float(loss.detach())
        smooth = now if step == 1 else 0.99 * smooth + 0.01 * now
        spent += time.monotonic() - started
        if step % 50 == 0:
            log.info("%s: step %d, loss %.4f, %.1f min", path.stem, step, smooth, spent / 60)
        if spent - kept > clock.keep_minutes * 60:
            _keep(model, optimiser, average, path, (step, spent, smooth))
            kept = spent
    _keep(model, optimiser, average, path, (step, spent, smooth))
    return average.values


def _progress(clock: Clock, step: int, spent: float) -> float:
    """Return how much of a training is done: by its seconds, or by its steps where they end it."""
    by_steps = step / clock.most_steps if clock.most_steps else 0.0
    return max(spent / (clock.minutes * 60), by_steps)


def _share(step: int, progress: float) -> float:
    """Return the share of the peak rate: up over 100 steps, then down on a cosine."""
    return min(1.0, (step + 1) / 100) * (0.02 + 0.49 * (1 + math.cos(math.pi * min(progress, 1.0))))


def _resume(model: nn.Module, optimiser: torch.optim.Optimizer, average: Average, path: Path
            ) -> tuple[int, float, float]:  # fmt: skip
    if not path.is_file():
        return 0, 0.0, 0.0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    average.values = state["average"]
    return int(state["step"]), float(state["spent"]), float(state["smooth"])


def _keep(model: nn.Module, optimiser: torch.optim.Optimizer, average: Average, path: Path,
          at: tuple[int, float, float]) -> None:  # fmt: skip
    state = {
        "model": model.state_dict(), "optimiser": optimiser.state_dict(),
        "average": average.values, "step": at[0], "spent": at[1], "smooth": at[2],
    }  # fmt: skip
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)
