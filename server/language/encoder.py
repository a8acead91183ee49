"""The built-in text encoder: any English text -> a unit vector of 256 numbers.

A word is the sum of a row of its own (if it is among the known words) and of its hashed character
n-grams, so that unseen words and typing errors land near what they resemble. Two small transformer
layers read the words in order; their mean is the embedding. It is distilled from a sentence model
(see server/training/language) and needs nothing but its one file.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from .errors import WeightsError
from .words import tokens

_BUCKET_PAD: Final = 0


class TextEncoder(Protocol):
    """What every text encoder offers: texts -> float32 [B, width], unit length."""

    width: int

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the built-in encoder.

    Attributes:
        n_words: rows of the word table; row 0 stands for every unknown word.
        n_buckets: rows of the n-gram table; row 0 is padding.
        n_word: width of a word row. n_state: width of the transformer. n_out: embedding width.
    """

    n_words: int = 20_000
    n_buckets: int = 6_000
    n_word: int = 96
    n_state: int = 128
    n_heads: int = 4
    n_layers: int = 2
    n_hidden: int = 256
    n_out: int = 256
    longest: int = 48


TINY = EncoderConfig(n_words=64, n_buckets=128, n_word=16, n_state=32, n_hidden=32, n_out=32)
"""For tests: the whole path in milliseconds."""


@lru_cache(maxsize=65536)
def ngram_buckets(word: str, n_buckets: int) -> tuple[int, ...]:
    """Hashed character 3-, 4- and 5-grams of `<word>`, 1..n_buckets-1."""
    marked = f"<{word}>"
    grams = {marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1)}
    grams.add(marked)
    return tuple(1 + zlib.crc32(gram.encode()) % (n_buckets - 1) for gram in sorted(grams))


class Block(nn.Module):
    """Pre-norm self-attention and feed-forward."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.n_state
        self.n_heads = config.n_heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_feed = nn.LayerNorm(width)
        self.feed_in = nn.Linear(width, config.n_hidden)
        self.feed_out = nn.Linear(config.n_hidden, width)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """x [B, L, D]; mask [B, L], true where a token stands."""
        batch, length, width = x.shape
        qkv = self.qkv(self.norm_attention(x)).view(batch, length, 3, self.n_heads, -1)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each [B, H, L, D/H]
        heads = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None, None, :]
        )
        x = x + self.out(heads.transpose(1, 2).reshape(batch, length, width))
        return x + self.feed_out(nn.functional.gelu(self.feed_in(self.norm_feed(x))))


class EncoderNetwork(nn.Module):
    """Token ids and n-gram ids -> unit vectors [B, n_out]."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.words = nn.Embedding(config.n_words, config.n_word)
        self.ngrams = nn.EmbeddingBag(
            config.n_buckets, config.n_word, mode="mean", padding_idx=_BUCKET_PAD
        )
        self.widen = nn.Linear(config.n_word, config.n_state)
        self.places = nn.Parameter(torch.randn(config.longest, config.n_state) * 0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.n_state)
        self.project = nn.Linear(config.n_state, config.n_out)

    def forward(self, words: Tensor, grams: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
        """words, mask [B, L]; grams, offsets: the n-grams of the B x L tokens as one bag list."""
        pooled = self.pooled(words, grams, offsets, mask)
        return nn.functional.normalize(self.project(pooled), dim=-1)

    def pooled(self, words: Tensor, grams: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
        """The mean state of the words, [B, n_state]."""
        batch, length = words.shape
        subword = self.ngrams(grams, offsets).view(batch, length, -1)
        x = self.widen(self.words(words) + subword) + self.places[:length]
        for block in self.blocks:
            x = block(x, mask)
        x = self.norm(x) * mask.unsqueeze(-1)
        return x.sum(1) / mask.sum(1, keepdim=True).clamp_min(1)


class BuiltinTextEncoder:
    """The encoder with its vocabulary; loads from one safetensors file."""

    def __init__(self, network: EncoderNetwork, vocabulary: Sequence[str]) -> None:
        self.network = network
        self.vocabulary = tuple(vocabulary)
        self.width = network.config.n_out
        self._row = {word: i + 1 for i, word in enumerate(self.vocabulary)}

    def knows(self, word: str) -> bool:
        """Whether a word has a row of its own."""
        return word in self._row

    def batch(self, texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The network's inputs for `texts`; an empty text becomes one unknown token."""
        config = self.network.config
        rows = [tokens(text)[: config.longest] or ["<empty>"] for text in texts]
        length = max(len(row) for row in rows)
        words = torch.zeros(len(rows), length, dtype=torch.long)
        mask = torch.zeros(len(rows), length, dtype=torch.bool)
        grams: list[int] = []
        offsets: list[int] = []
        for i, row in enumerate(rows):
            mask[i, : len(row)] = True
            for j in range(length):
                offsets.append(len(grams))
                if j < len(row):
                    words[i, j] = self._row.get(row[j], 0)
                    grams.extend(ngram_buckets(row[j], config.n_buckets))
        return words, torch.tensor(grams), torch.tensor(offsets), mask

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, float32 [B, 256]."""
        if not texts:
            return np.zeros((0, self.width), np.float32)
        return self.network(*self.batch(texts)).numpy()


def save_encoder(encoder: BuiltinTextEncoder, path: Path, note: dict[str, str]) -> None:
    """Write the encoder: tables as int8 with a scale for each row, the rest as float16."""
    from safetensors.torch import save_file

    stored: dict[str, Tensor] = {}
    for name, value in encoder.network.state_dict().items():
        if name in ("words.weight", "ngrams.weight"):
            scale = value.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
            stored[name] = (value / scale).round().to(torch.int8)
            stored[name + ".scale"] = scale.to(torch.float16)
        else:
            stored[name] = value.to(torch.float16)
    packed = zlib.compress("\n".join(encoder.vocabulary).encode(), 9)
    stored["vocabulary"] = torch.from_numpy(np.frombuffer(packed, np.uint8).copy())
    config = json.dumps(asdict(encoder.network.config))
    save_file(stored, str(path), metadata={"config": config, **note})


def load_encoder(path: Path) -> BuiltinTextEncoder:
    """Read what `save_encoder` wrote.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise WeightsError(f"there are no text encoder weights at {path}")
    try:
        with safe_open(str(path), framework="pt") as file:
            config = EncoderConfig(**json.loads(file.metadata()["config"]))
            stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is not a text encoder of this version: {error}") from error
    packed = stored.pop("vocabulary").numpy().tobytes()
    for name in ("words.weight", "ngrams.weight"):
        stored[name] = stored[name].float() * stored.pop(name + ".scale").float()
    network = EncoderNetwork(config)
    try:
        network.load_state_dict({name: value.float() for name, value in stored.items()})
    except RuntimeError as error:
        raise WeightsError(f"{path} does not fit its own config: {error}") from error
    return BuiltinTextEncoder(network.eval(), zlib.decompress(packed).decode().split("\n"))
