"""Schedule, keyed noise and samplers, against a denoiser whose answer is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from server.generators import diffusion
from server.generators.diffusion import SAMPLERS, keyed_noise, noise, signal, step_times

MEAN, SPREAD = 0.7, 0.3


def gaussian_denoiser(x: Tensor, t: float) -> Tensor:
    """E[x0 | x] when x0 is normal with MEAN and SPREAD."""
    a, s = signal(t), noise(t)
    gain = a * SPREAD**2 / (a**2 * SPREAD**2 + s**2)
    return MEAN + gain * (x - a * MEAN)


def exact(eps: Tensor) -> Tensor:
    """Where the probability flow takes `eps` from the first time to 0."""
    t = diffusion.FIRST_TIME
    a, s = signal(t), noise(t)
    return MEAN + SPREAD * (s * eps - a * MEAN) / np.sqrt(a**2 * SPREAD**2 + s**2)


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_a_sampler_with_many_steps_finds_the_exact_flow_of_a_gaussian(name: str) -> None:
    eps = keyed_noise(0, 0, 0, (1, 40, 3))
    found = SAMPLERS[name](gaussian_denoiser, eps, step_times(200))
    assert (found - exact(eps)).abs().max() < 0.02


def test_the_second_order_sampler_is_closer_than_the_first_order_one_in_eight_steps() -> None:
    eps = keyed_noise(1, 0, 0, (1, 40, 3))
    errors = {
        name: float((sampler(gaussian_denoiser, eps, step_times(8, 1.5)) - exact(eps)).abs().mean())
        for name, sampler in SAMPLERS.items()
    }
    assert errors["dpm"] < 0.1 * errors["ddim"]


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_a_denoiser_that_always_knows_is_believed(name: str) -> None:
    truth = torch.linspace(0, 1, 12).view(1, 4, 3)
    found = SAMPLERS[name](lambda x, t: truth, keyed_noise(0, 0, 0, (1, 4, 3)), step_times(3))
    assert torch.equal(found, truth)


def test_noise_depends_on_seed_window_and_step_and_on_nothing_else() -> None:
    assert torch.equal(keyed_noise(3, 2, 1, (5, 2)), keyed_noise(3, 2, 1, (5, 2)))
    for other in ((4, 2, 1), (3, 1, 1), (3, 2, 0)):
        assert not torch.equal(keyed_noise(3, 2, 1, (5, 2)), keyed_noise(*other, (5, 2)))


def test_keyed_noise_is_standard_normal() -> None:
    drawn = keyed_noise(0, 0, 0, (20000,))
    assert abs(float(drawn.mean())) < 0.03
    assert abs(float(drawn.std()) - 1) < 0.03


def test_signal_and_noise_keep_the_variance() -> None:
    for t in np.linspace(0, 1, 11):
        assert signal(t) ** 2 + noise(t) ** 2 == pytest.approx(1.0)


def test_a_sampler_without_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="got 0"):
        step_times(0)
