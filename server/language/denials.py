"""What a direction denies, and which parts it tells to keep still."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import faces, tables
from .actions import part_aus, with_side
from .clauses import Bound
from .reading import Content, Draft
from .spotting import Span

_CARRIES_OVER_AND: Final = frozenset(
    {"without", "nor", "neither", "no", "never", "do not", "does not", "not", "without any"}
)
_REACHES: Final = frozenset({"reach", "reaches", "reaching", "involve", "involving", "touch",
                             "touching", "touches", "show", "using", "use"})  # fmt: skip
"""Verbs by which a denial keeps a feeling out of a part: "joy that does not reach the eyes"."""


def with_denials(draft: Draft, bounds: list[Bound], contents: list[Content]) -> list[Content]:
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


def _list_of_or(bounds: list[Bound], index: int) -> bool:
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
