"""What a direction says in so many words: which face, how strongly, on which side, and what not.

`read` cuts a direction into clauses and gives every phrase found its degree, side and denial. What
it does not recognise is left to the network (see `express`). Rules only for what language itself
makes explicit; no meaning of unknown words is guessed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from .actions import clause_contents, refined_by_part, with_later_side
from .bare_parts import with_bare_parts
from .clauses import Bound, clauses
from .degrees import degree_words, with_degree
from .denials import with_denials
from .idle_sides import without_rest
from .phrases import find_phrases
from .reading import Clause, Content, Draft, Reading
from .sides import plain_sides
from .sides_apart import (
    with_common_side,
    with_headed_sides,
    with_idle_half,
    with_leanings,
    with_only_side,
    with_refined_sides,
    with_remembered_sides,
    with_shared_side,
)
from .words import FUNCTION_WORDS, is_word, tokens


def read(text: str, left_out: frozenset[str] = frozenset()) -> Reading:
    """Read a direction. `left_out` table words are treated as unknown."""
    words, notes = plain_sides(without_rest(tokens(text)))
    draft = Draft(words, notes=notes)
    find_phrases(draft, left_out)
    bounds = clauses(draft)
    contents: list[Content] = []
    for i, bound in enumerate(bounds):
        found = clause_contents(draft, bound, i, contents)
        if not found and contents:
            contents[-1] = refined_by_part(draft, contents[-1], bound[:2])
            contents[-1] = with_later_side(draft, contents[-1], bound[:2])
        contents.extend(found)
    contents = with_bare_parts(draft, bounds, contents)
    contents = with_leanings(draft, with_headed_sides(draft, bounds, contents))
    contents = with_shared_side(draft, bounds, contents)
    contents = with_remembered_sides(draft, bounds, contents)
    contents = with_common_side(draft, contents)
    contents = with_denials(draft, bounds, contents)
    contents = with_refined_sides(contents)
    contents = with_idle_half(draft, with_only_side(draft, bounds, contents))
    contents = [with_degree(draft, bounds, content, contents) for content in contents]
    pieces = tuple(_clause(draft, bound, i, contents) for i, bound in enumerate(bounds))
    return Reading(
        tuple(draft.words), tuple(contents), pieces, _coverage(draft, contents), tuple(draft.notes)
    )


# --- what is left over -------------------------------------------------------------------------


def _covered(draft: Draft, contents: Sequence[Content]) -> set[int]:
    taken: set[int] = set()
    for content in contents:
        taken.update(range(content.start, content.end))
    for span in draft.spans:
        taken.update(range(span.start, span.end))
    taken.update(i for i, _ in draft.sides)
    return taken


def _clause(draft: Draft, bound: Bound, index: int, contents: Sequence[Content]) -> Clause:
    start, end, opener = bound
    taken = _covered(draft, contents)
    unread = [
        word
        for i, word in enumerate(draft.words[start:end], start)
        if i not in taken and is_word(word) and word not in FUNCTION_WORDS
    ]
    named = tuple(p.value.name for p in draft.parts if start <= p.start < end)
    cues = [s for s in draft.tagged("negation") if start <= s.start < end]
    degrees = [value for _, _, value in degree_words(draft, start, end)]
    degree = 1.0
    for value in degrees:
        degree *= value
    side = next((letter for i, letter in draft.sides if start <= i < end), "")
    return Clause(start, end, opener, tuple(unread), named, len(cues) % 2 == 1, degree, side)


def _coverage(draft: Draft, contents: Sequence[Content]) -> float:
    taken = _covered(draft, contents)
    phrases = {i for content in contents for i in range(content.start, content.end)}
    words = {
        i
        for i, word in enumerate(draft.words)
        if is_word(word) and (word not in FUNCTION_WORDS or i in phrases)
    }
    return len(words & taken) / len(words) if words else 0.0
