"""English letter-to-sound: a word that no dictionary has, read by its letters and their neighbours.

The table is ours (`server/training/ears/letter_to_sound.py` made it): context -> sounds, the widest
context that is listed wins.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from .notations import ARPABET

TABLE: Final = Path(__file__).with_name("g2p_letters.tsv")
CONTEXTS: Final = ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (3, 2), (3, 3), (4, 4))
"""Letters to the left and to the right that a rule looks at, narrow to wide."""

_NAMES: Final = {
    "a": "EY", "b": "B IY", "c": "S IY", "d": "D IY", "e": "IY", "f": "EH F", "g": "JH IY",
    "h": "EY CH", "i": "AY", "j": "JH EY", "k": "K EY", "l": "EH L", "m": "EH M", "n": "EH N",
    "o": "OW", "p": "P IY", "q": "K Y UW", "r": "AA R", "s": "EH S", "t": "T IY", "u": "Y UW",
    "v": "V IY", "w": "D AH B AX L Y UW", "x": "EH K S", "y": "W AY", "z": "Z IY",
}  # fmt: skip
"""English names of the letters, in ARPABET."""


def letter_names(letters: str) -> tuple[str, ...]:
    """Return our phones of letters a-z that are said by their names: "NPC"."""
    named = (symbol for letter in letters.lower() for symbol in _NAMES[letter].split())
    return tuple(phone for symbol in named for phone in ARPABET[symbol])


def context_key(word: str, i: int, left: int, right: int) -> str:
    """Return how the table writes letter i of a word with its neighbours; `#` is an edge."""
    padded = "#" * left + word + "#" * right
    at = i + left
    return f"{padded[at - left : at]}[{padded[at]}]{padded[at + 1 : at + 1 + right]}"


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    rows = (line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines())
    return {row[0]: row[1] for row in rows if len(row) == 2}


def spell_arpabet(word: str) -> list[str]:
    """Return ARPABET symbols (schwa as AH0) of a word of the letters a-z and '."""
    word = word.lower().replace("'", "")
    sounds: list[str] = []
    for i in range(len(word)):
        keys = (context_key(word, i, left, right) for left, right in reversed(CONTEXTS))
        found = next((_table()[key] for key in keys if key in _table()), "")
        sounds += found.split()
    return sounds


def spell(word: str) -> tuple[str, ...]:
    """Return our phones of a word, read by its letters."""
    phones: list[str] = []
    for symbol in spell_arpabet(word):
        phones += ("ə",) if symbol == "AH0" else ARPABET[symbol.rstrip("0")]
    return tuple(phones)
