"""Measures of sentences against references, as the captioning field has them; own implementations.

BLEU (Papineni et al. 2001, corpus level, clipped counts, closest length), ROUGE-L (Lin 2004, beta
1.2, best reference), CIDEr (Vedantam et al. 2015; n = 1..4, times 10, no length penalty), METEOR
(Banerjee and Lavie 2005) by equal words alone: its stems and synonyms are from outside
dictionaries, so that ours is below what they would give. SPICE needs a scene-graph parser and is
left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

from server.language.instruction.words import tokens

Gram = tuple[str, ...]
_BETA: Final = 1.2


def _grams(words: Sequence[str], n: int) -> Counter[Gram]:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def bleu(said: Sequence[str], references: Sequence[Sequence[str]], n: int) -> float:
    """Corpus BLEU-n, 0..100, of sentences against one or more references each."""
    matched, total = [0] * n, [0] * n
    length, reference_length = 0, 0
    for text, others in zip(said, references, strict=True):
        words, right = tokens(text), [tokens(other) for other in others]
        length += len(words)
        reference_length += min((abs(len(r) - len(words)), len(r)) for r in right)[1]
        for size in range(1, n + 1):
            found = _grams(words, size)
            most: Counter[Gram] = Counter()
            for other in right:
                most |= _grams(other, size)
            matched[size - 1] += sum((found & most).values())
            total[size - 1] += sum(found.values())
    if not length or min(matched) == 0:
        return 0.0
    precision = math.exp(sum(math.log(m / t) for m, t in zip(matched, total, strict=True)) / n)
    brevity = 1.0 if length >= reference_length else math.exp(1 - reference_length / length)
    return 100 * brevity * precision


def rouge_l(said: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean ROUGE-L, 0..100: the F of the longest common subsequence, best reference."""
    scores = [
        max((_rouge(tokens(text), tokens(other)) for other in others), default=0.0)
        for text, others in zip(said, references, strict=True)
    ]
    return 100 * sum(scores) / max(len(scores), 1)


def _rouge(words: Sequence[str], right: Sequence[str]) -> float:
    common = _common(words, right)
    if not common:
        return 0.0
    precision, recall = common / len(words), common / len(right)
    return (1 + _BETA**2) * precision * recall / (recall + _BETA**2 * precision)


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for a in first:
        before = 0
        for j, b in enumerate(second, start=1):
            before, row[j] = row[j], before + 1 if a == b else max(row[j], row[j - 1])
    return row[-1]


def meteor(said: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean METEOR of equal words, 0..100, best reference."""
    scores = [
        max((_meteor(tokens(text), tokens(other)) for other in others), default=0.0)
        for text, others in zip(said, references, strict=True)
    ]
    return 100 * sum(scores) / max(len(scores), 1)


def _meteor(words: Sequence[str], right: Sequence[str]) -> float:
    """F that counts recall nine times, less up to half for words in another order."""
    runs = _runs(words, right)
    matched = sum(runs)
    if not matched:
        return 0.0
    precision, recall = matched / len(words), matched / len(right)
    score = 10 * precision * recall / (recall + 9 * precision)
    return score * (1 - 0.5 * (len(runs) / matched) ** 3)


def _runs(first: Sequence[str], second: Sequence[str]) -> list[int]:
    """Lengths of the runs of equal words in both, the longest taken first, each word once."""
    free_first, free_second = [True] * len(first), [True] * len(second)
    found: list[int] = []
    while True:
        best = (0, 0, 0)
        lengths = [0] * (len(second) + 1)
        for i, word in enumerate(first):
            row = [0] * (len(second) + 1)
            for j, other in enumerate(second):
                if word == other and free_first[i] and free_second[j]:
                    row[j + 1] = lengths[j] + 1
                    best = max(best, (row[j + 1], -i, -j))
            lengths = row
        size, i, j = best[0], -best[1], -best[2]
        if not size:
            return found
        found.append(size)
        free_first[i - size + 1 : i + 1] = [False] * size
        free_second[j - size + 1 : j + 1] = [False] * size


def cider(said: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Mean CIDEr, 0..1000 (times 10 as usual, times 100 as papers print it)."""
    documents = [[tokens(other) for other in others] for others in references]
    frequency = [_document_frequency(documents, n) for n in range(1, 5)]
    n_documents = math.log(max(len(documents), 2))
    total = 0.0
    for text, others in zip(said, documents, strict=True):
        words = tokens(text)
        score = 0.0
        for n in range(1, 5):
            own = _weighted(_grams(words, n), frequency[n - 1], n_documents)
            right = [_weighted(_grams(o, n), frequency[n - 1], n_documents) for o in others]
            score += sum(_cosine(own, r) for r in right) / max(len(right), 1) / 4
        total += score
    return 1000 * total / max(len(said), 1)


def _document_frequency(documents: Sequence[Sequence[Sequence[str]]], n: int) -> Counter[Gram]:
    return Counter(
        gram for others in documents for gram in {g for o in others for g in _grams(o, n)}
    )


def _weighted(
    grams: Counter[Gram], frequency: Counter[Gram], n_documents: float
) -> dict[Gram, float]:
    whole = max(sum(grams.values()), 1)
    return {
        gram: count / whole * (n_documents - math.log(max(frequency[gram], 1)))
        for gram, count in grams.items()
    }


def _cosine(first: dict[Gram, float], second: dict[Gram, float]) -> float:
    dot = sum(value * second.get(gram, 0.0) for gram, value in first.items())
    size = math.sqrt(sum(v * v for v in first.values()) * sum(v * v for v in second.values()))
    return dot / size if size else 0.0
