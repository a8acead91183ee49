"""What a told event usually makes people feel: weighed words and phrases, beside the network.

The network has read hundreds of situations; common sense knows thousands of causes. Each phrase of
causes.tsv that stands in a text votes for its family, and the votes move the network's odds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from . import tables
from .spotting import inflections
from .words import is_determiner, is_word, tokens

_LONGER: Final = (1.0, 1.3, 1.5, 1.6)
"""How much more a phrase of two, three, four words says than one word."""
_MORE_OF_ONE: Final = 0.5
"""Further causes of one family count less than the first."""
_DENIERS: Final = frozenset({"no", "never", "without", "not"})
_ANY_DETERMINER: Final = "*"
_LIGHT: Final = frozenset({"happy", "neutral", "surprised"})
_SPOILED: Final = 0.4
_FURTHER_FAMILIES: Final = 0.33
"""Share of a vote that goes to the other families of its coarse emotion."""

_Form = tuple[tuple[str, ...], str, float]


def _plural(text: str) -> str:
    return text + ("es" if text.endswith(("s", "sh", "ch", "x", "z")) else "s")


def _words(text: str) -> tuple[str, ...]:
    found = [token for token in tokens(text) if is_word(token)]
    return tuple(_ANY_DETERMINER if is_determiner(token) else token for token in found)


@lru_cache(maxsize=1)
def _forms() -> dict[str, list[_Form]]:
    """First word -> phrases that begin with it, longest first; the first family keeps a phrase."""
    rows = [
        (tables.known_family(family, f"causes.tsv line {number}"), float(weight), text)
        for number, (family, weight, texts) in tables.rows("causes.tsv", 3)
        for text in texts.split("|")
    ]
    known: dict[tuple[str, ...], tuple[str, float]] = {}
    for inflected in (False, True):
        for family, weight, text in rows:
            for form in {*inflections(text), _plural(text)} if inflected else {text}:
                words = _words(form)
                longer = _LONGER[min(len(words), len(_LONGER)) - 1]
                known.setdefault(words, (family, weight * longer))
    found: dict[str, list[_Form]] = {}
    for words, (family, weight) in known.items():
        found.setdefault(words[0], []).append((words, family, weight))
    for forms in found.values():
        forms.sort(key=lambda form: -len(form[0]))
    return found


def _ends_at(phrase: Sequence[str], said: Sequence[str], start: int) -> int:
    """Where a phrase that starts at `start` ends, or -1; unasked determiners are passed over."""
    place = start
    for word in phrase:
        if word != _ANY_DETERMINER:
            while place > start and place < len(said) and is_determiner(said[place]):
                place += 1
        if place >= len(said):
            return -1
        if said[place] != word and not (word == _ANY_DETERMINER and is_determiner(said[place])):
            return -1
        place += 1
    return place


def votes(said: Sequence[str]) -> dict[str, float]:
    """Family -> weight of the causes among the tokens; one denied just before is left out."""
    heard: dict[str, list[float]] = {}
    there = {_ANY_DETERMINER, *said}
    place = 0
    while place < len(said):
        first = _ANY_DETERMINER if is_determiner(said[place]) else said[place]
        step = 1
        for phrase, family, weight in _forms().get(first, ()):
            if phrase[-1] not in there or (end := _ends_at(phrase, said, place)) < 0:
                continue
            if place == 0 or said[place - 1] not in _DENIERS:
                heard.setdefault(family, []).append(weight)
            step = end - place
            break
        place += step
    return {family: _sum(sorted(weights, reverse=True)) for family, weights in heard.items()}


def _sum(weights: Sequence[float]) -> float:
    return sum(weight * _MORE_OF_ONE**i for i, weight in enumerate(weights))


def less_unknown(unknown: float, heard: Mapping[str, float]) -> float:
    """The network's chance that a text means nothing, after the votes: odds times e^(-3 votes)."""
    odds = unknown / max(1e-6, 1.0 - unknown) * math.exp(-3.0 * max(heard.values(), default=0.0))
    return odds / (1.0 + odds)


def _spoiled(heard: Mapping[str, float]) -> dict[str, float]:
    """A bad event spoils a good thing ("keyed my new car"): its joys count less."""
    known = tables.families()
    bad = any(known[f].emotion not in _LIGHT and w >= 1.0 for f, w in heard.items())
    spared = {"relief", "delight_surprise", "tender_tears"}
    return {
        family: weight
        * (_SPOILED if bad and known[family].emotion == "happy" and family not in spared else 1.0)
        for family, weight in heard.items()
    }


def reweighed(
    chances: Mapping[str, float], heard: Mapping[str, float], trust: float = 0.3, pull: float = 4.0
) -> dict[str, float]:
    """Network chances^trust times e^(pull x votes), summing to 1, best first.

    Without a vote the chances stay as they are.
    """
    known = tables.families()
    if not heard:
        return dict(chances)
    heard = _spoiled(heard)
    by_emotion: dict[str, float] = {}
    for family, weight in heard.items():
        emotion = known[family].emotion
        by_emotion[emotion] = max(by_emotion.get(emotion, 0.0), weight * _FURTHER_FAMILIES)
    odds: dict[str, float] = {}
    for name, family in known.items():
        vote = max(heard.get(name, 0.0), by_emotion.get(family.emotion, 0.0))
        odds[name] = max(chances.get(name, 0.0), 1e-4) ** trust * math.exp(pull * vote)
    total = sum(odds.values())
    ranked = sorted(odds.items(), key=lambda entry: -entry[1])
    return {name: value / total for name, value in ranked}
