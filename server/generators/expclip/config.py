"""Sizes of ExpCLIP's animation generator. `PAPER` has the paper's numbers, `BASE` is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from arkit.names import ARKIT_NAMES
from server.generators.spoken import N_SPOKEN


@dataclass(frozen=True)
class ExpClipConfig:
    """Sizes and rates.

    Attributes:
        n_pool_layers: transformer layers of the attention pooling (paper: 4).
        n_decoder_layers: layers of the style cross-attention decoder (paper: 8).
        n_state, n_heads, n_hidden: width, heads, width of a feed-forward layer.
        n_pool_state, n_pool_hidden: width and feed-forward width of the pooling.
        n_audio: width of the speech features. n_style: width of the style: the embedding,
            and the face that ExpCLIP's decoder reads in it; the paper has the embedding alone,
            and so does a decoder whose `n_style` is the embedding's width.
        linear_path: whether a linear layer carries the face that is asked for to the output
            (ours).
        speech_encoder: "phones" (our ears' phones, sharpened by transcript or corrections) or
            "wav2vec2", of which `n_audio` is the width.
        fps: frames per second (paper: 15). n_frames: frames of a window (paper: 64).
        n_overlap: frames that a window shares with the one before; the two are cross-faded there.
        style_reach: frames around the present whose style a frame attends to. With one style for
            the whole line, as in the paper, every reach gives the same.
    """

    n_pool_layers: int = 4
    n_decoder_layers: int = 8
    n_state: int = 512
    n_heads: int = 8
    n_hidden: int = 2048
    n_pool_state: int = 512
    n_pool_hidden: int = 2048
    n_audio: int = N_SPOKEN
    n_style: int = 256 + len(ARKIT_NAMES)
    speech_encoder: str = "phones"
    fps: float = 15.0
    n_frames: int = 64
    n_overlap: int = 12
    style_reach: int = 1
    linear_path: bool = True


PAPER: Final = ExpClipConfig(n_audio=768, n_style=512, speech_encoder="wav2vec2", linear_path=False)
BASE: Final = ExpClipConfig(
    n_pool_layers=2, n_decoder_layers=3, n_state=128, n_heads=4, n_hidden=384,
    n_pool_state=64, n_pool_hidden=128,
)  # fmt: skip
TINY: Final = ExpClipConfig(
    n_pool_layers=1, n_decoder_layers=1, n_state=16, n_heads=2, n_hidden=32,
    n_pool_state=16, n_pool_hidden=16,
)  # fmt: skip
