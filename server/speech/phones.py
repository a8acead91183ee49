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
