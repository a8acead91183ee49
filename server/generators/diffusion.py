"""Diffusion over clips: the noise schedule, keyed noise, and samplers for x0 prediction.

Variance-preserving (Ho et al. 2020) with a cosine schedule (Nichol and Dhariwal 2021) in continuous
time: at time t in 0..1 a clip is `signal(t) * x0 + noise(t) * eps`. A denoiser returns x0, so that
guidance, given frames and bounds are put on clips and not on noise.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

FIRST_TIME: Final = 0.995
"""Where sampling starts: at 1 nothing of x0 is left and the solver's logarithm has no value."""

Denoiser = Callable[[Tensor, float], Tensor]
"""(noisy clip, time) -> x0, same shape."""


def signal(t: float) -> float:
    """Return the share of x0 in a noisy clip at time t."""
    return math.cos(0.5 * math.pi * t)


def noise(t: float) -> float:
    """Return the share of the noise at time t."""
    return math.sin(0.5 * math.pi * t)


def noised(x0: Tensor, eps: Tensor, t: Tensor) -> Tensor:
    """Return Eq. 3's noisy clip: x0, eps [B, T, C]; t [B]."""
    angle = (0.5 * math.pi * t)[:, None, None]
    return torch.cos(angle) * x0 + torch.sin(angle) * eps


def keyed_noise(seed: int, window: int, step: int, shape: Sequence[int]) -> Tensor:
    """Return standard normal noise, float32 [shape], that depends on these numbers only.

    Made by NumPy's Philox on the CPU: the same on every device and in every batch.
    """
    key = np.random.SeedSequence((seed & (2**64 - 1), window, step))
    rng = np.random.Generator(np.random.Philox(key))
    return torch.from_numpy(rng.standard_normal(tuple(shape), np.float32))


def step_times(n_steps: int, exponent: float = 1.0) -> tuple[float, ...]:
    """Return the times of `n_steps` evaluations, descending, and 0 at the end.

    Args:
        n_steps: at least 1.
        exponent: above 1 spends more steps near the clean end, below 1 near the noise.
    """
    if n_steps < 1:
        raise ValueError(f"a sampler needs a step at least, got {n_steps}")
    places = np.linspace(1.0, 0.0, n_steps + 1) ** exponent
    return tuple(float(FIRST_TIME * place) for place in places)


def ddim(denoise: Denoiser, eps: Tensor, times: Sequence[float]) -> Tensor:
    """Return x0 by the deterministic first-order sampler (Song et al. 2021, eta 0).

    Args:
        eps: noise to start from. times: as `step_times` gives them.
    """
    x = noise(times[0]) * eps
    x0 = x
    for now, after in itertools.pairwise(times):
        x0 = denoise(x, now)
        remaining = (x - signal(now) * x0) / noise(now)
        x = signal(after) * x0 + noise(after) * remaining
    return x0


def dpm_solver(denoise: Denoiser, eps: Tensor, times: Sequence[float]) -> Tensor:
    """Return x0 by DPM-Solver++(2M) (Lu et al. 2022, Algorithm 2): second order, one call a step.

    Args:
        eps: noise to start from. times: as `step_times` gives them.
    """
    x = noise(times[0]) * eps
    x0, before, last_span = x, None, 0.0
    for now, after in itertools.pairwise(times):
        x0 = denoise(x, now)
        if after <= 0.0:
            break
        span = _log_ratio(after) - _log_ratio(now)
        direction = x0
        if before is not None:
            lean = span / (2.0 * last_span)
            direction = (1.0 + lean) * x0 - lean * before
        x = noise(after) / noise(now) * x - signal(after) * math.expm1(-span) * direction
        before, last_span = x0, span
    return x0


SAMPLERS: Final = {"dpm": dpm_solver, "ddim": ddim}


def _log_ratio(t: float) -> float:
    return math.log(signal(t) / noise(t))
