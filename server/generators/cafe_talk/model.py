"""Cafe-Talk's network: a diffusion transformer with coarse conditions, and the fine adapter.

Shapes: B clips, T frames, C = 51 channels, A audio features, F = `N_FINE`. Clips are coefficients
times `config.scale`. Sections and equations are the paper's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import N_CHANNELS, N_FINE, CafeTalkConfig

_TIME_WAVES = 64
_AU_GAIN = 10.0
"""Few AUs are active at a time: by the usual start their sum is a twentieth of what it is added to,
and the first hundreds of steps would only make it heard."""


@dataclass
class Conditions:
    """What a batch is conditioned on.

    Attributes:
        audio: [B, T, A]. lips: [B, T, C], the articulated mouth in the network's scale.
        text: [B, n_text], emotion embedding. style: [B, n_style]. intensity: [B], 0..1.
        given: [B, T, C], frames or channels that are known. is_given: [B, T, C], 1 where they are.
        has_audio, has_style, has_emotion: [B], 0 where a condition is dropped.
        fine: [B, T, F], AU sequence, or None for the base model alone.
    """

    audio: Tensor
    lips: Tensor
    text: Tensor
    style: Tensor
    intensity: Tensor
    given: Tensor
    is_given: Tensor
    has_audio: Tensor
    has_style: Tensor
    has_emotion: Tensor
    fine: Tensor | None = None


class FiLM(nn.Module):
    """Scale and shift of features by a condition (Perez et al. 2018); starts as identity."""

    def __init__(self, n_condition: int, n_state: int) -> None:
        super().__init__()
        self.project = nn.Linear(n_condition, 2 * n_state)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x [B, T, D]; condition [B, K] or [B, T, K]."""
        if condition.dim() == 2:
            condition = condition[:, None]
        scale, shift = self.project(condition).chunk(2, dim=-1)
        return torch.addcmul(shift, x, 1 + scale)


class SelfAttention(nn.Module):
    """Multi-head attention among the frames of a clip."""

    def __init__(self, config: CafeTalkConfig) -> None:
        super().__init__()
        self.n_heads = config.n_heads
        self.qkv = nn.Linear(config.n_state, 3 * config.n_state)
        self.out = nn.Linear(config.n_state, config.n_state)

    def forward(self, x: Tensor) -> Tensor:
        """x [B, T, D]."""
        batch, length, width = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        heads = functional.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2])
        return self.out(heads.transpose(1, 2).reshape(batch, length, width))


class AlignedAttention(nn.Module):
    """Cross-attention to audio under Z_align (Eq. 2): frame i attends to i - 1, i and i + 1."""

    def __init__(self, config: CafeTalkConfig) -> None:
        super().__init__()
        self.n_heads = config.n_heads
        self.query = nn.Linear(config.n_state, config.n_state)
        self.key_value = nn.Linear(config.n_state, 2 * config.n_state)
        self.out = nn.Linear(config.n_state, config.n_state)

    def forward(self, x: Tensor, audio: Tensor) -> Tensor:
        """x, audio [B, T, D]."""
        batch, length, width = x.shape
        query = self.query(x).view(batch, length, self.n_heads, -1)
        both = functional.pad(self.key_value(audio), (0, 0, 1, 1))
        key, value = both.view(batch, length + 2, 2, self.n_heads, -1).unbind(2)
        scores = torch.stack(
            [(query * key[:, k : k + length]).sum(-1) for k in range(3)], dim=-1
        ) / math.sqrt(query.shape[-1])  # [B, T, H, 3]
        scores = scores + _beyond_ends(length, scores)
        weights = scores.softmax(dim=-1).unsqueeze(-1)
        heads = sum(
            (weights[:, :, :, k] * value[:, k : k + length] for k in range(3)),
            torch.zeros_like(query),
        )
        return self.out(heads.reshape(batch, length, width))


def _beyond_ends(length: int, like: Tensor) -> Tensor:
    """Return the mask [T, 1, 3] that keeps the first and last frame inside the clip."""
    mask = torch.zeros(length, 1, 3, dtype=like.dtype, device=like.device)
    mask[0, :, 0] = float("-inf")
    mask[-1, :, 2] = float("-inf")
    return mask


