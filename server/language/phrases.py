"""The phrases of a direction: AU codes, looks with a name, feelings, parts, motions and sides."""

from __future__ import annotations

from collections.abc import Sequence

from .actions import PUNCTUATION
from .reading import Draft
from .sides import find_sides
from .spotting import (
    LANDMARK,
    Span,
    au_code,
    motion_words,
    open_places,
    part_names,
    whole_phrases,
)
from .words import is_determiner


def find_phrases(draft: Draft, left_out: frozenset[str]) -> None:
    """Fill the draft; `left_out` table words are treated as unknown."""
    words = draft.words
    for i, word in enumerate(words):
        found = au_code(word)
        if found is not None:
            draft.spans.append(Span(i, i + 1, "au", found))
    places = open_places(words, draft.spans, PUNCTUATION)
    draft.spans += [
        part
        for piece in _pieces(words, places)
        for span in whole_phrases(left_out).find(words, piece)
        for part in _without_moved_part(words, span, left_out)
    ]
    _find_sides(draft)
    side_words = frozenset(words[i] for i, _ in draft.sides)
    places = open_places(words, draft.tagged("au", "named", "false_negation"), side_words)
    with_parts = _motions_that_hold_parts(words, places)
    places = [i for i in places if not any(m.start <= i < m.end for m in with_parts)]
    draft.parts = [
        span
        for span in _part_spans(words, places)
        if not any(s.tag == "feeling" and s.start < span.end <= s.end for s in draft.spans)
        or span.end - span.start > 1
    ]
    _drop_feelings_that_are_motions(draft)
    taken = [*draft.tagged("au", "named", "feeling", "false_negation", "negation"), *draft.parts]
    places = open_places(words, taken, side_words | PUNCTUATION)
    places = [i for i in places if not any(m.start <= i < m.end for m in with_parts)]
    found_motions = [
        m for piece in _pieces(words, places) for m in motion_words().find(words, piece)
    ]
    draft.motions = [*with_parts, *found_motions]
    draft.motions.sort(key=lambda span: span.start)
    draft.parts = [part for part in draft.parts if not _is_landmark(draft, part)]
    draft.spans.sort(key=lambda span: span.start)


def _pieces(words: Sequence[str], places: Sequence[int]) -> list[list[int]]:
    """Places cut at punctuation: no "gone down" in "smile gone, brows down", no "angry brows" in
    "angry, brows drawn together".
    """
    pieces: list[list[int]] = [[]]
    for i, place in enumerate(places):
        if i and PUNCTUATION & set(words[places[i - 1] + 1 : place]):
            pieces.append([])
        pieces[-1].append(place)
    return pieces


def _part_spans(words: Sequence[str], places: Sequence[int]) -> list[Span]:
    """Parts of the face; "lower the lip" is no lower lip."""
    open_to = list(places)
    while open_to:
        found = part_names().find(words, open_to)
        wrong = [s for s in found if _is_broken(words[s.start : s.end])]
        if not wrong:
            return found
        open_to.remove(wrong[0].start)
    return []


def _is_broken(said: Sequence[str]) -> bool:
    """Whether an article stands between an adjective and its noun."""
    return any(is_determiner(word) for word in said) and not {"of", "under", "below"} & set(said)


def _motions_that_hold_parts(words: Sequence[str], places: Sequence[int]) -> list[Span]:
    """Motions that name a part themselves: "between the teeth", "at the hairline"."""
    book = part_names()
    return [
        span
        for span in motion_words().find(words, places)
        if span.end - span.start > 1
        and span.start > 0
        and words[span.start] in LANDMARK
        and book.find(words, range(span.start, span.end))
    ]


def _is_landmark(draft: Draft, part: Span) -> bool:
    """A part that only says whereto another moves: "cheeks pushed up toward the eyes"."""
    before = [w for w in draft.words[max(0, part.start - 3) : part.start] if not is_determiner(w)]
    earlier = any(
        other.end <= part.start and not set(draft.words[other.end : part.start]) & PUNCTUATION
        for other in draft.parts
    )
    joined = set(draft.words[max(0, part.start - 4) : part.start]) & {"and", "while", "with", "as"}
    return bool(before) and before[-1] in LANDMARK and earlier and not joined


def _without_moved_part(words: Sequence[str], span: Span, left_out: frozenset[str]) -> list[Span]:
    """A named look that ends in a part which the next word moves: "smile with the eyes closed"."""
    ends_in_part = part_names().find(words, [span.end - 1])
    moved = span.end < len(words) and motion_words().find(words, [span.end])
    if span.tag != "named" or span.end - span.start < 3 or not (ends_in_part and moved):
        return [span]
    return whole_phrases(left_out).find(words, range(span.start, span.end - 1))


def _drop_feelings_that_are_motions(draft: Draft) -> None:
    """Beside a part of the face, a word that may be a motion is one: "brows low"."""
    if not draft.parts:
        return
    book = motion_words()
    kept: list[Span] = []
    for span in draft.spans:
        single = span.end - span.start == 1
        motion = single and book.find(draft.words, [span.start])
        near = any(_is_told_of(draft.words, span, part) for part in draft.parts)
        near = near or any(0 < span.start - i <= 2 for i, _ in draft.sides)  # "the left one down"
        if span.tag == "feeling" and motion and near:
            continue
        kept.append(span)
    draft.spans = kept


def _is_told_of(words: Sequence[str], span: Span, part: Span) -> bool:
    """Whether a word stands by a part: "brows low", "brows: low", but not "neutral, brows up"."""
    close = abs(part.end - span.start) <= 4 or abs(span.end - part.start) <= 2
    between = words[min(span.end, part.end) : max(span.start, part.start)]
    headed = {":"} if part.end <= span.start else frozenset[str]()
    return close and not (set(between) & PUNCTUATION) - headed


def _find_sides(draft: Draft) -> None:
    spans = draft.tagged("au", "named")
    taken = frozenset(i for span in spans for i in range(span.start, span.end))
    draft.sides = find_sides(draft.words, taken)
