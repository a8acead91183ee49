"""TEAD of our own: quadruples of text, tags, AUs with intensity (-> 52 blendshapes) and situation.

Composed by rules that can be read, from the tables in server/language/tables and the templates of
`wording`. Every quadruple knows what it was made of, so that words, situations and phrasings can
each be held out. The paper asked a language model for its annotations; ours are the tables.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

from server.language import faces, tables
from server.language.faces import Face
from server.language.feelings import denial_face, mixed_face, nearest_families

from . import wording
from .acting import action_phrase
from .pieces import UNKNOWN, Pieces, Quadruple, situations_of
from .wording import held_out


class Composer(Pieces):
    """Composes TEAD, by its seed."""

    def compose(self, count: int) -> list[Quadruple]:
        """`count` distinct quadruples, in the shares of `_SHARES`."""
        found: dict[str, Quadruple] = {}
        for make, share in _SHARES:
            target = len(found) + round(count * share)
            tries = 0
            while len(found) < target and tries < 40 * count * share:
                quadruple = make(self)
                found.setdefault(quadruple.text, quadruple)
                tries += 1
        return list(found.values())


# --- one maker for each kind -------------------------------------------------------------------


def _feeling(c: Composer) -> Quadruple:
    word, face = c.feeling()
    options = {"adj": wording.ADJECTIVE, "noun": wording.NOUN, "verb": wording.VERB}[word.pos]
    template, held = c.pick(options)
    said, degree = word.text, 1.0
    if word.pos == "adj":
        adverb, degree = c.degree()
        said = f"{adverb} {word.text}".strip()
    elif word.pos == "noun" and c.rng.random() < 0.3:
        lead, degree = c.rng.choice(_NOUN_DEGREES)
        said = f"{lead} {word.text.removeprefix('a ').removeprefix('an ')}"
    text = c.fill(template, x=said)
    split = c.word_split(word.text, held)
    return c.made(text, faces.scaled(face, degree), "feeling", word.family, split=split)


_NOUN_DEGREES: Final = (
    ("a hint of", 0.18), ("a trace of", 0.18), ("a touch of", 0.38), ("a little", 0.38),
    ("slight", 0.38), ("mild", 0.38), ("some", 0.85), ("great", 1.5), ("deep", 1.5),
    ("strong", 1.5), ("intense", 1.5), ("sheer", 2.2), ("utter", 2.2), ("extreme", 2.2),
    ("absolute", 2.2), ("pure", 2.2), ("overwhelming", 2.2),
)  # fmt: skip


def _denied(c: Composer) -> Quadruple:
    word, _ = c.feeling()
    if word.pos == "verb" or word.family in ("neutral", "calm"):
        return _denied(c)
    adjective = word.pos == "adj"
    template, held = c.pick(wording.NEGATED_ADJECTIVE if adjective else wording.NEGATED_NOUN)
    text = c.fill(template, x=word.text.removeprefix("a "))
    split = c.word_split(word.text, held)
    return c.made(text, denial_face(word.family), "denied", "neutral", split=split)


def _mixed(c: Composer) -> Quadruple:
    first, face_a = c.feeling("adj")
    second, face_b = c.feeling("adj")
    same = tables.families()[first.family].emotion == tables.families()[second.family].emotion
    if same or "neutral" in (first.family, second.family):
        return _mixed(c)
    adverb_a, degree_a = c.degree(0.15)
    adverb_b, degree_b = c.degree(0.15)
    template, held = c.pick(wording.MIXED)
    text = c.fill(
        template, a=f"{adverb_a} {first.text}".strip(), b=f"{adverb_b} {second.text}".strip()
    )
    face = mixed_face([faces.scaled(face_a, degree_a), faces.scaled(face_b, degree_b)])
    splits = {c.word_split(first.text, held), c.word_split(second.text, held)}
    split = next(s for s in ("word", "phrasing", "train") if s in splits)
    quadruple = c.made(text, face, "mixed", first.family, split=split)
    tags = (*quadruple.tags[:2], *c.tags_for(second.family)[:2])
    return Quadruple(text, tags, quadruple.aus, quadruple.situation, "mixed", "", True, split)


def _situation(c: Composer) -> Quadruple:
    item = c.rng.choice(tables.situations())
    template, held = c.pick(wording.GERUND if item.kind == "g" else wording.SENTENCE)
    text = c.fill(template, x=item.text)
    if c.rng.random() < 0.25:
        text = _other_person(text, c.rng)
    split = "situation" if held_out(item.text) else "phrasing" if held else "train"
    face = faces.expand(tables.families()[item.family].aus)
    made = c.made(text, face, "situation", item.family, split=split, explicit=False)
    return Quadruple(text, made.tags, made.aus, item.text, "situation", item.family, False, split)


def _other_person(text: str, rng: random.Random) -> str:
    """Say a situation of another person: he, she, I, you."""
    other = rng.choice(
        (("he", "his", "him"), ("she", "her", "her"), ("i", "my", "me"), ("you", "your", "you"))
    )
    swap = dict(zip(("you", "your", "him"), other, strict=True)) | {
        "he": other[0], "she": other[0], "his": other[1], "her": other[1], "my": other[1],
    }  # fmt: skip
    return " ".join(swap.get(word, word) for word in text.split(" "))


def _joint(c: Composer) -> Quadruple:
    """A feeling with an action, or without one."""
    word, face = c.feeling("adj")
    adverb, degree = c.degree(0.2)
    said = f"{adverb} {word.text}".strip()
    face = faces.scaled(face, degree)
    phrase = action_phrase(c.rng, side_chance=0.1, degree_chance=0.1, form="noun")
    if c.rng.random() < 0.55:
        template, held = c.pick(wording.WITH_ACTION)
        text = c.fill(template, f=said, a=phrase.text)
        shown = faces.union([faces.overruled(face, phrase.face), phrase.face])
    else:
        template, held = c.pick(wording.BUT_NOT)
        phrase = action_phrase(c.rng, side_chance=0.0, degree_chance=0.0, form="gerund")
        noun, noun_face = c.rng.choice(_DENIABLE)
        used = faces.expand(noun_face) if "{n}" in template else phrase.face
        text = c.fill(template, f=said, g=phrase.text, n=noun)
        shown = faces.denied(face, used)
    split = c.word_split(word.text, held or phrase.held)
    made = c.made(text, shown, "joint", word.family, split=split)
    return Quadruple(text, made.tags, made.aus, made.situation, "joint", "", True, split)


_DENIABLE: Final[tuple[tuple[str, dict[str, float]], ...]] = (
    ("smile", {"AU12": 1.0, "AU6": 1.0}), ("frown", {"AU4": 1.0, "AU15": 1.0}),
    ("raised eyebrows", {"AU1": 1.0, "AU2": 1.0}), ("open mouth", {"AU26": 1.0}),
    ("wide eyes", {"AU5": 1.0}), ("wrinkled nose", {"AU9": 1.0}), ("squint", {"AU7": 1.0}),
    ("pressed lips", {"AU24": 1.0, "AU23": 1.0}), ("furrowed brow", {"AU4": 1.0}),
    ("downturned mouth", {"AU15": 1.0}), ("pout", {"AU17": 1.0, "AU15": 1.0}),
    ("sneer", {"AU9": 1.0, "AU10": 1.0}), ("grin", {"AU12": 1.0, "AU6": 1.0, "AU25": 1.0}),
)  # fmt: skip


def _action(c: Composer) -> Quadruple:
    phrases = [action_phrase(c.rng)]
    if c.rng.random() < 0.35:
        phrases.append(action_phrase(c.rng))
    if c.rng.random() < 0.08:
        phrases.append(action_phrase(c.rng))
    joint = c.rng.choice((" and ", ", ", ", and ", " with ", " while ", "; "))
    text = c.vary(joint.join(p.text for p in phrases))
    face = faces.union(p.face for p in phrases)
    split = "word" if any(p.held for p in phrases) else "train"
    return _pure(c, text, face, "action", split)


def _pure(c: Composer, text: str, face: Face, kind: str, split: str) -> Quadruple:
    """An entry without a feeling of its own; its situation is the nearest family's."""
    settled = faces.settle(face)
    near = nearest_families(settled)
    family = near[0][0] if near else ""
    situation = c.situation_for(family) if family else ""
    tags = c.tags_for(family)[:3] if family else ()
    return Quadruple(text, tags, faces.compact(settled), situation, kind, "", True, split)


