"""Learn English letter-to-sound from the pronouncing dictionary; writes `g2p_letters.tsv`.

    python -m server.training.ears.letter_to_sound [--out server/speech/g2p_letters.tsv]

Letters and sounds are aligned by expectation maximisation, each letter making no, one or two
sounds. Each letter's sounds are then learned from its neighbours, wider contexts only where they
differ from what the narrower ones say and are frequent enough.
"""

from __future__ import annotations

import argparse
import math
import zlib
from collections import Counter, defaultdict
from pathlib import Path
from typing import Final

from server.speech import g2p
from server.speech.g2p_letters import CONTEXTS, TABLE, context_key

_ROUNDS: Final = 5
_FEWEST: Final = 4
"""Times that a context must be seen to be kept."""
_MAX_SOUNDS: Final = 2

Pair = tuple[str, str]


def align_letters(
    word: str, sounds: list[str], cost: dict[Pair, float], unseen: float = 12.0
) -> list[Pair] | None:
    """Return (letter, its sounds joined by blanks) for every letter, the cheapest way, or None."""
    n, m = len(word), len(sounds)
    best: list[list[float]] = [[math.inf] * (m + 1) for _ in range(n + 1)]
    back: list[list[int]] = [[0] * (m + 1) for _ in range(n + 1)]
    best[0][0] = 0.0
    for i in range(n):
        for j in range(m + 1):
            if best[i][j] == math.inf:
                continue
            for k in range(min(_MAX_SOUNDS, m - j) + 1):
                pair = (word[i], " ".join(sounds[j : j + k]))
                total = best[i][j] + cost.get(pair, unseen + 4 * (k == 2) + 2 * (k == 0))
                if total < best[i + 1][j + k]:
                    best[i + 1][j + k], back[i + 1][j + k] = total, k
    if best[n][m] == math.inf:
        return None
    pairs: list[Pair] = []
    j = m
    for i in range(n, 0, -1):
        k = back[i][j]
        pairs.append((word[i - 1], " ".join(sounds[j - k : j])))
        j -= k
    return pairs[::-1]


def aligned_dictionary(entries: list[tuple[str, list[str]]]) -> list[list[Pair]]:
    """Align every word, starting from how often letters and sounds meet."""
    meets: Counter[Pair] = Counter()
    letters: Counter[str] = Counter()
    for word, sounds in entries:
        for i, letter in enumerate(word):
            letters[letter] += 1
            place = i * len(sounds) // len(word)
            for sound in sounds[max(0, place - 1) : place + 2]:
                meets[letter, sound] += 1
    cost = {p: -math.log(n / (3 * letters[p[0]])) for p, n in meets.items()}
    aligned: list[list[Pair]] = []
    for _ in range(_ROUNDS):
        found = (align_letters(word, sounds, cost) for word, sounds in entries)
        aligned = [pairs for pairs in found if pairs]
        counts = Counter(pair for pairs in aligned for pair in pairs)
        totals: Counter[str] = Counter()
        for (letter, _sound), n in counts.items():
            totals[letter] += n
        cost = {p: -math.log(n / totals[p[0]]) for p, n in counts.items()}
    return aligned


def learn(aligned: list[list[Pair]]) -> dict[str, str]:
    """Return context -> sounds, keeping a context only where it changes the answer."""
    counts: list[dict[str, Counter[str]]] = [defaultdict(Counter) for _ in CONTEXTS]
    for pairs in aligned:
        word = "".join(letter for letter, _ in pairs)
        for i, (_, sounds) in enumerate(pairs):
            for level, (left, right) in enumerate(CONTEXTS):
                counts[level][context_key(word, i, left, right)][sounds] += 1
    table: dict[str, str] = {}
    for level in range(len(CONTEXTS)):
        for key, seen in sorted(counts[level].items()):
            sounds, n = seen.most_common(1)[0]
            narrower = _narrower(key, level, table)
            is_told = level == 0 or (n >= _FEWEST and n > seen.get(narrower or "", 0) + 1)
            if is_told and sounds != narrower:
                table[key] = sounds
    return table


def _narrower(key: str, level: int, table: dict[str, str]) -> str | None:
    middle = CONTEXTS[level][0] + 1
    for narrower_left, narrower_right in reversed(CONTEXTS[:level]):
        start = middle - 1 - narrower_left
        cut = key[start : middle - 1] + "[" + key[middle] + "]"
        cut += key[middle + 2 : middle + 2 + narrower_right]
        if cut in table:
            return table[cut]
    return None


def is_held_out(word: str) -> bool:
    """A tenth of the words, by their spelling, is never learned from."""
    return zlib.crc32(word.encode()) % 10 == 0


def main() -> None:
    """Learn from nine tenths of the dictionary, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TABLE)
    options = parser.parse_args()
    entries = [
        (word, [s.rstrip("12") for s in sounds[0].split()])
        for word, sounds in sorted(g2p.dictionary().items())
        if word.isalpha() and word.isascii() and len(word) > 1 and not is_held_out(word)
    ]
    table = learn(aligned_dictionary(entries))
    lines = [f"{key}\t{sounds}" for key, sounds in table.items()]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
