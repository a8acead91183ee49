"""Distil the built-in encoder from the sentence model.

The student learns the teacher's sentence vectors, turned onto their 256 main axes, for everyday
sentences, dictionary words (pulled toward their glosses), glosses, example sentences and the texts
of our own tables. `distil` keeps a checkpoint, so that it may be stopped and started again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from arkit.action_units import AU_CODES
from server.language import tables, words
from server.language.encoder import (
    BuiltinTextEncoder,
    EncoderConfig,
    EncoderNetwork,
    ngram_buckets,
)

from . import corpora
from .loop import LoopOptions, Report, run
from .teacher import Teacher


@dataclass(frozen=True)
class DistilOptions:
    """How the encoder is distilled.

    Attributes:
        schedule: steps of the learning-rate schedule; longer than `steps` leaves the rate high,
            because `tune` goes on from here and brings it down.
        n_examples: example sentences of the dictionary that are used.
        gloss_share: how far a word's target leans toward its gloss.
        word_dropout: share of word rows hidden, so that the n-grams learn to stand in.
    """

    steps: int = 1_500
    schedule: int = 2_500
    batch: int = 192
    n_examples: int = 12_288
    rate: float = 2e-3
    gloss_share: float = 0.45
    word_dropout: float = 0.12
    longest: int = 28
    seed: int = 0


@dataclass(frozen=True)
class Bank:
    """Texts of one kind with the student's targets, float16 [n, 256]."""

    name: str
    texts: tuple[str, ...]
    targets: NDArray[np.float16]
    weight: float


def required_words() -> set[str]:
    """Words that must have a row: our tables', function words, AU codes, numbers."""
    texts = [item.text for item in tables.feeling_words()]
    texts += [item.text for item in tables.situations()]
    texts += [item.text for item in (*tables.named_expressions(), *tables.idioms())]
    texts += [item.text for item in (*tables.parts(), *tables.motions())]
    found = {token for text in texts for token in words.tokens(text)}
    found |= set(words.FUNCTION_WORDS) | {code.lower() for code in AU_CODES}
    found |= {f"{i / 20:g}" for i in range(21)} | {str(i) for i in range(101)}
    return found | set(",;:.!?()+<>/") | {"--"}


def make_banks(
    teacher: Teacher, wordnet: Path, config: EncoderConfig, options: DistilOptions
) -> tuple[list[str], NDArray[np.float32], list[Bank]]:
    """Return (vocabulary, axes [384, 256], banks)."""
    sentences = corpora.goemotions_sentences(longest=options.longest)
    senses = corpora.wordnet_senses(wordnet)
    vocabulary = corpora.vocabulary(sentences, senses, required_words(), config.n_words - 1)
    glosses = corpora.first_glosses(senses, wordnet)
    glossed = [word for word in vocabulary if word in glosses]
    definitions = [f"{word}: {glosses[word][0]}"[:160] for word in glossed]
    examples = [text for sense in senses for text in sense.examples if 3 <= len(text.split()) <= 18]
    examples = sorted(set(examples), key=lambda text: zlib.crc32(text.encode()))
    examples = examples[: options.n_examples]
    own = sorted(
        {item.text for item in tables.feeling_words()}
        | {item.text for item in tables.situations()}
        | {item.text for item in (*tables.named_expressions(), *tables.idioms())}
    )
    word_vectors = teacher.encode(vocabulary).astype(np.float32)
    gloss_vectors = teacher.encode(definitions).astype(np.float32)
    sentence_vectors = teacher.encode(sentences).astype(np.float32)
    example_vectors = teacher.encode(examples).astype(np.float32)
    own_vectors = teacher.encode(own).astype(np.float32)
    axes = _axes(np.concatenate([sentence_vectors, gloss_vectors, own_vectors]), config.n_out)
    row = {word: i for i, word in enumerate(vocabulary)}
    for word, vector in zip(glossed, gloss_vectors, strict=True):
        mixed = word_vectors[row[word]] * (1 - options.gloss_share) + vector * options.gloss_share
        word_vectors[row[word]] = mixed
    banks = [
        _bank("words", vocabulary, word_vectors, axes, 0.27),
        _bank("glosses", definitions, gloss_vectors, axes, 0.15),
        _bank("sentences", sentences, sentence_vectors, axes, 0.26),
        _bank("examples", examples, example_vectors, axes, 0.17),
        _bank("tables", own, own_vectors, axes, 0.15),
    ]
    return vocabulary, axes, banks


