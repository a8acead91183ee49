"""Sizes of the instruction stage. `PAPER` has the paper's parts, `BASE` is shipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .voice import N_FIGURES, N_STREAM


@dataclass(frozen=True)
class LanguageModelConfig:
    """Sizes of the causal language model.

    Attributes:
        n_words: rows of its vocabulary. n_state, n_heads, n_layers, n_hidden: of the transformer.
        longest: tokens of a request, the audio prompt and a sentence together.
    """

    n_words: int = 400
    n_state: int = 128
    n_heads: int = 4
    n_layers: int = 2
    n_hidden: int = 256
    longest: int = 112


@dataclass(frozen=True)
class InstructionConfig:
    """Sizes and parts.

    Attributes:
        speech_encoder: "voice" (our own stream and figures) or "hubert" (a local folder).
        text_encoder: whose space the queries are aligned with; its width is `n_embedding`.
        language_model: "builtin" or "causal" (a LLaMA-type checkpoint in a local folder).
        n_stream, n_figures: widths of what the speech encoder gives.
        n_queries: learnable queries (q_a). n_embedding: width of their outputs (l).
        n_state, n_heads, n_layers, n_hidden: of the Q-Former. n_figures_hidden: what the figures
            pass through on their way to the queries.
        words: sizes of the built-in language model.
    """

    speech_encoder: str = "voice"
    text_encoder: str = "builtin"
    language_model: str = "builtin"
    n_stream: int = N_STREAM
    n_figures: int = N_FIGURES
    n_queries: int = 8
    n_embedding: int = 256
    n_state: int = 96
    n_heads: int = 4
    n_layers: int = 2
    n_hidden: int = 192
    n_figures_hidden: int = 128
    words: LanguageModelConfig = LanguageModelConfig()


PAPER: Final = InstructionConfig(
    speech_encoder="hubert", language_model="causal", n_stream=768, n_figures=0, n_queries=32,
    n_state=768, n_heads=12, n_layers=6, n_hidden=3072,
)  # fmt: skip
"""HuBERT and LLaMA; the paper does not say how many queries and layers its Perceiver has: BLIP-2's
32 queries and half its layers."""

BASE: Final = InstructionConfig()

TINY: Final = InstructionConfig(
    n_queries=2, n_embedding=32, n_state=16, n_heads=2, n_layers=1, n_hidden=16,
    words=LanguageModelConfig(n_words=40, n_state=16, n_heads=2, n_layers=1, n_hidden=16),
)  # fmt: skip
"""For tests: the whole path in milliseconds."""
