"""The phone inventory: language-independent, IPA-like, with the viseme class of each phone.

One symbol is one articulation; diphthongs are written as two phones, nasal vowels as their oral
base, and any symbol of another notation maps onto these through `notations.py`.
"""

from __future__ import annotations

from typing import Final

SILENCE: Final = "sil"

VISEME_CLASSES: Final[dict[str, tuple[str, ...]]] = {
    "sil": (SILENCE,),
    "pbm": ("p", "b", "m"),
    "fv": ("f", "v"),
    "th": ("θ", "ð"),
    "tdnl": ("t", "d", "n", "l", "ɲ", "ʎ", "r"),
    "sz": ("s", "z", "ts"),
    "sh": ("ʃ", "ʒ", "tʃ", "dʒ"),
    "kgh": ("k", "g", "ŋ", "x", "ç", "h", "ʁ", "ʔ"),
    "r": ("ɹ", "ɜ"),
    "u": ("w", "ɥ", "u", "ʊ", "y", "ʏ"),
    "o": ("o", "ɔ", "ø", "œ", "ɒ"),
    "i": ("i", "ɪ", "e", "j", "ɨ"),
    "e": ("ɛ", "æ", "ə", "ʌ", "ɐ"),
    "a": ("a", "ɑ"),
}
"""14 mouth-shape classes; accuracy figures count these."""

PHONES: Final[tuple[str, ...]] = tuple(p for group in VISEME_CLASSES.values() for p in group)
PHONE_INDEX: Final[dict[str, int]] = {phone: i for i, phone in enumerate(PHONES)}
VISEMES: Final[tuple[str, ...]] = tuple(VISEME_CLASSES)
VISEME_OF: Final[dict[str, str]] = {
    phone: viseme for viseme, group in VISEME_CLASSES.items() for phone in group
}

BILABIALS: Final = frozenset(VISEME_CLASSES["pbm"])
"""Both lips must meet."""
LABIODENTALS: Final = frozenset(VISEME_CLASSES["fv"])
"""The lower lip must touch the upper teeth."""
VOWELS: Final = frozenset(
    {"i", "y", "ɪ", "ʏ", "e", "ø", "ɛ", "œ", "æ", "a", "ɑ", "ɒ", "ɔ", "o", "ʊ", "u", "ʌ", "ə", "ɐ",
     "ɜ", "ɨ"}
)  # fmt: skip
ROUNDED: Final = frozenset(
    {"w", "ɥ", "u", "ʊ", "y", "ʏ", "o", "ɔ", "ø", "œ", "ɒ", "ʃ", "ʒ", "tʃ", "dʒ"}
)
FRAME_SHARES: Final[dict[str, int]] = {
    "sil": 139, "p": 23, "b": 10, "m": 25, "f": 16, "v": 17, "θ": 3, "ð": 5, "t": 50, "d": 22,
    "n": 50, "l": 28, "ɲ": 2, "ʎ": 1, "r": 21, "s": 55, "z": 14, "ts": 7, "ʃ": 13, "ʒ": 5,
    "tʃ": 9, "dʒ": 4, "k": 27, "g": 7, "ŋ": 7, "x": 3, "ç": 2, "h": 7, "ʁ": 7, "ʔ": 1, "ɹ": 12,
    "ɜ": 7, "w": 9, "ɥ": 1, "u": 24, "ʊ": 11, "y": 6, "ʏ": 1, "o": 32, "ɔ": 15, "ø": 2, "œ": 2,
    "ɒ": 2, "i": 49, "ɪ": 37, "e": 36, "j": 15, "ɨ": 2, "ɛ": 31, "æ": 12, "ə": 21, "ʌ": 11,
    "ɐ": 3, "a": 57, "ɑ": 21,
}  # fmt: skip
"""Thousandths of the training frames that each phone fills: what a posterior leans to unheard."""
