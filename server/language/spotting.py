"""Finding the phrases of the tables in a direction: the longest phrase wins, each word once.

Two looks at the tokens: first whole phrases (sayings, named expressions, feelings, scope words),
then parts of the face and motions among the words that are left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from arkit.action_units import ACTION_UNITS

from . import tables
from .words import is_determiner, is_word, phrase

IRREGULAR: Final[dict[str, tuple[str, ...]]] = {
    "rise": ("rose", "risen"), "draw": ("drew", "drawn"), "shut": ("shut",), "set": ("set",),
    "fall": ("fell", "fallen"), "bring": ("brought",), "sink": ("sank", "sunk"),
    "fly": ("flew", "flown"), "shoot": ("shot",), "hang": ("hung",), "grow": ("grew", "grown"),
    "go": ("went", "gone"), "come": ("came", "come"), "swell": ("swollen",),
    "shake": ("shook", "shaken"), "bite": ("bit", "bitten"), "stick": ("stuck",),
    "slide": ("slid",), "spread": ("spread",), "put": ("put",), "thrust": ("thrust",),
    "creep": ("crept",), "spring": ("sprang", "sprung"), "throw": ("threw", "thrown"),
    "bend": ("bent",), "blow": ("blew", "blown"), "grind": ("ground",), "hide": ("hid", "hidden"),
    "fling": ("flung",), "meet": ("met",), "cast": ("cast",), "knit": ("knit", "knitted"),
    "weep": ("wept",), "cry": ("cried",), "speak": ("spoke",), "lose": ("lost",),
    "break": ("broke", "broken"), "steal": ("stole", "stolen"), "lie": ("lied", "lying"),
    "hit": ("hit",), "cut": ("cut",), "eat": ("ate", "eaten"), "forget": ("forgot", "forgotten"),
    "find": ("found",), "win": ("won",), "give": ("gave", "given"), "hear": ("heard",),
    "see": ("saw", "seen"), "take": ("took", "taken"), "tell": ("told",), "leave": ("left",),
    "get": ("got", "gotten"), "run": ("ran", "run"), "sing": ("sang", "sung"),
    "wake": ("woke", "woken"), "feel": ("felt",), "catch": ("caught",), "burn": ("burnt",),
    "spill": ("spilt",), "die": ("died", "dying"), "spit": ("spat",), "fight": ("fought",),
    "sting": ("stung",), "tear": ("tore", "torn"), "ride": ("rode", "ridden"), "dig": ("dug",),
    "stand": ("stood",), "say": ("said",), "drive": ("drove", "driven"), "buy": ("bought",),
    "swing": ("swung",), "loll": ("lolled",), "jut": ("jutted",),
}  # fmt: skip
_NAMED_VERBS: Final = frozenset(
    {"look", "glance", "gaze", "stare", "peek", "blow", "roll", "smile", "grin", "bite", "clench",
     "bare", "close", "shut", "squeeze", "stick", "puff", "suck", "lick", "cock", "raise", "grit",
     "screw", "scrunch", "chew", "wink", "frown", "smirk", "sneer", "pout", "scowl", "glare",
     "squint", "grimace",
     "wince", "yawn", "gape", "snarl", "poke", "cross", "avert", "hold", "peer"}
)  # fmt: skip
LANDMARK: Final = frozenset(
    {"toward", "towards", "to", "near", "over", "under", "against", "at", "from", "up", "around",
     "between", "below", "above", "into", "beside", "beneath"}
)  # fmt: skip
"""A part behind one of these says where, not what."""
_LETTER: Final = {"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.75, "e": 1.0}
"""FACS intensity letters on our 0..1."""

_AU: Final = re.compile(r"au(\d{1,2})([a-et]?)([lr]?)")


@dataclass(frozen=True)
class Span:
    """A phrase found: tokens [start, end), what it is, and the table's entry."""

    start: int
    end: int
    tag: str
    value: Any


