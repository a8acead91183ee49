"""The phones that the server knows, for menus, colours and checks; a test holds the two together.

A copy of `server.speech.phones`, which the add-on must not import.
"""

from __future__ import annotations

from typing import Final

SILENCE: Final = "sil"

PHONE_CLASSES: Final[dict[str, tuple[str, ...]]] = {
    "Silence": (SILENCE,),
    "Lips closed": ("p", "b", "m"),
    "Lip and teeth": ("f", "v"),
    "Tongue and teeth": ("θ", "ð"),
    "Tongue tip": ("t", "d", "n", "l", "ɲ", "ʎ", "r"),
    "Hiss": ("s", "z", "ts"),
    "Hush": ("ʃ", "ʒ", "tʃ", "dʒ"),
    "Back of the tongue": ("k", "g", "ŋ", "x", "ç", "h", "ʁ", "ʔ"),
    "R": ("ɹ", "ɜ"),
    "Rounded, narrow": ("w", "ɥ", "u", "ʊ", "y", "ʏ"),
    "Rounded, open": ("o", "ɔ", "ø", "œ", "ɒ"),
    "Spread": ("i", "ɪ", "e", "j", "ɨ"),
    "Half open": ("ɛ", "æ", "ə", "ʌ", "ɐ"),
    "Open": ("a", "ɑ"),
}
"""What a face does for a phone -> the phones."""

CLASS_OF: Final[dict[str, str]] = {
    phone: name for name, phones in PHONE_CLASSES.items() for phone in phones
}
PHONES: Final[tuple[str, ...]] = tuple(CLASS_OF)

ARPABET: Final[frozenset[str]] = frozenset(
    [
        "AA",
        "AE",
        "AH",
        "AO",
        "AW",
        "AY",
        "B",
        "CH",
        "D",
        "DH",
        "EH",
        "ER",
        "EY",
        "F",
        "G",
        "HH",
        "IH",
        "IY",
        "JH",
        "K",
        "L",
        "M",
        "N",
        "NG",
        "OW",
        "OY",
        "P",
        "R",
        "S",
        "SH",
        "SIL",
        "T",
        "TH",
        "UH",
        "UW",
        "V",
        "W",
        "Y",
        "Z",
        "ZH",
    ]
)
"""The other notation that the server takes; diphthongs become two phones there."""


def is_phone(name: str) -> bool:
    """Whether the server will understand a name: one of `PHONES`, or ARPABET as "AH1"."""
    return name in CLASS_OF or name.rstrip("012").upper() in ARPABET
