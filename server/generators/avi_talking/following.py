"""From an instruction to a style (III-D2): contrastive alignment, and a diffusion prior on styles.

The alignment brings instructions near the styles that they belong to; nearness alone leaves a gap
between the two, so a diffusion prior draws from the styles themselves: same words, other noise,
another style of the same meaning.

Styles are told apart as features: less their mean over the corpus, in units of their spread. What
all styles have in common would else hide how they differ.

Shapes: B instructions, E text embedding, Z style, D width.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

from server.generators.diffusion import dpm_solver, step_times

from .config import AviTalkingConfig
from .model import normal

_N_TOKENS: Final = 5
_WAVES: Final = 32
_USUAL: Final = 1.0  # guidance scale that is no guidance


class Alignment(nn.Module):
    """An MLP from text embedding to the aligned feature c, and its projection to style features."""

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        hidden, width = 2 * config.n_prior_state, config.n_prior_state
        self.mlp = nn.Sequential(
            nn.Linear(config.n_text, hidden), nn.GELU(), nn.Linear(hidden, width), nn.GELU()
        )
        self.project = nn.Linear(width, config.n_style)
        self.log_scale = nn.Parameter(torch.tensor(math.log(10.0)))

    def forward(self, text: Tensor) -> tuple[Tensor, Tensor]:
        """Text [B, E] -> c [B, D] and F_ci^i [B, Z]."""
        aligned = self.mlp(text)
        return aligned, self.project(aligned)


class DiffusionPrior(nn.Module):
    """A decoder-only transformer over [text, c, time, noisy style, query]; the query's state is z.

    The tokens and the x0 prediction are those of DALL-E 2's prior (Ramesh et al. 2022, 2.2).
    """

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        width = config.n_prior_state
        self.read_text = nn.Linear(config.n_text, width)
        self.read_time = nn.Linear(2 * _WAVES, width)
        self.read_style = nn.Linear(config.n_style, width)
        self.query = nn.Parameter(torch.randn(width) * 0.02)
        self.places = nn.Parameter(torch.randn(_N_TOKENS, width) * 0.02)
        layer = nn.TransformerEncoderLayer(
            width, config.n_heads, config.n_prior_hidden, dropout=0.0, activation="gelu",
            batch_first=True, norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(
            layer, config.n_prior_layers, enable_nested_tensor=False
        )
        self.say = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, config.n_style))
        self.register_buffer("causal", _causal_mask(_N_TOKENS), persistent=False)

    def forward(self, noisy: Tensor, t: Tensor, text: Tensor, aligned: Tensor) -> Tensor:
        """Predict the features [B, Z] of noisy ones [B, Z] at times t [B]."""
        tokens = torch.stack(
            [self.read_text(text), aligned, self.read_time(_waves(t)), self.read_style(noisy),
             self.query.expand_as(aligned)], dim=1,
        )  # fmt: skip
        state = self.layers(tokens + self.places, mask=self.causal, is_causal=True)
        return self.say(state[:, -1])


def _causal_mask(n: int) -> Tensor:
    return torch.full((n, n), -math.inf).triu(1)


def _waves(t: Tensor) -> Tensor:
    rates = 2.0 * math.pi * torch.exp(torch.linspace(0.0, math.log(200.0), _WAVES, device=t.device))
    angles = t[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class Follower(nn.Module):
    """Alignment and diffusion prior together, and the embedding that stands for no instruction.

    Both work on features of styles: `features` and `style_of` are the way there and back.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        self.config = config
        self.alignment = Alignment(config)
        self.prior = DiffusionPrior(config) if config.is_diffusion else None
        self.nothing = nn.Parameter(torch.zeros(config.n_text))
        self.register_buffer("mean", torch.zeros(config.n_style))
        self.register_buffer("spread", torch.ones(config.n_style))

    def measure(self, styles: Tensor) -> None:
        """Take mean and spread from the styles of a corpus, [N, Z]."""
        self.mean.copy_(styles.mean(dim=0))
        self.spread.copy_(styles.std(dim=0).clamp_min(1e-3))

    def features(self, styles: Tensor) -> Tensor:
        """Return the features of styles [..., Z]."""
        return (styles - self.mean) / self.spread

    def style_of(self, features: Tensor) -> Tensor:
        """Return the styles of features [..., Z]."""
        return normal(self.mean + self.spread * features)

    def predicted(self, noisy: Tensor, t: Tensor, text: Tensor) -> Tensor:
        """Return the features of noisy ones at times t [B]; without a prior what c itself says."""
        aligned, said = self.alignment(text)
        return said if self.prior is None else self.prior(noisy, t, text, aligned)

    def sample(
        self, text: Tensor, eps: Tensor, guidance: float = _USUAL, n_steps: int | None = None
    ) -> Tensor:
        """Draw a style [B, Z] for each instruction [B, E].

        Args:
            eps: standard normal noise [B, Z]: the same noise and words are the same style.
            guidance: above 1 the instruction counts more and variety less.
            n_steps: of the sampler, the config's by default.
        """
        if self.prior is None:
            return self.style_of(self.alignment(text)[1])
        nothing = self.nothing.expand_as(text)

        def denoise(noisy: Tensor, t: float) -> Tensor:
            at = torch.full((len(noisy),), t, device=noisy.device)
            made = self.predicted(noisy, at, text)
            if guidance != _USUAL:
                free = self.predicted(noisy, at, nothing)
                made = free + guidance * (made - free)
            return made

        times = step_times(n_steps or self.config.n_steps, self.config.exponent)
        return self.style_of(dpm_solver(denoise, eps, times))
