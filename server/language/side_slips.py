"""What is set right in a direction before its sides are read: slips, words that are no side, order.

"The left, no, the right brow" is the right one; "enters stage left" tells no side of a face; "down
comes the left corner" is "the left corner goes down"; "the brow over the left eye" is the left one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from arkit.action_units import ACTION_UNITS

from .coreference import SINGLE
from .viewpoints import OTHER_SIDE

_SHORT: Final = {"l": "left", "r": "right", "lt": "left", "rt": "right"}
OF_A_FACE: Final = SINGLE | frozenset(
    {"eyebrows", "brows", "eyes", "lids", "eyelids", "corners", "cheeks", "nostrils", "lip",
     "lips", "mouth", "nose", "forehead", "jaw", "face", "upper", "lower", "inner", "outer",
     "top", "bottom", "tail", "end", "edge", "part", "portion", "one", "dimples", "halves",
     "peepers", "nare", "ala", "commissures", "lashes", "canine", "wing", "facial", "palpebral"}
)  # fmt: skip
"""Words that may follow a side that is said of a part."""

_SIDE: Final = r"(left|right)"
_D: Final = r"(?:(?:the|a|an|his|her|its|their|your|my|our) )?"
_AT: Final = r"(?:(?:on|to|at|in|with|for|of) )?"
PARTS: Final = (
    r"(?:mouth|lips?|jaw|chin|eyes?|gaze|eyebrows?|brows?|cheeks?|corners?|lids?|eyelids?|"
    r"nostrils?|nose)"
)
"""Parts of a face that a side may be told of."""
_PAIRED: Final = r"(?:eyebrow|brow|eyelid|lid|cheek|nostril|eye)"
_ABOUT: Final = r"(?:above|over|below|under|underneath|beneath|beside|around)"
_SLIP: Final = (
    r"(?:(?:no|nope)(?= (?:[,.!:;]|--|the|his|her|i))|sorry|wait|er|erm|uh|um|oops|actually|"
    r"i mean|i meant|make that|make it|scratch that|"
    r"correction|rather|or rather|strike that|hang on|hold on|my mistake|that should be|not that|"
    r"well|is wrong|wrong|(?:but )?(?:it|that) (?:was|is) (?:an? )?(?:error|mistake|wrong|slip))"
)


def _taken_back(found: re.Match[str]) -> str:
    """The second side with the part that was told of the first, or of itself."""
    return f"{found[3]}{found[2] or found[4] or ''}"


FIRST: Final[tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        # What is taken back: "the left -- no, the right brow", "up at the corner? no. down".
        (rf"\b{_SIDE}((?: \w+){{0,3}}?)(?: (?:[,.:;!?]|--))+ (?:{_SLIP}(?: (?:[,.!:]|--))* )+"
         rf"{_AT}{_D}{_SIDE}\b( (?:one|side|{PARTS}))?", _taken_back),
        (r"(?:^|(?<=[.!] ))[^.?!]*\? no(?: [,.!]| --)* ", ""),
        (rf"\bnot {_D}{_SIDE} ({PARTS})(?: ,| --)?(?: but| rather)? {_D}{_SIDE}(?= [,;:.!?]|$)",
         r"\3 \2"),
        # Words that are no side at all.
        (r"\b((?:ent|exit|walk|com|go|step|cross|run|stand|wait|sit|mov|leav|appear|retreat|stroll|"
         r"rush|storm|shuffl|hurr|danc|march)\w*|from|waits?|door) (?:\w+ )?(?:stage|camera|house|"
         r"screen|frame) (?:left|right)\b", r"\1 on"),
        (r"\bleft (?:, )?(?:and )?right (?:, )?(?:and )?(?:centre|center)\b", "all around"),
        (r"\b(got|has|have|had|is|are|was|were) left (?=(?:he|she|they|it|we|i|you|to|in|for|"
         r"of)\b)",
         r"\1 remaining "),
        (r"(?<!\bthe )(?<!\bhis )(?<!\bher )(?<!\bto )(?<!\byour )(?<!\bon )(?<!\bchar )(?<!,)"
         r"(?<= )right (?=(?:at|into|through|between|in|on|up|past|beside|behind|before|after|"
         r"from) "
         r"(?:the|him|her|it|me|us|you|them|this|that|cue|to|front|time|schedule|his|its|"
         r"my)\b)", ""),
        (r"^right (?=(?:on|at|in|after|before|up) (?:the|cue|time|this|that|his|her))", ""),
        (r"(?<!on )(?<!at )(?<!to )\b(?:every|the|no|a|any) right to\b", "reason to"),
        # Whose side.
        (rf"\b(?:char|chars|character|toon|rig|actor|performer|patient|his own|her own|anatomical) "
         rf"{_SIDE}(?= (?:{PARTS}|side|half))", r"\1"),
        (rf"(?:\bon )?(?:the )?\b(?:char|chars|toon|rig) {_SIDE}\b", r"on the \1"),
        # "the brow over the scarred left eye", "the lid on his right side", "left end of the mouth"
        (rf"\b{_D}({_PAIRED}) (?:just |right |directly )?{_ABOUT} {_D}(?:\w+ )?{_SIDE} "
         rf"(?:{_PAIRED}|mouth corner|corner of {_D}mouth)\b", r"\2 \1"),
        (rf"\b({_PAIRED}) (?:on|at|to|over|of) {_D}{_SIDE}(?: hand)? side(?: of {_D}face)?\b",
         r"\2 \1"),
        (rf"\b(on|at|in|to|with|from|of) {_D}{_SIDE}((?: \w+)?) alone\b", r"\1 the \2\3"),
        (rf"\b(?:with|on|at) {_D}{_SIDE}(?: side| half)? , (?=do (?:nothing|not)|nothing|"
         rf"keep still|"
         r"stay)", r"the \1 side "),
        (rf"\b(?:no|nothing|little|not) more than (?={_D}{_SIDE}\b)", "only "),
        (rf"\bit (?:is|was) (?:only |just )?{_D}{_SIDE}((?: (?!that)\w+)?) (?:that|which|who)\b",
         r"the \1\2"),
        (rf"\bthe one (?:on|to|at) {_D}{_SIDE}(?: side)?\b", r"the \1 one"),
        (rf"\b{_D}(?:\w+ )?(side|half|corner|eye|brow|eyebrow|cheek|lid|nostril) , {_D}{_SIDE}"
         r"(?: one)? ,", r"the \2 \1"),
        (rf"\b(into|in|at|from) {_D}{_SIDE} of {_D}(?:mouth|lips|"
         rf"smile)\b", r"\1 the \2 mouth corner"),
        (rf"\b{_SIDE}((?: (?:side|half|mouth corner))?) , where (?!{_D}\w+ (?:is|lies|stands|sits|"
         r"waits|are|hangs)\b)", r"\1\2 , on the \1 "),
        (rf"\b{_SIDE} side (?:also|too|as well) ", r"\1 side "),
        (rf"\b(?:outer |inner )?corner of {_D}{_SIDE} eye\b", r"\1 lower lid"),
        (rf"\b{_SIDE} one (?:of|from) {_D}(eye|brow|eyebrow|lid|eyelid|cheek|"
         rf"nostril)s\b", r"\1 \2"),
        (rf"^({_PAIRED})s : {_SIDE} ([^,;]+?) (?:[,;/]|and|but)+ {_SIDE} ([^,;.]+)",
         r"\2 \1 \3 , \4 \1 \5"),
        (r"\b(?:al+ the way |way )?(?:over|across|off|out) (?=(?:to|towards?) "
         rf"{_D}{_SIDE}(?! (?:{PARTS}|side|half)))", ""),
        (rf"\b(gaze|look\w*|eyes|glance\w*|stare\w*) {_SIDE} and (up|down)\b",
         r"\1 \3 and to the \2"),
        (r"\b(?:lateralised|lateralized|confined|restricted|limited|weighted|biased|isolated|"
         r"favouring|favoring|concentrated|localised|localized)(?: \w+ly)? (?:to |on |in |toward )?"
         rf"{_D}{_SIDE}\b(?: side| half)?", r"on the \1"),
        (rf"\b(on|at|to|in) {_D}(?:char|character|patient|actor|actress|performer|model|subject) "
         rf"{_SIDE}\b", r"\1 the \2"),
        (rf"\b({_PAIRED}|corner|side) , (?:let us say|say|namely|i think|meaning|that is) {_D}"
         rf"{_SIDE}(?: one)?\b", r"\2 \1"),
        (rf"\b(?:side|corner|half) of {_D}(?:mouth|lips?) (?:,|--) {_D}{_SIDE} (?:side|half|corner|"
         r"one)\b", r"\1 mouth corner"),
        (r"\b(is|was|seems?|feels?) (it|that|this) right\b", r"\1 \2 so"),
        # "down comes the left corner", "up with the left brow, down with the right one"
        (r"((?:^|[,;:.!?] |and |-- ))(up|down) (?:comes?|goes|went|came|go|creeps|crept|shoots|"
         r"shot|"
         r"slides|slid|drops|jumps|climbs|flies|flew|with) ((?:(?! (?:[,;:.!?]|--|and|in|as|"
         r"to) )[^,;:.!?])+)"
         r"(?= [,;:.!?]| --| and | in | as | to |$)", r"\1\3 goes \2"),
        (rf"\b{_SIDE} (?:end|edge|corner|tip|extremity|angle) of {_D}(?:mouth|lips?)\b",
         r"\1 mouth corner"),
        (rf"\b(?:out of|through|from) (?:only |just )?(?={_D}{_SIDE} (?:eye|corner|mouth|side|"
         rf"half))",
         "in "),
    )
)  # fmt: skip
"""What is set right before anything else is read."""
CORRECTED: Final = (
    (re.compile(rf"\bnot {_D}{_SIDE} ({PARTS}) (?:(?:[,.!;]|--|but) )+{_D}{_SIDE} one\b"),
     r"\3 \2"),
)  # fmt: skip
"""What is set right when "the other" has its side."""


def spelt_out(words: list[str]) -> list[str]:
    """Read "L brow", "brow (L)" and "R12"."""
    result: list[str] = []
    initials = any(len(word) == 1 and word.isalpha() and word not in "lrai" for word in words)
    for i, word in enumerate(words):
        code = re.fullmatch(r"([lr])(\d{1,2})", word)
        named = word in ("lt", "rt") or (word in _SHORT and not initials)
        if named or (word in _SHORT and _by_a_part(words, i)):
            if result and result[-1] == "(":
                result.pop()
            result.append(_SHORT[word])
        elif _closes_short(words, i, result):
            continue
        elif code and f"AU{code[2]}{code[1].upper()}" in ACTION_UNITS:
            result.append(f"au{code[2]}{code[1]}")
        else:
            result.append(word)
    return result


def _by_a_part(words: list[str], i: int) -> bool:
    near = {words[j] for j in (i - 2, i - 1, i + 1, i + 2) if 0 <= j < len(words)}
    return any(w in OF_A_FACE or re.fullmatch(r"au\d+[a-e]?", w) for w in near)


def _closes_short(words: list[str], i: int, result: list[str]) -> bool:
    """Whether a mark only ends an abbreviation: the ")" of "(L)", the "." of "lt."."""
    if not i or words[i - 1] not in _SHORT:
        return False
    return (words[i] == ")" and "(" not in result) or (words[i] == "." and result[-1] in OTHER_SIDE)
