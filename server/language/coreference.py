"""Sides that are told by another: "the other eye", "its mate", "that side", "the brow above it".

Every such mention gets the side that it points to, from the last side spoken of before it (or, at
the beginning, from the first one after it), so that later steps see only "left" and "right".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from .spotting import motion_words
from .viewpoints import OTHER_SIDE
from .words import FUNCTION_WORDS

DEFAULT: Final = "right"
"""The side of "one eyebrow"; contempt and smirks have it too."""
SINGLE: Final = frozenset(
    {"eyebrow", "brow", "eye", "lid", "eyelid", "corner", "cheek", "nostril", "side", "half",
     "dimple", "peeper", "commissure", "temple", "lash", "lashes"}
)  # fmt: skip
"""Parts that a face has two of; one of them has a side."""

_D: Final = r"(?:the|a|an|his|her|its|their|your|my|our)"
_OWNED: Final = r"(?:his|her|its|their|your|my|our)"
_SIDE: Final = r"(?:left|right)"
_PART: Final = (
    r"(?:(?:mouth|lip|upper|lower|outer|inner|eye|face|facial) )?"
    rf"(?:{'|'.join(sorted(SINGLE, key=len, reverse=True))})"
)
_WIDE_PART: Final = rf"(?:{_PART}|one|end|hand side|canine|half of|part|wing|edge|mouth corner)"
_OPPOSITE: Final = (
    r"(?:other|opposite|opposing|contralateral|remaining|alternate|unaffected|unaffacted|healthy|"
    r"sound|good|working|intact|living|live|mobile|seeing|open|untreated|uncovered|unpatched|"
    r"free|undamaged|unhurt|uninjured|second)"
)
_SAME: Final = r"(?:same|ipsilateral|selfsame|very same|aforementioned|affected|afflicted)"
_MATE: Final = (
    r"(?:mate|twin|partner|counterpart|neighbour|neighbor|sibling|brother|sister|companion|fellow|"
    r"opposite number|colleague|buddy|pal|pair|rival)"
)
_NEAR: Final = r"(?:above|over|below|under|underneath|beneath|beside|next to|by|near)"
_MENTION: Final = re.compile(
    rf"\b(?P<side>{_SIDE})\b(?! (?:hand(?! side)|arm|leg|foot|shoulder|ear|now|away|after|"
    rf"before)\b)"
    rf"|\b(?:on )?(?:(?:the|that) )?{_SAME} (?:side )?(?P<same>(?={_PART}\b))"
    rf"|\b(?:the )?(?P<here>{_PART}) there\b"
    rf"|(?<![\w])(?P<there>(?:over |right |up |down )?there(?= [,;.!?]| alone| only|$))"
    rf"|\b(?P<that>that|this) (?:(?:one )?side )?(?P<kept>{_WIDE_PART})\b(?! (?:of (?!(?:the|his|"
    rf"her) (?:mouth|lips))|is that|says))"
    rf"|\b(?P<opposite>(?:{_D} )?{_OPPOSITE}) (?={_WIDE_PART}\b(?! (?:side )?of (?:the|a) "
    r"(?:room|street|table|door|line|world|phone|bed|wall|field|coin|road|bar|glass)))"
    rf"|\b(?P<mate>(?:{_OWNED}|the) (?:{_OPPOSITE} |twin )?{_MATE})\b(?: (?:on|to|at|across|"
    rf"over) the (?:other|opposite|far) side)?(?=(?: [,;.:!?]| (?P<verb>\w+)|$))"
    rf"|(?<!after )(?<!each )\b(?P<bare>(?:the|{_OWNED}) (?:other|opposite))\b"
    r"(?=(?: (?:[,;.:!?)]|--)| (?P<next>[\w~]+)|$))"
    rf"|\b(?P<above>{_D} )(?P<part>{_PART}) (?:just |right |directly )?{_NEAR} "
    r"(?:it|that|this|him|them)(?: one)?\b"
)
_FROM_WHERE: Final = re.compile(r"\b(?:on|at|in|from|to|with|over) $")
_VERBS: Final = frozenset(
    {"is", "does", "stays", "stay", "remains", "keeps", "keep", "has", "can", "must", "should",
     "will", "was", "did", "goes", "never", "not", "alone", "still", "only", "just", "wide", "shut",
     "closed", "open", "up", "down", "quiet", "calm", "neutral", "relaxed", "as", "put", "where",
     "and", "but", "while", "with", "out", "barely", "hardly", "do", "refuses", "flat", "be",
     "half", "sleepy", "asleep", "at", "fully", "completely", "level", "straight", "to", "in"}
)  # fmt: skip


@lru_cache(maxsize=1)
def _moving() -> frozenset[str]:
    return frozenset(motion_words().words)


def with_referents(text: str) -> str:
    """Plain tokens joined by spaces, every mention of a side by another named left or right."""
    text = _one_of_two(text)
    known = re.search(rf"\b{_SIDE}\b", text)
    if known is None:
        return text
    last = known[0]
    pieces: list[str] = []
    done = 0
    for found in _MENTION.finditer(text):
        told = found["side"]
        if told:
            denied = re.search(rf"\b(?:not|never|without) (?:{_D} )?$", text[: found.start()])
            last = last if denied else told
            continue
        said = _named(found, last, text)
        if said is None:
            continue
        pieces += [text[done : found.start()], said]
        done = found.end()
        if found["opposite"] or found["mate"] or found["bare"]:
            last = OTHER_SIDE[last]
    return " ".join("".join([*pieces, text[done:]]).split())


def _named(found: re.Match[str], last: str, text: str) -> str | None:
    """A mention with its side in place of its pointing word, or None where it is none."""
    before = text[: found.start()]
    if found["same"] is not None:
        return f"on the {last} " if re.search(r"\bon $", before) else f"the {last} "
    if found["there"]:
        looked_at = re.search(r"\b(?:look\w*|is|are|was|glanc\w*|out|who) $", before)
        return None if looked_at else f"on the {last}"
    if part := found["here"] or found["kept"] or found["part"]:
        return f"the {last} {part}"
    if found["opposite"]:
        return f"the {OTHER_SIDE[last]} "
    verb = found["verb"] if found["mate"] else found["next"]
    none = verb and not _tells(verb) and (found["bare"] or before)
    return None if none else f"the {OTHER_SIDE[last]} one"


def _tells(verb: str) -> bool:
    """Whether a word may follow "the other" as what it does."""
    return verb in _VERBS or verb in _moving() or (verb in FUNCTION_WORDS and verb != "one")


def _one_of_two(text: str) -> str:
    """Give "one brow" the side that is told of it later, or the usual one."""
    if re.search(rf"\b(?:one|single) {_PART}\b", text):
        first = re.search(rf"\b{_SIDE}\b", text)
        own = first[0] if first else DEFAULT
        text = re.sub(rf"\b(?:a |the )?(?:single |one )(?={_PART}\b)", f"{own} ", text)
    return text
