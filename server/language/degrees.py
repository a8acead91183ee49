"""How strongly a direction asks: degree words, superlatives, denials that only strengthen."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from .clauses import Bound
from .reading import Content, Draft

_HIDING: Final = frozenset({"hiding", "hides", "masking", "masks", "concealing", "conceals",
                            "covering", "disguising"})  # fmt: skip
_HIDDEN_DEGREE: Final = 0.62
"""What is hidden still shows, less."""
_STRONGER_DENIALS: Final = {
    "could not be": 1.8, "could not be more": 2.2, "never been more": 2.0, "never so": 1.8,
    "has never been more": 2.0, "have never been more": 2.0, "not a little": 1.5,
    "nothing short of": 1.5, "nothing less than": 1.5, "never more": 1.8,
}  # fmt: skip
_SUPERLATIVE: Final = re.compile(r"as (?!if|though|a|an|the|when)[a-z]+ as ")


def with_degree(
    draft: Draft, bounds: list[Bound], content: Content, everyone: list[Content]
) -> Content:
    start, end, _ = bounds[content.clause]
    rivals = [c for c in everyone if c.clause == content.clause and c is not content]
    degree = _HIDDEN_DEGREE if bounds[content.clause][2] in _HIDING else 1.0
    for place, stop, value in degree_words(draft, start, end):
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


def degree_words(draft: Draft, start: int, end: int) -> list[tuple[int, int, float]]:
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
