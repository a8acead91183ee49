"""The ears' network: log-mel frames to phones at 100 Hz, in one step that offline and stream share.

A temporal convolution network made of matrix products only: frames are stacked by 8 with stride 2,
residual blocks with three dilated taps run at 50 Hz, and each step gives two 10 ms outputs. Every
block keeps the tail of its input, so a line cut anywhere gives the same posteriors as the whole.

Shapes: B batch, F frames at 100 Hz, T steps at 50 Hz, C width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from .features import N_MELS, RunningNorm
from .phones import PHONES

STACK: Final = 8
STRIDE: Final = 2
_STACK_PAST: Final = 4
"""Of the eight stacked frames, four lie before the step's first output."""


@dataclass(frozen=True)
class EarsConfig:
    """Size of the network.

    Attributes:
        width: channels of the trunk.
        dilations: of each block's three taps, in 20 ms steps.
        futures: steps that each block looks ahead; their sum is the latency (see `look_ahead`).
        bottleneck: size of the features at 100 Hz.
        dropout: in training, on each block's output.
        noise_floor: whether steady noise is taken off the frames (see `features.NoiseFloor`).
        languages: codes (ISO 639) of those that the ears may be told; they hear without, too.
    """

    width: int = 256
    dilations: tuple[int, ...] = (1, 2, 4, 8) * 3
    futures: tuple[int, ...] = (1, 2, 0, 0, 1, 2, 0, 0, 1, 0, 0, 0)
    bottleneck: int = 128
    dropout: float = 0.05
    noise_floor: bool = False
    languages: tuple[str, ...] = ()

    @classmethod
    def tiny(cls) -> EarsConfig:
        """Return a size whose whole path runs in a moment, for tests."""
        return cls(width=32, dilations=(1, 2), futures=(1, 0), bottleneck=16)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> EarsConfig:
        """Return the configuration that `to_dict` gave."""
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**plain)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for the weights file."""
        return asdict(self)

    def told(self, language: str) -> int:
        """Return the number of a language, 0 for one that the ears do not know by name."""
        code = language.lower().split("-")[0]
        code = "cmn" if code == "zh" else code
        return self.languages.index(code) + 1 if code in self.languages else 0

    @property
    def look_ahead(self) -> float:
        """Seconds of sound after a frame that its posteriors wait for."""
        steps = sum(self.futures) * STRIDE / 100
        return steps + (STACK - _STACK_PAST - 1) / 100 + 0.0125


@dataclass
class _BlockState:
    taps: Tensor
    """Normalised inputs that later outputs still need, [B, <= 2 d, C]."""
    waiting: Tensor
    """Inputs whose own output waits for the future, [B, <= future, C]."""


@dataclass
class EarsState:
    """What a stream carries from one piece to the next."""

    frames: Tensor
    """Input frames not yet stacked away, [B, n, N_MELS]."""
    blocks: list[_BlockState]
    told: Tensor
    """Number of each line's language, int64 [B]; 0: nobody said it."""
    n_in: int = 0
    n_out: int = 0


@dataclass(frozen=True)
class Heard:
    """For n frames at 100 Hz: logits [B, n, P], stress logits [B, n], features [B, n, D]."""

    phone_logits: Tensor
    stress_logits: Tensor
    features: Tensor


class Block(nn.Module):
    """x + W2 silu(W1 [three dilated taps of norm(x)])."""

    def __init__(self, width: int, dilation: int, future: int, dropout: float) -> None:
        super().__init__()
        self.dilation, self.future = dilation, future
        self.norm = nn.LayerNorm(width)
        self.taps = nn.Linear(3 * width, width)
        self.out = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def begin(self, like: Tensor) -> _BlockState:
        """State before a line: the past is zeros after the norm."""
        batch, _, width = like.shape
        past = 2 * self.dilation - self.future
        zeros = torch.zeros(batch, past, width, dtype=like.dtype, device=like.device)
        return _BlockState(zeros, zeros[:, :0])

    def step(self, x: Tensor, state: _BlockState, last: bool) -> Tensor:
        """Take steps [B, n, C], return those that are complete, [B, m, C]; changes `state`."""
        future = torch.zeros_like(x[:, :1]).expand(-1, self.future if last else 0, -1)
        y = torch.cat([state.taps, self.norm(x).to(x.dtype), future.to(x.dtype)], 1)
        x = torch.cat([state.waiting, x], 1)
        d = self.dilation
        n = max(0, y.shape[1] - 2 * d)
        state.taps, state.waiting = y[:, n:], x[:, n:]
        if not n:
            return x[:, :0]
        taps = torch.cat([y[:, :n], y[:, d : d + n], y[:, 2 * d : 2 * d + n]], -1)
        return x[:, :n] + self.dropout(self.out(nnf.silu(self.taps(taps))))