def inflections(verb: str) -> set[str]:
    """Forms of a verb phrase; its first word is inflected ("draw up" -> "drawn up")."""
    head, _, rest = verb.partition(" ")
    forms = {head, *IRREGULAR.get(head, ())}
    stem = head.removesuffix("e")
    if head.endswith("y") and head[-2:-1] not in "aeou":
        forms |= {head[:-1] + "ies", head[:-1] + "ied", head + "ing"}
    else:
        forms.add(head + ("es" if head.endswith(("s", "sh", "ch", "x", "z", "o")) else "s"))
        forms |= {stem + "ed", stem + "ing"}
    if re.fullmatch(r"[a-z]*[^aeiou][aeiou][bdgklmnprt]", head):
        forms |= {head + head[-1] + "ed", head + head[-1] + "ing"}
    return {f"{form} {rest}".strip() for form in forms}


def adjective_forms(word: str) -> dict[str, float]:
    """Adverb, noun and compared forms of an adjective, with how much stronger they are."""
    if " " in word or len(word) < 3:
        return {}
    stem = word[:-1] + "i" if word.endswith("y") else word
    adverb = stem + "ly"
    if word.endswith("le"):
        adverb = word[:-1] + "y"
    elif word.endswith("ic"):
        adverb = word + "ally"
    short = word.removesuffix("e")
    doubled = short + short[-1] if re.fullmatch(r"[^aeiou]*[aeiou][dgmnt]", short) else short
    base = stem if word.endswith("y") else doubled
    return {adverb: 1.0, stem + "ness": 1.0, base + "er": 1.15, base + "est": 1.4}


class PhraseBook:
    """Phrases by their first word, longest first."""

    def __init__(self) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], tuple[str, Any]]] = {}
        self.words: set[str] = set()
        """Every word of every phrase."""

    def add(self, text: str, tag: str, value: Any) -> None:
        """Add a phrase; the first meaning of a phrase stays."""
        words = phrase(text)
        if words:
            self._by_first.setdefault(words[0], {}).setdefault(words, (tag, value))
            self.words.update(words)

    def find(self, tokens: Sequence[str], places: Sequence[int]) -> list[Span]:
        """Longest phrases over the tokens at `places`, in order, without overlap."""
        spans: list[Span] = []
        i = 0
        while i < len(places):
            span = self._longest(tokens, places[i:])
            if span is None:
                i += 1
                continue
            spans.append(span)
            while i < len(places) and places[i] < span.end:
                i += 1
        return spans

    def _longest(self, tokens: Sequence[str], places: Sequence[int]) -> Span | None:
        options = self._by_first.get(tokens[places[0]])
        if not options:
            return None
        best: Span | None = None
        length = 0
        for words, (tag, value) in options.items():
            n = len(words)
            if n <= length or n > len(places):
                continue
            if all(tokens[places[k]] == words[k] for k in range(n)):
                best, length = Span(places[0], places[n - 1] + 1, tag, value), n
        return best


def _feeling_forms(item: tables.FeelingWord) -> Iterable[tuple[str, tables.FeelingWord]]:
    yield item.text, item
    forms: dict[str, float] = {}
    if item.pos == "adj":
        forms = adjective_forms(item.text)
    elif item.pos == "verb":
        forms = dict.fromkeys(_verb_forms(item.text), 1.0)
    for form, more in forms.items():
        yield form, tables.FeelingWord(item.text, item.family, item.pos, item.strength * more)


def _named_forms(text: str) -> set[str]:
    """Give a named look its inflections: "look up" is also "looking up"."""
    return inflections(text) if text.partition(" ")[0] in _NAMED_VERBS else {text}


def _verb_forms(text: str) -> set[str]:
    """A table's verb stands in the third person: "bursts into tears"."""
    head, _, rest = text.partition(" ")
    base = re.sub(r"ies$", "y", head) if head.endswith("ies") else head
    base = re.sub(r"(?<=sh|ch|ss|zz|xe)es$|(?<!s)s$", "", base) if base == head else base
    return inflections(f"{base} {rest}".strip())


