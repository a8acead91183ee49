"""One training loop for every stage: AdamW, one-cycle rate, clipped gradients, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

Report = Callable[[str], None]
StepLoss = Callable[[np.random.Generator], Tensor]


@dataclass(frozen=True)
class LoopOptions:
    """Steps, the length of the rate's schedule (at least `steps`), peak rate, seed, checkpoints."""

    steps: int
    schedule: int
    rate: float
    seed: int = 0
    keep_every: int = 200


def run(
    model: nn.Module, loss_of: StepLoss, options: LoopOptions, path: Path, report: Report
) -> float:
    """Train `model` in place and return the smoothed loss.

    The state is kept at `path` every `keep_every` steps and taken up again from there. The random
    numbers after a resume are seeded by the step, so a stopped run is not bit-identical.
    """
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, options.rate, total_steps=options.schedule + 1, pct_start=0.08
    )
    first = _resume(model, optimiser, schedule, path)
    rng = np.random.default_rng(options.seed + first)
    started, smooth = time.monotonic(), float("nan")
    model.train()
    for step in range(first, options.steps):
        loss = loss_of(rng)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        smooth = loss.item() if step == first else 0.98 * smooth + 0.02 * loss.item()
        if (step + 1) % options.keep_every == 0 or step + 1 == options.steps:
            pace = (time.monotonic() - started) / (step + 1 - first)
            report(f"{path.stem}: step {step + 1}, loss {smooth:.4f}, {pace:.3f} s a step")
            _keep(model, optimiser, schedule, path, step + 1)
    model.eval()
    return smooth


def _resume(model: nn.Module, optimiser: torch.optim.Optimizer,
            schedule: torch.optim.lr_scheduler.LRScheduler, path: Path) -> int:  # fmt: skip
    if not path.is_file():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["step"])


def _keep(model: nn.Module, optimiser: torch.optim.Optimizer,
          schedule: torch.optim.lr_scheduler.LRScheduler, path: Path, step: int,
          ) -> None:  # fmt: skip
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "step": step,
    }
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)
