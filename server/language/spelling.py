"""Misspelt words of feeling: an unknown word one or two letters from a known one is read as it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from . import tables
from .sides import SIDE_LETTER
from .words import is_word, tokens

_SHORTEST: Final = 5
_TWO_ERRORS: Final = 9
"""From this length on, two letters may be wrong."""


@lru_cache(maxsize=1)
def _known() -> dict[int, tuple[str, ...]]:
    """Single words of the feeling and expression tables, by length."""
    texts = [w.text for w in tables.feeling_words()]
    texts += [e.text for e in tables.named_expressions()]
    texts += [p.text for p in tables.parts()]
    single = {word for text in texts for word in tokens(text) if len(word) >= _SHORTEST}
    single |= set(SIDE_LETTER)
    found: dict[int, list[str]] = {}
    for word in sorted(single):
        found.setdefault(len(word), []).append(word)
    return {length: tuple(words) for length, words in found.items()}


def distance(first: str, second: str, most: int) -> int:
    """Letters to change, drop, add or swap; anything above `most` is `most` + 1."""
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        older, before = before, row
        row = [i]
        for j, b in enumerate(second, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def corrected(
    said: Sequence[str], is_known: Callable[[str], bool]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Tokens with misspelt ones replaced, and what was replaced: (said, read)."""
    result: list[str] = []
    changes: list[tuple[str, str]] = []
    for token in said:
        read = token
        if len(token) >= _SHORTEST and token.isalpha() and is_word(token) and not is_known(token):
            read = _nearest(token) or token
        if read != token:
            changes.append((token, read))
        result.append(read)
    return result, changes


@lru_cache(maxsize=1024)
def _nearest(word: str) -> str:
    most = 2 if len(word) >= _TWO_ERRORS else 1
    best, least = "", most + 1
    for length in range(len(word) - most, len(word) + most + 1):
        for known in _known().get(length, ()):
            if known[0] != word[0]:
                continue
            errors = distance(word, known, most)
            if errors < least:
                best, least = known, errors
    return best
