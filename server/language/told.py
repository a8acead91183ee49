"""Situations of the tables told inside a longer direction: "picture yourself ..., and it shows".

The encoder hears the frame as well as the situation, so the two may lie apart. Here only the words
of content count: a text that holds all that a known situation says, rare words before common ones,
and denies neither more nor less, tells that situation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from .words import FUNCTION_WORDS, is_word, tokens

_DENIERS: Final = frozenset(
    {"no", "not", "never", "nothing", "nobody", "none", "without", "nor", "neither", "nowhere"}
)
_COVERED: Final = 0.8
"""Share of a situation's weight that has to stand in a text."""
_FEWEST: Final = 3
"""Words of content, denials apart, that have to be shared."""
_LEAST_WEIGHT: Final = 9.0
"""Nats of rarity that the shared words have to have together."""
_PERSONS: Final = frozenset(
    {"i", "me", "my", "you", "your", "he", "him", "his", "she", "her", "it", "its", "we", "us",
     "our", "they", "them", "their", "a", "an", "the"}
)  # fmt: skip
"""Words that change when a situation is told of someone else."""
_SHORTEST: Final = 3
_MOST: Final = 2.4
"""The vote of a situation all of whose words are told: that of the same text in the encoder."""


class ToldSituations:
    """An index of situations by their words of content."""

    def __init__(self, situations: Iterable[tuple[str, str]]) -> None:
        """Take (text, family) pairs."""
        split = [(tokens(text), family) for text, family in situations]
        told = [(_content(words), family) for words, family in split]
        self._whole = {_in_order(words): family for words, family in split}
        self._longest = max(map(len, self._whole), default=0)
        counts = Counter(word for words, _ in told for word in words)
        self._rarity = {word: math.log(len(told) / count) + 1 for word, count in counts.items()}
        self._told = [(words, family, self._weight(words)) for words, family in told]
        self._at: dict[str, list[int]] = {}
        for place, (words, _) in enumerate(told):
            for word in words:
                self._at.setdefault(word, []).append(place)

    def _weight(self, words: Iterable[str]) -> float:
        return sum(self._rarity[word] for word in words)

    def votes(self, said: Sequence[str]) -> dict[str, float]:
        """Family -> weight of its situations that the tokens `said` tell; the best told speak."""
        whole = self._told_whole(_in_order(said))
        return {whole: _MOST} if whole else self._told_in_part(_content(said))

    def _told_whole(self, said: tuple[str, ...]) -> str:
        """Family of the longest situation that stands in the tokens word for word, or ""."""
        for length in range(min(self._longest, len(said)), _SHORTEST - 1, -1):
            for start in range(len(said) - length + 1):
                piece = said[start : start + length]
                if piece in self._whole and not _DENIERS & {*said[:start], *said[start + length :]}:
                    return self._whole[piece]
        return ""

    def _told_in_part(self, words: frozenset[str]) -> dict[str, float]:
        shared: Counter[int] = Counter()
        for word in words - _DENIERS:
            for place in self._at.get(word, ()):
                shared[place] += 1
        best = 0.0
        found: dict[str, float] = {}
        for place, count in shared.items():
            own, family, whole = self._told[place]
            if count < _FEWEST or own & _DENIERS != words & _DENIERS:
                continue
            weight = self._weight(own & words)
            if weight < _LEAST_WEIGHT or weight < _COVERED * whole:
                continue
            vote = _MOST * weight / whole
            if weight > best:  # what explains more of the text is what was meant
                best, found = weight, {family: vote}
            elif weight == best:
                found[family] = max(found.get(family, 0.0), vote)
        return found


def _in_order(said: Sequence[str]) -> tuple[str, ...]:
    """The words as they stand, whoever they are said of."""
    return tuple("~" if word in _PERSONS else word for word in said if is_word(word))


def _content(said: Sequence[str]) -> frozenset[str]:
    return frozenset(
        w for w in said if is_word(w) and (w in _DENIERS or w not in FUNCTION_WORDS)
    )  # fmt: skip


@lru_cache(maxsize=1)
def told_situations() -> ToldSituations:
    """The index of all situations of the tables."""
    from . import tables

    return ToldSituations((s.text, s.family) for s in tables.situations())
