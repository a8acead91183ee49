"""Sides that are said apart from what they are about: headings, and one side that does more."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from . import faces
from .actions import SAYS_WHERE, with_side
from .clauses import Bound
from .reading import Content, Draft
from .sides import IDLE_HALF, LEAN, RESTS, is_direction
from .words import FUNCTION_WORDS, is_determiner, is_word

_SAYS_ONLY_WHERE: Final = frozenset(
    {"left", "right", "side", "half", "on", "the", "at", "to", "his", "her", "your", "its", "their",
     "face", "of", "only", "just", "in", "with", "for"}
)  # fmt: skip


def with_headed_sides(draft: Draft, bounds: list[Bound], contents: list[Content]) -> list[Content]:
    """A side alone before what it is about ("on the left, ...", "right side: ...") heads it.

    It holds until the sentence ends or another side stands alone.
    """
    result: list[Content] = []
    head, before = "", False
    for index, (start, end, opener) in enumerate(bounds):
        own = [content for content in contents if content.clause == index]
        alone = _side_alone(draft, start, end)
        if opener in (".", ";", "!", "?"):
            head, before = "", False
        if alone and not own:
            following = bounds[index + 1][2] if index + 1 < len(bounds) else ""
            head = alone if following == ":" or not before else ""
            continue
        said = any(start <= i < end for i, _ in draft.sides)
        if head and not said:
            own = [with_side(draft, replace(c, side=""), (start, end), head) for c in own]
        following = bounds[index + 1][2] if index + 1 < len(bounds) else ""
        inside = {side for i, side in draft.sides if start <= i < end}
        if following == ":" and len(inside) == 1:  # "a droop on her right: lid down, corner down"
            head = next(iter(inside))
        before = before or bool(own)
        result.extend(own)
    return result


def _side_alone(draft: Draft, start: int, end: int) -> str:
    """The side of a clause that says nothing else, or ""."""
    sides = [side for i, side in draft.sides if start <= i < end]
    loose = [w for w in draft.words[start:end] if w not in _SAYS_ONLY_WHERE and w not in LEAN]
    return sides[0] if len(sides) == 1 and not loose else ""


def with_leanings(draft: Draft, contents: list[Content]) -> list[Content]:
    """Where both sides move and one more ("more on the left"), the other does less."""
    result = list(contents)
    for place, word in enumerate(draft.words):
        if word not in LEAN or not contents:
            continue
        earlier = [c for c in contents if c.end <= place]
        about = earlier[-1] if earlier else contents[0]
        result = [
            _leant(c, LEAN[word]) if c.clause == about.clause and not c.side else c for c in result
        ]
    return result


_JOINS: Final = frozenset({"and", "+", "&", "plus"})
_HALVES: Final = frozenset(
    {"brow", "eyebrow", "eye", "lid", "eyelid", "cheek", "nostril", "corner", "nose"}
)


def with_shared_side(draft: Draft, bounds: list[Bound], contents: list[Content]) -> list[Content]:
    """A side at the end of a list holds for all of it: "AU6 and AU12 on the left"."""
    if len(draft.sides) != 1 or len(contents) < 2 or _BOTH & set(draft.words):
        return contents
    place, side = draft.sides[0]
    last = contents[-1]
    after = set(draft.words[place + 1 :]) - {"side", "half", "only", "."}
    openers = {bounds[c.clause][2] for c in contents if c.clause != contents[0].clause}
    listed = last.side == side and last.end <= place and not after and openers <= _JOINS
    alike = all(c.kind == "au" or _HALVES & set(c.text.split()) for c in contents)
    if not (listed and alike and draft.words[place - 1] in ("the", "his", "her", "your")):
        return contents
    return [c if c.side or c.negated else replace(c, side=side) for c in contents]


def with_remembered_sides(
    draft: Draft, bounds: list[Bound], contents: list[Content]
) -> list[Content]:
    """A part named again is the same one: "a fly on the left cheek: the cheek twitches"."""
    return [_remembered(draft, bounds, content) for content in contents]


def _remembered(draft: Draft, bounds: list[Bound], content: Content) -> Content:
    start, end, _ = bounds[content.clause]
    own = [p for p in draft.parts if content.start <= p.start < content.end]
    told = any(start <= i < end for i, _ in draft.sides)
    if content.kind != "action" or content.side or told or len(own) != 1:
        return content
    part = own[0]
    definite = draft.words[max(0, part.start - 1)] in ("the", "that", "this")
    for before in reversed([p for p in draft.parts if p.end <= start]):
        if before.value.text == part.value.text and part.value.number == "s" and definite:
            near = [side for i, side in draft.sides if 0 < before.start + 1 - i <= 2]
            return replace(content, side=near[0]) if near else content
    return content


def with_common_side(draft: Draft, contents: list[Content]) -> list[Content]:
    """Where only one side is spoken of, a one-sided feeling (contempt, a smirk) is on that side."""
    said = {side for _, side in draft.sides}
    if len(said) != 1:
        return contents
    side = said.pop()
    return [replace(c, side=side) if _is_one_sided(c) and not c.side else c for c in contents]


_BOTH: Final = frozenset({"both", "~both", "equally", "symmetrically", "symmetrical", "bilateral"})
_STOPS: Final = frozenset({",", ";", ":", ".", "!", "?", "--", "(", ")"})
_WHOLE: Final = frozenset({"AU30", "AU61", "AU62", "AU63", "AU64", "AUML", "AUMR", "AUM"})
"""Families that go to a side as a whole."""
_WHOLLY: Final = frozenset(
    {"all", "only", "just", "entirely", "solely", "wholly", "purely", "exclusively", "fully",
     "completely", "mostly", "totally", "everything", "weight", "weighted", "keep", "put"}
)  # fmt: skip
_FACE_WORDS: Final = frozenset(
    {"left", "right", "smile", "grin", "smirk", "frown", "sneer", "snarl", "wink", "side", "half",
     "mouth", "face", "one",
     "lip", "lips", "corner", "brow", "eyebrow", "eye", "cheek", "nose", "lid"}
)  # fmt: skip


def with_only_side(draft: Draft, bounds: list[Bound], contents: list[Content]) -> list[Content]:
    """Where one side alone is spoken of, and of no part that has it, all that moves is on it.

    "The smile begins and ends on the left." Beside a content that has the side already, only those
    that tell of the same muscle get it too: "lid tightener, right side only, AU7".
    """
    said = {side for _, side in draft.sides}
    if len(said) != 1 or _is_of_both(draft.words):
        return contents
    side = said.pop()
    told = {_main(c) for c in contents if c.side and not c.negated}
    if all(c.kind == "au" and c.end <= draft.sides[-1][0] for c in contents):
        return [c if c.side or c.negated else replace(c, side=side) for c in contents]
    if not told and not any(_is_of_a_face(draft, i) for i, _ in draft.sides):
        return contents
    return [
        replace(c, side=side)
        if not (c.side or c.negated or c.lean)
        and _may_be_sided(c)
        and (not told or _main(c) in told)
        else c
        for c in contents
    ]


def _is_of_both(words: list[str]) -> bool:
    """Whether both sides are told to move: "both", "equally", but not "less symmetrical"."""
    return any(
        word in _BOTH and not {"less", "not", "no", "never", "nor"} & set(words[max(0, i - 2) : i])
        for i, word in enumerate(words)
    )


def with_idle_half(draft: Draft, contents: list[Content]) -> list[Content]:
    """Where half of the face is said to do nothing, all that has no side is on the other half."""
    contents = _without_resting(draft, contents)
    idle = {IDLE_HALF[word] for word in draft.words if word in IDLE_HALF}
    if len(idle) != 1:
        return contents
    side = "L" if idle == {"R"} else "R"
    return [
        replace(c, side=side)
        if not (c.side or c.negated or c.lean) and any(code[-1] in "LR" for code in c.face)
        else c
        for c in contents
    ]


def _without_resting(draft: Draft, contents: list[Content]) -> list[Content]:
    """The last thing said before one of its sides is told to rest is on the other side."""
    result = list(contents)
    for place, word in enumerate(draft.words):
        before = [i for i, c in enumerate(result) if c.end <= place] if word in RESTS else []
        if before and not (result[before[-1]].side or result[before[-1]].negated):
            side = "L" if RESTS[word] == "R" else "R"
            result[before[-1]] = replace(result[before[-1]], side=side)
    return result


def with_refined_sides(contents: list[Content]) -> list[Content]:
    """A look told again with a side is the same: "she smiled, but kept the smile to the left"."""
    result: list[Content] = []
    for i, content in enumerate(contents):
        later = {
            c.side for c in contents[i + 1 :]
            if c.side and not c.negated and c.kind == "named" and c.face == content.face
        }  # fmt: skip
        plain = content.kind == "named" and not (content.side or content.negated)
        refined = plain and len(later) == 1
        result.append(replace(content, side=later.pop()) if refined else content)
    return result


def _main(content: Content) -> str:
    """Family of the strongest AU."""
    if not content.face:
        return ""
    return faces.family_of(max(content.face, key=lambda code: content.face[code]))


def _may_be_sided(content: Content) -> bool:
    """Whether a content has halves, and is no look that a side would turn."""
    if content.kind == "feeling":
        return False
    halves = [code for code in content.face if code[-1] in "LR"]
    return bool(halves) and not {faces.family_of(code) for code in content.face} & _WHOLE


def _is_of_a_face(draft: Draft, place: int) -> bool:
    """Whether a side that no part has may be one of the face: no hand, no seat, no way to go."""
    after = draft.words[place + 1 : place + 2]
    if after and is_word(after[0]) and after[0] not in SAYS_WHERE | FUNCTION_WORDS:
        return False
    counted = place > 0 and draft.words[place - 1][:1].isdigit()  # "1 left"
    if is_direction(draft.words, place) and not counted:
        return False
    start = max((i + 1 for i in range(place) if draft.words[i] in _STOPS), default=0)
    if after and after[0] in ("side", "half") and _WHOLLY & set(draft.words[start:place]):
        return True  # "the pressure is all in the right half"
    names = [
        word
        for i, word in enumerate(draft.words[start:place], start)
        if i and is_determiner(draft.words[i - 1]) and word not in _FACE_WORDS
    ]
    return not names  # "the second door on the left"


def _is_one_sided(content: Content) -> bool:
    """Whether a feeling or a look shows on one side by itself."""
    main = max(content.face.values(), default=0.0)
    strong = {code[-1] for code, value in content.face.items() if value >= 0.8 * main}
    if content.kind == "action":  # "the lip raised on the left, showing a canine"
        return content.text.split()[-1] in ("canine", "fang")
    return content.kind in ("feeling", "named") and strong in ({"L"}, {"R"})


def _leant(content: Content, side: str) -> Content:
    """A look of one half of the face has that side; any other does more on it."""
    sides = {code[-1] for code in content.face if code[-1] in "LR"}
    return replace(content, side=side) if len(sides) == 1 else replace(content, lean=side)
