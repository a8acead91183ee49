"""What a direction says in so many words: which face, how strongly, on which side, and what not.

`read` cuts a direction into clauses and gives every phrase found its degree, side and denial. What
it does not recognise is left to the network (see `express`). Rules only for what language itself
makes explicit; no meaning of unknown words is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from . import faces, tables
from .actions import (
    PUNCTUATION,
    clause_contents,
    part_aus,
    refined_by_part,
    with_later_side,
    with_side,
)
from .reading import Clause, Content, Draft, Reading
from .sides import find_sides, plain_sides
from .sides_apart import with_headed_sides, with_leanings
from .spotting import (
    Span,
    au_code,
    motion_words,
    open_places,
    part_names,
    whole_phrases,
)
from .words import FUNCTION_WORDS, is_determiner, is_word, tokens

_CARRIES_OVER_AND: Final = frozenset(
    {"without", "nor", "neither", "no", "never", "do not", "does not", "not", "without any"}
)
_HIDING: Final = frozenset({"hiding", "hides", "masking", "masks", "concealing", "conceals",
                            "covering", "disguising"})  # fmt: skip
_REACHES: Final = frozenset({"reach", "reaches", "reaching", "involve", "involving", "touch",
                             "touching", "touches", "show", "using", "use"})  # fmt: skip
"""Verbs by which a denial keeps a feeling out of a part: "joy that does not reach the eyes"."""
_HIDDEN_DEGREE: Final = 0.62
"""What is hidden still shows, less."""
_LANDMARK: Final = frozenset(
    {"toward", "towards", "to", "near", "over", "under", "against", "at", "from", "up", "around",
     "between", "below", "above", "into", "beside", "beneath"}
)  # fmt: skip
"""A part behind one of these says where, not what."""
_STRONGER_DENIALS: Final = {
    "could not be": 1.8, "could not be more": 2.2, "never been more": 2.0, "never so": 1.8,
    "has never been more": 2.0, "have never been more": 2.0, "not a little": 1.5,
    "nothing short of": 1.5, "nothing less than": 1.5, "never more": 1.8,
}  # fmt: skip
_OPENS_DENIAL: Final = frozenset(
    {"without", "lacking", "devoid", "instead", "rather", "sans", "free", "void", "nor"}
)
"""A denial that begins a clause of its own: "frowning without ..."."""
_SUPERLATIVE: Final = re.compile(r"as (?!if|though|a|an|the|when)[a-z]+ as ")


def read(text: str, left_out: frozenset[str] = frozenset()) -> Reading:
    """Read a direction. `left_out` table words are treated as unknown."""
    words, notes = plain_sides(tokens(text))
    draft = Draft(words, notes=notes)
    _find_phrases(draft, left_out)
    bounds = _clauses(draft)
    contents: list[Content] = []
    for i, bound in enumerate(bounds):
        found = clause_contents(draft, bound, i, contents)
        if not found and contents:
            contents[-1] = refined_by_part(draft, contents[-1], bound[:2])
            contents[-1] = with_later_side(draft, contents[-1], bound[:2])
        contents.extend(found)
    contents = with_leanings(draft, with_headed_sides(draft, bounds, contents))
    contents = _with_denials(draft, bounds, contents)
    contents = [_with_degree(draft, bounds, content, contents) for content in contents]
    clauses = tuple(_clause(draft, bound, i, contents) for i, bound in enumerate(bounds))
    return Reading(
        tuple(draft.words), tuple(contents), clauses, _coverage(draft, contents), tuple(draft.notes)
    )


# --- phrases -----------------------------------------------------------------------------------


def _find_phrases(draft: Draft, left_out: frozenset[str]) -> None:
    words = draft.words
    for i, word in enumerate(words):
        found = au_code(word)
        if found is not None:
            draft.spans.append(Span(i, i + 1, "au", found))
    places = open_places(words, draft.spans, PUNCTUATION)
    found_spans = whole_phrases(left_out).find(words, places)
    found_spans = [
        part for span in found_spans for part in _without_moved_part(words, span, left_out)
    ]
    draft.spans += [span for span in found_spans if not _crosses_punctuation(words, span)]
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
    draft.motions = [*with_parts, *motion_words().find(words, places)]
    draft.motions.sort(key=lambda span: span.start)
    draft.parts = [part for part in draft.parts if not _is_landmark(draft, part)]
    draft.spans.sort(key=lambda span: span.start)


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
        and words[span.start] in _LANDMARK
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
    return bool(before) and before[-1] in _LANDMARK and earlier and not joined


def _without_moved_part(words: Sequence[str], span: Span, left_out: frozenset[str]) -> list[Span]:
    """A named look that ends in a part which the next word moves: "smile with the eyes closed"."""
    ends_in_part = part_names().find(words, [span.end - 1])
    moved = span.end < len(words) and motion_words().find(words, [span.end])
    if span.tag != "named" or span.end - span.start < 3 or not (ends_in_part and moved):
        return [span]
    return whole_phrases(left_out).find(words, range(span.start, span.end - 1))


def _crosses_punctuation(words: Sequence[str], span: Span) -> bool:
    return any(word in PUNCTUATION for word in words[span.start : span.end])


def _drop_feelings_that_are_motions(draft: Draft) -> None:
    """Beside a part of the face, a word that may be a motion is one: "brows low"."""
    if not draft.parts:
        return
    book = motion_words()
    kept: list[Span] = []
    for span in draft.spans:
        single = span.end - span.start == 1
        motion = single and book.find(draft.words, [span.start])
        near = any(abs(part.end - span.start) <= 4 or abs(span.end - part.start) <= 2
                   for part in draft.parts)  # fmt: skip
        near = near or any(0 < span.start - i <= 2 for i, _ in draft.sides)  # "the left one down"
        if span.tag == "feeling" and motion and near:
            continue
        kept.append(span)
    draft.spans = kept


def _find_sides(draft: Draft) -> None:
    spans = draft.tagged("au", "named")
    taken = frozenset(i for span in spans for i in range(span.start, span.end))
    draft.sides = find_sides(draft.words, taken)


# --- clauses -----------------------------------------------------------------------------------


def _clauses(draft: Draft) -> list[tuple[int, int, str]]:
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
        if span.tag == "link" and said in _LANDMARK and _part_follows(draft, span.end):
            continue
        if span.tag in ("link", "turn"):
            cuts[span.start] = (span.end, said)
        elif span.tag == "negation" and said.split()[0] in _OPENS_DENIAL:
            cuts.setdefault(span.start, (span.start, "without"))
    bounds: list[tuple[int, int, str]] = []
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


def _merged(bounds: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Openers of empty clauses pass to the next ("but, then" opens with "but")."""
    merged: list[tuple[int, int, str]] = []
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


