"""Phone symbols of festival's voices that are not English -> ours. English uses ARPABET.

Sources: the phone sets that the voices define (festival-czech, suopuhe, IFD Italian, UPC Catalan,
the Russian and Hindi voices), as they appear in their segment relations.
"""

from __future__ import annotations

from typing import Final

from server.speech.phones import SILENCE

_SAME: Final = {p: (p,) for p in ("p", "b", "t", "d", "k", "g", "f", "v", "s", "z", "m", "n", "l",
                                  "r", "j")}  # fmt: skip
_SIL: Final = dict.fromkeys(("#", "##", "pau", "_pau", "brth", "h#"), (SILENCE,))
_CZECH: Final[dict[str, tuple[str, ...]]] = {
    **_SAME, **_SIL, "i": ("ɪ",), "i:": ("i",), "e": ("ɛ",), "e:": ("ɛ",), "a": ("a",),
    "a:": ("a",), "o": ("o",), "o:": ("o",), "u": ("u",), "u:": ("u",), "h": ("h",),
    "ch": ("x",), "c": ("ts",), "c~": ("tʃ",), "s~": ("ʃ",), "z~": ("ʒ",), "r~": ("r",),
    "r~*": ("r",), "n~": ("ɲ",), "t~": ("k",), "d~": ("g",), "n*": ("ŋ",), "m*": ("v",),
    "dz": ("ts",), "dz~": ("dʒ",), "_": ("ʔ",), "ou": ("o", "u"), "au": ("a", "u"),
    "eu": ("ɛ", "u"), "g*": ("g",), "x": ("k", "s"),
}  # fmt: skip
_FINNISH_BASE: Final[dict[str, tuple[str, ...]]] = {
    **_SAME, "a": ("ɑ",), "e": ("e",), "i": ("i",), "o": ("o",), "u": ("u",), "y": ("y",),
    "@": ("æ",), "7": ("ø",), "h": ("h",), "v": ("v",), "S": ("ʃ",), "T": ("θ",), "N": ("ŋ",),
}  # fmt: skip
_ITALIAN: Final[dict[str, tuple[str, ...]]] = {
    **_SAME, **_SIL, "ts": ("ts",), "dz": ("ts",), "tS": ("tʃ",), "dZ": ("dʒ",), "S": ("ʃ",),
    "J": ("ɲ",), "L": ("ʎ",), "ng": ("ŋ",), "nf": ("v",), "w": ("w",), "a": ("a",), "e": ("e",),
    "E": ("ɛ",), "i": ("i",), "o": ("o",), "O": ("ɔ",), "u": ("u",), "a1": ("a",), "e1": ("e",),
    "E1": ("ɛ",), "i1": ("i",), "o1": ("o",), "O1": ("ɔ",), "u1": ("u",),
}  # fmt: skip
_CATALAN: Final[dict[str, tuple[str, ...]]] = {
    **_ITALIAN, "ax": ("ə",), "rr": ("r",), "Z": ("ʒ",), "N": ("ŋ",), "ny": ("ɲ",), "uw": ("w",),
    "y": ("j",), "B": ("b",), "D": ("d",), "G": ("g",), "tS": ("tʃ",), "T": ("θ",), "x": ("x",),
}  # fmt: skip
_RUSSIAN: Final[dict[str, tuple[str, ...]]] = {
    **_SIL, **{s: (c,) for c in "pbtdkgfvszmnlr" for s in (c, c + c)}, "h": ("x",), "hh": ("x",),
    "c": ("ts",), "ch": ("tʃ",), "sch": ("ʃ",), "sh": ("ʃ",), "zh": ("ʒ",), "j": ("j",),
    "aa": ("a",), "a": ("a",), "ay": ("ə",), "ae": ("ə",), "oo": ("o",), "o": ("o",), "ee": ("e",),
    "e": ("e",), "ii": ("i",), "i": ("i",), "yy": ("ɨ",), "y": ("ɨ",), "uu": ("u",), "u": ("u",),
    "ur": ("ʊ",), "ir": ("ɪ",),
}  # fmt: skip
_HINDI: Final[dict[str, tuple[str, ...]]] = {
    **_SIL, "a": ("ə",), "aa": ("a",), "ih": ("ɪ",), "iy": ("i",), "uh": ("ʊ",), "uw": ("u",),
    "eh": ("e",), "ay": ("ɛ",), "oh": ("o",), "aw": ("ɔ",), "k": ("k",), "kh": ("k",), "g": ("g",),
    "gh": ("g",), "ng": ("ŋ",), "ch": ("tʃ",), "chh": ("tʃ",), "j": ("dʒ",), "jh": ("dʒ",),
    "T": ("t",), "tth": ("t",), "D": ("d",), "ddh": ("d",), "th": ("t",), "dh": ("d",),
    "t": ("t",), "d": ("d",), "n": ("n",), "N": ("n",), "p": ("p",), "ph": ("p",), "f": ("f",),
    "b": ("b",), "bh": ("b",), "m": ("m",), "y": ("j",), "r": ("r",), "l": ("l",), "v": ("v",),
    "s": ("s",), "sh": ("ʃ",), "h": ("h",),
}  # fmt: skip

FESTIVAL_PHONES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "cs": _CZECH,
    "fi": {**_SIL, **_FINNISH_BASE, **{f"{s}:": p for s, p in _FINNISH_BASE.items()}},
    "it": _ITALIAN,
    "ca": _CATALAN,
    "ru": _RUSSIAN,
    "hi": _HINDI,
}
"""Language -> symbol -> phones. A symbol that is missing makes the builder drop the sentence."""
