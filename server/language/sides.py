"""Every way to say a side, brought to two words: "left" and "right", where the reader looks.

`plain_sides` rewrites tokens before anything else reads them: "the other eye", "leftmost", "R
brow", "one-sided", "but not on the left", "more on the right than on the left". `find_sides` then
tells which of these two words are sides of the face and which are not ("she left", "right now").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from .coreference import DEFAULT, with_referents
from .idle_sides import without_idle
from .side_slips import CORRECTED, FIRST, OF_A_FACE, PARTS, spelt_out
from .viewpoints import OTHER_SIDE, own_sides
from .words import FUNCTION_WORDS, is_determiner

SIDE_LETTER: Final = {"left": "L", "right": "R"}
ONLY: Final = "~only"
"""Token that `plain_sides` leaves before a side that is said to be the only one."""
LEAN: Final = {"<left": "L", "<right": "R"}
"""Tokens that `plain_sides` leaves where one side is said to do more than the other."""
_SAME: Final = {
    **dict.fromkeys(("leftward", "leftwards", "leftmost", "lefthand", "lefty", "lft",
                     "letf", "lfet", "elft"), "left"),
    **dict.fromkeys(("rightward", "rightwards", "rightmost", "righthand", "rigth",
                     "rigt", "rght", "rgiht", "rihgt"), "right"),
}  # fmt: skip
_SIDE: Final = r"(left|right)"
_D: Final = r"(?:(?:the|a|an|his|her|its|their|your|my|our) )?"
_AT: Final = r"(?:(?:on|to|at|in|with|for|of) )?"
_PLACE: Final = r"(?: (?:side|half|one|corner|part|eye|eyebrow|brow|cheek))?"
_MORE: Final = (
    r"(?:more|stronger|strongest|higher|highest|further|farther|harder|bigger|wider|most|mostly|"
    r"mainly|chiefly|especially|particularly|more strongly|a bit more|a little more)"
)
_THAN: Final = rf"(?: than {_AT}{_D}(?:left|right|other){_PLACE})?"
_END: Final = r"(?= [,;:.!?)]| and | but | while |$)"
_COMPARED: Final = {
    "higher": "up", "lower": "down", "wider": "wide", "narrower": "narrow", "more": "", "is": "",
    "further": "", "one": "",
}  # fmt: skip
_LAMED_WORD: Final = (
    r"(?:paralysed|paralyzed|frozen|dead|numb|motionless|immobile|unmoving|unmoved|neutral|blank|"
    r"expressionless)"
)
_LAMED: Final = (
    rf"(?:(?:is|stays|remains|looks) )?(?:{_LAMED_WORD}|still|does not move|do not move|: nothing|"
    r": neutral|: still|stays put)"
)
IDLE_HALF: Final = {"~idle_left": "L", "~idle_right": "R"}
"""Tokens that `plain_sides` leaves where half of the face is said to do nothing."""
RESTS: Final = {"~rests_left": "L", "~rests_right": "R"}
"""The same, of what was spoken of last only: "both eyes shut, and the right one will not"."""
_NOT: Final = (
    r"(?:not|and not|but not|instead of|rather than|except|except for|but for|sparing|never|"
    r"everything but|all but|any but|anything but|without|leave out|leaving out|but without|minus|"
    r"excluding|apart from)"
)
_ONE_SIDED: Final = (
    r"(?:lopsided|lopsidedly|one sided|one sidedly|onesided|unilateral|unilaterally|asymmetrical|"
    r"asymmetric|asymmetrically|crooked|crookedly|skewed|slanted|tilted|uneven)"
)

_PARTS: Final = PARTS
_WATCHES: Final = (
    r"(?:watch|watches|watching|check|checks|checking|study|studies|studying|eyes|eyeing|inspects?|"
    r"inspecting|notices?|noticing|spots?|spotting|examines?|examining|tracks?|tracking|follows?|"
    r"following|sees?)"
)
_WATCHED: Final = rf"(?:something|someone|somebody|it|him|her|(?:the|a|an) (?!{_PARTS})\w+)"

_REWRITES: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        # "Right, a smile." and "..., right?" tell no side.
        (r"^(?:(?:ok|okay|so|well|now|yes|yeah|all|and|but|ah|oh) (?:, )?)*right (?:,|!|\.|--) "
         rf"(?!not\b|never\b|left\b(?! {_PARTS}))", ""),
        (r"(?: ,|^) (?:all )?right (?:\?|,(?= ))", " ,"),
        (rf"\b(gaze|glance|look|eyes|jaw|chin|mouth) (?::|--|,) (?:to )?{_D}{_SIDE}(?= [,;.]|$)",
         r"\1 to the \2"),
        (rf"\b{_SIDE} (?:hand )?sided\b", r"\1"),
        (r"^(?:just|exactly|quite|all) right (?:[,:.!]|--) ", ""),
        (rf"\b{_ONE_SIDED} (?={_SIDE}\b)", ""),
        (r"\bbilateral(?:ly)?\b ?", ""),
        (r"\bnot both(?: \w+){0,2}(?: ,| but| --)+ ", ""),
        (rf"\bone ({_PARTS}(?: of {_D}mouth)?)((?: (?!left|right)\w+){{0,2}}) {_SIDE}(?= [,;.]|$)",
         r"\3 \1\2"),
        # "one corner of the mouth -- the left -- rises", "her brow, the left one, rises"
        (rf"\b(?:one |{_D})({_PARTS}(?: of {_D}(?:mouth|lips?|nose|eyes?|eyebrows?|brows?|face))?) "
         rf"(?:,|--|\() (?:namely |that is |specifically )?{_D}{_SIDE}(?: one)? (?:,|--|\)) "
         rf"(?!{_D}(?:{_PARTS}|left|right)\b)(?!.* than )", r"\2 \1 "),
        (rf"\b(?:bell |facial )*(?:palsy|paralysis|weakness|numbness) (?:on|of) {_D}{_SIDE}"
         r"(?: side)?(?: of the face)?\b", r"not the \1 side"),
        (rf"\b{_SIDE} (?:\w+ )?(?:facial )?(?:palsy|paralysis|weakness|"
         rf"numbness)\b", r"not the \1 side"),
        (rf"\b(?:check|watch|glance|look)(?:s|es|ing)? (?:at )?{_D}{_SIDE}(?= [,;.:]| and |$)",
         r"look to the \1"),
        (r"\b(?:unilateral(?:ly)?|one sided) (?=au\d)(?!.*\b(?:left|right)\b)", f"{DEFAULT} "),
        (r"\b(au\d+\w?) (?:unilateral(?:ly)?|one sided)\b(?!.*\b(?:left|right)\b)",
         rf"\1 {DEFAULT}"),
        (r"\bhemiface\b", "side of the face"),
        (rf"\b{_SIDE} (?:facial |face )(?=droop|sag)", r"\1 corner of the mouth "),
        (rf"\b{_SIDE} hand (?=side|half|corner|one|eye|brow|lid|cheek|mouth|lip)", r"\1 "),
        (rf"\b{_SIDE} (?:half|part|portion|side|edge) of {_D}(?=upper|lower|top|bottom|lip|nose|"
         r"fore|brow|eyebrow|cheek|chin)", r"\1 "),
        (rf"\b{_SIDE} (?:half|part|portion|side) of {_D}(?:whole )?face\b", r"\1 side"),
        (rf"\b{_SIDE} (?:half|part|portion) of {_D}(?=mouth)", r"\1 side of "),
        (rf"\b{_SIDE} half\b(?! of)", r"\1 side"),
        (rf"\bover {_D}{_SIDE} shoulder\b", r"to the \1"),
        (rf"\b(?:watch|track)(?:es|s|ing)? {_D}{_SIDE} (?!{_PARTS}|side|half)\w+(?: of {_D}\w+)?",
         r"look to the \1"),
        (rf"\b(?:look|glanc|gaz|star|peer|peek|peep|glar|shoot|shot|cast|throw|direct)\w* "
         rf"(?:(?!{_PARTS}\b)\w+ ){{0,3}}(?:at|towards?) (?:(?!{_PARTS}\b)\w+ ){{1,4}}"
         rf"(?:on|to|at) {_D}{_SIDE}(?= [,;:.!?]| and |$)", r"look to the \1"),
        (r"\b(?:throw|threw|cast|shoot|shot|send|sent|dart|give|gave|steal|stole|toss|flung|fling)"
         r"(?:s|es|ing|ed)? (?:(?:him|her|them) )?(?:a|an) (?:\w+ )?(?:look|glance|gaze) "
         rf"(?=(?:to|over|off|towards?) {_D}{_SIDE}\b)", "glance "),
        # Who stands on a side, and is not looked at: "sneers at the kid on his right".
        (rf"\b((?:sneer|smil|grin|frown|wink|snarl|scowl|smirk|beam|laugh|shout|nod|talk|speak|"
         rf"whisper|wav|yell|scream|blow)\w* (?:a kiss )?(?:at|to|towards?|with|for) "
         rf"(?:the|a|an|his|her|some|their) (?!{_PARTS}\b)\w+) (?:on|to|"
         rf"at) {_D}{_SIDE}\b(?! side of)",
         r"\1"),
        (rf"(?<!leave the )(?<!leave his )(?<!leave her )(?<!leaves the )(?<!leaving the )"
         rf"(?<!let the )\b{_SIDE} ({_PARTS}) alone\b", r"\1 \2"),
        (rf"\bboth (?=(?:on|at) {_D}{_SIDE}\b)", ""),
        (rf"\b{_WATCHES} {_WATCHED} (?:to|on|at) {_D}{_SIDE}\b(?! {_PARTS})(?: and looks? there)?",
         r"look to the \1"),
        (rf"\b({_PARTS}|look\w*|glanc\w+)((?: \w+){{0,3}}) to (?:the |one )side\b(?! of)",
         rf"\1\2 to the {DEFAULT}"),
        # "right up, left down: the corners of the mouth" and "mouth corners: right up, left down"
        (rf"^{_SIDE} (?:side |corner )?(\w+)(?: ,| and| but)* {_SIDE} (?:side |corner )?(\w+) "
         r"(?::|\() ([^()]+?)(?: \))?$", r"\1 \5 \2 , \3 \5 \4"),
        (rf"^(up|down) and (?:to {_D})?{_SIDE} with {_D}(?:eyes|gaze)\b", r"look \1 and to the \2"),
        (rf"\bto {_D}upper {_SIDE}{_END}", r"up and to the \1"),
        (rf"\bto {_D}lower {_SIDE}{_END}", r"down and to the \1"),
        (r"\bhalf (?:of )?(?:the|his|her|your) (?=mouth|face)", "one side of the "),
        (rf"\b{_SIDE} side(?: of (?:the|his|her) mouth)? (?=hangs|droops|sags|hanging|drooping)",
         r"\1 corner of the mouth "),
        (rf"\b(?:everything|all) (?:on|to) {_D}{_SIDE}(?: side)? (?:is )?", r"\1 side "),
        # "a grin, lopsided to the left": the word adds nothing where a side is said.
        (rf"(?: ,)? {_ONE_SIDED}(?: ,)? (?={_AT}{_D}{_SIDE}\b)", " "),
        (rf"^{_ONE_SIDED}(?: ,)? (?={_AT}{_D}{_SIDE}\b)", ""),
        (r"\b(?:one sided|onesided|unilateral) ", "crooked "),
        (r"\b(?:on|at|with|to) (?:only )?one side(?: only)?\b(?! of)", f"on the {DEFAULT}"),
        (r"\b(?:only|just) one\b", "one"),
        (r"\b(?:on|with|at|to) both (?:sides|halves)\b", "~both"),
        (rf"\b(?:only|just|solely) (?=(?:with |on |in )?{_D}{_SIDE}\b(?! (?:now|before|after)))",
         "~only "),
    )
)  # fmt: skip


def plain_sides(said: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tokens with every side said as "left" or "right", and notes for the user.

    Where one side does more than the other stands a token of `LEAN`.
    """
    words = [_SAME.get(word, word) for word in spelt_out(list(said))]
    text = " ".join(words)
    if not re.search(r"\b(?:left|right|one|single|half|other|unilateral|opposite)\b", text):
        return words, []
    for pattern, new in (*FIRST, *_REWRITES):
        text = pattern.sub(new, text)
    text, notes = own_sides(_one_side_named(text))
    # "only" opens a clause of its own after a comma or a link; elsewhere it would cut one in two.
    text = re.sub(r"((?:^|[,;:.] |and |but |no |it is )(?:with |on |in )?)~only", r"\1only", text)
    text = with_referents(text)
    for pattern, new in CORRECTED:
        text = pattern.sub(new, text)
    text = _leaning(_without_denied(text))
    return text.split(), notes