def _denied_action(c: Composer) -> Quadruple:
    phrase = action_phrase(c.rng, 0.0, 0.0, "gerund")
    leads = ("without", "not", "never", "no", "avoid", "refrain from", "stop", "while not")
    lead = c.rng.choice(leads)
    text = c.vary(f"{lead} {phrase.text}")
    split = "word" if phrase.held else "train"
    return Quadruple(text, (), {}, "", "denied", "neutral", True, split)


def _named(c: Composer) -> Quadruple:
    item = c.rng.choice(tables.named_expressions())
    template, held = c.pick(wording.NAMED)
    face = faces.expand(item.aus)
    said = item.text
    lead, degree = "", 1.0
    if c.rng.random() < 0.35:
        lead, degree = c.rng.choice(_NAMED_DEGREES)
    if c.rng.random() < 0.12 and any(code.endswith("L") for code in face):
        side = c.rng.choice(("left", "right"))
        face = faces.sided(face, side[0].upper())
        said += c.rng.choice((f" on the {side}", f" on the {side} side", f" with the {side} side"))
    text = c.fill(template, x=f"{lead} {said}".strip())
    return _pure(c, text, faces.scaled(face, degree), "named", c.word_split(item.text, held))


_NAMED_DEGREES: Final = (
    ("slight", 0.38), ("faint", 0.38), ("little", 0.38), ("hint of a", 0.18), ("big", 1.5),
    ("strong", 1.5), ("huge", 2.2), ("very strong", 1.7), ("barely a", 0.18),
)  # fmt: skip