def _axes(vectors: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """The `width` directions that keep most of the teacher's cosines, [384, width]."""
    _, axes = np.linalg.eigh(vectors.T @ vectors / len(vectors))
    return np.ascontiguousarray(axes[:, ::-1][:, :width], dtype=np.float32)


def project(vectors: NDArray[np.float32], axes: NDArray[np.float32]) -> NDArray[np.float16]:
    """Teacher vectors on the student's axes, unit length."""
    turned = vectors @ axes
    return (turned / np.linalg.norm(turned, axis=1, keepdims=True).clip(1e-6)).astype(np.float16)


def _bank(
    name: str,
    texts: Sequence[str],
    vectors: NDArray[np.float32],
    axes: NDArray[np.float32],
    weight: float,
) -> Bank:
    return Bank(name, tuple(texts), project(vectors, axes), weight)


class Batcher:
    """Texts -> the network's inputs, with every word's rows and n-grams looked up once."""

    def __init__(self, encoder: BuiltinTextEncoder, longest: int) -> None:
        self._row = {word: i + 1 for i, word in enumerate(encoder.vocabulary)}
        self._buckets = encoder.network.config.n_buckets
        self._longest = longest
        self._tokens: dict[str, list[str]] = {}

    def __call__(
        self, texts: Sequence[str], dropout: float, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """words [B, L], grams, offsets, mask [B, L]; `dropout` of the word rows hidden."""
        rows = [self._read(text) for text in texts]
        length = max(len(row) for row in rows)
        word_ids = np.zeros((len(rows), length), np.int64)
        mask = np.zeros((len(rows), length), bool)
        grams: list[int] = []
        offsets = np.zeros(len(rows) * length, np.int64)
        k = 0
        for i, row in enumerate(rows):
            mask[i, : len(row)] = True
            for j in range(length):
                offsets[k] = len(grams)
                k += 1
                if j < len(row):
                    word_ids[i, j] = self._row.get(row[j], 0)
                    grams.extend(ngram_buckets(row[j], self._buckets))
        word_ids[rng.random(word_ids.shape) < dropout] = 0
        return (
            torch.from_numpy(word_ids),
            torch.tensor(grams),
            torch.from_numpy(offsets),
            torch.from_numpy(mask),
        )

    def _read(self, text: str) -> list[str]:
        found = self._tokens.get(text)
        if found is None:
            found = words.tokens(text)[: self._longest] or ["<empty>"]
            self._tokens[text] = found
        return found


def new_encoder(
    vocabulary: Sequence[str], banks: Sequence[Bank], config: EncoderConfig, seed: int
) -> BuiltinTextEncoder:
    """A student that starts as the mean of its words' targets, then fitted in closed form.

    Word rows begin on the main axes of their targets, n-grams as the mean of the words that hold
    them, the transformer as the identity, and the last layer by ridge regression on every bank.
    """
    torch.manual_seed(seed)
    network = EncoderNetwork(config)
    scale = float(np.sqrt(config.n_word))
    start = banks[0].targets[:, : config.n_word].astype(np.float32) * scale
    grams = np.zeros((config.n_buckets, config.n_word), np.float32)
    counts = np.zeros(config.n_buckets)
    buckets = [list(ngram_buckets(word, config.n_buckets)) for word in vocabulary]
    for vector, row in zip(start, buckets, strict=True):
        grams[row] += vector
        counts[row] += 1
    grams /= np.maximum(counts, 1)[:, None]
    rest = np.stack([grams[row].mean(0) for row in buckets])
    with torch.no_grad():
        network.words.weight.zero_()
        network.words.weight[1 : len(vocabulary) + 1] = torch.from_numpy(start - rest)
        network.ngrams.weight.copy_(torch.from_numpy(grams))
        torch.nn.init.orthogonal_(network.widen.weight)
        network.widen.bias.zero_()
        for block in network.blocks:
            for name in ("out", "feed_out"):
                layer = getattr(block, name)
                layer.weight.mul_(0.1)
                layer.bias.zero_()
    encoder = BuiltinTextEncoder(network.eval(), vocabulary)
    _fit_last_layer(encoder, banks)
    return encoder


@torch.inference_mode()
def _fit_last_layer(encoder: BuiltinTextEncoder, banks: Sequence[Bank], most: int = 4000) -> None:
    """Ridge regression from the pooled state to the targets."""
    network = encoder.network
    states: list[Tensor] = []
    targets: list[Tensor] = []
    for bank in banks:
        rows = np.linspace(0, len(bank.texts) - 1, min(most, len(bank.texts))).astype(int)
        targets.append(torch.from_numpy(bank.targets[rows].astype(np.float32)))
        texts = [bank.texts[i] for i in rows]
        for i in range(0, len(texts), 256):
            states.append(network.pooled(*encoder.batch(texts[i : i + 256])))
    x = torch.cat(states)
    x = torch.cat([x, torch.ones(len(x), 1)], 1)
    gram = x.T @ x + 1e-4 * len(x) * torch.eye(x.shape[1])
    solved = torch.linalg.solve(gram, x.T @ torch.cat(targets))
    network.project.weight.copy_(solved[:-1].T)
    network.project.bias.copy_(solved[-1])


def distil_loss(found: Tensor, target: Tensor) -> Tensor:
    """1 - cosine, and the same neighbourhoods inside the batch."""
    cosine = 1 - (found * target).sum(-1).mean()
    relations = (found @ found.T - target @ target.T).square().mean()
    return cosine + 4.0 * relations


def distil(
    encoder: BuiltinTextEncoder,
    banks: Sequence[Bank],
    options: DistilOptions,
    folder: Path,
    report: Report,
) -> float:
    """Train `encoder` in place; resumes from `folder`/distil.pt. Returns the smoothed loss."""
    batcher, network = Batcher(encoder, options.longest), encoder.network
    weights = np.array([bank.weight for bank in banks])
    weights = weights / weights.sum()

    def loss_of(rng: np.random.Generator) -> Tensor:
        bank = banks[int(rng.choice(len(banks), p=weights))]
        chosen = rng.choice(len(bank.texts), options.batch)
        inputs = batcher([bank.texts[i] for i in chosen], options.word_dropout, rng)
        target = torch.from_numpy(bank.targets[chosen].astype(np.float32))
        return distil_loss(network(*inputs), target)

    plan = LoopOptions(options.steps, options.schedule, options.rate, options.seed)
    return run(network, loss_of, plan, folder / "distil.pt", report)


def agreement(encoder: BuiltinTextEncoder, bank: Bank, n: int = 1000) -> float:
    """Mean cosine between student and teacher on `n` texts of a bank."""
    chosen = np.random.default_rng(1).choice(len(bank.texts), min(n, len(bank.texts)), False)
    found = encoder.encode([bank.texts[i] for i in chosen])
    return float((found * bank.targets[chosen].astype(np.float32)).sum(1).mean())


def save_banks(
    folder: Path, vocabulary: Sequence[str], axes: NDArray[np.float32], banks: Sequence[Bank]
) -> None:
    """Keep what a checkpoint belongs to: the words, the axes and the teacher's targets."""
    words_and_texts = {
        "vocabulary": list(vocabulary),
        "banks": [{"name": b.name, "weight": b.weight, "texts": b.texts} for b in banks],
    }
    (folder / "banks.json").write_text(json.dumps(words_and_texts), encoding="utf-8")
    np.savez(folder / "banks.npz", axes=axes, **{bank.name: bank.targets for bank in banks})


def load_banks(folder: Path) -> tuple[list[str], NDArray[np.float32], list[Bank]] | None:
    """What `save_banks` kept, or None."""
    if not (folder / "banks.npz").is_file():
        return None
    stored = json.loads((folder / "banks.json").read_text(encoding="utf-8"))
    with np.load(folder / "banks.npz") as arrays:
        banks = [
            Bank(entry["name"], tuple(entry["texts"]), arrays[entry["name"]], entry["weight"])
            for entry in stored["banks"]
        ]
        return stored["vocabulary"], arrays["axes"], banks
