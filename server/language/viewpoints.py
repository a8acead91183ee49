"""Whose left it is: a side that the viewer sees is turned into the character's own."""

from __future__ import annotations

import re
from typing import Final

OTHER_SIDE: Final = {"left": "right", "right": "left"}

_SIDE: Final = r"(left|right)"
_THE: Final = r"(?:(?:the|a|an|his|her|its|their|your|my|our) )?"
_VIEWER: Final = (
    r"(?:viewer|viewers|camera|cam|cams|screen|audience|image|picture|frame|observer|onlooker|spectator|"
    r"spectators|lens|house)"
)
_VIEW: Final = r"(?:point of view|viewpoint|perspective|pov|side|angle|seat|seats|eyes|view)"
_SEEN: Final = r"(?:as )?(?:it is )?(?:seen|viewed|looked at|watched)"

_VIEWED_SIDE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_SIDE} (?:side |half )?(?:of|in) {_THE}{_VIEWER}\b",
        rf"\b{_THE}{_VIEWER} {_SIDE}(?: side)?\b",
        rf"\bour {_SIDE}(?: side)?\b",
        rf"\b{_SIDE} (?:side )?for {_THE}{_VIEWER}\b",
    )
)
_VIEWED_TEXT: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bfrom (?:{_THE}{_VIEWER}|our|where we (?:sit|stand|are)) {_VIEW}\b",
        rf"\bfrom {_THE}{_VIEW} of {_THE}{_VIEWER}\b",
        rf"\b{_SEEN} (?:from|by) (?:{_THE}(?:{_VIEWER}|front)|us|in front)(?: {_VIEW})?\b",
        rf"\b(?:that|which|as) (?:{_THE}{_VIEWER}|we) (?:sees?|watch(?:es)?)(?: it)?\b",
        r"\bas in (?:a|the) mirror\b",
    )
)
_SHOWN: Final = r"(?:character|actor|actress|performer|model|subject|patient)"
_OWN_VIEW: Final = re.compile(
    rf"\b(?:from|in) {_THE}(?:own|{_SHOWN}) {_VIEW}\b"
    rf"|\b{_SEEN} (?:from|by) {_THE}{_SHOWN}\b"
    r"|\b(?:own|proper|anatomical|anatomically|stage) (?=(?:left|right)\b)"
)  # fmt: skip


def own_sides(text: str) -> tuple[str, list[str]]:
    """Plain tokens joined by spaces, every side the character's own, and notes of what was turned.

    "Camera left" is turned by itself; "from the viewer's point of view" turns its whole sentence.
    """
    notes: list[str] = []

    def turned(found: re.Match[str]) -> str:
        other = OTHER_SIDE[found[1]]
        notes.append(f"Read '{found[0]}' as the character's {other}.")
        return other

    text = " ".join(_OWN_VIEW.sub(" ", text).split())
    sentences = re.split(r"(?<= [.;!?]) ", text)
    for i, sentence in enumerate(sentences):
        for pattern in _VIEWED_TEXT:
            found = pattern.search(sentence)
            if found and re.search(r"\b(?:left|right)\b", sentence):
                rest = " ".join((sentence[: found.start()] + sentence[found.end() :]).split())
                swapped = re.sub(r"\b(?:left|right)\b", lambda side: OTHER_SIDE[side[0]], rest)
                notes.append(f"Read '{found[0]}' as told from the viewer's side.")
                sentences[i] = swapped.lstrip(", ")
                break
        else:
            for pattern in _VIEWED_SIDE:
                sentences[i] = pattern.sub(turned, sentences[i])
    return " ".join(sentences), list(dict.fromkeys(notes))
