"""Sizes of Cafe-Talk. `PAPER` has the paper's numbers, `BASE` is shipped, `TINY` is for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from arkit.action_units import AU_CODES
from arkit.names import ARKIT_51_NAMES
from server.generators.spoken import N_SPOKEN

N_CHANNELS: Final = len(ARKIT_51_NAMES)
N_FINE: Final = 2 * len(AU_CODES)
"""Fine condition: each AU once as held, once as excited (the paper's meaning)."""


@dataclass(frozen=True)
class CafeTalkConfig:
    """Sizes, rates and how a clip is sampled.

    Attributes:
        n_blocks, n_state, n_heads, n_hidden: transformer blocks, width, heads, feed-forward width.
        n_audio, n_text: widths of the encoders' features. n_style: of a style embedding.
        speech_encoder: "phones" (our ears, see `server.generators.spoken`) or "xlsr".
        text_encoder: "builtin" or "clip".
        coarse: how coarse conditions come in, "adaln" or, for the ablation of Table 2, "film".
        residual: the network says what to add to the articulated mouth, which audio then brings.
        styles: names of the talking styles, rows of the style table.
        fps: frames per second. n_frames, n_given, n_ahead: see `server.generators.windows`.
        scale: coefficients times this is what noise of variance 1 is put on.
        sampler, n_steps, exponent: of `server.generators.diffusion`.
    """

    n_blocks: int = 8
    n_state: int = 512
    n_heads: int = 8
    n_hidden: int = 1024
    n_audio: int = 1024
    n_text: int = 512
    n_style: int = 512
    speech_encoder: str = "xlsr"
    text_encoder: str = "clip"
    coarse: str = "adaln"
    residual: bool = False
    styles: tuple[str, ...] = ()
    fps: float = 25.0
    n_frames: int = 100
    n_given: int = 12
    n_ahead: int = 10
    scale: float = 4.0
    sampler: str = "dpm"
    n_steps: int = 6
    exponent: float = 1.5


PAPER: Final = CafeTalkConfig()
BASE: Final = CafeTalkConfig(
    n_blocks=4, n_state=128, n_heads=4, n_hidden=256, n_audio=N_SPOKEN, n_text=256, n_style=32,
    speech_encoder="phones", text_encoder="builtin", residual=True,
)  # fmt: skip
TINY: Final = CafeTalkConfig(
    n_blocks=1, n_state=16, n_heads=2, n_hidden=16, n_audio=N_SPOKEN, n_text=256, n_style=4,
    speech_encoder="phones", text_encoder="builtin", residual=True, styles=("Ada", "Bruno"),
    n_frames=40, n_given=8, n_ahead=4, n_steps=2,
)  # fmt: skip
SIZES: Final = {"paper": PAPER, "base": BASE, "tiny": TINY}