class Ears(nn.Module):
    """The whole network. `prior_mean` [N_MELS] belongs to the normalisation and travels along."""

    prior_mean: Tensor

    def __init__(self, config: EarsConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("prior_mean", torch.zeros(N_MELS))
        self.stem = nn.Linear(STACK * N_MELS, config.width)
        pairs = zip(config.dilations, config.futures, strict=True)
        self.blocks = nn.ModuleList(Block(config.width, d, f, config.dropout) for d, f in pairs)
        self.norm = nn.LayerNorm(config.width)
        self.neck = nn.Linear(config.width, STRIDE * config.bottleneck)
        self.phones = nn.Linear(config.bottleneck, len(PHONES))
        self.stress = nn.Linear(config.bottleneck, 1)
        if config.languages:
            n_told = len(config.languages) + 1
            self.told_stem = nn.Parameter(torch.zeros(n_told, config.width))
            self.told_phones = nn.Parameter(torch.zeros(n_told, len(PHONES)))

    def normalisation(self) -> RunningNorm:
        """Return the normalisation that a line's frames go through, at its beginning."""
        return RunningNorm(self.prior_mean.numpy(), noise_floor=self.config.noise_floor)

    def forward(self, frames: Tensor, told: Tensor | None = None) -> Heard:
        """Hear whole lines: normalised frames [B, F, N_MELS] -> outputs for F frames.

        `told`, int64 [B]: numbers of their languages (see `EarsConfig.told`), when known.
        """
        return self.step(frames, self.begin(frames, told), last=True)

    def begin(self, like: Tensor, told: Tensor | None = None) -> EarsState:
        """State before a line; `like` gives batch size, type and device, `told` the languages."""
        past = torch.zeros(like.shape[0], _STACK_PAST, N_MELS, device=like.device)
        steps = torch.zeros(like.shape[0], 0, self.config.width, device=like.device)
        blocks = [block.begin(steps) for block in self._blocks()]
        if told is None:
            told = torch.zeros(like.shape[0], dtype=torch.int64, device=like.device)
        return EarsState(past.to(like.dtype), blocks, told)

    def _blocks(self) -> list[Block]:
        return [block for block in self.blocks if isinstance(block, Block)]

    def step(self, frames: Tensor, state: EarsState, last: bool) -> Heard:
        """Hear more frames [B, n, N_MELS]; returns the outputs that are complete, in order.

        With `last` the line ends: as many outputs as frames were given have then been returned.
        """
        state.n_in += frames.shape[1]
        buffered = torch.cat([state.frames, frames], 1)
        if last:
            padding = STACK + state.n_in % STRIDE - _STACK_PAST - STRIDE
            buffered = nnf.pad(buffered, (0, 0, 0, padding))
        n = max(0, (buffered.shape[1] - STACK) // STRIDE + 1)
        state.frames = buffered[:, n * STRIDE :]
        stacked = self._stack(buffered, n)
        stem = self.stem(stacked)
        if self.config.languages:
            stem = stem + self.told_stem[state.told][:, None].to(stem.dtype)
        h = nnf.silu(stem)
        for block, block_state in zip(self._blocks(), state.blocks, strict=True):
            if block_state.taps.dtype != h.dtype:  # under autocast the trunk is bfloat16
                block_state.taps = block_state.taps.to(h.dtype)
                block_state.waiting = block_state.waiting.to(h.dtype)
            h = block.step(h, block_state, last)
        features = nnf.silu(self.neck(self.norm(h)))
        features = features.reshape(len(h), STRIDE * h.shape[1], self.config.bottleneck)
        if last:
            features = features[:, : state.n_in - state.n_out]
        state.n_out += features.shape[1]
        logits = self.phones(features)
        if self.config.languages:
            logits = logits + self.told_phones[state.told][:, None]
        return Heard(logits, self.stress(features)[..., 0], features)

    @staticmethod
    def _stack(frames: Tensor, n: int) -> Tensor:
        if not n:
            return frames.new_zeros(len(frames), 0, STACK * N_MELS)
        windows = frames[:, : (n - 1) * STRIDE + STACK].unfold(1, STACK, STRIDE)
        return windows.transpose(2, 3).reshape(len(frames), n, STACK * N_MELS)
