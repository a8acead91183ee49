"""Where a direction is cut into clauses: at punctuation, links, turns and every second side."""

from __future__ import annotations

from typing import Final

from . import tables
from .actions import PUNCTUATION
from .reading import Draft
from .spotting import LANDMARK

Bound = tuple[int, int, str]
"""Start and end tokens of a clause, and the word that opened it."""

_OPENS_DENIAL: Final = frozenset(
    {"without", "lacking", "devoid", "instead", "rather", "sans", "free", "void", "nor"}
)
"""A denial that begins a clause of its own: "frowning without ..."."""


def clauses(draft: Draft) -> list[Bound]:
    """(start, end, opener): a new clause at every link, turn, and second side word."""
    inside = {
        i for span in draft.tagged("named", "feeling", "au", "false_negation", "past_negation")
        for i in range(span.start + 1, span.end)
    }  # fmt: skip
    inside |= {i for part in draft.parts for i in range(part.start + 1, part.end)}
    inside |= {i for span in draft.motions for i in range(span.start + 1, span.end)}
    cuts: dict[int, tuple[int, str]] = {}
    for i, word in enumerate(draft.words):
        if word in PUNCTUATION:
            cuts[i] = (i + 1, word)
    for span in draft.spans:
        if span.start in inside:
            continue
        said = " ".join(draft.words[span.start : span.end])
        if span.tag == "link" and said in LANDMARK and _part_follows(draft, span.end):
            continue
        if said == "only" and any(motion.end == span.start for motion in draft.motions):
            continue  # "raise only the inner brows"
        if span.tag in ("link", "turn"):
            cuts[span.start] = (span.end, said)
        elif span.tag == "negation" and said.split()[0] in _OPENS_DENIAL:
            cuts.setdefault(span.start, (span.start, "without"))
    bounds: list[Bound] = []
    start, opener = 0, ""
    for place in sorted(cuts):
        if place < start:
            continue
        bounds.append((start, place, opener))
        start, opener = cuts[place]
    bounds.append((start, len(draft.words), opener))
    return [
        piece for bound in _merged(bounds) for piece in _split_at_second_side(draft, *bound)
        if piece[1] > piece[0]
    ]  # fmt: skip


def _part_follows(draft: Draft, place: int) -> bool:
    starts = {part.start for part in draft.parts} | {m.start + 1 for m in draft.motions}
    return bool(starts & {place, place + 1, place + 2})


def _merged(bounds: list[Bound]) -> list[Bound]:
    """Openers of empty clauses pass to the next ("but, then" opens with "but")."""
    merged: list[Bound] = []
    pending = ""
    turns = {word for word, kind in tables.scope_words().items() if kind == "turn"}
    for start, end, opener in bounds:
        strongest = pending if pending in turns else opener or pending
        if end > start:
            merged.append((start, end, strongest))
            pending = ""
        else:
            pending = strongest
    return merged


def _split_at_second_side(draft: Draft, start: int, end: int, opener: str) -> list[Bound]:
    inside = [(i, side) for i, side in draft.sides if start <= i < end]
    if len(inside) < 2 or inside[0][1] == inside[1][1]:
        return [(start, end, opener)]
    place = inside[1][0]
    if place - 1 > start and draft.words[place - 1] in ("the", "on", "to", "his", "her", "your"):
        place -= 1
    return [(start, place, opener), (place, end, ",")]
