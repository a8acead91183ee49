"""Actions of the face in words: a part, its motion, a degree and a side, said in many ways.

Every phrase knows its face by the same rule table that reads directions, and whether its verb is
one that is held out of training.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from server.language import faces, tables
from server.language.faces import Face

from . import wording
from .wording import held_out


@dataclass(frozen=True)
class ActionPhrase:
    """An action in words with its face; `held` when its verb is one that is held out."""

    text: str
    face: Face
    held: bool


@lru_cache(maxsize=1)
def _action_pairs() -> tuple[tuple[str, str], ...]:
    shown = []
    for (part, motion), aus in tables.action_rules().items():
        if part not in ("head", "nostrils") and motion in _motions_by_name():
            shown += [(part, motion)] * (2 if max(aus.values()) >= 0.7 else 1)
    return tuple(shown)


@lru_cache(maxsize=1)
def _motions_by_name() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for motion in tables.motions():
        found.setdefault(motion.name, {}).setdefault(motion.kind, []).append(motion.text)
    return found


@lru_cache(maxsize=1)
def _rules_by_meaning() -> dict[tuple[str, str], tuple[str, str]]:
    """(part, word) -> the rule that a reader would take: the first of the table."""
    meanings: dict[str, set[str]] = {}
    for motion in tables.motions():
        meanings.setdefault(motion.text, set()).add(motion.name)
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for part, motion in tables.action_rules():
        for word, names in meanings.items():
            if motion in names:
                found.setdefault((part, word), (part, motion))
    return found


def action_phrase(
    rng: random.Random, side_chance: float = 0.2, degree_chance: float = 0.3, form: str = ""
) -> ActionPhrase:
    """An action: part and motion, one of several ways to say it. `form` noun, gerund or any."""
    part, motion = rng.choice(_action_pairs())
    kinds = _motions_by_name()[motion]
    kind = rng.choice(sorted(kinds))
    if form == "gerund":
        kind = "transitive" if "transitive" in kinds else kind
    word = rng.choice(kinds[kind])
    rule = _rules_by_meaning()[part, word]
    face = faces.expand(tables.action_rules()[rule])
    names = [p for p in tables.parts() if p.name == part]
    sided = rng.random() < side_chance and any(f"{k[:-1]}R" in face for k in face if k[-1] == "L")
    name = rng.choice([p for p in names if p.number == "s"] or names if sided else names)
    said = name.text
    if sided and name.number == "s":
        side = rng.choice(("left", "right"))
        said = f"{side} {said}" if rng.random() < 0.7 else f"{said} on the {side}"
        face = faces.sided(face, side[0].upper())
    adverb, degree = _action_degree(rng, degree_chance)
    saying = _Saying(kind, word, said, name.number == "p", adverb, form)
    text = _say_action(rng, saying)
    return ActionPhrase(text, faces.scaled(face, degree), held_out(word))


def _action_degree(rng: random.Random, chance: float) -> tuple[str, float]:
    if rng.random() > chance:
        return "", 1.0
    return rng.choice((
        ("slightly", 0.38), ("a little", 0.38), ("a bit", 0.38), ("barely", 0.18),
        ("just barely", 0.18), ("lightly", 0.38), ("gently", 0.38), ("somewhat", 0.62),
        ("half", 0.62), ("strongly", 1.5), ("hard", 1.5), ("firmly", 1.5), ("really", 1.5),
        ("very", 1.5), ("fully", 2.2), ("completely", 2.2), ("extremely", 2.2),
        ("as far as possible", 2.2), ("all the way", 2.2), ("tightly", 1.5),
    ))  # fmt: skip


@dataclass(frozen=True)
class _Saying:
    """What goes into one phrase: kind of word, the word, the part, its number, adverb, form."""

    kind: str
    word: str
    part: str
    plural: bool
    adverb: str
    form: str


def _say_action(rng: random.Random, saying: _Saying) -> str:
    adverb = saying.adverb
    part = rng.choice(("the ", "his ", "her ", "your ", "", "")) + saying.part
    before = adverb + " " if adverb and adverb not in _AFTER_ONLY else ""
    after = f" {adverb}" if adverb and not before else ""
    if before and rng.random() < 0.4 and adverb not in ("really", "very", "half", "barely"):
        before, after = "", f" {adverb}"
    makers: dict[str, Callable[[], list[str]]] = {
        "transitive": lambda: _transitive(rng, saying, part, (before, after)),
        "intransitive": lambda: _intransitive(saying, part, (before, after)),
        "state": lambda: _state(saying, part, (before, after)),
    }
    return re.sub(r"\s+", " ", rng.choice(makers[saying.kind]())).strip()


_AFTER_ONLY: Final = frozenset({"a little", "a bit", "hard", "as far as possible", "all the way"})


def _transitive(
    rng: random.Random, saying: _Saying, part: str, around: tuple[str, str]
) -> list[str]:
    verb, form, (before, after) = saying.word, saying.form, around
    head, _, particle = verb.partition(" ")
    objects = [f"{verb} {part}"]
    if particle in ("up", "down", "together", "out", "in", "back", "shut", "apart", "open"):
        objects.append(f"{head} {part} {particle}")
    said = rng.choice(objects)
    gerund = wording.ing(said)
    if form == "gerund":
        return [f"{before}{gerund}{after}"]
    held = f"{part} {before}{wording.participle(verb)}{after}"
    if form == "noun":
        return [held, f"{before}{gerund}{after}"]
    subject = rng.choice(wording.SUBJECTS)
    return [f"{before}{said}{after}", f"{subject} {before}{wording.third(said)}{after}", held,
            f"{before}{gerund}{after}", f"with {held}", f"keep {held}", f"{said}{after}, please",
            f"{part} are {before}{wording.participle(verb)}" if part.endswith("s")
            else f"{part} is {before}{wording.participle(verb)}{after}"]  # fmt: skip


def _intransitive(saying: _Saying, part: str, around: tuple[str, str]) -> list[str]:
    verb, form, (before, after) = saying.word, saying.form, around
    running = f"{part} {before}{wording.ing(verb)}{after}"
    if form:
        return [running]
    finite = verb if saying.plural else wording.third(verb)
    return [f"{part} {before}{finite}{after}", running, f"let {part} {before}{verb}{after}",
            f"with {running}", f"make {part} {before}{verb}{after}"]  # fmt: skip


def _state(saying: _Saying, part: str, around: tuple[str, str]) -> list[str]:
    state, form, (before, after) = saying.word, saying.form, around
    held = f"{part} {before}{state}{after}"
    if form:
        return [held]
    be = "are" if saying.plural else "is"
    return [held, f"with {held}", f"{part} {be} {before}{state}{after}", f"keep {held}",
            f"hold {held}", f"have {held}"]  # fmt: skip
