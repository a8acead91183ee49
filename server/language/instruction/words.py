"""The built-in language model: a small causal transformer over the words of our instructions.

Shapes: B sentences, N tokens, D width, V words of the vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol

import torch
from torch import Tensor, nn

from .config import LanguageModelConfig

PAD, BOS, EOS, UNKNOWN = 0, 1, 2, 3
Past = tuple[Tensor, Tensor]
_SPECIAL: Final = ("<pad>", "<bos>", "<eos>", "<unknown>")
_TOKEN: Final = re.compile(r"[a-z]+(?:-[a-z]+)*|[.,:;?]")


class CausalModel(Protocol):
    """What a language model offers: words to tokens and back, and what comes next."""

    bos: int
    eos: int
    width: int

    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: Sequence[int]) -> str: ...
    def embed(self, ids: Tensor) -> Tensor: ...
    def __call__(self, embeddings: Tensor) -> Tensor: ...
    def next_logits(self, embeddings: Tensor, state: Any = None) -> tuple[Tensor, Any]: ...


class Vocabulary:
    """Words and marks in lower case <-> rows; unseen words share one row."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._row = {word: i + len(_SPECIAL) for i, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words) + len(_SPECIAL)

    @classmethod
    def of(cls, texts: Sequence[str]) -> Vocabulary:
        """The vocabulary of a corpus, in the order of the alphabet."""
        return cls(sorted({token for text in texts for token in tokens(text)}))

    def encode(self, text: str) -> list[int]:
        """Rows of a text's words, without the marks of its beginning and end."""
        return [self._row.get(token, UNKNOWN) for token in tokens(text)]

    def decode(self, ids: Sequence[int]) -> str:
        """A sentence with its capital and its spaces; special rows say nothing."""
        said = [self.words[i - len(_SPECIAL)] for i in ids if i >= len(_SPECIAL)]
        text = re.sub(r" (?=[.,:;?])", "", " ".join(said))
        return text[:1].upper() + text[1:]


def tokens(text: str) -> list[str]:
    """Words and marks of a text."""
    return _TOKEN.findall(text.lower())


class _Block(nn.Module):
    """Pre-norm causal self-attention and feed-forward."""

    def __init__(self, config: LanguageModelConfig) -> None:
        super().__init__()
        width = config.n_state
        self.n_heads = config.n_heads
        self.norm_attention, self.norm_feed = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.feed_in = nn.Linear(width, config.n_hidden)
        self.feed_out = nn.Linear(config.n_hidden, width)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        """x [B, N, D] after `past`, the keys and values [B, H, ., D/H] of what came before."""
        batch, length, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(batch, length, 3, self.n_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each [B, H, N, D/H]
        if past is not None:
            key, value = torch.cat([past[0], key], 2), torch.cat([past[1], value], 2)
        heads = nn.functional.scaled_dot_product_attention(
            query, key, value, is_causal=past is None
        )
        x = x + self.drop(self.out(heads.transpose(1, 2).reshape(batch, length, width)))
        x = x + self.drop(self.feed_out(nn.functional.gelu(self.feed_in(self.norm_feed(x)))))
        return x, (key, value)


class WordModel(nn.Module):
    """Embeddings of tokens (or of what stands in their place) -> logits of the next word."""

    bos, eos = BOS, EOS

    def __init__(self, config: LanguageModelConfig, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.config, self.vocabulary = config, vocabulary
        self.width = config.n_state
        self.table = nn.Embedding(config.n_words, config.n_state)
        nn.init.normal_(self.table.weight, std=0.1)
        self.places = nn.Parameter(torch.randn(config.longest, config.n_state) * 0.02)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.n_state)

    def encode(self, text: str) -> list[int]:
        """Rows of a text's words."""
        return self.vocabulary.encode(text)

    def decode(self, ids: Sequence[int]) -> str:
        """The sentence of rows."""
        return self.vocabulary.decode(ids)

    def embed(self, ids: Tensor) -> Tensor:
        """[B, N] -> [B, N, D]."""
        return self.table(ids)

    def forward(self, embeddings: Tensor) -> Tensor:
        """[B, N, D] -> logits [B, N, V] of the token after each; N at most `longest`."""
        return self._after(embeddings, None)[0]

    def _after(self, embeddings: Tensor, state: list[Past] | None) -> tuple[Tensor, list[Past]]:
        start = state[0][0].shape[2] if state else 0
        x = embeddings + self.places[start : start + embeddings.shape[1]]
        pasts: list[Past] = []
        for i, block in enumerate(self.blocks):
            x, past = block(x, state[i] if state else None)
            pasts.append(past)
        return self.norm(x) @ self.table.weight.T, pasts

    def next_logits(
        self, embeddings: Tensor, state: list[Past] | None = None
    ) -> tuple[Tensor, list[Past]]:
        """Logits [B, V] of the token after the last, and the state that goes on from there.

        Args:
            embeddings: [B, N, D], the prompt; with a state one more token, N = 1.
        """
        logits, pasts = self._after(embeddings, state)
        return logits[:, -1, : len(self.vocabulary)], pasts