def _split_at_second_side(draft: Draft, start: int, end: int, opener: str):
    inside = [(i, side) for i, side in draft.sides if start <= i < end]
    if len(inside) < 2 or inside[0][1] == inside[1][1]:
        return [(start, end, opener)]
    place = inside[1][0]
    if place - 1 > start and draft.words[place - 1] in ("the", "on", "to", "his", "her", "your"):
        place -= 1
    return [(start, place, opener), (place, end, ",")]


# --- denial and degree -------------------------------------------------------------------------


def _with_denials(
    draft: Draft, bounds: list[tuple[int, int, str]], contents: list[Content]
) -> list[Content]:
    """Mark what is denied, and add the parts that are told to keep still."""
    result: list[Content] = []
    carried = False
    for index, (start, end, opener) in enumerate(bounds):
        kind = tables.scope_words().get(opener, "")
        cues = [s for s in draft.tagged("negation") if start <= s.start < end]
        past = [s for s in draft.tagged("past_negation") if start <= s.start < end]
        own = [c for c in contents if c.clause == index]
        listed = _list_of_or(bounds, index)
        openers = ("or", "nor", "/", "and", ",") if listed else ("or", "nor", "/", "and")
        carried = carried and kind != "turn" and opener in openers
        carried = carried and not _restores(draft, start, end)
        marked = [_denied_if(c, cues, past, carried) for c in own]
        result.extend(marked)
        if cues or past or carried:
            result.extend(_still_parts(draft, (start, end, index), marked))
        if cues:
            word = " ".join(draft.words[cues[-1].start : cues[-1].end])
            carried = len(cues) % 2 == 1 and (word in _CARRIES_OVER_AND or not own)
        elif own and opener in ("and", ",") and not carried:
            carried = False
    return result


