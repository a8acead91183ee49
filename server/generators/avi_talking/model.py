"""The talking prior of AVI-Talking (III-D1): speech content and a style apart from it make a face.

Shapes: B clips, T frames, S reference frames, M motion coordinates (see `space`), A speech
features, Z style, D width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import AviTalkingConfig


class StyleEncoder(nn.Module):
    """Reference frames in any order -> the style they are spoken in (StyleTalk's encoder).

    A transformer without positions looks at all frames, and self-attention pooling weighs them, so
    that a style cannot hold what is said when.
    """

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        width = config.n_style_state
        self.read = nn.Linear(config.n_motion, width)
        layer = nn.TransformerEncoderLayer(
            width, config.n_heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(
            layer, config.n_style_layers, enable_nested_tensor=False
        )
        self.weigh = nn.Linear(width, 1)
        self.say = nn.Linear(width, config.n_style)

    def forward(self, references: Tensor) -> Tensor:
        """References [B, S, M] -> style [B, Z], of mean 0 and variance 1 over Z."""
        state = self.layers(self.read(references))
        weights = self.weigh(state).softmax(dim=1)
        return normal(self.say((weights * state).sum(dim=1)))


def normal(style: Tensor) -> Tensor:
    """Return styles [..., Z] brought to mean 0 and variance 1 over Z."""
    return functional.layer_norm(style, style.shape[-1:])


@dataclass(frozen=True)
class Labels:
    """What is known of a clip: emotion and actor [B] as rows, intensity [B], 0..1."""

    emotion: Tensor
    intensity: Tensor
    actor: Tensor


class LinearStyleNet(nn.Module):
    """EMOTE's style: one matrix from emotion, intensity and actor, one-hot. The teacher."""

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        self.n_emotions, self.n_actors = len(config.emotions), len(config.actors)
        self.project = nn.Linear(2 * self.n_emotions + self.n_actors, config.n_style)

    def forward(self, labels: Labels) -> Tensor:
        """Return the style [B, Z] of labels."""
        emotion = functional.one_hot(labels.emotion, self.n_emotions).float()
        actor = functional.one_hot(labels.actor, self.n_actors).float()
        strong = emotion * labels.intensity[:, None]
        return normal(self.project(torch.cat([emotion, strong, actor], dim=1)))


class Block(nn.Module):
    """Self-attention among near frames and a feed-forward, both scaled and shifted by the style."""

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        width = config.n_state
        self.n_heads = config.n_heads
        self.norms = nn.ModuleList(nn.LayerNorm(width, elementwise_affine=False) for _ in range(2))
        self.style = nn.Linear(config.n_style, 4 * width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, config.n_hidden), nn.GELU(),
                                  nn.Linear(config.n_hidden, width))  # fmt: skip
        nn.init.zeros_(self.style.weight)
        nn.init.zeros_(self.style.bias)

    def forward(self, x: Tensor, style: Tensor, bias: Tensor) -> Tensor:
        """x [B, T, D]; style [B, 1 or T, Z]; bias [H, T, T] on the scores."""
        scale, shift, scale2, shift2 = self.style(style).chunk(4, dim=-1)
        x = x + self._attended(torch.addcmul(shift, self.norms[0](x), 1 + scale), bias)
        return x + self.feed(torch.addcmul(shift2, self.norms[1](x), 1 + scale2))

    def _attended(self, x: Tensor, bias: Tensor) -> Tensor:
        batch, length, width = x.shape
        qkv = self.qkv(x).view(batch, length, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
        heads = functional.scaled_dot_product_attention(
            qkv[0], qkv[1], qkv[2], attn_mask=bias.to(qkv.dtype)
        )
        return self.out(heads.transpose(1, 2).reshape(batch, length, width))


def distance_bias(n_heads: int, n_frames: int, reach: int, device: torch.device) -> Tensor:
    """Return what attention loses with distance, [H, T, T]: slopes of ALiBi, -inf beyond `reach`.

    EMOTE and FaceFormer bias attention in this way. Frames know their distances and no positions,
    so that a frame is the same in every window that hears as much around it.
    """
    place = torch.arange(n_frames, device=device)
    apart = (place[:, None] - place).abs()
    slopes = 2.0 ** (-8.0 * torch.arange(1, n_heads + 1, device=device) / n_heads)
    bias = -slopes[:, None, None] * apart
    return bias.masked_fill(apart > reach, -math.inf)


class TalkingGenerator(nn.Module):
    """Speech features and a style -> motion: temporal convolution, transformer, two-layer head.

    An untrained generator adds nothing to the articulated mouth. `show` carries the part of a style
    that is there whatever is said.
    """

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        self.config = config
        self.read = nn.Linear(config.n_audio, config.n_state)
        self.compress = nn.Conv1d(config.n_state, config.n_state, 5, padding=2)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.n_state)
        self.show = nn.Linear(config.n_style, config.n_motion)
        last = nn.Linear(config.n_state, config.n_motion)
        for layer in (self.show, last):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.head = nn.Sequential(nn.Linear(config.n_state, config.n_state), nn.GELU(), last)

    def forward(self, audio: Tensor, lips: Tensor, style: Tensor) -> Tensor:
        """Predict motion.

        Args:
            audio: speech features [B, T, A]. lips: motion of the articulated mouth [B, T, M].
            style: [B, Z], or [B, T, Z] where it changes.

        Returns:
            Motion [B, T, M], mm.
        """
        if style.dim() == 2:
            style = style[:, None]
        x = self.read(audio)
        x = x + functional.gelu(self.compress(x.transpose(1, 2)).transpose(1, 2))
        bias = distance_bias(self.config.n_heads, x.shape[1], self.config.reach, x.device)
        for block in self.blocks:
            x = block(x, style, bias)
        made = self.show(style) + self.head(self.norm(x))
        return made.float() + lips if self.config.residual else made.float().expand_as(lips)


class TalkingPrior(nn.Module):
    """Style encoder, its teacher, and the generator that both speak through."""

    def __init__(self, config: AviTalkingConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = StyleEncoder(config)
        self.teacher = LinearStyleNet(config)
        self.generator = TalkingGenerator(config)

    def forward(self, audio: Tensor, lips: Tensor, style: Tensor) -> Tensor:
        """See `TalkingGenerator.forward`."""
        return self.generator(audio, lips, style)


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(parameter.numel() for parameter in model.parameters())
