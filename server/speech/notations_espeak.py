"""IPA as espeak-ng writes it -> our phones: one table for every language that it speaks.

A symbol may hold several sounds ("aɪ", "pf"): they are returned in order and share its time.
Length, stress, tone and secondary articulation are dropped; what has no place of its own in the
inventory goes to the phone whose mouth shape is nearest. Source: the International Phonetic
Alphabet's chart.
"""

from __future__ import annotations

from typing import Final

from .phones import PHONE_INDEX, SILENCE

NEAREST: Final[dict[str, tuple[str, ...]]] = {
    # affricates, written with or without a tie bar
    "dz": ("ts",), "tɕ": ("tʃ",), "dʑ": ("dʒ",), "ʈʂ": ("tʃ",), "tʂ": ("tʃ",), "ɖʐ": ("dʒ",),
    "dʐ": ("dʒ",), "ts.": ("tʃ",), "pf": ("p", "f"), "bv": ("b", "v"), "kp": ("k", "p"),
    "ɡb": ("g", "b"), "nɡ": ("ŋ",), "s.": ("ʃ",), "i.": ("ɨ",),
    "cɕ": ("tʃ",), "ɟʑ": ("dʒ",), "tS": ("tʃ",), "ʧ": ("tʃ",), "ʤ": ("dʒ",),
    # lips
    "ɸ": ("f",), "β": ("v",), "ɱ": ("v",), "ʋ": ("v",), "ɓ": ("b",), "ʙ": ("b",), "ⱱ": ("v",),
    # tongue tip and blade
    "ʈ": ("t",), "ɖ": ("d",), "ɗ": ("d",), "ɳ": ("n",), "ɭ": ("l",), "ɾ": ("r",), "ɽ": ("r",),
    "ɫ": ("l",), "ɬ": ("s",), "ɮ": ("z",), "ɺ": ("r",), "r̝": ("r",), "ř": ("r",),
    "ʂ": ("ʃ",), "ʐ": ("ʒ",), "ɕ": ("ʃ",), "ʑ": ("ʒ",), "ɧ": ("ʃ",),
    # back of the mouth
    "c": ("k",), "ɟ": ("g",), "ʝ": ("j",), "q": ("k",), "ɢ": ("g",), "ɣ": ("g",), "χ": ("x",),
    "ħ": ("h",), "ʕ": ("ʔ",), "ɦ": ("h",), "ɴ": ("ŋ",), "ʀ": ("ʁ",), "ɰ": ("g",), "ʟ": ("l",),
    "ɡ": ("g",), "ʡ": ("ʔ",), "ʜ": ("h",), "ʛ": ("g",), "ɠ": ("g",), "ʄ": ("g",),
    # approximants
    "ɻ": ("ɹ",), "ɚ": ("ɜ",), "ɝ": ("ɜ",), "ʍ": ("w",),
    # vowels
    "ɘ": ("ə",), "ɵ": ("ø",), "ɤ": ("ʌ",), "ɶ": ("œ",), "ʉ": ("u",), "ɯ": ("ɨ",), "ɞ": ("œ",),
    "ɪ̈": ("ɨ",), "ä": ("a",), "ᵻ": ("ɪ",), "ᵿ": ("ʊ",), "ɷ": ("ʊ",), "ɩ": ("ɪ",), "ɿ": ("ɨ",),
    "ʅ": ("ɨ",), "ε": ("ɛ",), "ʊ̈": ("ʊ",), "ᵊ": ("ə",), "ⁿ": ("n",), "ʲ": (), "ʷ": (),
}  # fmt: skip
"""Symbols outside the inventory and what stands for them."""

_TIES: Final = "͜͡"
_UNKNOWN_SYMBOL: Final = "??"
"""espeak-ng writes this for German short u with vocalised r: its tables have no IPA for it."""
_LONGEST: Final = max(map(len, (*NEAREST, *PHONE_INDEX)))


def ipa_to_phones(symbol: str) -> tuple[str, ...]:
    """Return the phones that one IPA symbol, or a run of them, stands for.

    Marks of length, stress, tone and voicing vanish; an empty symbol and a pause are silence. A
    character that is no IPA letter is passed over, so that a new espeak-ng mark breaks nothing.
    """
    if symbol == _UNKNOWN_SYMBOL:
        return ("ʊ", "ɐ")
    if symbol.startswith("("):  # "(en)": the next word is of another language
        return ()
    text = "".join(c for c in symbol if c not in _TIES)
    if not text or set(text) <= {"_", ":", "!", "|", " "}:
        return (SILENCE,)
    phones: list[str] = []
    at = 0
    while at < len(text):
        for length in range(min(_LONGEST, len(text) - at), 0, -1):
            piece = text[at : at + length]
            if piece in NEAREST or piece in PHONE_INDEX:
                phones += NEAREST.get(piece, (piece,))
                at += length
                break
        else:
            at += 1
    return tuple(phones)