def _one_side_named(text: str) -> str:
    """Read "one side of the mouth rises, the left": the side is told afterwards."""
    if not re.search(r"\bone (?:side|half|corner) of\b", text):
        return text
    told = re.search(
        rf"(?: ,| :| --| ;)+ {_D}{_SIDE}(?: (?:one|side|half|corner))?(?: only)?$", text
    )
    side = told[1] if told else DEFAULT
    text = text[: told.start()] if told else text
    text = re.sub(r"\bone (?=(?:side|half|corner) of\b)", f"{side} ", text)
    text = re.sub(rf"\b{_SIDE} (?:half|side) of {_D}face\b", r"\1 side", text)
    return re.sub(rf"\b{_SIDE} side (?=hangs|droops|sags)", r"\1 corner of the mouth ", text)


def _without_denied(text: str) -> str:
    """Take out a side that is only denied: what is said of it holds for the other side."""
    text = without_idle(text)
    lamed = rf"(?: ,)?(?: (?:and|but|while|with))?(?:^| ){_D}{_SIDE} side {_LAMED}(?: ,)?(?= |$)"
    text = re.sub(lamed, r" not the \1 side ", text)
    text = re.sub(rf"{_D}face (?:is |stays )?{_LAMED_WORD} {_AT}{_D}{_SIDE}(?: side)?\b",
                  r" not the \1 side ", text)  # fmt: skip
    pattern = re.compile(
        rf"(?: ,)?(?:^| ){_NOT} {_AT}{_D}{_SIDE}(?: (?:side|half|one|corner))?(?: ,)?(?= |$)"
    )
    found = pattern.search(text)
    while found:
        side, rest = found[1], text[: found.start()] + " " + text[found.end() :]
        named = found[0].split()[-1] if found[0].split()[-1] in ("side", "corner") else ""
        stays = re.match(r" ?(?:does|is|are|do|stays|remains|rises|raised)\b", text[found.end() :])
        if re.search(r"\b(?:still|frozen|neutral|nothing|motionless)\b", text[: found.start()]):
            return text  # "everything still except the left corner"
        if re.search(rf"\b{OTHER_SIDE[side]}\b", rest):
            rest = re.sub(rf"  ?but (?={_D}{OTHER_SIDE[side]}\b)", " ", rest)
        elif stays and found.start() > 0:
            return text
        else:
            place = f" on the {OTHER_SIDE[side]} {named}".rstrip()
            after = text[found.end() :]
            rest = text[: found.start()] + place + after if found.start() else f"{after}{place}"
        text = " ".join(rest.split())
        found = pattern.search(text)
    return text


