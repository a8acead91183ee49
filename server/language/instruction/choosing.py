"""Among sentences that the language model finds plausible, the one that the voice agrees with.

A small language model wavers between words that mean other feelings. The aligned embedding knows
better: its shares of the cells (Eq. 6 with the cells' mean instructions) say which emotion and
which strength the sentence is to have, each by itself, and a sentence that says both is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .reading import Meaning

N_CANDIDATES: Final = 12
"""Sentences drawn when the likeliest one does not say what the voice says."""
CALM: Final = "calm"


def marginals(shares: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of cells ("angry/strongly") -> shares of emotions, and of strengths."""
    emotions: dict[str, float] = {}
    words: dict[str, float] = {}
    for name, share in shares.items():
        emotion, _, word = name.partition("/")
        emotions[emotion] = emotions.get(emotion, 0.0) + share
        if word:
            words[word] = words.get(word, 0.0) + share
    return emotions, words


def agreement(meaning: Meaning, shares: Mapping[str, float]) -> int:
    """3: the voice's likeliest emotion and strength; 2: the emotion; 1: the strength; 0: none."""
    emotions, words = marginals(shares)
    emotion = max(emotions, key=lambda name: emotions[name])
    said = CALM if meaning.calm else meaning.emotion
    same_word = not meaning.word or meaning.word == max(words, key=lambda name: words[name])
    return 2 * (said == emotion) + same_word


def best(meanings: Sequence[Meaning], shares: Mapping[str, float]) -> int:
    """Place of the sentence that agrees best; of equal ones the first."""
    found = [agreement(meaning, shares) for meaning in meanings]
    return found.index(max(found))
