"""The networks of ExpCLIP's animation generator: attention pooling and the style decoder.

Tensors in, tensors out: prompts, windows and weights files are others' business. Shapes: B windows,
T frames, A speech features, S style embedding, D width.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn

from arkit.names import ARKIT_NAMES
from server.language.expclip import ExpClip

from .config import ExpClipConfig

N_FACE: Final = len(ARKIT_NAMES)
_FACE_SCALE: Final = 4.0


def positions(n_frames: int, width: int) -> Tensor:
    """Return sine and cosine positions, [T, width]."""
    rates = torch.exp(-math.log(10000.0) * torch.arange(0, width, 2) / width)
    angles = torch.arange(n_frames)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)[:, :width]


class AttentionPooling(nn.Module):
    """E_sa: the expression that a clip shows, as a weighted mean of its frames.

    A transformer looks at all frames and gives each a weight; the weights sum to one.
    """

    def __init__(self, config: ExpClipConfig) -> None:
        super().__init__()
        self.width = config.n_pool_state
        self.read = nn.Linear(N_FACE, self.width)
        layer = nn.TransformerEncoderLayer(
            self.width, config.n_heads, config.n_pool_hidden, dropout=0.0, activation="gelu",
            batch_first=True, norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(layer, config.n_pool_layers, enable_nested_tensor=False)
        self.weigh = nn.Linear(self.width, 1)

    def forward(self, frames: Tensor) -> Tensor:
        """Frames [B, T, 52] -> expression prompt [B, 52]."""
        state = self.read(frames) + positions(frames.shape[1], self.width).to(frames)
        weights = self.weigh(self.layers(state)).softmax(dim=1)  # [B, T, 1]
        return (weights * frames).sum(dim=1)


def style_of(expclip: ExpClip, faces: Tensor) -> Tensor:
    """Return the style of expression prompts [..., 52]: [..., S].

    The embedding E(b), and the face D(E(b)) that the frozen decoder reads in it: beside the
    embedding alone, one side of a face is hard to tell from the other.
    """
    embedded = expclip.encoder(faces.reshape(-1, N_FACE))
    read = expclip.decoder(embedded)
    joined = torch.cat([embedded * embedded.shape[-1] ** 0.5, _FACE_SCALE * read], dim=-1)
    return joined.view(*faces.shape[:-1], -1)


def style_widths(expclip: ExpClip) -> tuple[int, int]:
    """Return how wide the style that a decoder reads may be: the embedding, or all of it."""
    return expclip.config.n_embedding, expclip.config.n_embedding + N_FACE


def near_mask(n_frames: int, reach: int, like: Tensor) -> Tensor:
    """Return [T, T], 0 where two frames are at most `reach` apart and -inf elsewhere."""
    apart = (torch.arange(n_frames)[:, None] - torch.arange(n_frames)).abs()
    mask = torch.zeros(n_frames, n_frames)
    return mask.masked_fill(apart > reach, -math.inf).to(like)


class StyleDecoder(nn.Module):
    """Speech features, with the style attended to, -> blendshapes.

    Every layer attends to speech, then to the style of the present, then feeds forward (a
    transformer decoder whose memory is the style). The two-layer head adds to what articulation
    says of the lips, so that an untrained decoder speaks plainly. `show`, ours, carries the face
    that was asked for straight to the output, as far as training finds that right: rare muscles
    and single sides are lost in the attention otherwise.
    """

    def __init__(self, config: ExpClipConfig) -> None:
        super().__init__()
        self.config = config
        self.read = nn.Linear(config.n_audio, config.n_state)
        self.style = nn.Sequential(nn.Linear(config.n_style, config.n_state), nn.GELU(),
                                   nn.Linear(config.n_state, config.n_state))  # fmt: skip
        layer = nn.TransformerDecoderLayer(
            config.n_state, config.n_heads, config.n_hidden, dropout=0.0, activation="gelu",
            batch_first=True, norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerDecoder(layer, config.n_decoder_layers)
        self.norm = nn.LayerNorm(config.n_state)
        if config.linear_path:
            self.show = nn.Linear(N_FACE, N_FACE, bias=False)
            nn.init.zeros_(self.show.weight)
        last = nn.Linear(config.n_state, N_FACE)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.head = nn.Sequential(nn.Linear(config.n_state, config.n_state), nn.GELU(), last)

    def forward(self, audio: Tensor, lips: Tensor, style: Tensor) -> Tensor:
        """Predict blendshapes.

        Args:
            audio: speech features [B, T, A]. lips: articulated mouth [B, T, 52].
            style: of `style_of`, [B, T, S], or [B, S] for one style throughout; the decoder takes
                as much of it as it reads.

        Returns:
            Blendshapes [B, T, 52], unclamped.
        """
        n_frames = audio.shape[1]
        if style.dim() == 2:
            style = style[:, None].expand(-1, n_frames, -1)
        state = self.read(audio) + positions(n_frames, self.config.n_state).to(audio)
        memory = self.style(style[..., : self.config.n_style])
        mask = near_mask(n_frames, self.config.style_reach, audio)
        state = self.layers(state, memory, memory_mask=mask)
        made = lips + self.head(self.norm(state))
        return made + self.show(style[..., -N_FACE:]) if self.config.linear_path else made


class ExpClipAnimator(nn.Module):
    """Pooling and decoder together: what one weights file holds."""

    def __init__(self, config: ExpClipConfig) -> None:
        super().__init__()
        self.config = config
        self.pooling = AttentionPooling(config)
        self.decoder = StyleDecoder(config)

    def forward(self, audio: Tensor, lips: Tensor, style: Tensor) -> Tensor:
        """See `StyleDecoder.forward`."""
        return self.decoder(audio, lips, style)


def count_parameters(model: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(p.numel() for p in model.parameters())


__all__ = [
    "N_FACE", "AttentionPooling", "ExpClipAnimator", "StyleDecoder", "count_parameters",
    "near_mask", "positions", "style_of", "style_widths",
]  # fmt: skip