class Block(nn.Module):
    """AdaLN self-attention and feed-forward, FiLM audio cross-attention, FiLM self-attention."""

    def __init__(self, config: CafeTalkConfig) -> None:
        super().__init__()
        width = config.n_state
        self.modulation = nn.Linear(width, 6 * width)
        nn.init.zeros_(self.modulation.weight)
        nn.init.zeros_(self.modulation.bias)
        self.attention = SelfAttention(config)
        self.feed = nn.Sequential(
            nn.Linear(width, config.n_hidden), nn.GELU(approximate="tanh"),
            nn.Linear(config.n_hidden, width),
        )  # fmt: skip
        self.audio_norm = nn.LayerNorm(width)
        self.audio = AlignedAttention(config)
        self.audio_film = FiLM(width, width)
        self.time_norm = nn.LayerNorm(width)
        self.time = SelfAttention(config)
        self.time_film = FiLM(width, width)

    def forward(self, x: Tensor, audio: Tensor, coarse: Tensor, step: Tensor) -> Tensor:
        """x, audio [B, T, D]; coarse, step [B, D]."""
        m = self.modulation(functional.silu(step + coarse))[:, None].chunk(6, dim=-1)
        x = x + m[2] * self.attention(modulated(x, m[0], m[1]))
        x = x + m[5] * self.feed(modulated(x, m[3], m[4]))
        return self._timed(x, audio, step)

    def _timed(self, x: Tensor, audio: Tensor, step: Tensor) -> Tensor:
        x = x + self.audio_film(self.audio(self.audio_norm(x), audio), step)
        return x + self.time_film(self.time(self.time_norm(x)), step)


class FilmBlock(Block):
    """A block of Table 2's "Ours (FiLM)": coarse conditions by a FiLM cross-attention, no AdaLN.

    They are one token, to which every frame attends in full, so the attention is its value.
    """

    def __init__(self, config: CafeTalkConfig) -> None:
        super().__init__(config)
        width = config.n_state
        del self.modulation
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.coarse = nn.Sequential(nn.Linear(width, width), nn.Linear(width, width))
        self.coarse_film = FiLM(width, width)

    def forward(self, x: Tensor, audio: Tensor, coarse: Tensor, step: Tensor) -> Tensor:
        """x, audio [B, T, D]; coarse, step [B, D]."""
        x = x + self.attention(self.norms[0](x))
        x = x + self.coarse_film(self.coarse(coarse)[:, None], step)
        x = x + self.feed(self.norms[1](x))
        return self._timed(x, audio, step)


BLOCKS = {"adaln": Block, "film": FilmBlock}