def _add_unit_names(book: PhraseBook) -> None:
    """FACS' own names ("lip corner puller"; those of one word are everyday words), and muscles."""
    for muscle in tables.muscles():
        book.add(muscle.text, "named", muscle)
    for code, unit in ACTION_UNITS.items():
        if len(unit.name.split()) > 1 and not unit.side:
            book.add(unit.name, "au", (code, None))


@lru_cache(maxsize=4)
def whole_phrases(left_out: frozenset[str] = frozenset()) -> PhraseBook:
    """Sayings, named expressions, feelings, scope words and degrees; `left_out` words are not
    known (an evaluation holds them out)."""
    book = PhraseBook()
    kinds = tables.scope_words()
    for text, kind in kinds.items():
        if kind in ("false_negation", "past_negation"):
            book.add(text, kind, text)
    for item in (*tables.idioms(), *tables.named_expressions()):
        if item.text not in left_out:
            for form in _named_forms(item.text):
                book.add(form, "named", item)
    _add_unit_names(book)
    for word in tables.feeling_words():
        if word.text not in left_out:
            book.add(word.text, "feeling", word)
    for text, kind in kinds.items():
        book.add(text, kind, text)
    for text, degree in tables.degrees().items():
        book.add(text, "degree", degree)
    for word in tables.feeling_words():
        if word.text not in left_out:
            for form, entry in _feeling_forms(word):
                book.add(form, "feeling", entry)
    return book


@lru_cache(maxsize=1)
def part_names() -> PhraseBook:
    """Parts of the face."""
    book = PhraseBook()
    for part in tables.parts():
        book.add(part.text, "part", part)
    return book


@lru_cache(maxsize=1)
def motion_words() -> PhraseBook:
    """Words for motions, inflected; the value is the set of motions a word may mean."""
    meanings: dict[tuple[str, ...], set[str]] = {}
    for motion in tables.motions():
        forms = {motion.text} if motion.kind == "state" else inflections(motion.text)
        for form in forms:
            meanings.setdefault(phrase(form), set()).add(motion.name)
    book = PhraseBook()
    for words, names in meanings.items():
        if words:
            book.add(" ".join(words), "motion", frozenset(names))
    return book


@lru_cache(maxsize=1)
def phrase_words() -> frozenset[str]:
    """Every word, in every inflection, that a phrase of the tables holds."""
    books = (whole_phrases(), part_names(), motion_words())
    return frozenset(word for book in books for word in book.words)


def au_code(token: str) -> tuple[str, float | None] | None:
    """Code and intensity: "au12l" -> ("AU12L", None), "au12c" -> ("AU12", 0.5); else None."""
    found = _AU.fullmatch(token)
    if found is None:
        return None
    number, letter, side = found.groups()
    code = f"AU{number}{letter.upper() if letter in ('b', 't') else ''}{side.upper()}"
    if code in ACTION_UNITS:
        return code, _LETTER.get(letter) if letter not in ("b", "t") else None
    code = f"AU{number}{side.upper()}"
    if code not in ACTION_UNITS and f"AU{number}" in ACTION_UNITS:
        code = f"AU{number}"
    elif code not in ACTION_UNITS and f"AU{number}R" in ACTION_UNITS:
        code = f"AU{number}R"
    return (code, _LETTER.get(letter)) if code in ACTION_UNITS else None


def open_places(tokens: Sequence[str], taken: Iterable[Span], skip: frozenset[str]) -> list[int]:
    """Places of the words that no span has taken, without determiners and `skip`."""
    used = {i for span in taken for i in range(span.start, span.end)}
    return [
        i
        for i, token in enumerate(tokens)
        if i not in used and token not in skip and not (is_word(token) and is_determiner(token))
    ]
