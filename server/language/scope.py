"""What a direction says in so many words: which face, how strongly, on which side, and what not.

`read` cuts a direction into clauses and gives every phrase found its degree, side and denial. What
it does not recognise is left to the network (see `express`). Rules only for what language itself
makes explicit; no meaning of unknown words is guessed here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from . import faces, tables
from .faces import Face
from .spotting import (
    Span,
    au_code,
    motion_words,
    open_places,
    part_names,
    whole_phrases,
)
from .words import FUNCTION_WORDS, content_words, is_determiner, is_word, tokens

_PUNCTUATION: Final = frozenset({",", ";", ":", ".", "!", "?", "--", "(", ")", "+", "/"})
_SIDE: Final = {"left": "L", "right": "R"}
_PLACING: Final = frozenset({"in", "on", "around"})
_VIEWER: Final = frozenset({"viewer", "camera", "screen", "audience", "image", "picture", "frame"})
_NOT_A_SIDE_AFTER: Final = frozenset(
    "now away after before there in him her me us them alone behind out for and".split()
)
_CARRIES_OVER_AND: Final = frozenset(
    {"without", "nor", "neither", "no", "never", "do not", "does not", "not", "without any"}
)
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
_UPPER: Final = frozenset({"AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU41", "AU42", "AU43"})
_EYE_PARTS: Final = frozenset({"eyes", "lids", "gaze", "brows", "inner_brows", "forehead"})


@dataclass(frozen=True)
class Content:
    """One thing that a direction asks for, or denies.

    Attributes:
        kind: "feeling", "named", "au", "action" or "still" (a part that must not move).
        face: one-sided AU codes at plain strength. family: of feelings, else "".
        degree: times the plain strength. number: an intensity given as a number, or None.
        side: "", "L" or "R". negated: whether it is denied.
        start, end: tokens. clause: index of its clause. text: as written.
    """

    kind: str
    face: Face
    family: str
    text: str
    start: int
    end: int
    clause: int = 0
    degree: float = 1.0
    number: float | None = None
    side: str = ""
    negated: bool = False

    def shown(self) -> Face:
        """The face at its degree and on its side."""
        face = faces.sided(self.face, self.side)
        if self.number is not None:
            return {code: value * self.number for code, value in _peak_one(face).items()}
        return faces.scaled(face, self.degree)


def _peak_one(face: Face) -> Face:
    return faces.set_strength(face, 1.0)


@dataclass(frozen=True)
class Clause:
    """Tokens [start, end), what opened it, and its words that no phrase covers."""

    start: int
    end: int
    opener: str
    unread: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    denied: bool = False
    degree: float = 1.0
    side: str = ""


@dataclass(frozen=True)
class Reading:
    """A direction as read.

    Attributes:
        tokens: as `words.tokens` gives them. contents: in order. clauses: in order.
        coverage: share of the content words that phrases cover.
        notes: sentences for the user.
    """

    tokens: tuple[str, ...]
    contents: tuple[Content, ...]
    clauses: tuple[Clause, ...]
    coverage: float
    notes: tuple[str, ...] = ()

    def text_of(self, clause: Clause) -> str:
        """The words of a clause."""
        return " ".join(self.tokens[clause.start : clause.end])


@dataclass
class _Draft:
    """Work in progress: tokens and the spans of each kind."""

    words: list[str]
    spans: list[Span] = field(default_factory=list)
    parts: list[Span] = field(default_factory=list)
    motions: list[Span] = field(default_factory=list)
    sides: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def tagged(self, *tags: str) -> list[Span]:
        return [span for span in self.spans if span.tag in tags]


def read(text: str, left_out: frozenset[str] = frozenset()) -> Reading:
    """Read a direction. `left_out` table words are treated as unknown."""
    draft = _Draft(tokens(text))
    _find_phrases(draft, left_out)
    bounds = _clauses(draft)
    contents: list[Content] = []
    for i, (start, end, opener) in enumerate(bounds):
        found = _contents(draft, start, end, i, opener, contents)
        if not found and contents:
            contents[-1] = _with_later_side(draft, contents[-1], (start, end))
        contents.extend(found)
    contents = _with_denials(draft, bounds, contents)
    contents = [_with_degree(draft, bounds, content, contents) for content in contents]
    clauses = tuple(_clause(draft, bound, i, contents) for i, bound in enumerate(bounds))
    return Reading(
        tuple(draft.words), tuple(contents), clauses, _coverage(draft, contents), tuple(draft.notes)
    )


# --- phrases -----------------------------------------------------------------------------------


def _find_phrases(draft: _Draft, left_out: frozenset[str]) -> None:
    words = draft.words
    for i, word in enumerate(words):
        found = au_code(word)
        if found is not None:
            draft.spans.append(Span(i, i + 1, "au", found))
    places = open_places(words, draft.spans, _PUNCTUATION)
    found_spans = whole_phrases(left_out).find(words, places)
    draft.spans += [span for span in found_spans if not _crosses_punctuation(words, span)]
    _find_sides(draft)
    side_words = frozenset(words[i] for i, _ in draft.sides)
    places = open_places(words, draft.tagged("au", "named", "false_negation"), side_words)
    draft.parts = [
        span
        for span in part_names().find(words, places)
        if not any(s.tag == "feeling" and s.start < span.end <= s.end for s in draft.spans)
        or span.end - span.start > 1
    ]
    _drop_feelings_that_are_motions(draft)
    taken = [*draft.tagged("au", "named", "feeling", "false_negation", "negation"), *draft.parts]
    places = open_places(words, taken, side_words | _PUNCTUATION)
    draft.motions = motion_words().find(words, places)
    draft.spans.sort(key=lambda span: span.start)


def _crosses_punctuation(words: Sequence[str], span: Span) -> bool:
    return any(word in _PUNCTUATION for word in words[span.start : span.end])


def _drop_feelings_that_are_motions(draft: _Draft) -> None:
    """ "Brows low": beside a part of the face, a word that may be a motion is one."""
    if not draft.parts:
        return
    book = motion_words()
    kept: list[Span] = []
    for span in draft.spans:
        single = span.end - span.start == 1
        motion = single and book.find(draft.words, [span.start])
        near = any(abs(part.end - span.start) <= 4 or abs(span.end - part.start) <= 2
                   for part in draft.parts)  # fmt: skip
        if span.tag == "feeling" and motion and near:
            continue
        kept.append(span)
    draft.spans = kept


def _find_sides(draft: _Draft) -> None:
    words = draft.words
    used = {i for span in draft.tagged("au", "named") for i in range(span.start, span.end)}
    for i, word in enumerate(words):
        if word not in _SIDE or i in used:
            continue
        after = words[i + 1] if i + 1 < len(words) else ""
        before = words[i - 1] if i else ""
        if before in ("all", "just", "is", "was", "has", "been", "have", "be") and after != "side":
            continue
        if word == "right" and after in ("now", "away", "after", "before", "there", "in", "up"):
            continue
        if word == "left" and after in _NOT_A_SIDE_AFTER and after != "and":
            continue
        side = _SIDE[word]
        if before in _VIEWER or (i > 1 and words[i - 2] in _VIEWER and before in ("to", "on")):
            side = "L" if side == "R" else "R"
            draft.notes.append(f"Read {before}'s {word} as the character's {_name(side)}.")
        draft.sides.append((i, side))
    _join_both_sides(draft)


def _join_both_sides(draft: _Draft) -> None:
    """ "Left and right" is both."""
    for (i, first), (j, second) in zip(draft.sides, draft.sides[1:], strict=False):
        if first != second and draft.words[i + 1 : j] in (["and"], ["or"], ["as", "well", "as"]):
            draft.sides = [entry for entry in draft.sides if entry[0] not in (i, j)]
            return


def _name(side: str) -> str:
    return {"L": "left", "R": "right"}[side]


# --- clauses -----------------------------------------------------------------------------------


def _clauses(draft: _Draft) -> list[tuple[int, int, str]]:
    """(start, end, opener): a new clause at every link, turn, and second side word."""
    inside = {
        i for span in draft.tagged("named", "feeling", "au", "false_negation", "past_negation")
        for i in range(span.start + 1, span.end)
    }  # fmt: skip
    inside |= {i for part in draft.parts for i in range(part.start + 1, part.end)}
    inside |= {i for span in draft.motions for i in range(span.start + 1, span.end)}
    cuts: dict[int, tuple[int, str]] = {}
    for i, word in enumerate(draft.words):
        if word in _PUNCTUATION:
            cuts[i] = (i + 1, word)
    for span in draft.spans:
        if span.start in inside:
            continue
        said = " ".join(draft.words[span.start : span.end])
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


def _split_at_second_side(draft: _Draft, start: int, end: int, opener: str):
    inside = [(i, side) for i, side in draft.sides if start <= i < end]
    if len(inside) < 2 or inside[0][1] == inside[1][1]:
        return [(start, end, opener)]
    place = inside[1][0]
    if place - 1 > start and draft.words[place - 1] in ("the", "on", "to", "his", "her", "your"):
        place -= 1
    return [(start, place, opener), (place, end, ",")]


# --- contents ----------------------------------------------------------------------------------


def _contents(
    draft: _Draft, start: int, end: int, index: int, opener: str, before: list[Content]
) -> list[Content]:
    """What one clause asks for, still without denial and degree."""
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
        found = [content for content in found if not _refined_by(content, actions)]
    found += actions
    if not found:
        found = _inherited(draft, motions, parts, (start, end), before, opener)
    sided = [_with_side(draft, content, (start, end)) for content in found]
    return [replace(content, clause=index) for content in sided]


def _text(draft: _Draft, span: Span) -> str:
    return " ".join(draft.words[span.start : span.end])


def _au_content(draft: _Draft, span: Span, end: int) -> Content:
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
        if au_code(word) or (word not in _PUNCTUATION and word not in FUNCTION_WORDS
                             and word not in ("intensity", "strength", "level", "percent", "about")):  # fmt: skip
            return None
    return None


def _named_content(draft: _Draft, span: Span, parts: list[Span]) -> Content:
    item = span.value
    face = faces.expand(item.aus)
    if item.strength != 1.0:
        face = faces.scaled(face, item.strength)
    number = _number_after(draft.words, span.end, span.end + 1)
    kind = "feeling" if item.family else "named"
    return Content(kind, face, item.family, item.text, span.start, span.end, number=number)


def _feeling_content(draft: _Draft, span: Span, parts: list[Span]) -> Content:
    word = span.value
    family = tables.families()[word.family]
    face = faces.scaled(faces.expand(family.aus), word.strength)
    for part in parts:
        between = draft.words[span.end : part.start]
        near = len(between) <= 3 and all(w in _PLACING or is_determiner(w) for w in between)
        if near and part.start >= span.end and part.value.name != "head":
            face = _on_part(face, part.value.name)
    number = _number_after(draft.words, span.end, span.end + 1)
    return Content(
        "feeling", face, word.family, _text(draft, span), span.start, span.end, number=number
    )


def _on_part(face: Face, part: str) -> Face:
    """ "Sad eyes": a feeling told of one part shows there."""
    upper = part in _EYE_PARTS or part in ("outer_brows", "lower_lids")
    kept = {c: v for c, v in face.items() if (faces.family_of(c) in _UPPER) == upper}
    return kept or face


def _actions(
    draft: _Draft, parts: list[Span], motions: list[Span], inside: list[Span]
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
        if content is None and len(parts) > 1:
            content = _rule_content(draft, part, [n for m in motions for n in m.value], motions)
        if content is None:
            content = _gaze_content(draft, part)
        if content is not None:
            found.append(content)
    return found


def _lip_bite(draft: _Draft, parts: list[Span], motions: list[Span]) -> Content | None:
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


def _gaze_content(draft: _Draft, part: Span) -> Content | None:
    """"The gaze wanders off to the right": a gaze with a side needs no known motion."""
    if part.value.name not in ("gaze", "eyes"):
        return None
    for i, side in draft.sides:
        before = set(draft.words[max(0, i - 2) : i])
        if 0 < i - part.end < 6 and {"to", "toward", "towards", "off"} & before:
            code = "AU61" if side == "L" else "AU62"
            text = " ".join(draft.words[part.start : i + 1])
            return Content("action", {code: 0.8}, "", text, part.start, i + 1)
    return None


def _named_motions(inside: list[Span]) -> list[str]:
    """ "A frown on the lips": smile, frown and sneer also say what a part does."""
    single = {"smile": "smile", "grin": "smile", "frown": "frown", "sneer": "sneer"}
    names = [span.value.text.split()[0] for span in inside if span.tag == "named"]
    return [motion for name in names for word, motion in single.items() if name.startswith(word)]


def _rule_content(
    draft: _Draft, part: Span, names: Sequence[str], around: Sequence[Span]
) -> Content | None:
    name = part.value.name
    start = min([part.start, *(m.start for m in around)])
    end = max([part.end, *(m.end for m in around)])
    text = " ".join(draft.words[start:end])
    wanted = set(names)
    if "relax" in wanted and wanted <= {"relax"}:
        return Content("still", faces.expand(part_aus(name)), "", text, start, end, negated=True)
    for (owner, motion), aus in tables.action_rules().items():
        if owner == name and motion in wanted:
            return Content("action", faces.expand(aus), "", text, start, end)
    return None


def part_aus(part: str) -> dict[str, float]:
    """Every AU that some motion of a part is."""
    aus: dict[str, float] = {}
    for (owner, _), own in tables.action_rules().items():
        if owner == part:
            aus.update(own)
    return aus


def _refined_by(content: Content, actions: list[Content]) -> bool:
    """A named smile or frown that an action of the same clause tells more exactly."""
    if content.kind != "named" or not content.text.split()[0].startswith(
        ("smile", "grin", "frown", "sneer")
    ):
        return False
    return any(set(action.face) & set(content.face) for action in actions)


def _inherited(
    draft: _Draft, motions: list[Span], parts: list[Span], bound: tuple[int, int],
    before: list[Content], opener: str,
) -> list[Content]:  # fmt: skip
    """ "... and down", "the left one lifts", "only the right": the part of the clause before."""
    last = next((c for c in reversed(before) if c.kind in ("action", "named", "au")), None)
    start, end = bound
    loose = content_words(draft.words[start:end])
    side = next((i for i, _ in draft.sides if start <= i < end), None)
    if last is None or parts:
        return []
    covered = {draft.words[i] for m in motions for i in range(m.start, m.end)}
    unread = [w for w in loose if w not in covered and w not in (*_SIDE, "one", "other", "side")]
    if motions and not unread:
        part = next((p for p in reversed(draft.parts) if p.start < start), None)
        names = [name for motion in motions for name in motion.value]
        return [c for c in [part and _rule_content(draft, part, names, motions)] if c]
    if side is not None and not unread and last.side:
        return [replace(last, start=start, end=end, side="", negated=False, text=last.text)]
    return []


def _with_later_side(draft: _Draft, content: Content, bound: tuple[int, int]) -> Content:
    """ "Wink with the right eye": a clause of nothing but a sided part belongs to what it follows."""
    start, end = bound
    covered = {i for part in draft.parts for i in range(part.start, part.end)}
    covered |= {i for i, _ in draft.sides}
    loose = [draft.words[i] for i in range(start, end) if i not in covered]
    if content.side or content_words(loose) or not any(start <= i < end for i, _ in draft.sides):
        return content
    return _with_side(draft, content, bound)


def _with_side(draft: _Draft, content: Content, bound: tuple[int, int]) -> Content:
    gaze = all(faces.family_of(code) in ("AU61", "AU62", "AU63", "AU64") for code in content.face)
    inside = [(i, side) for i, side in draft.sides if bound[0] <= i < bound[1]]
    if not inside:
        return content
    near = min(inside, key=lambda entry: min(abs(entry[0] - content.start),
                                             abs(entry[0] - content.end)))[1]  # fmt: skip
    if gaze and content.face and content.kind == "action":
        code = "AU61" if near == "L" else "AU62"
        sideways = any(faces.family_of(c) in ("AU61", "AU62") for c in content.face)
        return replace(content, face={code: 0.8}) if sideways else content
    if gaze and content.face:
        return content
    return replace(content, side=near)


# --- denial and degree -------------------------------------------------------------------------


def _with_denials(
    draft: _Draft, bounds: list[tuple[int, int, str]], contents: list[Content]
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
    """"Without smiling, frowning or blinking": a comma in a list that ends with "or"."""
    for _, _, opener in bounds[index:]:
        if opener in ("or", "nor"):
            return True
        if opener != ",":
            return False
    return False


def _restores(draft: _Draft, start: int, end: int) -> bool:
    """A clause that begins anew with its own subject or "only" is not under the old denial."""
    head = draft.words[start : min(end, start + 2)]
    fresh = {"only", "just", "he", "she", "it", "they", "is", "are", "looks", "look", "with", "i"}
    return bool(fresh & set(head))


def _denied_if(content: Content, cues: list[Span], past: list[Span], carried: bool) -> Content:
    before = [cue for cue in cues if cue.start < content.end and cue.end <= content.end]
    ahead = [span for span in past if span.start >= content.start]
    denials = [cue for cue in before if cue.value != "nor"] or before[:1]
    negated = len(denials) % 2 == 1 if before else carried
    if ahead:
        negated = not negated if before else True
    return replace(content, negated=negated or content.kind == "still")


def _still_parts(draft: _Draft, bound: tuple[int, int, int], own: list[Content]) -> list[Content]:
    """ "The brows do not move": a part that is named with a denial but with no motion."""
    start, end, index = bound
    found: list[Content] = []
    for part in draft.parts:
        if not start <= part.start < end:
            continue
        if any(c.kind in ("action", "still", "named", "feeling") for c in own):
            continue
        face = faces.expand(part_aus(part.value.name))
        text = part.value.text
        still = Content("still", face, "", text, part.start, part.end, index, negated=True)
        found.append(_with_side(draft, still, (start, end)))
    return found


def _with_degree(
    draft: _Draft, bounds: list[tuple[int, int, str]], content: Content, everyone: list[Content]
) -> Content:
    start, end, _ = bounds[content.clause]
    rivals = [c for c in everyone if c.clause == content.clause and c is not content]
    degree = 1.0
    for place, stop, value in _degree_words(draft, start, end):
        if _distance(content, place, stop) <= min(
            (_distance(rival, place, stop) for rival in rivals), default=99
        ):
            degree *= value
    for span in draft.tagged("false_negation"):
        if start <= span.start < end:
            degree *= _STRONGER_DENIALS.get(_text(draft, span), 1.0)
    return replace(content, degree=float(min(3.0, max(0.12, content.degree * degree))))


def _distance(content: Content, place: int, stop: int) -> float:
    """How far a degree word stands from a content; before it is nearer than after."""
    if stop <= content.start:
        return content.start - stop
    if place >= content.end:
        return place - content.end + 0.5
    return 0.0


def _degree_words(draft: _Draft, start: int, end: int) -> list[tuple[int, int, float]]:
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


def _covered(draft: _Draft, contents: Sequence[Content]) -> set[int]:
    taken: set[int] = set()
    for content in contents:
        taken.update(range(content.start, content.end))
    for span in draft.spans:
        taken.update(range(span.start, span.end))
    taken.update(i for i, _ in draft.sides)
    return taken


def _clause(
    draft: _Draft, bound: tuple[int, int, str], index: int, contents: Sequence[Content]
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


def _coverage(draft: _Draft, contents: Sequence[Content]) -> float:
    taken = _covered(draft, contents)
    phrases = {i for content in contents for i in range(content.start, content.end)}
    words = {
        i
        for i, word in enumerate(draft.words)
        if is_word(word) and (word not in FUNCTION_WORDS or i in phrases)
    }
    return len(words & taken) / len(words) if words else 0.0
