"""What is said to do nothing: a side ("the left half refuses to follow"), or the rest of the face.

A side that does nothing is read as "not the left side". What is said of the rest of the face says
nothing that a direction needs, and would be read as denial, so it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from .spotting import motion_words, part_names, whole_phrases
from .words import FUNCTION_WORDS, is_determiner

_SIDE: Final = r"(left|right)"
_THE: Final = r"(?:(?:the|a|an|his|her|its|their|your|my|our) )?"
_HALF: Final = (
    rf"(?: (?:side|half|one|part|corner))?(?: of {_THE}(?:whole )?(?:face|mouth|lips?|smile|it))?"
)
_QUIET: Final = (
    r"(?:put|still|quiet|calm|flat|idle|asleep|sleeping|relaxed|slack|neutral|blank|dead|frozen|"
    r"unmoved|unmoving|motionless|immobile|inert|passive|uninvolved|untouched|unaffected|straight|"
    r"home|behind|serious|resting|inactive|level|unchanged|at rest|at ease|at zero|out|alone|be|"
    r"out of (?:it|this|the game|play)|as (?:it )?(?:is|was)|to itself|in (?:its )?(?:place|peace)|"
    r"where (?:it|they) (?:is|was|are|were|belongs?))"
)
_END: Final = r"(?= [,;:.!?()]| and | but | while |$)"
_TO_END: Final = r"(?:(?! (?:and|but|while|then|lift|raise|close|shut|smile) )[^,;:.!?()])*"
_NO_DOING: Final = (
    r"(?:(?:must|should|may|can|could|would|will|shall|does|do|did|is|was|has|need|are) not\b|"
    r"never|refus\w+|declin\w+|fail\w+ to|(?:has|have|had|takes?|took|plays?|taking) no "
    r"(?:part|share|role)|(?:has|have|had|wants?|wanted|does|did|do|doing) nothing|rests?\b|"
    r"(?:should|must|shall|will|can|to) (?:do|show) nothing|(?:having|has) none|"
    r"sleeps?\b|waits?\b|lags?\b|goes on|carries on|looks on|"
    rf"(?:is|stays|remains|keeps) (?:wide )?(?:open|awake|looking|watching)){_TO_END}"
)
_KEPT: Final = (
    r"(?:is|are|was|stays?|stayed|staying|remains?|remained|remaining|keeps?|kept|keeping|holds?|"
    r"held|holding|lies|left|sits|being|should be|must be|to be)"
)
_IDLE: Final = rf"(?:{_NO_DOING}|(?:{_KEPT} )?(?:\w+ly |quite |very |all )?{_QUIET}{_END})"
_LINKS: Final = (
    r"(?:(?: ,| ;| --|^| and| but| while| whereas| though| although| with| as| yet) ?)*(?:^| )"
)
_SPARE: Final = r"(?:mov\w+|us\w+|involv\w+|touch\w*|let\w*|engag\w+|activat\w+|bother\w*)"
_NO_MOTION: Final = (
    r"(?:nothing|no (?:help|movement|motion|action|activity|part|smile|reaction|trace|sign))"
    r"(?: (?:happens|moves|whatsoever|at all|of it|is happening|stirs|shows|goes on|going on))*"
    r" (?:on|at|in|from|to|for|of)"
)
_REACH: Final = (
    r"(?:cross|reach|visit|touch|spread|extend|go|get|arriv|make|spill|travel|involv|includ)\w*"
    r"(?: it| over| as far)?(?: as| to| into| onto| across)?"
)
_STAYS_OUT: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_LINKS}(?:leav(?:e|es|ing)|keep|keeping|keeps|hold|holding|holds|let|lets|letting|with)"
        rf" {_THE}{_SIDE}{_HALF} (?:\w+ly )?{_QUIET}{_END}",
        rf"{_LINKS}(?:do not|does not|never|without) (?:\w+ly )?{_SPARE} {_THE}{_SIDE}{_HALF}"
        rf"(?:{_END}|(?= join| help| move| follow)){_TO_END}",
        rf"{_LINKS}(?:{_NO_MOTION}|(?:none|zero|0)(?: (?:on|at|in|from))?) {_THE}{_SIDE}{_HALF}"
        rf"{_END}",
        rf"{_LINKS}(?:(?:he|she|they|it) )?(?:(?:is|keeps?|stays?) )?(?:watch|look|see|star|"
        rf"peer)\w*"
        rf"(?: (?!left|right)\w+){{0,3}} with {_THE}{_SIDE}{_HALF}{_END}",
        rf" (?:never|does not|do not|not|stops before it) {_REACH} {_THE}{_SIDE}{_HALF}{_END}",
        rf"{_LINKS}{_THE}{_SIDE}{_HALF} {_IDLE}",
        rf"{_LINKS}{_THE}{_SIDE}{_HALF}(?: ,| :)? (?:poker face|deadpan|stone){_END}",
        rf" , {_THE}{_SIDE}{_HALF} (?:: |= )?(?:0|zero|none|nothing|off)(?= [,;:.!?()]|$)",
        rf" [,;.] nothing (right){_HALF}(?= [,;.]|$)",
    )
)


def without_idle(text: str) -> str:
    """Plain tokens joined by spaces, every side that does nothing told as "not the left side"."""
    for pattern in _STAYS_OUT:
        text = pattern.sub(_told_idle, text)
    return _without_idle_clauses(" ".join(text.split()))


def _told_idle(found: re.Match[str]) -> str:
    """A side that rests, in one form, with a mark for what else is said of both sides."""
    side = found[1]
    half = re.search(rf"\b{side} (?:side|half)\b|of {_THE}(?:whole )?face", found[0])
    return f" not the {side} side ~{'idle' if half else 'rests'}_{side} "


# --- clauses whose only news is that a side rests ----------------------------------------------

_BREAK: Final = re.compile(
    r" (?=(?:[,;:.!?()/]|--|and|but|while|whereas|though|although|yet|so|because|with|then|when)"
    r"(?: |$))"
)
_LEADS: Final = re.compile(
    r"^(?:(?:[,;:.!?()/]|--|and|but|while|whereas|though|although|yet|so|because|with|then|when) )+"
)
_AS_IT_WAS: Final = re.compile(
    r"\b(?:(?:like |just |exactly |right )?(?:as|how|where|what|the way) (?:it|they|i|we|you) "
    r"(?:always )?(?:is|are|was|were|like it|does|do|did|found it|had it|has been)|as is|as usual|"
    r"business as usual|as (?:normal|ever|before)|like before|(?:the )?same as (?:ever|before)|"
    r"like (?:a )?(?:stone|statue|wax|wood|rock|mask|marble)|out of (?:it|this|that|the (?!left|"
    r"right)\w+)|"
    r"(?:at|to) (?:rest|ease|zero|baseline|neutral|default|0)|on (?:strike|holiday|vacation|hold|"
    r"standby|mute)|off (?:duty|work)|in (?:place|peace)|to (?:itself|its own devices|one side)|"
    r"(?:a |the )?(?:day|night|week) off|not (?:a|an|one|the) (?:thing|muscle|twitch|flicker|inch|"
    r"millimetre|millimeter|hair|bit|jot|word)|(?:did|does|has|have|had) not (?:got|get|have|hear) "
    r"(?:the|any|a) \w+|(?:no|without|zero|any) (?:part|share|role|movement|motion|action|change|"
    r"activity|reaction|response|interest|help|sign|trace|tension|effect)|not (?:at all|involved|"
    r"invited|interested|in on it|so|included)|turned to stone|set in stone|poker faced?|"
    r"no (?:longer )?(?:moving|reacting)|(?:has|have|had|having|shows?|with) no \w+|hands off|"
    r"lights out)\b"
)
_NOT_MOVE: Final = re.compile(
    r"\b(?:(?:do|does|did|is|was|has|have|will|would|can|could|must|should|may|need|shall) not|"
    r"never|not|nor|neither|refus\w+ to|declin\w+ to|fail\w+ to|forget\w* to|without|hardly|"
    r"barely ever) (?:even |really |ever |yet |at all |have to |get to |be |want to |seem to |"
    r"quite |so much as )*\w+"
)
_IDLE_WORDS: Final = frozenset(
    {"idle", "still", "quiet", "silent", "calm", "asleep", "sleeping", "sleeps", "dozes", "dozing",
     "snoozes", "naps", "relaxed", "relaxes", "slack", "neutral", "blank", "dead", "frozen", "numb",
     "unmoved", "unmoving", "motionless", "immobile", "inert", "passive", "uninvolved", "untouched",
     "unaffected", "resting", "rests", "rest", "inactive", "unchanged", "normal", "normally",
     "natural", "fine", "ordinary", "pinned", "zeroed", "zero", "0", "off", "parked", "static",
     "stationary", "nothing", "zip", "zilch", "nada", "nil", "none", "baseline",
     "default", "muted", "disabled", "refuses", "declines", "abstains", "ignores", "waits",
     "watches", "observes", "anaesthetised", "anesthetized", "anaesthetized", "paralysed",
     "paralyzed", "botoxed", "lifeless", "wooden", "stony", "stone", "impassive", "indifferent",
     "unbothered", "undisturbed", "undecided", "unimpressed", "expressionless", "deadpan",
     "serene", "peaceful", "composed", "locked", "fixed", "steady", "be", "unused", "skip",
     "spare", "spared", "exempt", "excluded", "deactivated", "loose", "placid", "stock",
     "oblivious", "unaware",
     "uncooperative", "sulks", "bored", "ignore", "out", "stoic", "put"}
)  # fmt: skip
_STILL_WORDS: Final = frozenset({"still", "out", "be", "off", "loose", "fixed", "steady", "locked",
                                 "rest", "fine", "normal", "put", "straight", "flat", "level",
                                 "smooth", "open", "shut", "closed"})  # fmt: skip
"""Words that say rest only beside a verb of staying, or in a clause of few words."""
_BESIDE: Final = frozenset({"out", "be", "off", "loose", "put", "rest"})
"""Words that say rest only beside a verb of staying."""
_FEW: Final = 4
_STAYING: Final = re.compile(
    r"\b(?:is|are|was|be|being|to be|like|stay\w*|remain\w*|keep\w*|kept|hold\w*|held|leav\w+|"
    r"let\w*|lies|"
    r"lying|sits|sitting|want|looks|look|goes|stood|stands?|make|should)\b"
)
_SIDED: Final = re.compile(
    r"\b(left|right)\b(?! (?:hand|arm|leg|foot|shoulder|away|now|after|before|in|at|from)\b)"
)


_REMAINS: Final = re.compile(
    r"\b(?:except|but|save|apart from)\b .*\b(?:left|right)\b|"
    r"\b(?:all|be|feels?|quite) right\b(?! (?:eye|brow|lid|cheek|corner|side|half|nostril|one))|"
    r"\b(?:nothing|anything|something|little|none|much|what|who|he|she|they|i|we|you|no \w+|one|"
    r"all|"
    r"is|are|was|has|have|had|got) left\b(?! (?:eye|brow|lid|cheek|corner|side|half|nostril|one))"
    r"|\bleft (?:to|of|in|for|out|behind|alone|it|him|her|them|me|us)\b"
)
"""A side that is none."""


@lru_cache(maxsize=1)
def _part_words() -> frozenset[str]:
    return frozenset(part_names().words) - {"of", "the", "in"}


def _without_idle_clauses(text: str) -> str:
    pieces = _BREAK.split(text)
    if len(pieces) < 2:
        return text
    told = [_idle(piece) for piece in pieces]
    if all(new for new in told):
        return text
    return " ".join(" ".join(new or old for old, new in zip(pieces, told, strict=True)).split())


def _idle(piece: str) -> str:
    """A clause that only says that a side rests, in one form; any other gives ""."""
    sides = set(_SIDED.findall(piece))
    if re.search(rf"(?:^| )not {_THE}(?:left|right)(?: one| side)?$", piece):
        return ""
    if len(sides) != 1 or _REMAINS.search(piece) or not _is_of_a_face(piece):
        return ""
    lead = _LEADS.match(f"{piece} ")
    opener, said = (lead[0], piece[lead.end() :]) if lead else ("", piece)
    rest = _AS_IT_WAS.sub(" ~idle ", said)
    rest = _NOT_MOVE.sub(" ~idle ", rest)
    words = rest.split()
    staying = _STAYING.search(said) is not None
    short = len(words) <= _FEW
    quiet = {
        w
        for w in words
        if w == "~idle"
        or (w in _IDLE_WORDS and (staying or w not in _STILL_WORDS or (short and w not in _BESIDE)))
    }
    if re.search(r"\b(?:leav\w+|let|left|lets|keep|kept)\b.* alone\b", said):
        quiet.add("alone")
    if staying and re.search(r"\b(?:stay|remain|keep|kept|leav|left)\w*\b", said):
        quiet |= {
            w for w in words if w in ("open", "straight", "flat", "level", "smooth", "unmoved")
        }
    if not quiet or _moves(words, quiet):
        return ""
    side = sides.pop()
    parts = [w for w in words if w in _part_words() and w not in ("face", "corners")]
    halves = {"side", "half", "face"} & set(words)
    if halves or not parts:
        return f" {opener}not the {side} {'side ~idle' if halves else 'one ~rests'}_{side} "
    if rest != said and motion_words().find(said.split(), range(len(said.split()))):
        return ""  # "without lifting the left corner": a denial, read as such
    return f" {opener}the {side} {' '.join(parts)} stays put "


def _is_of_a_face(piece: str) -> bool:
    """Whether no other noun follows the side: "not one right answer"."""
    words = piece.split()
    place = next(i for i, word in enumerate(words) if word in ("left", "right"))
    after = words[place + 1] if place + 1 < len(words) else ""
    known = (_part_words(), FUNCTION_WORDS, _IDLE_WORDS, _STILL_WORDS, motion_words().words)
    is_verb = after.endswith(("s", "ed", "ing"))
    few = ("", "hand", "upper", "lower", "half")
    return after in few or is_verb or any(after in words for words in known)


def _moves(words: list[str], quiet: set[str]) -> bool:
    """Whether a clause tells of a motion or a look as well."""
    places = [
        i for i, word in enumerate(words) if word not in quiet and not is_determiner(word)
        and word not in ("left", "right", "look", "looks", "set", "lies", "keep", "hold", "stay")
        and word not in _STILL_WORDS
    ]  # fmt: skip
    parts = part_names().find(words, places)
    places = [i for i in places if not any(p.start <= i < p.end for p in parts)]
    if motion_words().find(words, places):
        return True
    return any(
        span.tag in ("named", "au", "feeling") for span in whole_phrases().find(words, places)
    )


# --- the rest of the face ----------------------------------------------------------------------

_STILL: Final = (
    r"(?:still|frozen|neutral|blank|relaxed|calm|motionless|unmoved|unmoving|immobile|dead|numb|"
    r"expressionless|at rest|put|the same|as (?:it )?is|unchanged|does not move|do not move|"
    r"shows nothing)"
)
_REST: Final = re.compile(
    r"(?:^| )(?:(?:,|and|but|while|with|;|:|--) )*(?:the )?"
    r"(?:rest of (?:the |his |her |your )?(?:face|mouth)|everything else|nothing else)"
    rf" (?:(?:is|stays?|remains?|keeps?|kept|staying|remaining) )?(?:{_STILL}|moves|moving|shows)"
    r"(?= [,;:.!?]|$)"
)


def without_rest(said: Sequence[str]) -> list[str]:
    """Tokens without what is only said of the rest of the face."""
    text = " ".join(said)
    if "rest of" not in text and " else " not in f"{text} ":
        return list(said)
    kept = _REST.sub(" ", text).split()
    return kept or list(said)