def _leaning(text: str) -> str:
    """Put a token of `LEAN` where both sides move and one of them more."""
    forth = re.compile(
        rf"(?:(?:,|but|and) )*\b{_MORE} (?:so )?{_AT}{_D}{_SIDE}{_PLACE}{_THAN}{_END}"
    )
    back = re.compile(
        rf"(?:(?:,|but|and|with) )+{_AT}{_D}{_SIDE}{_PLACE} (?:is |a bit |a little |even )?"
        rf"(?:slightly |clearly )?{_MORE}"
        rf"{_THAN}{_END}"
    )
    for pattern in (forth, back):
        found = pattern.search(text)
        if found is None:
            continue
        rest = text[: found.start()] + text[found.end() :]
        if not re.search(r"\b(?:left|right)\b", rest):
            return f"{text[: found.start()]} <{found[1]} {text[found.end() :]}"
    return _compared(text)


def _compared(text: str) -> str:
    """Read "the right brow is higher than the left": both go up, the right one more."""
    than = re.search(rf" than {_AT}{_D}(?:left|right|other){_PLACE}{_END}", text)
    first = re.search(rf"\b{_SIDE} ", text[: than.start()]) if than else None
    if than is None or first is None:
        return text
    said = text[: first.start()] + text[first.end() : than.start()]
    words = [_COMPARED.get(word, word) for word in said.split()]
    return f"{' '.join(words)} <{first[1]}{text[than.end() :]}"


