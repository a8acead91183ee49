"""The shipped tables as data: families, words, situations, parts, motions, sayings.

Reading is strict: a malformed line stops with the file and the line. Everything is read once and
kept, a few hundred kilobytes in all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from arkit.action_units import ACTION_UNITS

from .errors import TableError

TABLES: Final = Path(__file__).parent / "tables"

EMOTIONS: Final = (
    "neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "contemptuous",
)  # fmt: skip
"""The coarse emotions that a family belongs to."""


@dataclass(frozen=True)
class Family:
    """Feelings that look alike: coarse emotion, AUs at plain strength, meaning in words."""

    name: str
    emotion: str
    aus: Mapping[str, float]
    meaning: str


@dataclass(frozen=True)
class FeelingWord:
    """A word or short phrase of feeling. `pos` is adj, noun or verb; strength 1 is plain."""

    text: str
    family: str
    pos: str
    strength: float


@dataclass(frozen=True)
class Situation:
    """A situation in words. `kind` is "g" (-ing phrase) or "s" (sentence)."""

    text: str
    family: str
    kind: str


@dataclass(frozen=True)
class NamedExpression:
    """An expression or saying with AUs of its own; `family` where it is a feeling, else ""."""

    text: str
    aus: Mapping[str, float]
    family: str = ""
    strength: float = 1.0


@dataclass(frozen=True)
class Motion:
    """A word for what a part does. `kind` is transitive, intransitive or state."""

    text: str
    name: str
    kind: str


@dataclass(frozen=True)
class Part:
    """A name of a part of the face. `number` is "s" or "p"."""

    text: str
    name: str
    number: str


def rows(name: str, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Lines of a table without comments and header, with their line numbers.

    Raises:
        TableError: a line has another number of columns.
    """
    header = True
    for number, line in enumerate(
        (TABLES / name).read_text(encoding="utf-8").splitlines(), start=1
    ):
        if line.startswith("#") or not line.strip():
            continue
        if header:
            header = False
            continue
        cells = line.split("\t")
        if len(cells) != columns:
            raise TableError(f"{name} line {number}: {len(cells)} columns, expected {columns}")
        yield number, cells


def read_aus(text: str, where: str) -> dict[str, float]:
    """Parse "AU6=.6 AU12=.75".

    Raises:
        TableError: an unknown AU or a value outside 0..1.
    """
    aus: dict[str, float] = {}
    for item in text.split():
        code, _, value = item.partition("=")
        if code not in ACTION_UNITS or not 0.0 < float(value) <= 1.0:
            raise TableError(f"{where}: '{item}' is not an AU with an intensity of 0..1")
        aus[code] = float(value)
    return aus


@lru_cache(maxsize=1)
def families() -> dict[str, Family]:
    """Family name -> family."""
    found: dict[str, Family] = {}
    for number, (name, emotion, aus, meaning) in rows("families.tsv", 4):
        where = f"families.tsv line {number}"
        if emotion not in EMOTIONS:
            raise TableError(f"{where}: '{emotion}' is not one of {', '.join(EMOTIONS)}")
        found[name] = Family(name, emotion, read_aus(aus, where), meaning)
    return found


def known_family(name: str, where: str) -> str:
    """The name, if it is a family.

    Raises:
        TableError: it is none.
    """
    if name not in families():
        raise TableError(f"{where}: '{name}' is not a family of families.tsv")
    return name


@lru_cache(maxsize=1)
def feeling_words() -> tuple[FeelingWord, ...]:
    """Every word of feeling; where two families share one, the first keeps it."""
    found: dict[str, FeelingWord] = {}
    for number, (family, pos, strength, words) in rows("emotions.tsv", 4):
        known_family(family, f"emotions.tsv line {number}")
        for entry in words.split("|"):
            word, _, own = entry.partition("*")
            found.setdefault(word, FeelingWord(word, family, pos, float(own or strength)))
    return tuple(found.values())


@lru_cache(maxsize=1)
def situations() -> tuple[Situation, ...]:
    """Every situation."""
    return tuple(
        Situation(text, known_family(family, f"situations.tsv line {number}"), kind)
        for number, (family, kind, texts) in rows("situations.tsv", 3)
        for text in texts.split("|")
    )


@lru_cache(maxsize=1)
def named_expressions() -> tuple[NamedExpression, ...]:
    """Smiles, frowns, winks: expressions with a name."""
    return tuple(
        NamedExpression(text, read_aus(aus, f"expressions.tsv line {number}"))
        for number, (aus, _, names) in rows("expressions.tsv", 3)
        for text in names.split("|")
    )


@lru_cache(maxsize=1)
def idioms() -> tuple[NamedExpression, ...]:
    """Sayings whose words do not mean what they say."""
    found: list[NamedExpression] = []
    for number, (meaning, strength, sayings) in rows("idioms.tsv", 3):
        where = f"idioms.tsv line {number}"
        if "=" in meaning:
            aus, family = read_aus(meaning, where), ""
        else:
            family = known_family(meaning, where)
            aus = dict(families()[family].aus)
        found.extend(
            NamedExpression(text, aus, family, float(strength)) for text in sayings.split("|")
        )
    return tuple(found)


@lru_cache(maxsize=1)
def muscles() -> tuple[NamedExpression, ...]:
    """Names of muscles and of medical signs, as what they do to a face."""
    return tuple(
        NamedExpression(text, read_aus(aus, f"muscles.tsv line {number}"))
        for number, (aus, names) in rows("muscles.tsv", 2)
        for text in names.split("|")
    )


@lru_cache(maxsize=1)
def parts() -> tuple[Part, ...]:
    """Names of the parts of the face."""
    return tuple(
        Part(text, name, number)
        for _, (name, number, names) in rows("parts.tsv", 3)
        for text in names.split("|")
    )


@lru_cache(maxsize=1)
def motions() -> tuple[Motion, ...]:
    """Words for what a part does."""
    return tuple(
        Motion(text, name, kind)
        for _, (name, kind, words) in rows("motions.tsv", 3)
        for text in words.split("|")
    )


@lru_cache(maxsize=1)
def degrees() -> dict[str, float]:
    """Degree word -> how many times the plain strength."""
    return {
        word: float(degree)
        for _, (degree, words) in rows("degrees.tsv", 2)
        for word in words.split("|")
    }


@lru_cache(maxsize=1)
def scope_words() -> dict[str, str]:
    """Word -> negation, false_negation, past_negation, turn or link."""
    return {
        word: kind for _, (kind, words) in rows("scope_words.tsv", 2) for word in words.split("|")
    }


@lru_cache(maxsize=1)
def action_rules() -> dict[tuple[str, str], dict[str, float]]:
    """(part, motion) -> AUs."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    for number, (part, motion, aus) in rows("action_rules.tsv", 3):
        found.setdefault((part, motion), read_aus(aus, f"action_rules.tsv line {number}"))
    return found