def _idiom(c: Composer) -> Quadruple:
    item = c.rng.choice(tables.idioms())
    template, held = c.pick(wording.SAYING)
    text = c.fill(template, x=item.text)
    face = faces.scaled(faces.expand(item.aus), item.strength)
    split = c.word_split(item.text, held)
    if item.family:
        return c.made(text, face, "feeling", item.family, split=split)
    return _pure(c, text, face, "named", split)


def _code(c: Composer) -> Quadruple:
    from arkit.action_units import ACTION_UNITS, AU_CODES

    face: Face = {}
    said: list[str] = []
    for code in c.rng.sample(AU_CODES, c.rng.choice((1, 1, 2, 2, 3, 4))):
        number = re.sub(r"^AU", "", code)
        form = c.rng.choice((code, code, f"AU {number}", code.lower(), ACTION_UNITS[code].name))
        value = 0.75
        if c.rng.random() < 0.45:
            value = c.rng.choice(range(1, 21)) / 20
            number = f"{value:g}"
            form += c.rng.choice(
                (f" at {number}", f" {number}", f" ({number})", f"={number}", f" at {value:.0%}")
            )
        said.append(form)
        face = faces.union([face, faces.expand({code: value})])
    text = c.rng.choice((", ", " + ", " and ", " ")).join(said)
    return _pure(c, text, face, "code", "train")


def _nothing(c: Composer) -> Quadruple:
    if c.rng.random() < 0.35:
        letters = "abcdefghijklmnopqrstuvwxyz"
        text = " ".join(
            "".join(c.rng.choice(letters) for _ in range(c.rng.randint(3, 9)))
            for _ in range(c.rng.randint(1, 4))
        )
        return Quadruple(text, (), {}, "", "nothing", UNKNOWN, False, "train")
    item = c.rng.choice(situations_of("neutral"))
    template, held = c.pick(wording.GERUND if item.kind == "g" else wording.SENTENCE)
    split = "situation" if held_out(item.text) else "phrasing" if held else "train"
    text = c.fill(template, x=item.text)
    return Quadruple(text, (), {}, item.text, "nothing", UNKNOWN, False, split)


_SHARES: Final[tuple[tuple[Callable[[Composer], Quadruple], float], ...]] = (
    (_feeling, 0.26), (_denied, 0.05), (_mixed, 0.09), (_situation, 0.17), (_joint, 0.07),
    (_action, 0.19), (_denied_action, 0.02), (_named, 0.07), (_idiom, 0.02), (_code, 0.04),
    (_nothing, 0.02),
)  # fmt: skip