# --- which of them are sides -------------------------------------------------------------------

_NOT_AFTER_RIGHT: Final = frozenset(
    {"now", "away", "after", "before", "there", "in", "up", "then", "behind", "here", "when", "as",
     "from", "royal", "through", "answer", "thing", "moment", "time", "person", "word", "words",
     "mind", "that", "about", "if", "because"}
)  # fmt: skip
_NOT_AFTER_LEFT: Final = frozenset(
    {"now", "away", "after", "before", "there", "in", "him", "her", "me", "us", "them", "alone",
     "behind", "out", "for", "you", "without", "early", "it", "everything", "nothing", "home"}
)  # fmt: skip
_NOT_BEFORE: Final = frozenset({"all", "is", "was", "has", "been", "have", "be", "are", "had", "i"})
_IS_RIGHT: Final = frozenset({"feels", "feel", "felt", "seems", "sounds", "seem", "not", "quite"})
_DONE_RIGHT: Final = frozenset({"get", "got", "gets", "do", "does", "did", "make", "made", "have"})
_WHO_LEAVES: Final = frozenset(
    {"he", "she", "they", "we", "who", "everyone", "nobody", "somebody", "someone", "everybody"}
)
_NOTHING_LEFT: Final = frozenset({"nothing", "anything", "little", "none", "something"})


