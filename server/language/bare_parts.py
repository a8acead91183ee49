"""A side of the face named without what it does: "left brow, please", "just one eyebrow".

Nothing else being said, the part does what it is mostly asked for: a brow goes up, an eye shuts.
"""

from __future__ import annotations

from typing import Final

from . import faces, tables
from .actions import with_side
from .clauses import Bound
from .reading import Clause, Content, Draft, Reading
from .words import content_words, is_determiner

USUAL: Final = {
    "brows": "raise", "outer_brows": "raise", "inner_brows": "raise", "eyes": "close",
    "lids": "close", "cheeks": "raise", "nostrils": "wrinkle", "nose": "wrinkle",
    "mouth_corners": "raise", "upper_lip": "raise",
}  # fmt: skip
"""What a part is mostly asked for."""
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
            motion = USUAL.get(part.value.name, "")
            if start <= part.start < end and motion:
                aus = tables.action_rules()[(part.value.name, motion)]
                face, text = faces.expand(aus), part.value.text
                said = Content("action", face, "", text, part.start, part.end, index)
                found.append(with_side(draft, said, (start, end)))
                draft.notes.append(f"Nothing says what the {text} does, so read as: {motion}.")
    return found


_PLACED: Final = frozenset(
    {"on", "over", "near", "beside", "under", "above", "behind", "from", "to", "into", "at",
     "across", "below", "in", "by", "of", "against", "off", "toward", "towards", "covers", "rubs"}
)  # fmt: skip
"""A part behind one of these is where something else is or goes: "a scar on her left cheek"."""
_COVERED: Final = frozenset(
    {"hidden", "covered", "bandaged", "patched", "scarred", "bruised", "blind", "missing", "glass",
     "painted", "covers", "cover", "hides", "hide", "black", "sore", "itches", "hurts", "cut",
     "scratches", "scratch", "rubs", "wipes", "touches", "strokes", "pats", "slaps", "kisses",
     "scratching", "rubbing", "covering", "holding"}
)  # fmt: skip
_PAIRED: Final = frozenset(
    {"brows", "outer_brows", "eyes", "lids", "lower_lids", "cheeks", "nostrils", "mouth_corners"}
)


def is_moved(reading: Reading, clause: Clause) -> bool:
    """Whether a clause tells of one side's part that does something, though no table knows what."""
    if not clause.side or clause.denied or not set(clause.parts) <= _PAIRED:
        return False
    words = reading.tokens[clause.start : clause.end]
    place = next((i for i, word in enumerate(words) if word in ("left", "right")), 0)
    before = [word for word in words[:place] if not is_determiner(word)]
    if _COVERED & set(words):
        return False
    return bool(clause.unread) and not (before and before[-1] in _PLACED and reading.contents)
