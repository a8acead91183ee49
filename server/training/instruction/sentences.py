"""Sentences for a face: emotion, strength and Action Units -> N different ways to say them.

Composed by rules that can be read, from `wording` and the tables of `server.language`, and each is
read back by `server.language.instruction.read` before it counts: a sentence that would be read as
another emotion, strength or face is not one of ours.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from server.language.instruction.reading import (
    INTENSITY_WORDS,
    Meaning,
    intensity_word,
    named_set,
    read,
)

from . import wording
from .truth import CALM, CELLS, Cell, cell_of, face_of, family_of_cell, true_set

_TRIES: Final = 30
"""Drafts for each sentence that is asked for; a face with few details has few sentences."""
_SLIGHT_UNDER, _STRONG_FROM = 0.45, 0.78


@dataclass(frozen=True)
class _Asked:
    """What a sentence has to say, and how freely."""

    cell: Cell
    aus: Mapping[str, float]
    families: tuple[str, ...]
    augmented: bool


def compose(
    emotion: str,
    intensity: float,
    aus: Mapping[str, float],
    count: int,
    *,
    seed: int = 0,
    augmented: bool = True,
) -> list[str]:
    """At most `count` different sentences for a face, seeded.

    Args:
        emotion: one of `server.language.tables.EMOTIONS`, or "calm".
        intensity: 0..1, as `server.language.express` gives it.
        aus: AU code -> 0..1; those without words of ours are left to the feeling's word.
        augmented: synonyms, degree words and frames; else the one plain wording (w/o Aug).

    Returns:
        Sentences that are read back as this emotion at this strength and that describe no Action
        Unit but those of `aus`; fewer, possibly none, where there are not so many.
    """
    word = "" if emotion == "neutral" else intensity_word(emotion, intensity, 1.0, emotion == CALM)
    cell = Cell(emotion, word)
    asked = _Asked(cell, aus, _families(emotion, named_set(dict(aus))), augmented)
    allowed = named_set(dict(aus))

    def is_right(meaning: Meaning) -> bool:
        found = cell_of(meaning)
        same_word = found.word == word or emotion == "contemptuous"  # one side: always reads weak
        described = named_set(meaning.explicit)
        return found.emotion == emotion and same_word and described <= allowed

    return list(_distinct(asked, count, seed, is_right))


def sentences_of(cell: Cell, count: int, *, seed: int = 0, augmented: bool = True) -> list[str]:
    """At most `count` different sentences whose reading is the cell's true face."""
    asked = _Asked(cell, face_of(cell), _of_cell(cell), augmented)
    true = true_set(cell)

    def is_right(meaning: Meaning) -> bool:
        return cell_of(meaning) == cell and meaning.named == true

    return list(_distinct(asked, count, seed, is_right))


def _of_cell(cell: Cell) -> tuple[str, ...]:
    plain = family_of_cell(Cell(cell.emotion, "clearly")) if cell.word else cell.emotion
    return tuple(dict.fromkeys((family_of_cell(cell), plain)))


def _families(emotion: str, named: frozenset[str]) -> tuple[str, ...]:
    """Families of an emotion, the one with the most similar face first."""
    if emotion == "contemptuous":
        return ("contempt",)
    likeness: dict[str, float] = {}
    for cell in CELLS:
        if cell.emotion == emotion:
            true = true_set(cell)
            share = len(true & named) / max(len(true | named), 1)
            family = family_of_cell(cell)
            likeness[family] = max(likeness.get(family, 0.0), share)
    return tuple(sorted(likeness, key=lambda family: -likeness[family]))


def _distinct(
    asked: _Asked, count: int, seed: int, is_right: Callable[[Meaning], bool]
) -> Iterator[str]:
    rng = random.Random(f"{seed} {asked.cell}")
    seen: set[str] = set()
    found = 0
    for _ in range(_TRIES * count):
        text = _draft(asked, rng)
        if found >= count:
            return
        if text in seen:
            continue
        seen.add(text)
        meaning = read(text)
        if is_right(meaning) and not meaning.notes:
            found += 1
            yield text


def _draft(asked: _Asked, rng: random.Random) -> str:
    details = _details(asked, rng)
    frames = wording.FRAMES if details else wording.REST_FRAMES
    frame = rng.choice(frames) if asked.augmented else frames[0]
    if not details:
        details = [rng.choice(wording.REST) if asked.augmented else wording.REST[0]]
    text = frame.replace("{f}", _feeling(asked, rng)).replace("{d}", _joined(details))
    text = re.sub(r"\ba (?=[aeiou])", "an ", text)
    return text[:1].upper() + text[1:]


def _feeling(asked: _Asked, rng: random.Random) -> str:
    word = asked.cell.word
    if not asked.augmented:
        return f"{wording.PLAIN_DEGREES[word]} {wording.FEELINGS[asked.families[0]][0]}".strip()
    family = asked.families[0] if rng.random() < 0.8 else rng.choice(asked.families)
    degree = rng.choice(wording.FEELING_DEGREES[word])
    return f"{degree} {rng.choice(wording.FEELINGS[family])}".strip()


def _details(asked: _Asked, rng: random.Random) -> list[str]:
    """What each part of the face does, from brows to jaw; at times not all of it."""
    named = named_set(dict(asked.aus))
    groups = [group for part in wording.PARTS for group in _groups(part & named)]
    if asked.augmented and len(groups) > 2 and rng.random() < 0.4:
        kept = sorted(rng.sample(range(len(groups)), rng.randint(2, len(groups))))
        groups = [groups[i] for i in kept]
    return [_detail(group, asked, rng) for group in groups]


def _groups(named: frozenset[str]) -> list[frozenset[str]]:
    """One part's Action Units as the largest groups that have words."""
    found: list[frozenset[str]] = []
    rest = named
    for group in sorted(wording.DETAILS, key=len, reverse=True):
        if group <= rest:
            found.append(group)
            rest = rest - group
    return found


def _detail(group: frozenset[str], asked: _Asked, rng: random.Random) -> str:
    options = wording.DETAILS[group]
    subject, _, does = rng.choice(options) if asked.augmented else options[0]
    strength = max(value for code, value in asked.aus.items() if code.rstrip("LR") in group)
    step = (strength >= _SLIGHT_UNDER) + (strength >= _STRONG_FROM)
    degrees = wording.DETAIL_DEGREES[INTENSITY_WORDS[step]]
    degree = rng.choice(degrees) if asked.augmented else degrees[0]
    return re.sub(" +", " ", f"{subject} {degree} {does}")


def _joined(details: list[str]) -> str:
    return details[0] if len(details) == 1 else f"{', '.join(details[:-1])} and {details[-1]}"
