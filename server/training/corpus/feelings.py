"""Families of feeling with their words, read from the language tables, and what is held out.

The same tables teach the text encoder, so a word and the face that it asks for agree. Held-out
words are in `held_out.toml`: no training utterance is labelled with one.
"""

from __future__ import annotations

import csv
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, NamedTuple

from arkit.action_units import ACTION_UNITS, parse_au
from arkit.errors import ArkitError

from .errors import MaterialError
from .manners import EMOTIONS

PLAIN: Final = 0.6
"""Intensity at which a family shows the AUs of its row as they stand."""


class Word(NamedTuple):
    """An emotion word or phrase, its part of speech, and its strength."""

    text: str
    part: str
    strength: float


@dataclass(frozen=True)
class Family:
    """One family of feeling.

    Attributes:
        aus: AU code -> intensity at plain strength.
        words: those that name it, with how strongly each does (1 = plain).
    """

    name: str
    emotion: str
    aus: Mapping[str, float]
    words: tuple[Word, ...]


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("server.language").joinpath("tables", name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter="\t"))


def _read_aus(text: str, family: str) -> dict[str, float]:
    aus: dict[str, float] = {}
    for part in text.split():
        code, _, value = part.partition("=")
        try:
            aus[parse_au(code).code] = float(value or 1.0)
        except (ArkitError, ValueError) as error:
            raise MaterialError(f"family '{family}' has the AU '{part}': {error}") from error
    return aus


@lru_cache(maxsize=1)
def families() -> dict[str, Family]:
    """Return the families of the language tables by name.

    Raises:
        MaterialError: a row names an unknown emotion or AU.
    """
    words: dict[str, list[Word]] = {}
    for row in _rows("emotions.tsv"):
        listed = words.setdefault(row["family"], [])
        for item in row["words"].split("|"):
            text, _, factor = item.partition("*")
            listed.append(Word(text, row["pos"], float(row["strength"]) * float(factor or 1)))
    found: dict[str, Family] = {}
    for row in _rows("families.tsv"):
        name, emotion = row["family"], row["emotion"]
        if emotion not in EMOTIONS:
            raise MaterialError(f"family '{name}' has the emotion '{emotion}', not in {EMOTIONS}")
        aus = _read_aus(row["aus"] or "", name)
        found[name] = Family(
            name, emotion, aus, tuple(words.get(name, ())) or (Word(name, "adj", 1.0),)
        )
    return found


@lru_cache(maxsize=1)
def held_out() -> dict[str, Any]:
    """Return what no training utterance has: keys voices, words, sentences."""
    text = resources.files(__package__ or "").joinpath("held_out.toml").read_text("utf-8")
    return tomllib.loads(text)


def is_held_out_word(word: str) -> bool:
    """Return whether a word is for tests only."""
    return word in _held_out_words()


@lru_cache(maxsize=1)
def _held_out_words() -> frozenset[str]:
    return frozenset(held_out()["words"])


_MAIN: Final[dict[str, tuple[str, ...]]] = {
    "neutral": ("neutral", "neutral", "calm"),
    "happy": ("joy", "elation", "contentment"),
    "sad": ("sadness", "grief", "disappointment"),
    "angry": ("anger", "rage", "annoyance"),
    "fearful": ("fear", "terror", "anxiety"),
    "disgusted": ("disgust", "disgust", "distaste"),
    "surprised": ("surprise", "shock", "surprise"),
    "contemptuous": ("contempt", "contempt", "disdain"),
}
_MAIN_SHARE: Final = 0.6


def draw_family(emotion: str, rng: random.Random, *, for_test_words: bool | None = False) -> Family:
    """Draw a family of an emotion, its plain ones more often.

    Args:
        for_test_words: only families that have held-out words (True) or training words (False).
    """
    table = families()
    main = [table[name] for name in _MAIN[emotion] if name in table]
    every = [family for family in table.values() if family.emotion == emotion]
    pool = main if main and rng.random() < _MAIN_SHARE else every
    fit = [f for f in pool if _words(f, held=bool(for_test_words))]
    return rng.choice(fit or [f for f in every if _words(f, held=bool(for_test_words))] or every)


def _words(family: Family, *, held: bool) -> list[Word]:
    return [word for word in family.words if is_held_out_word(word.text) == held]


def draw_word(family: Family, rng: random.Random, *, held: bool) -> Word:
    """Draw a word of a family: a held-out one, or one for training."""
    return rng.choice(_words(family, held=held) or list(family.words))


_DEGREES: Final[tuple[tuple[float, tuple[str, ...]], ...]] = (
    (0.3, ("barely {}", "faintly {}", "a touch {}", "ever so slightly {}")),
    (0.48, ("slightly {}", "a little {}", "somewhat {}", "a bit {}")),
    (0.75, ("{}", "{}", "quite {}", "clearly {}")),
    (0.9, ("very {}", "really {}", "deeply {}")),
    (2.0, ("extremely {}", "utterly {}", "as {} as can be", "overwhelmingly {}")),
)
_NOUN_DEGREES: Final[tuple[tuple[float, tuple[str, ...]], ...]] = (
    (0.3, ("a trace of {}", "the faintest {}")),
    (0.48, ("a little {}", "a hint of {}", "slight {}")),
    (0.75, ("{}", "with {}", "clear {}")),
    (0.9, ("great {}", "much {}", "strong {}")),
    (2.0, ("utter {}", "overwhelming {}", "extreme {}")),
)


def phrase(word: Word, intensity: float, rng: random.Random) -> str:
    """Return a word with a degree that says its intensity (0..1)."""
    if word.part == "verb" or word.text.startswith(("a ", "an ", "the ")):
        return word.text
    table = _NOUN_DEGREES if word.part == "noun" else _DEGREES
    phrases = next(choices for limit, choices in table if intensity < limit)
    return rng.choice(phrases).format(word.text)


_BOTH: Final = ("{} and {}", "{}, but also {}", "{}, with something of: {}", "both {} and {}")
_THEN: Final = ("{}, then {}", "{} at first, then {}", "first {}, in the end {}")


def join_phrases(phrases: Sequence[str], in_turn: bool, rng: random.Random) -> str:
    """Return one direction for several phrases, held together or following each other."""
    if len(phrases) == 1:
        return phrases[0]
    return rng.choice(_THEN if in_turn else _BOTH).format(*phrases[:2])


def shown_aus(family: Family) -> dict[str, float]:
    """Return the AUs of a family that are muscles of the face: gaze and head are done by life."""
    return {c: v for c, v in family.aus.items() if ACTION_UNITS[c].region not in {"gaze", "head"}}


def gaze_bias(family: Family) -> tuple[float, float]:
    """Return where a family's gaze AUs send the eyes: yaw (right +) and pitch (down +), radians."""
    at = family.aus
    yaw = at.get("AU62", 0.0) - at.get("AU61", 0.0)
    pitch = at.get("AU64", 0.0) - at.get("AU63", 0.0)
    return 0.5 * yaw, 0.5 * pitch
