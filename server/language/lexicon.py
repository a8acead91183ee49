"""Words of feeling that no table knows, with shares of the families: a lexicon from WordNet.

Built at training time (server/training/language/lexicon.py) from the relations between WordNet's
words and the tables' training words. It stands in the detector's file; the faces stay the tables'.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEPT: Final = 8
"""Families that are kept of a word."""
_ENDINGS: Final = (
    ("ies", "y"), ("es", ""), ("s", ""), ("ied", "y"), ("ed", ""), ("ed", "e"), ("ing", ""),
    ("ing", "e"), ("ily", "y"), ("ly", ""), ("iness", "y"), ("ness", ""),
)  # fmt: skip
_STEM: Final = 3
_ONE_FAMILY: Final = 0.8
_OF_ONE_FAMILY: Final = 0.2
"""A word that hangs on one family needs this much of the chance that others need."""


def base_forms(word: str) -> list[str]:
    """The word and what it may be an inflection of: "threatens", "threaten"."""
    head, _, rest = word.partition(" ")
    tail = f" {rest}" if rest else ""
    forms = [head]
    for ending, swap in _ENDINGS:
        if head.endswith(ending) and len(head) - len(ending) >= _STEM:
            stem = head[: -len(ending)]
            forms.append(stem + swap)
            if not swap and stem[-1:] == stem[-2:-1]:
                forms.append(stem[:-1])
    return [form + tail for form in dict.fromkeys(forms)]


@dataclass(frozen=True)
class Lexicon:
    """Words with their families.

    Attributes:
        words: in order. families: names that the columns count.
        columns: uint8 [n, KEPT], the likeliest families first. shares: uint8 [n, KEPT], 255 = 1.
        feeling: uint8 [n], how surely the word is one of feeling, 255 = 1.
    """

    words: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    columns: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, KEPT), np.uint8))
    shares: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, KEPT), np.uint8))
    feeling: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {word: i for i, word in enumerate(self.words)}

    def find(self, word: str) -> int:
        """The row of a word or of its base form, or -1."""
        for form in base_forms(word):
            if form in self._place:
                return self._place[form]
        return -1

    def is_feeling(self, word: str, least: float) -> bool:
        """Whether a word is one of feeling: with a chance of `least`, or hanging on one family."""
        row = self.find(word)
        if row < 0:
            return False
        one = self.shares[row, 0] >= 255.0 * _ONE_FAMILY
        return bool(self.feeling[row] >= 255.0 * (least * _OF_ONE_FAMILY if one else least))

    def families_of(self, said: Sequence[str]) -> dict[str, float]:
        """Family -> share, of the words of `said` that stand here; empty where none does.

        The shares are floored so that no word rules a family out.
        """
        rows = [row for word in said if (row := self.find(word)) >= 0]
        if not rows:
            return {}
        found = np.full(len(self.families), 0.2 / len(self.families))
        for row in rows:
            found[self.columns[row]] += self.shares[row] / (255.0 * len(rows))
        return dict(zip(self.families, (found / found.sum()).tolist(), strict=True))


def packed_words(words: Sequence[str]) -> NDArray[np.uint8]:
    """Words as compressed bytes, for a tensor."""
    return np.frombuffer(zlib.compress("\n".join(words).encode(), 9), np.uint8).copy()


def unpacked_words(packed: NDArray[np.uint8]) -> tuple[str, ...]:
    """The other way."""
    return tuple(zlib.decompress(packed.tobytes()).decode().split("\n"))
