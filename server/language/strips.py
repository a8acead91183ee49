"""Sentences that change over time -> AU strips: "first X, then Y; at the end Z".

Time words cut the direction into stages and give each its share of the seconds; each stage is read
by `express`, and every AU of it becomes a strip. An AU that goes on into the next stage is one
strip with keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from arkit.strips import AUStrip

from .errors import LanguageError
from .express import Expression, express
from .times import cut_at_times, length_of, plain_times, time_of

_LEAST: Final = 0.05
_SHORT: Final = 0.4
"""Seconds of a stage that is said to be quick, as long as the line allows."""
_QUICK_EASE: Final = 0.06

_NEXT: Final = (
    "and then", "then", "after that", "afterwards", "after which", "next", "later on", "later",
    "followed by", "before", "until", "turning to", "turns to", "turns into", "turning into",
    "giving way to", "gives way to", "fading to", "fades to", "fading into", "fades into",
    "melting into", "melts into", "changing to", "changes to", "shifting to", "shifts to",
    "and finally", "finally", "at last", "in the end", "at the end", "towards the end",
    "and ends", "ending", "ends", "suddenly", "halfway through", "halfway", "in the middle",
    "in between", "at the very end", "to finish", "finishing", "at first", "at the beginning",
    "at the start", "to begin with", "first", "initially", "starts out", "starts", "starting",
    "begins", "beginning", "concluding", "concludes", "closing", "by the end", "meanwhile",
    "relaxing into", "relaxes into", "breaking into", "breaks into", "dissolving into",
    "dissolves into", "softening into", "softens into", "bursting into", "bursts into",
    "throughout", "the whole time", "all along", "becoming", "becomes",
)  # fmt: skip
_CUE: Final = re.compile(
    r"(?<![\w-])("
    + "|".join(sorted(map(re.escape, _NEXT), key=len, reverse=True))
    + r")(?![\w-])(?!\s+(?:\d|half|third|quarter|part|word|syllable|beat|s\b))"
)
_OPENING: Final = frozenset(
    {"first", "at first", "at the beginning", "at the start", "to begin with", "initially",
     "starts", "starts out", "starting", "begins", "beginning"}
)  # fmt: skip
_ENDING: Final = frozenset(
    {"and finally", "finally", "at last", "in the end", "at the end", "towards the end",
     "and ends", "ending", "ends", "at the very end", "to finish", "finishing", "concluding",
     "concludes", "closing", "by the end"}
)  # fmt: skip
_MIDDLE: Final = frozenset({"halfway through", "halfway", "in the middle", "in between"})
_WHOLE: Final = frozenset({"throughout", "the whole time", "all along", "meanwhile"})
_QUICK: Final = re.compile(
    r"\b(?:briefly|quick|for a moment|a flash of|momentarily|quickly|fleeting|for an instant)\b"
)
_LEAD: Final = re.compile(
    r"^(?:[\s,;.:!-]|(?:and|but|yet|with|by|as)\b|(?:off|out|up)\b(?=\s+\w))+"
)
_WHERETO: Final = frozenset({"up", "down", "left", "right", "away", "to the left", "to the right"})
"""A stage of no more than this has left out its verb: "look left, then right"."""


@dataclass(frozen=True)
class Stage:
    """A part of a direction: its words, start and end in seconds, ease of its onset in seconds."""

    text: str
    start: float
    end: float
    ease: float = 0.15


@dataclass(frozen=True)
class _Piece:
    """A stage before its time is known. `place`: "", "open", "end", "middle", "whole"."""

    text: str
    place: str
    start: float | None = None
    end: float | None = None
    length: float | None = None
    quick: bool = False
    sudden: bool = False


def stages_of(text: str, seconds: float) -> list[Stage]:
    """Cut a direction at its time words and share out the seconds.

    Raises:
        LanguageError: `seconds` is not positive.
    """
    if not seconds > 0:
        raise LanguageError(f"strips need a length above 0 seconds, got {seconds:g}")
    pieces = [piece for piece in _pieces(text, seconds) if piece.text]
    whole = [piece for piece in pieces if piece.place == "whole"]
    timed = _ordered([piece for piece in pieces if piece.place != "whole"])
    stages = [Stage(piece.text, 0.0, seconds) for piece in whole]
    if whole and len(timed) == 1 and timed[0].place == "end" and timed[0].start is None:
        timed = [replace(timed[0], start=0.6 * seconds)]
    return [*stages, *_with_their_verbs(_shared(timed, seconds))]


def _with_their_verbs(stages: list[Stage]) -> list[Stage]:
    """Say again the verb of the stage before where one only says whereto."""
    whole: list[Stage] = []
    for stage in stages:
        said = f"{whole[-1].text.split()[0]} {stage.text}" if whole else stage.text
        whole.append(replace(stage, text=said) if stage.text in _WHERETO else stage)
    return whole


def strips_from_text(
    text: str, seconds: float, read: Callable[[str], Expression] = express
) -> list[AUStrip]:
    """AU strips of a direction over `seconds`; an unknown or empty text gives none.

    Raises:
        LanguageError: `seconds` is not positive.
    """
    strips: list[AUStrip] = []
    for stage in stages_of(text, seconds):
        for au, value in read(stage.text).aus.items():
            if value < _LEAST:
                continue
            last = next((s for s in reversed(strips) if s.au == au), None)
            if last is not None and abs(last.end - stage.start) < 1e-6:
                strips[strips.index(last)] = _joined(last, stage, value)
            else:
                strips.append(_strip(au, stage, value))
    return sorted(strips, key=lambda strip: (strip.start, strip.au))


def _strip(au: str, stage: Stage, value: float) -> AUStrip:
    room = (stage.end - stage.start) / 3
    return AUStrip(
        au, round(stage.start, 3), round(stage.end, 3), ((round(stage.start, 3), value),),
        "hold", min(stage.ease, room), min(0.2, room),
    )  # fmt: skip


def _joined(strip: AUStrip, stage: Stage, value: float) -> AUStrip:
    """One strip through two stages: the value moves in the ease of the second."""
    turn = min(max(stage.ease, 0.1) * 2, (stage.end - stage.start) / 2)
    held = (round(stage.start, 3), strip.keys[-1][1])
    keys = (*strip.keys, held, (round(stage.start + turn, 3), value))
    return AUStrip(
        strip.au, strip.start, round(stage.end, 3), keys, "hold", strip.ease_in, strip.ease_out
    )


def _pieces(text: str, seconds: float) -> list[_Piece]:
    """Split at sentence ends, semicolons and time words."""
    pieces: list[_Piece] = []
    timed = cut_at_times(plain_times(text.lower()))
    for sentence in re.split(r"[;.!?\n](?!\d)\s*", timed):
        cuts = list(_CUE.finditer(sentence))
        starts = [0, *(cut.end() for cut in cuts)]
        ends = [*(cut.start() for cut in cuts), len(sentence)]
        cues = ["", *(cut.group(1) for cut in cuts)]
        for start, end, cue in zip(starts, ends, cues, strict=True):
            pieces.append(_piece(sentence[start:end], cue, seconds))
    return _with_waiting_cues(pieces)


def _place(cue: str) -> str:
    places = ((_OPENING, "open"), (_ENDING, "end"), (_MIDDLE, "middle"), (_WHOLE, "whole"))
    return next((name for cues, name in places if cue in cues), "")


def _piece(said: str, cue: str, seconds: float) -> _Piece:
    length = length_of(said)
    said, start, end = time_of(said, seconds)
    quick = bool(_QUICK.search(said))
    said = _QUICK.sub(" ", said)
    said = _LEAD.sub("", " ".join(said.split())).strip(" ,;:.-")
    said = re.sub(r"(?:\s+and|\s+but|,)+$", "", said)
    return _Piece(said, _place(cue), start, end, length, quick, cue == "suddenly")


def _with_waiting_cues(pieces: list[_Piece]) -> list[_Piece]:
    """A time word with nothing behind it ("he smiles at first") belongs to the words before it."""
    result: list[_Piece] = []
    for piece in pieces:
        if piece.place == "whole" and piece.start is not None and result and not result[-1].place:
            result[-1] = replace(result[-1], place="whole")
            result.append(replace(piece, place=""))
        elif piece.text:
            result.append(piece)
        elif piece.place and result and not result[-1].place:
            result[-1] = replace(result[-1], place=piece.place)
    return result


def _ordered(pieces: list[_Piece]) -> list[_Piece]:
    rank = {"open": 0, "": 1, "middle": 1, "end": 2}
    return sorted(pieces, key=lambda piece: rank[piece.place])


def _shared(pieces: list[_Piece], seconds: float) -> list[Stage]:
    """Times that are said are kept; the rest is shared evenly among the others."""
    if not pieces:
        return []
    share = seconds / len(pieces)
    if any(piece.place == "end" for piece in pieces) and len(pieces) > 1:
        share = seconds / (len(pieces) + 0.25)
    stages: list[Stage] = []
    clock = 0.0
    for i, piece in enumerate(pieces):
        start = min(piece.start if piece.start is not None else clock, seconds - 0.05)
        following = next((p.start for p in pieces[i + 1 :] if p.start is not None), seconds)
        waiting = sum(p.start is None for p in pieces[i + 1 :])
        free = max(0.1, following - start)
        length = free / (1 + waiting) if following < seconds or not waiting else share
        if piece.quick:
            length = min(length, _SHORT)
        length = piece.length if piece.length is not None else length
        end = piece.end if piece.end is not None else start + length
        told = piece.end is not None or piece.length is not None
        if i == len(pieces) - 1 and not told and not piece.quick:
            end = seconds
        end = min(seconds, max(end, start + 0.05))
        ease = _QUICK_EASE if piece.sudden or piece.quick else 0.15
        stages.append(Stage(piece.text, start, end, ease))
        clock = end
    return stages
