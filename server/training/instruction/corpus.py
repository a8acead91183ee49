"""The corpus of instructions: sentences for every cell with their embeddings, kept in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.language.encoder import TextEncoder
from server.language.instruction.words import Vocabulary

from . import wording
from .sentences import sentences_of
from .truth import CELLS, Cell


@dataclass(frozen=True)
class SentenceCorpus:
    """Sentences of cells.

    Attributes:
        texts: N. cells: [N], rows of `CELLS`. embeddings: float32 [N, L], unit length.
    """

    texts: list[str]
    cells: NDArray[np.int64]
    embeddings: NDArray[np.float32]

    def anchors(self) -> NDArray[np.float32]:
        """The mean direction of each cell's sentences, float32 [len(CELLS), L]."""
        means = np.stack([self.embeddings[self.cells == i].mean(0) for i in range(len(CELLS))])
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    def rows_of(self, cell: Cell) -> NDArray[np.int64]:
        """Rows of a cell's sentences."""
        return np.flatnonzero(self.cells == CELLS.index(cell))

    def split(self, share: float, seed: int) -> tuple[SentenceCorpus, SentenceCorpus]:
        """Sentences to train on, and a share of each cell's to compare with."""
        dice = np.random.default_rng(seed)
        held = np.zeros(len(self.texts), bool)
        for i in range(len(CELLS)):
            rows = np.flatnonzero(self.cells == i)
            held[dice.permutation(rows)[: round(share * len(rows))]] = len(rows) > 4
        return self._of(~held), self._of(held)

    def _of(self, mask: NDArray[np.bool_]) -> SentenceCorpus:
        rows = np.flatnonzero(mask)
        return SentenceCorpus(
            [self.texts[i] for i in rows], self.cells[rows], self.embeddings[rows]
        )


def composed(count: int, seed: int, encoder: TextEncoder, augmented: bool = True) -> SentenceCorpus:
    """At most `count` sentences of each cell."""
    texts: list[str] = []
    cells: list[int] = []
    for i, cell in enumerate(CELLS):
        made = sentences_of(cell, count if augmented else 1, seed=seed, augmented=augmented)
        texts += made
        cells += [i] * len(made)
    return SentenceCorpus(texts, np.array(cells, np.int64), encoder.encode(texts))


def kept(path: Path, count: int, seed: int, encoder: TextEncoder) -> SentenceCorpus:
    """The corpus of a file, composed and written there when it is not there yet."""
    if not path.is_file():
        made = composed(count, seed, encoder)
        path.write_text(json.dumps({"texts": made.texts, "cells": made.cells.tolist()}))
        return made
    found = json.loads(path.read_text())
    texts: list[str] = found["texts"]
    return SentenceCorpus(texts, np.array(found["cells"], np.int64), encoder.encode(texts))


def vocabulary_of(texts: Sequence[str]) -> Vocabulary:
    """The words of sentences, requests and hints."""
    feelings = [word for words in wording.FEELINGS.values() for word in words]
    degrees = [word for words in wording.FEELING_DEGREES.values() for word in words]
    return Vocabulary.of([*texts, *wording.REQUESTS, *feelings, *degrees])
