"""A side that is said to do nothing ("the left half refuses to follow"), read as "not the left"."""

from __future__ import annotations

import re
from typing import Final

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
        rf"{_LINKS}(?:watch|look|see|keep watch)\w*(?: \w+)? with {_THE}{_SIDE}{_HALF}{_END}",
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
        text = pattern.sub(r" not the \1 side ", text)
    return " ".join(text.split())
