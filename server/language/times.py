"""Times said in a direction: "from 2 seconds on", "for the first half second", "on the last word".

`plain_times` writes every amount as a number with "s"; `cut_at_times` ends a stage where a new time
begins; `time_of` reads what a stage says of its own time and gives back its other words.
"""

from __future__ import annotations

import re
from typing import Final

WORD_SECONDS: Final = 0.5
"""How long "the last word" lasts, where nobody knows the words: that of a stressed one."""

_COUNTED: Final = {
    word: n
    for n, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
         "eleven", "twelve")
    )
}  # fmt: skip
_COUNT: Final = "|".join(_COUNTED)
_UNIT: Final = r"(?:seconds?|secs?\.?|s)(?![\w'])"
_PLAIN: Final = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"(?<![\w.:])(\d{1,2}):(\d\d(?:\.\d+)?)(?![\w:])",
         lambda m: f"{60 * int(m[1]) + float(m[2]):g} s"),
        (rf"\b({_COUNT})\b(?=(?: and a half| point \w+)?[ -]+{_UNIT}|\s+(?:to|and|until|-)\s+"
         rf"(?:{_COUNT}|\d+(?:\.\d+)?)[ -]+{_UNIT})", lambda m: f"{_COUNTED[m[1]]}"),
        (r"\bseconds (\d+(?:\.\d+)?) (?:to|and|until|-) (\d+(?:\.\d+)?)(?! *s\b)",
         lambda m: f"{m[1]} to {m[2]} s"),
        (r"\bseconds? (?:number )?(\d+(?:\.\d+)?)(?! *s\b)\b", lambda m: f"{m[1]} s"),
        (rf"\b(from|at|until|till|to|after|by|and) second ({_COUNT})\b",
         lambda m: f"{m[1]} {_COUNTED[m[2]]} s"),
        (rf"(\d+) and a half[ -]+{_UNIT}", lambda m: f"{m[1]}.5 s"),
        (rf"(\d+) point (\w+)[ -]+{_UNIT}", lambda m: f"{m[1]}.{_COUNTED.get(m[2], m[2])} s"),
        (r"\b(?:one|an?|1) (?:and a half seconds|second and a half)\b", lambda m: "1.5 s"),
        (r"\b(?:three quarters|3/4) of a second\b", lambda m: "0.75 s"),
        (r"\b(?:an? |one )?quarter (?:of a )?-?second\b", lambda m: "0.25 s"),
        (r"\b(?:an? )?half[ -](?:a )?(?:second|sec)\b", lambda m: "0.5 s"),
        (r"\b(\d+(?:\.\d+)?) ?(?:ms|milliseconds?)\b", lambda m: f"{float(m[1]) / 1000:g} s"),
        (r"\b(for|after|within|in|at|until|till|by|about|just) (?:a|one|1) (?:single |full |"
         r"whole )?"
         r"second\b", lambda m: f"{m[1]} 1 s"),
        (r"\b(first|last|final|opening|closing) (?:full |whole )?second\b",
         lambda m: f"{m[1]} 1 s"),
        (rf"(\d+(?:\.\d+)?)[ -]*{_UNIT}", lambda m: f"{m[1]} s"),
    )
)  # fmt: skip

_N: Final = r"(?:about |around |roughly |exactly |just )?(\d+(?:\.\d+)?)"
_LINE: Final = (
    r"(?: (?:of|in|into|through) (?:the |this )?(?:line|take|shot|clip|sentence|speech|it))?"
)
_TO: Final = r"(?:to|and|until|till|through|up to|-{1,2}|–|—)"
_HALF: Final = (
    r"(?:in|for|during|through|over|throughout)?\s*(?:the )?(first|second|last|final|middle|"
    r"opening|"
    rf"closing) (half|third|quarter|part)\b(?! of (?:his|her|the|a) (?:mouth|face|brow))(?! s\b)"
    rf"{_LINE}"
)
_SHARES: Final = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "part": 1 / 2}
_OPENS: Final = frozenset({"first", "opening"})
_SPAN: Final = re.compile(
    rf"[(\[]?(?:\b(?:from|between)\s+)?(?<![\d.]){_N}(?: s)?\s*{_TO}\s*{_N} s\b{_LINE}[)\]]?:?"
)
_SINCE: Final = re.compile(
    rf"\b(?:starting |beginning )?(?:from|at|after|past|as of|since|by)\s+(?:the )?{_N} s\b"
    rf"(?:[ -]mark\b)?(?: (?:on(?!\s+(?:the|his|her)\b)|onwards?|in))?{_LINE}(?: to the end)?:?"
    rf"|(?<=\[){_N} s\]:?"
    rf"|[(\[]?(?<![\d.]){_N} s\b(?: (?:in\b(?! the)|into (?:the |this )?\w+)|[)\]]?:){_LINE}"
)
_FIRST: Final = re.compile(
    rf"\b(?:for|in|during|over|within|through)?\s*(?:the )?(?:first|opening|"
    rf"initial) {_N} s\b{_LINE}"
)
_LAST: Final = re.compile(
    rf"\b(?:for|in|during|over|within|through)?\s*(?:the )?(?:last|final|closing) {_N} s\b{_LINE}"
)
_FOR: Final = re.compile(rf"\b(?:for|lasting|over|held|holding)\s+{_N} s\b")
_UNTIL: Final = re.compile(
    rf"\b(?:until|till|up to)\s+(?:the )?{_N}(?: s\b)?(?:[ -]mark\b)?{_LINE}"
)
_OF_LINE: Final = re.compile(_HALF)
_WORD: Final = re.compile(
    r"\b(?:on|at|with|during|for|over)\s+(?:the )?(?:very )?(first|opening|last|final|closing) "
    rf"(?:word|syllable|beat){_LINE}"
)
_ALL: Final = (_SPAN, _LAST, _FIRST, _SINCE, _FOR, _UNTIL, _OF_LINE, _WORD)
_GOES_ON: Final = re.compile(r"\s*(?:$|[,;:.!?]|(?:with|on|in|and|but|then|while|at|of|by)\b)")