def modulated(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return AdaLN: layer norm without weights, then scale and shift by the condition."""
    return torch.addcmul(shift, functional.layer_norm(x, x.shape[-1:]), 1 + scale)


class Adapter(nn.Module):
    """Fine-grained control (3.2): FiLM self-attention that reads AUs, then a zero convolution.

    A fresh one adds nothing, so stage 2 starts at the base model.
    """

    def __init__(self, config: CafeTalkConfig) -> None:
        super().__init__()
        width = config.n_state
        self.norm = nn.LayerNorm(width)
        self.attention = SelfAttention(config)
        self.film = FiLM(width, width)
        self.zero = nn.Conv1d(width, width, 1)
        nn.init.zeros_(self.zero.weight)
        assert self.zero.bias is not None
        nn.init.zeros_(self.zero.bias)

    def forward(self, x: Tensor, fine: Tensor) -> Tensor:
        """x, fine [B, T, D] -> what to add to x."""
        heard = self.film(self.attention(self.norm(x) + fine), fine)
        return self.zero(functional.gelu(heard).transpose(1, 2)).transpose(1, 2)


class CafeTalk(nn.Module):
    """The base model of stage 1 and the adapter of stage 2; one `forward` for both."""

    def __init__(self, config: CafeTalkConfig) -> None:
        super().__init__()
        self.config = config
        width = config.n_state
        self.into = nn.Linear(3 * N_CHANNELS, width)
        self.hear = nn.Linear(config.n_audio, width)
        self.hear_around = nn.Conv1d(width, width, 5, padding=2)
        self.no_audio = nn.Parameter(torch.zeros(width))
        self.style_table = nn.Embedding(max(len(config.styles), 1), config.n_style)
        self.no_style = nn.Parameter(torch.zeros(config.n_style))
        self.no_emotion = nn.Parameter(torch.zeros(config.n_text))
        self.intensity = nn.Parameter(torch.randn(width) * 0.1)
        self.coarse = nn.Linear(config.n_style + config.n_text + width, width)
        self.step = nn.Sequential(nn.Linear(2 * _TIME_WAVES, width), nn.SiLU(),
                                  nn.Linear(width, width))  # fmt: skip
        block = BLOCKS[config.coarse]
        self.blocks = nn.ModuleList(block(config) for _ in range(config.n_blocks))
        self.last = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, N_CHANNELS)
        nn.init.zeros_(self.out.weight)
        self.read_fine = nn.Linear(N_FINE, width)
        with torch.no_grad():
            self.read_fine.weight.mul_(_AU_GAIN)
        self.adapters = nn.ModuleList(Adapter(config) for _ in range(config.n_blocks))
        self.fine_out = nn.Linear(width, N_CHANNELS)
        nn.init.zeros_(self.fine_out.weight)
        nn.init.zeros_(self.fine_out.bias)

    def adapter_parameters(self) -> list[nn.Parameter]:
        """Return what stage 2 trains; everything else is frozen there."""
        parts = (self.read_fine, self.adapters, self.fine_out)
        return [parameter for part in parts for parameter in part.parameters()]

    def forward(self, x: Tensor, t: Tensor, conditions: Conditions) -> Tensor:
        """Return x0 [B, T, C] of noisy clips x [B, T, C] at times t [B] (Eq. 4)."""
        c = conditions
        step = self.step(_waves(t))
        coarse = self._coarse(c)
        heard = self._heard(c)
        h = self.into(torch.cat([x, c.given * c.is_given, c.is_given], dim=-1))
        h = h + _places(x.shape[1], h) + heard
        fine = None if c.fine is None else self.read_fine(c.fine)
        for block, adapter in zip(self.blocks, self.adapters, strict=True):
            h = block(h, heard, coarse, step)
            if fine is not None:
                h = h + adapter(h, fine)
        whole = step + coarse if self.config.coarse == "adaln" else step
        scale, shift = self.last(functional.silu(whole))[:, None].chunk(2, dim=-1)
        last = modulated(h, scale, shift)
        made = self.out(last)
        if fine is not None:
            # Channels that speech and feeling never move have no way through the frozen output.
            made = made + self.fine_out(functional.gelu(last + fine))
        if self.config.residual:
            made = made + c.lips * c.has_audio[:, None, None]
        return made

    def _heard(self, c: Conditions) -> Tensor:
        heard = functional.gelu(self.hear(c.audio))
        heard = heard + self.hear_around(heard.transpose(1, 2)).transpose(1, 2)
        has = c.has_audio[:, None, None]
        return heard * has + self.no_audio * (1 - has)

    def _coarse(self, c: Conditions) -> Tensor:
        """Return C_f: the linear map of style, emotion and scaled intensity (3.1.1), [B, D]."""
        has_style, has_emotion = c.has_style[:, None], c.has_emotion[:, None]
        style = c.style * has_style + self.no_style * (1 - has_style)
        text = c.text * has_emotion + self.no_emotion * (1 - has_emotion)
        intensity = self.intensity * (c.intensity * c.has_emotion)[:, None]
        return self.coarse(torch.cat([style, text, intensity], dim=-1))


def _waves(t: Tensor) -> Tensor:
    """Return the sinusoidal embedding of times 0..1, [B, 2 * _TIME_WAVES]."""
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), _TIME_WAVES, device=t.device))
    angles = t.float()[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def _places(length: int, like: Tensor) -> Tensor:
    """Return the sinusoidal embedding of the frames' places, [T, D]."""
    half = like.shape[-1] // 2
    rates = torch.exp(torch.linspace(0.0, -math.log(1000.0), half, device=like.device))
    angles = torch.arange(length, device=like.device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers a model has."""
    return sum(parameter.numel() for parameter in model.parameters())
