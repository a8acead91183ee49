"""The Q-Former: speech of any length -> a fixed number of embeddings (Sec. III-C.1, Fig. 3).

Learnable queries look at the speech by cross-attention (Perceiver); their mean is aligned with the
instruction's text embedding (Eq. 6), and afterwards the network is frozen.

Shapes: B lines, T steps, Q queries, D width, L width of an embedding.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import InstructionConfig


def zero_init(layer: nn.Module) -> None:
    """Let a residual branch start as nothing, so that the figures are learned first."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


class _Attention(nn.Module):
    """Multi-head attention of x to context; what `mask` [B, T] calls false is not seen."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query, self.out = nn.Linear(width, width), nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        batch, n, width = x.shape
        query = self.query(x).view(batch, n, self.n_heads, -1).transpose(1, 2)  # [B, H, Q, D/H]
        both = self.key_value(context).view(batch, context.shape[1], 2, self.n_heads, -1)
        key, value = both.permute(2, 0, 3, 1, 4)
        seen = mask[:, None, None, :] if mask is not None else None
        heads = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        return self.out(heads.transpose(1, 2).reshape(batch, n, width))


class _Layer(nn.Module):
    """Queries look at the speech, then at each other, then think for themselves."""

    def __init__(self, config: InstructionConfig) -> None:
        super().__init__()
        width = config.n_state
        self.cross_norm, self.self_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.feed_norm = nn.LayerNorm(width)
        self.cross = _Attention(width, config.n_heads)
        self.own = _Attention(width, config.n_heads)
        self.feed = nn.Sequential(
            nn.Linear(width, config.n_hidden), nn.GELU(), nn.Linear(config.n_hidden, width)
        )
        self.drop = nn.Dropout(0.3)
        for last in (self.cross.out, self.own.out, self.feed[2]):
            zero_init(last)

    def forward(self, x: Tensor, speech: Tensor, mask: Tensor) -> Tensor:
        x = x + self.drop(self.cross(self.cross_norm(x), speech, mask))
        own = self.self_norm(x)
        x = x + self.drop(self.own(own, own))
        return x + self.drop(self.feed(self.feed_norm(x)))


class QFormer(nn.Module):
    """See the module. `mean`, `deviation` [n_figures] normalise the line's figures.

    With n_figures = 0 (HuBERT) the queries start the same for every line.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: InstructionConfig) -> None:
        super().__init__()
        self.config = config
        width = config.n_state
        self.register_buffer("mean", torch.zeros(config.n_figures))
        self.register_buffer("deviation", torch.ones(config.n_figures))
        self.speech_in = nn.Conv1d(config.n_stream, width, 5, stride=2, padding=2)
        self.speech_mix = nn.Conv1d(width, width, 5, stride=2, padding=2)
        self.speech_norm = nn.LayerNorm(width)
        self.queries = nn.Parameter(torch.randn(config.n_queries, width) * 0.3)
        if config.n_figures:
            self.figures_in = nn.Linear(config.n_figures, config.n_figures_hidden)
            self.figures_out = nn.Linear(config.n_figures_hidden, width)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, config.n_embedding)
        self.drop_in, self.drop = nn.Dropout(0.3), nn.Dropout(0.5)

    def forward(self, stream: Tensor, lengths: Tensor, figures: Tensor) -> Tensor:
        """Embeddings F_si^a [B, Q, L] of stream [B, T, n_stream], lengths [B] and figures [B, .].

        What lies past a line's length is not heard.
        """
        mask = torch.arange(stream.shape[1], device=stream.device) < lengths[:, None]
        speech = self._speech(stream * mask[..., None])
        steps = torch.div(lengths + 3, 4, rounding_mode="floor").clamp_min(1)
        seen = torch.arange(speech.shape[1], device=stream.device) < steps[:, None]
        x = self.queries.expand(len(stream), -1, -1) + self._prior(figures)
        for layer in self.layers:
            x = layer(x, speech, seen)
        return self.out(self.norm(x))

    def _speech(self, stream: Tensor) -> Tensor:
        """Steps at 160 ms, [B, ceil(T / 4), D]."""
        x = nn.functional.gelu(self.speech_in(stream.transpose(1, 2)))
        x = nn.functional.gelu(self.speech_mix(nn.functional.dropout(x, 0.2, self.training)))
        return self.speech_norm(x.transpose(1, 2))

    def _prior(self, figures: Tensor) -> Tensor:
        """What the figures of the whole line add to every query, [B, 1, D], or 0."""
        if not self.config.n_figures:
            return torch.zeros(1, 1, 1, device=figures.device)
        normal = ((figures - self.mean) / self.deviation).clamp(-4, 4)
        hidden = nn.functional.gelu(self.figures_in(self.drop_in(normal)))
        return self.figures_out(self.drop(hidden))[:, None]


def pooled(queries: Tensor) -> Tensor:
    """The mean over the queries at unit length, [B, Q, L] -> [B, L]; Eq. 6 compares this."""
    return nn.functional.normalize(queries.mean(1), dim=-1)


def contrastive_loss(
    audio: Tensor, text: Tensor, groups: Tensor, temperature: float = 0.1
) -> Tensor:
    """Eq. 6 over a batch: each line against its own instruction and those of the others.

    Args:
        audio, text: unit vectors [B, L]; row i of both belong together.
        groups: [B]; instructions of one group mean the same, so that they are no negatives.
        temperature: of the cosine; the paper's formula has 1, with which little is learned.
    """
    scores = audio @ text.T / temperature
    same = groups[:, None] == groups[None, :]
    same.fill_diagonal_(False)
    return nn.functional.cross_entropy(
        scores.masked_fill(same, float("-inf")), torch.arange(len(audio), device=audio.device)
    )