def plain_times(text: str) -> str:
    """Lower-case text with amounts of time in one form: "two and a half seconds" -> "2.5 s"."""
    if not re.search(r"\d|second|\bsec\b", text):
        return text
    for pattern, new in _PLAIN:
        text = pattern.sub(new, text)
    return text


def cut_at_times(sentence: str) -> str:
    """A sentence with a ";" where a new time opens a stage, or a time has closed one.

    "Smile, at 2 s frown" has two stages; "smile at 2 s" has one; "smile at 2 s, frown" has two.
    """
    found = sorted(
        {m.span() for pattern in _ALL for m in pattern.finditer(sentence)}, key=lambda s: s[0]
    )
    cut, done, begun = "", 0, 0
    for start, stop in found:
        if start < done:
            continue
        end = stop
        before = sentence[done:start]
        after = sentence[end:]
        opens = _GOES_ON.match(after) is None
        told = _told(sentence[begun:start])
        said = re.sub(r"[\s,]+(?:(?:and|but|then)\s*)*$", "", before)
        if opens and told:
            cut += f"{said}; {sentence[start:end]}"
            begun = start
        else:
            cut += before + sentence[start:end]
            comma = re.match(r"\s*,\s*", after)
            if comma and told and not before.rstrip().endswith((",", "and")):
                cut, end = f"{cut}; ", end + comma.end()
                begun = end
        done = end
    return cut + sentence[done:]


def _told(stage: str) -> bool:
    """Whether a stage has words beside its times."""
    for pattern in _ALL:
        stage = pattern.sub(" ", stage)
    return bool(set(re.findall(r"[a-z]+", stage)) - {"and", "but", "then", "only"})


def time_of(said: str, seconds: float) -> tuple[str, float | None, float | None]:
    """The words of a stage without its time, and its start and end in seconds where it tells them.

    `seconds` is the length of the line, for what is counted from its end.
    """
    start: float | None = None
    end: float | None = None
    span, last, first, since, held, until, part, word = (p.search(said) for p in _ALL)
    if span:
        start, end = float(span[1]), float(span[2])
    elif last:
        start, end = max(0.0, seconds - float(last[1])), seconds
    elif first:
        start, end = 0.0, float(first[1])
    elif since:
        start = float(since[1] or since[2] or since[3])
    elif part:
        start, end = _part(part[1], _SHARES[part[2]], seconds)
    elif word:
        length = min(WORD_SECONDS, seconds / 3)
        start, end = (0.0, length) if word[1] in _OPENS else (seconds - length, seconds)
    if until and end is None:
        end = float(until[1])
    if held and end is None and start is not None:
        end = start + float(held[1])
    for pattern in _ALL:
        said = pattern.sub(" ", said)
    return said, start, end


def length_of(said: str) -> float | None:
    """How long a stage is said to last ("for 2 s"), or None."""
    held = _FOR.search(said)
    return float(held[1]) if held else None


def _part(which: str, share: float, seconds: float) -> tuple[float, float]:
    if which in _OPENS:
        return 0.0, share * seconds
    if which == "middle":
        return (0.5 - share / 2) * seconds, (0.5 + share / 2) * seconds
    if which == "second" and share < 0.5:
        return share * seconds, 2 * share * seconds
    return (1 - share) * seconds, seconds