def _list_of_or(bounds: list[tuple[int, int, str]], index: int) -> bool:
    """A comma in a list that ends with "or": "without smiling, frowning or blinking"."""
    for _, _, opener in bounds[index:]:
        if opener in ("or", "nor"):
            return True
        if opener != ",":
            return False
    return False


def _restores(draft: Draft, start: int, end: int) -> bool:
    """A clause that begins anew with its own subject or "only" is not under the old denial."""
    head = draft.words[start : min(end, start + 2)]
    fresh = {"only", "just", "he", "she", "it", "they", "is", "are", "looks", "look", "with", "i"}
    return bool(fresh & set(head))


def _denied_if(content: Content, cues: list[Span], past: list[Span], carried: bool) -> Content:
    before = [cue for cue in cues if cue.start < content.end and cue.end <= content.end]
    ahead = [
        span
        for span in past
        if span.start >= content.start or span.start < content.start <= span.end + 1
    ]
    denials = [cue for cue in before if cue.value != "nor"] or before[:1]
    negated = len(denials) % 2 == 1 if before else carried
    if ahead:
        negated = not negated if before else True
    return replace(content, negated=negated or content.kind == "still")


def _still_parts(draft: Draft, bound: tuple[int, int, int], own: list[Content]) -> list[Content]:
    """A part that is named with a denial but with no motion: "the brows do not move"."""
    start, end, index = bound
    found: list[Content] = []
    for part in draft.parts:
        if not start <= part.start < end:
            continue
        reached = bool(_REACHES & set(draft.words[max(start, part.start - 3) : part.start]))
        if not reached and any(c.kind in ("action", "still", "named", "feeling") for c in own):
            continue
        face = faces.expand(part_aus(part.value.name))
        text = part.value.text
        still = Content("still", face, "", text, part.start, part.end, index, negated=True)
        found.append(with_side(draft, still, (start, end)))
    return found


def _with_degree(
    draft: Draft, bounds: list[tuple[int, int, str]], content: Content, everyone: list[Content]
) -> Content:
    start, end, _ = bounds[content.clause]
    rivals = [c for c in everyone if c.clause == content.clause and c is not content]
    degree = _HIDDEN_DEGREE if bounds[content.clause][2] in _HIDING else 1.0
    for place, stop, value in _degree_words(draft, start, end):
        if _distance(content, place, stop) <= min(
            (_distance(rival, place, stop) for rival in rivals), default=99
        ):
            degree *= value
    for span in draft.tagged("false_negation"):
        if start <= span.start < end:
            degree *= _STRONGER_DENIALS.get(span.value, 1.0)
    return replace(content, degree=float(min(3.0, max(0.12, content.degree * degree))))


def _distance(content: Content, place: int, stop: int) -> float:
    """How far a degree word stands from a content; before it is nearer than after."""
    if stop <= content.start:
        return content.start - stop
    if place >= content.end:
        return place - content.end + 0.5
    return 0.0


def _degree_words(draft: Draft, start: int, end: int) -> list[tuple[int, int, float]]:
    taken = {i for s in draft.tagged("named", "feeling", "au") for i in range(s.start, s.end)}
    found = [
        (s.start, s.end, float(s.value))
        for s in draft.tagged("degree")
        if start <= s.start < end and s.start not in taken
    ]
    text = " ".join(draft.words[start:end]) + " "
    match = _SUPERLATIVE.search(text)
    if match:
        place = start + text[: match.start()].count(" ")
        found.append((place, place + 1, 2.2))
    return found


# --- what is left over -------------------------------------------------------------------------


def _covered(draft: Draft, contents: Sequence[Content]) -> set[int]:
    taken: set[int] = set()
    for content in contents:
        taken.update(range(content.start, content.end))
    for span in draft.spans:
        taken.update(range(span.start, span.end))
    taken.update(i for i, _ in draft.sides)
    return taken


def _clause(
    draft: Draft, bound: tuple[int, int, str], index: int, contents: Sequence[Content]
) -> Clause:
    start, end, opener = bound
    taken = _covered(draft, contents)
    unread = [
        word
        for i, word in enumerate(draft.words[start:end], start)
        if i not in taken and is_word(word) and word not in FUNCTION_WORDS
    ]
    named = tuple(p.value.name for p in draft.parts if start <= p.start < end)
    cues = [s for s in draft.tagged("negation") if start <= s.start < end]
    degrees = [value for _, _, value in _degree_words(draft, start, end)]
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
