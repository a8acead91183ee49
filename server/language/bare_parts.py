"""A side of the face named without what it does: "left brow, please", "just one eyebrow".

Nothing else being said, the part does what it is mostly asked for: a brow goes up, an eye shuts.
"""

from __future__ import annotations

from typing import Final

from . import faces, tables
from .actions import with_side
from .clauses import Bound
from .reading import Content, Draft
from .words import content_words

_USUAL: Final = {
    "brows": "raise", "outer_brows": "raise", "inner_brows": "raise", "eyes": "close",
    "lids": "close", "cheeks": "raise", "nostrils": "wrinkle", "nose": "wrinkle",
    "mouth_corners": "raise", "upper_lip": "raise",
}  # fmt: skip
_ASKS: Final = frozenset(
    {"please", "now", "only", "move", "moves", "moving", "use", "want", "alone", "single",
     "left", "right", "one", "then", "ok", "okay", "again", "try", "need", "works", "acts"}
)  # fmt: skip


def with_bare_parts(draft: Draft, bounds: list[Bound], contents: list[Content]) -> list[Content]:
    """Contents for sided parts of a direction that says nothing else."""
    if contents or not draft.sides or not draft.parts:
        return contents
    held = {i for part in draft.parts for i in range(part.start, part.end)}
    loose = content_words([word for i, word in enumerate(draft.words) if i not in held])
    if set(loose) - _ASKS:
        return contents
    found: list[Content] = []
    for index, (start, end, _) in enumerate(bounds):
        sided = any(start <= i < end for i, _ in draft.sides)
        cues = [s for s in draft.tagged("negation") if start <= s.start < end]
        for part in draft.parts if sided and not cues else []:
            motion = _USUAL.get(part.value.name, "")
            if start <= part.start < end and motion:
                aus = tables.action_rules()[(part.value.name, motion)]
                face, text = faces.expand(aus), part.value.text
                said = Content("action", face, "", text, part.start, part.end, index)
                found.append(with_side(draft, said, (start, end)))
                draft.notes.append(f"Nothing says what the {text} does, so read as: {motion}.")
    return found
