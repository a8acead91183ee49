"""Text -> plain tokens: contractions opened, quotes straightened, AU codes and numbers kept whole.

Everything after this module (tables, scope, encoder) sees the same tokens, so that a phrase in a
table and a phrase in a direction meet in one form.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

_CONTRACTIONS: Final = {
    "can't": "can not", "cannot": "can not", "won't": "will not", "shan't": "shall not",
    "ain't": "is not", "let's": "let us", "it's": "it is", "he's": "he is", "she's": "she is",
    "that's": "that is", "what's": "what is", "there's": "there is", "who's": "who is",
    "i'm": "i am", "dont": "do not", "doesnt": "does not", "isnt": "is not", "didnt": "did not",
    "cant": "can not", "wont": "will not", "wasnt": "was not", "w/o": "without",
}  # fmt: skip
_ENDINGS: Final = (("n't", " not"), ("'re", " are"), ("'ve", " have"), ("'ll", " will"),
                   ("'d", " would"), ("'m", " am"))  # fmt: skip
_SPELLINGS: Final = {
    "humored": "humoured", "humor": "humour", "gray": "grey", "honored": "honoured",
    "neighborly": "neighbourly", "skeptical": "sceptical", "skeptically": "sceptically",
    "skepticism": "scepticism", "center": "centre", "favorite": "favourite", "mold": "mould",
    "somber": "sombre", "offense": "offence", "tranquility": "tranquillity", "fervor": "fervour",
    "rumored": "rumoured", "rigor": "rigour", "candor": "candour", "mom": "mum",
    "patronizing": "patronising", "agonized": "agonised", "scandalized": "scandalised",
    "mesmerized": "mesmerised", "traumatized": "traumatised", "energized": "energised",
    "demoralized": "demoralised", "hypnotized": "hypnotised", "apologize": "apologise",
}  # fmt: skip

_TOKEN: Final = re.compile(
    r"au[ _-]?\d{1,2}[a-et]?[ _-]?(?:left|right|[lr])?(?![a-z0-9])"
    r"|\d+(?:\.\d+)?\s?%|\d*\.\d+|\d+(?=[^a-z]|$)|[a-z0-9]+(?:'[a-z]+)?|[,;:.!?()+<>/]|--"
)
_ONLY_WORDS: Final = re.compile(r"[a-z]+(?: [a-z]+)*")
_OPENED: Final = {**_SPELLINGS, **_CONTRACTIONS}
_CODES: Final = re.compile(r"\bau ?\d{1,2}[a-elr]{0,2}(?: ?\+ ?\d{1,2}[a-elr]{0,2})+\b(?! ?[.%])")
"""A formula of FACS: "AU1+2L"."""
_DROPPED: Final = frozenset(
    {"the", "a", "an", "his", "her", "its", "their", "your", "my", "our", "some", "this",
     "that", "these", "those"}
)  # fmt: skip
"""Determiners: a phrase of a table matches with any of them, or none."""


def normalise(text: str) -> str:
    """Lower case, ASCII quotes and dashes, contractions opened, one space between words."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = re.sub(r"[\u2018\u2019\u02bc`\u00b4]", "'", plain)
    plain = re.sub(r"[\u201c\u201d\"]", " ", plain)
    plain = re.sub(r"[\u2013\u2014]| - ", " -- ", plain)
    plain = re.sub(r"\b(very|really|so|much), (?=\1\b)", r"\1 ", plain)
    plain = re.sub(r"\brather (\w+) than\b", r"\1 rather than", plain)
    plain = re.sub(r"\baction units? (?=\d)", "au ", plain)
    plain = _CODES.sub(lambda found: re.sub(r"\+ ?(?=\d)", "+ au", found[0]), plain)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return " ".join(_open(word) for word in plain.split())


def _open(word: str) -> str:
    core = word.strip(",;:.!?()")
    if core in _CONTRACTIONS:
        return word.replace(core, _CONTRACTIONS[core])
    if core in _SPELLINGS:
        return word.replace(core, _SPELLINGS[core])
    for ending, full in _ENDINGS:
        if core.endswith(ending):
            return word.replace(ending, full)
    return word


def tokens(text: str) -> list[str]:
    """Words, numbers, AU codes ("au12l") and punctuation of `text`, in order."""
    if _ONLY_WORDS.fullmatch(text) and "rather " not in text:
        # Nearly all of the tables' 70 000 phrases: a tenth of the time of the full way.
        return " ".join([_OPENED.get(word, word) for word in text.split(" ")]).split(" ")
    plain = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", normalise(text))
    return [_token(found) for found in _TOKEN.findall(plain)]


def _token(found: str) -> str:
    if found.startswith("au") and any(letter.isdigit() for letter in found):
        code = re.sub(r"[ _-]", "", found)
        code = re.sub(r"(?<=\d)(left|right)$", lambda side: side[0][0], code)
        return re.sub(r"^au0*(?=\d)", "au", code)
    if found.endswith("%"):
        return f"{float(found[:-1]) / 100:g}"
    return found.removesuffix("'s").removesuffix("'")


@lru_cache(maxsize=8192)
def phrase(text: str) -> tuple[str, ...]:
    """The tokens of a table's phrase without determiners and punctuation."""
    return tuple(token for token in tokens(text) if is_word(token) and token not in _DROPPED)


def is_word(token: str) -> bool:
    """Whether a token is a word or an AU code (not punctuation)."""
    return token[:1].isalnum()


def is_determiner(token: str) -> bool:
    """Whether a token may stand anywhere inside a table's phrase."""
    return token in _DROPPED


def _function_words() -> frozenset[str]:
    table = Path(__file__).parent / "tables" / "function_words.tsv"
    lines = table.read_text(encoding="utf-8").splitlines()[2:]
    return frozenset(word for line in lines for word in line.split("|"))


FUNCTION_WORDS: Final = _function_words()
"""Words that carry no feeling of their own; the rest are content words."""


def content_words(words: list[str]) -> list[str]:
    """Words that could carry a feeling or an action."""
    return [word for word in words if is_word(word) and word not in FUNCTION_WORDS]