def find_sides(words: Sequence[str], taken: frozenset[int]) -> list[tuple[int, str]]:
    """(place, "L" or "R") of every word that is a side of the face; `taken` places are not."""
    found = [
        (i, SIDE_LETTER[word])
        for i, word in enumerate(words)
        if word in SIDE_LETTER and i not in taken and _is_side(words, i)
    ]
    return _without_both(words, found)


_THINGS: Final = frozenset(  # what has a left and a right and is no part of the face
    {"hand", "hands", "arm", "arms", "leg", "legs", "foot", "feet", "knee", "knees", "shoulder",
     "ear", "ears", "tooth",
     "hip", "elbow", "wrist", "ankle", "thumb", "finger", "fist", "palm", "toe",
     "heel", "thigh", "shoe", "boot", "sleeve", "pocket", "glove", "sock", "seat", "lane",
     "turn", "door", "window", "wall", "shelf", "drawer", "pedal", "key", "button", "lung", "rib",
     "answer", "bank",
     "flank", "wheel", "tyre", "page", "chair", "hook", "rail", "back", "paw", "stage"}
)  # fmt: skip
_LOOKING: Final = ("look", "glanc", "gaz", "star", "peer", "peek", "pupil")


def _looks(before: Sequence[str]) -> bool:
    """Whether someone looks, so that a thing on a side is where the eyes go."""
    return any(word == "eyes" or word.startswith(_LOOKING) for word in before)


def _is_beside(words: Sequence[str], i: int) -> bool:
    """Whether a side says where something stands: "the man to the left of her"."""
    thing = i > 1 and words[i - 2] == "to" and list(words[i + 1 : i + 2]) == ["of"]
    return thing and not set(words[i + 2 : i + 4]) & OF_A_FACE


def _is_placed(words: Sequence[str], i: int) -> bool:
    """Whether a side stands as a noun of place: "on the left", "at his right"."""
    after = words[i + 1] if i + 1 < len(words) else ""
    placed = (
        i > 1 and is_determiner(words[i - 1]) and words[i - 2] in ("on", "at", "to", "in", "with")
    )
    return placed and after != "of" and (not after[:1].isalpha() or after in FUNCTION_WORDS)


def _is_side(words: Sequence[str], i: int) -> bool:
    after = words[i + 1] if i + 1 < len(words) else ""
    before = words[i - 1] if i else ""
    if (after in _THINGS or _is_beside(words, i)) and not _looks(words[:i]):
        return False
    if _is_placed(words, i) or (after in ("when", "as") and before == "jaw"):
        return True
    if after in OF_A_FACE:
        return before not in _WHO_LEAVES
    if before in _NOT_BEFORE | _WHO_LEAVES or (before == "just" and not after):
        return False
    if words[i] == "right":
        done = i > 1 and before == "it" and words[i - 2] in _DONE_RIGHT
        return not (done or before in _IS_RIGHT or after in _NOT_AFTER_RIGHT)
    rest_is = before in _NOTHING_LEFT or {"there", "no"} <= set(words[max(0, i - 4) : i])
    leaves = after in _NOT_AFTER_LEFT
    own = [word for word in words[max(0, i - 2) : i] if not is_determiner(word)]
    if is_determiner(after) and own[-1:] in (["on"], ["at"], ["to"]):  # "on his left a faint smile"
        leaves = False
    elif is_determiner(after):  # "left the room", but "left the right"
        leaves = words[i + 2 : i + 3] != [] and words[i + 2] not in OF_A_FACE | set(SIDE_LETTER)
    return not (rest_is or leaves)


def _without_both(words: Sequence[str], found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Read "left and right" as both."""
    for (i, first), (j, second) in pairwise(found):
        between = [word for word in words[i + 1 : j] if not is_determiner(word)]
        turned = is_direction(words, i)
        if (
            first != second
            and not turned
            and between in (["and"], ["or"], ["as", "well", "as"], ["/"], ["+"])
        ):
            return [entry for entry in found if entry[0] not in (i, j)]
    return found


def is_direction(words: Sequence[str], i: int) -> bool:
    """Whether a side says whereto ("to his left", "slides left"), not which half of the face."""
    after = words[i + 1] if i + 1 < len(words) else ""
    if after in OF_A_FACE and not (after == "side" and words[i + 2 : i + 3] != ["of"]):
        return False
    before = [word for word in words[max(0, i - 3) : i] if not is_determiner(word)]
    if not before or before[-1] in ("on", "at", "in", "with", "only", "not", ":", ",", "using"):
        return False
    if is_determiner(words[i - 1]):
        return before[-1] in ("to", "toward", "towards", "off", "over", "out", "and")
    return True
