"""What one clause asks for: named expressions, feelings, AU codes, and parts with their motions.

Body-part phrases are read by pairing each part with the motions beside it; the rule table says
which AUs that is. Denial and degree are `scope`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from . import faces, tables
from .faces import Face
from .reading import Content, Draft
from .sides import ONLY, SIDE_LETTER, is_direction
from .spotting import Span, au_code, motion_words
from .words import FUNCTION_WORDS, content_words, is_determiner

PUNCTUATION: Final = frozenset({",", ";", ":", ".", "!", "?", "--", "(", ")", "+", "/"})
_AMOUNT: Final = frozenset({"intensity", "strength", "level", "percent", "about"})
_UPPER: Final = frozenset({"AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU41", "AU42", "AU43"})
_EYE_PARTS: Final = frozenset({"eyes", "lids", "gaze", "brows", "inner_brows", "forehead"})
_GAZE: Final = {"L": "AU61", "R": "AU62"}
_JAW: Final = {"L": "AU30L", "R": "AU30R"}
_MOUTH: Final = {"L": "AUML", "R": "AUMR"}
_SIDEWAYS: Final[dict[str, dict[str, str]]] = {
    "gaze": _GAZE, "eyes": _GAZE, "jaw": _JAW, "chin": _JAW, "mouth": _MOUTH, "lips": _MOUTH,
}  # fmt: skip
"""Parts that a side moves as a whole."""
_LOOKS: Final = frozenset({"AU61", "AU62", "AU63", "AU64"})
_UPRIGHT: Final = frozenset({"AU63", "AU64"})
_PURSED: Final = frozenset({"AU18", "AU22", "AU23", "AU24"})
_MOVED: Final = frozenset(
    {"pulled", "pushed", "shifted", "drawn", "moved", "turned", "tugged", "shoved", "twisted",
     "swung", "dragged", "pull", "push", "shift", "move", "swing"}
)  # fmt: skip
"""Verbs that say nothing of a part but that it goes somewhere."""
SAYS_WHERE: Final = frozenset(
    {"alone", "side", "half", "single", "reach", "reaches", "reaching", "touch", "touches",
     "shows", "showing", "appears", "sits", "lives", "happens", "involves", "using", "uses",
     "canine", "fang", "molar"}
)  # fmt: skip
"""Words beside a side that only say where: "a smile that only reaches the left side"."""
_PLACING: Final = frozenset({"in", "on", "around"})


def clause_contents(
    draft: Draft, bound: tuple[int, int, str], index: int, before: list[Content]
) -> list[Content]:
    """What one clause asks for, still without denial and degree."""
    start, end, _ = bound
    inside = [span for span in draft.spans if start <= span.start < end]
    parts = [span for span in draft.parts if start <= span.start < end]
    motions = [span for span in draft.motions if start <= span.start < end]
    found: list[Content] = []
    for span in inside:
        if span.tag == "au":
            found.append(_au_content(draft, span, end))
        elif span.tag == "named":
            found.append(_named_content(draft, span, parts))
        elif span.tag == "feeling":
            found.append(_feeling_content(draft, span, parts))
    actions = _actions(draft, parts, motions, inside)
    if actions and any(content.kind == "named" for content in found):
        actions = [action for action in actions if not _ends_in_named(draft, action, found)]
        found = [content for content in found if not _refined_by(content, actions)]
    found += actions
    if found and not parts:
        found = _of_the_one(draft, found, (start, end))
    if not found:
        found = _inherited(draft, (motions, parts), (start, end), before)
    sided = [with_side(draft, content, (start, end)) for content in found]
    return [replace(content, clause=index) for content in sided]


def _text(draft: Draft, span: Span) -> str:
    return " ".join(draft.words[span.start : span.end])


def _au_content(draft: Draft, span: Span, end: int) -> Content:
    code, letter = span.value
    number = letter if letter is not None else _number_after(draft.words, span.end, end)
    face = faces.expand({code: 0.75})
    return Content("au", face, "", code, span.start, span.end, number=number)


def _number_after(words: Sequence[str], place: int, end: int) -> float | None:
    """A 0..1 number in the next few tokens: "AU12 at 0.7", "AU12 (0.7)", "smile, 40%"."""
    for word in words[place : min(end + 3, place + 4)]:
        if re.fullmatch(r"\d*\.?\d+", word):
            value = float(word)
            return value if value <= 1 else value / 100 if value <= 100 else None
        if au_code(word) or word not in PUNCTUATION | FUNCTION_WORDS | _AMOUNT:
            return None
    return None


def _number_before(words: Sequence[str], place: int) -> float | None:
    """A share in front: "a 30% smile", "80 percent angry"."""
    before = words[max(0, place - 2) : place]
    if before and re.fullmatch(r"0?\.\d+|0|1", before[-1]):
        return float(before[-1])
    if len(before) == 2 and before[1] == "percent" and re.fullmatch(r"\d+", before[0]):
        return min(1.0, int(before[0]) / 100)
    return None


def _number(words: Sequence[str], span: Span) -> float | None:
    before = _number_before(words, span.start)
    return before if before is not None else _number_after(words, span.end, span.end + 1)


def _named_content(draft: Draft, span: Span, parts: list[Span]) -> Content:
    item = span.value
    face = faces.expand(item.aus)
    if item.strength != 1.0:
        face = faces.scaled(face, item.strength)
    number = _number(draft.words, span)
    kind = "feeling" if item.family else "named"
    return Content(kind, face, item.family, item.text, span.start, span.end, number=number)


def _feeling_content(draft: Draft, span: Span, parts: list[Span]) -> Content:
    word = span.value
    family = tables.families()[word.family]
    face = faces.scaled(faces.expand(family.aus), word.strength)
    for part in parts:
        between = draft.words[span.end : part.start]
        near = len(between) <= 3 and all(w in _PLACING or is_determiner(w) for w in between)
        if near and part.start >= span.end and part.value.name != "head":
            face = _on_part(face, part.value.name)
    number = _number(draft.words, span)
    return Content(
        "feeling", face, word.family, _text(draft, span), span.start, span.end, number=number
    )


def _on_part(face: Face, part: str) -> Face:
    """A feeling told of one part shows there: "sad eyes"."""
    upper = part in _EYE_PARTS or part in ("outer_brows", "lower_lids")
    kept = {c: v for c, v in face.items() if (faces.family_of(c) in _UPPER) == upper}
    return kept or face


def _actions(
    draft: Draft, parts: list[Span], motions: list[Span], inside: list[Span]
) -> list[Content]:
    """Pair every part with the motions beside it; the rule table says what that is."""
    found: list[Content] = []
    bite = _lip_bite(draft, parts, motions)
    if bite is not None:
        return [bite]
    for i, part in enumerate(parts):
        low = parts[i - 1].end if i else -1
        high = parts[i + 1].start if i + 1 < len(parts) else len(draft.words)
        around = [m for m in motions if low <= m.start < high] if len(parts) > 1 else motions
        names = [name for motion in around for name in motion.value]
        names += _named_motions(inside)
        content = _rule_content(draft, part, names, around)
        if content is None:
            content = _rule_content(draft, part, _single_motions(draft, around), around)
        if content is None and len(parts) > 1:
            content = _rule_content(draft, part, [n for m in motions for n in m.value], motions)
        if content is None:
            content = _directed_content(draft, part)
        if content is not None:
            found.append(content)
    return found


def _single_motions(draft: Draft, around: Sequence[Span]) -> list[str]:
    """The words of a motion one by one: "flick up" is at least "up"."""
    book = motion_words()
    places = [i for motion in around for i in range(motion.start, motion.end)]
    return [name for i in places for span in book.find(draft.words, [i]) for name in span.value]


def refined_by_part(draft: Draft, content: Content, bound: tuple[int, int]) -> Content:
    """A clause of nothing but a part ("frown with your mouth") tells where a smile or frown is."""
    start, end = bound
    parts = [part for part in draft.parts if start <= part.start < end]
    covered = {i for part in parts for i in range(part.start, part.end)}
    loose = content_words([draft.words[i] for i in range(start, end) if i not in covered])
    if content.kind != "named" or len(parts) != 1 or loose or content.negated:
        return content
    return _told_of(content, parts[0])


def _told_of(content: Content, part: Span) -> Content:
    """A smile, frown or sneer of one part."""
    head = content.text.split()[0]
    motion = next((m for m in ("smile", "frown", "sneer") if head.startswith(m)), "")
    aus = tables.action_rules().get((part.value.name, motion))
    return replace(content, face=faces.expand(aus), kind="action") if aus else content


def _of_the_one(draft: Draft, found: list[Content], bound: tuple[int, int]) -> list[Content]:
    """Let "the left one frowns" tell of the part that was spoken of before."""
    start, end = bound
    one = any(i + 1 < end and draft.words[i + 1] == "one" for i, _ in draft.sides if start <= i)
    part = next((p for p in reversed(draft.parts) if p.end <= start), None)
    if not one or part is None:
        return found
    return [_told_of(c, part) if c.kind == "named" else c for c in found]


def _lip_bite(draft: Draft, parts: list[Span], motions: list[Span]) -> Content | None:
    """Teeth that close on a lip: neither part alone says so."""
    names = {part.value.name for part in parts}
    closing = {name for motion in motions for name in motion.value}
    if not (names & {"teeth", "upper_teeth"} and names & {"lower_lip", "lips"}):
        return None
    first, last = parts[0], parts[-1]
    between = {draft.words[i] for i in range(first.end, last.start)}
    if not closing & {"bite", "clench", "press", "close"} or not between & {"on", "into", "over"}:
        return None
    text = " ".join(draft.words[first.start : last.end])
    return Content("action", faces.expand({"AU32": 0.85}), "", text, first.start, last.end)


def _directed_content(draft: Draft, part: Span) -> Content | None:
    """A side that says whereto needs no known motion: "the jaw to the left", "eyes cut right"."""
    sideways = _SIDEWAYS.get(part.value.name)
    if sideways is None:
        return None
    for i, side in draft.sides:
        near = 0 <= i - part.end < 6 and not set(draft.words[part.end : i]) & PUNCTUATION
        watched = part.value.name in ("eyes", "gaze") and part.value.number == "p"
        watched = watched and draft.words[i + 1 : i + 2] != ["side"]
        if near and (watched or is_direction(draft.words, i)):
            text = " ".join(draft.words[part.start : i + 1])
            return Content("action", {sideways[side]: 0.8}, "", text, part.start, i + 1)
    return None


def _named_motions(inside: list[Span]) -> list[str]:
    """What smile, frown and sneer say of a part: "a frown on the lips"."""
    single = {"smile": "smile", "grin": "smile", "frown": "frown", "sneer": "sneer"}
    names = [span.value.text.split()[0] for span in inside if span.tag == "named"]
    return [motion for name in names for word, motion in single.items() if name.startswith(word)]


def _rule_content(
    draft: Draft, part: Span, names: Sequence[str], around: Sequence[Span]
) -> Content | None:
    name = part.value.name
    start = min([part.start, *(m.start for m in around)])
    end = max([part.end, *(m.end for m in around)])
    text = " ".join(draft.words[start:end])
    wanted = set(names)
    for (owner, motion), aus in tables.action_rules().items():
        if owner == name and motion in wanted:
            return Content("action", faces.expand(aus), "", text, start, end)
    if "relax" in wanted:
        return Content("still", faces.expand(part_aus(name)), "", text, start, end, negated=True)
    return None


def part_aus(part: str) -> dict[str, float]:
    """Every AU that some motion of a part is."""
    aus: dict[str, float] = {}
    for (owner, _), own in tables.action_rules().items():
        if owner == part:
            aus.update(own)
    return aus


def _ends_in_named(draft: Draft, action: Content, found: list[Content]) -> bool:
    """An action that only leads to a named look: "the mouth widens into a broad grin"."""
    looks = [content for content in found if content.kind == "named"]
    return any(
        action.end <= look.start
        and {"into", "forming"} & set(draft.words[max(0, look.start - 2) : look.start])
        for look in looks
    )


def _refined_by(content: Content, actions: list[Content]) -> bool:
    """A named smile or frown that an action of the same clause tells more exactly."""
    if content.kind != "named" or not content.text.split()[0].startswith(
        ("smile", "grin", "frown", "sneer")
    ):
        return False
    main = max(content.face, key=lambda code: content.face[code])
    return any(main in action.face for action in actions)


def _inherited(
    draft: Draft,
    spans: tuple[list[Span], list[Span]],
    bound: tuple[int, int],
    before: list[Content],
) -> list[Content]:
    """The part of the clause before: "... and down", "the left one lifts", "only the right"."""
    last = next((c for c in reversed(before) if c.kind in ("action", "named", "au")), None)
    motions, parts = spans
    start, end = bound
    held = {i for part in parts for i in range(part.start, part.end)}
    held |= {i for i, _ in draft.sides}
    loose = content_words([draft.words[i] for i in range(start, end) if i not in held])
    side = next((i for i, _ in draft.sides if start <= i < end), None)
    if parts:
        return _shared_motion(draft, parts, start) if last and not (motions or loose) else []
    covered = {draft.words[i] for m in motions for i in range(m.start, m.end)}
    unread = [
        w for w in loose
        if w not in covered and w not in (*SIDE_LETTER, "one", "other", "side")
        and not w.endswith("ly")
    ]  # fmt: skip
    if motions and not unread:
        part = next((p for p in reversed(draft.parts) if p.start < start), None)
        names = [name for motion in motions for name in motion.value]
        inherited = _rule_content(draft, part, names, motions) if part else None
        if part and inherited and side is None:  # "the right eyebrow, raised"
            around = (max(0, part.start - 3), part.end)
            inherited = with_side(draft, inherited, around)
        return [inherited] if inherited else []
    if side is not None and unread and set(unread) <= _MOVED:  # "pursed and pulled to the left"
        part = next((p for p in reversed(draft.parts) if p.start < start), None)
        whole = _SIDEWAYS.get(part.value.name) if part else None
        if whole and is_direction(draft.words, side):
            text = " ".join(draft.words[start:end])
            code = whole[SIDE_LETTER[draft.words[side]]]
            return [Content("action", {code: 0.7}, "", text, start, end)]
    if side is not None and not unread and last is not None and last.side:
        return [replace(last, start=start, end=end, side="", negated=False, text=last.text)]
    return []


def _shared_motion(draft: Draft, parts: list[Span], start: int) -> list[Content]:
    """A verb with several objects: "raise the brow and the mouth corner"."""
    before = next((p for p in reversed(draft.parts) if p.end <= start), None)
    verb = next((m for m in reversed(draft.motions) if before and m.end <= before.start), None)
    if before is None or verb is None or before.start - verb.end > 3:
        return []
    found = (_rule_content(draft, part, list(verb.value), [part]) for part in parts)
    return [content for content in found if content is not None]


def with_later_side(draft: Draft, content: Content, bound: tuple[int, int]) -> Content:
    """Let a clause of nothing but a sided part ("with the right eye") belong to what it follows."""
    start, end = bound
    covered = {i for part in draft.parts for i in range(part.start, part.end)}
    covered |= {i for i, _ in draft.sides}
    loose = [draft.words[i] for i in range(start, end) if i not in covered]
    loose = [word for word in loose if word not in SAYS_WHERE]
    if content.side or content_words(loose) or not any(start <= i < end for i, _ in draft.sides):
        return content
    return with_side(draft, content, bound)


def with_side(draft: Draft, content: Content, bound: tuple[int, int], said: str = "") -> Content:
    """Give a content the side said nearest to it in tokens [start, end), or the side `said`."""
    inside = [(i, side) for i, side in draft.sides if bound[0] <= i < bound[1]]
    if not inside and not said:
        return content
    place, near = (bound[0], said) if said else min(
        inside, key=lambda e: min(abs(e[0] - content.start), abs(e[0] - content.end))
    )  # fmt: skip
    directed = not said and is_direction(draft.words, place)
    families = {faces.family_of(code) for code in content.face}
    if families & _LOOKS and families <= _LOOKS | {"AU41"}:
        return _looking(content, near, families, directed)
    if directed and families and families <= _PURSED and content.kind in ("action", "named"):
        round_lips = {c: v for c, v in content.face.items() if c in ("AU18", "AU22")}
        return replace(content, face={**round_lips, _MOUTH[near]: 0.7})
    whole = _shifted(content, families, near) if directed else {}
    if whole:
        return replace(content, face=whole)
    return replace(content, side=near, alone=ONLY in draft.words[max(0, place - 3) : place])


def _shifted(content: Content, families: set[str], side: str) -> Face:
    """What a side moves as a whole: "the jaw swings out to the left", "his stare swings left"."""
    if families & {"AU29", "AU31"}:
        return {_JAW[side]: 0.8}
    if families == {"AU20"} and "sideways" in content.text:
        return {_MOUTH[side]: 0.7}
    return {_GAZE[side]: 0.8} if families == {"AU5"} and content.text == "stare" else {}


def _looking(content: Content, side: str, families: set[str], directed: bool) -> Content:
    """A look with a side: turned to it, or up or down and to it."""
    if content.kind not in ("action", "named"):
        return content
    code = _GAZE[side]
    if families & _UPRIGHT:
        return replace(content, face={**content.face, code: 0.7}) if directed else content
    return replace(content, face={code: 0.8})
