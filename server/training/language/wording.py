"""English enough to say a direction in many ways: verb forms, sentence templates, subjects.

All templates are our own sentences. `{x}` is what is said; each list is cut by `held_out`, so that
a tenth of the phrasings is never trained on.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

from server.language.spotting import IRREGULAR

SUBJECTS: Final = (
    "he", "she", "the actor", "the woman", "the man", "the character", "the girl", "the boy",
    "my friend", "someone", "the old man", "the face", "they all", "the queen",
)  # fmt: skip
POSSESSIVES: Final = ("the", "his", "her", "your", "their")

ADJECTIVE: Final = (
    "{x}", "looks {x}", "{s} looks {x}", "{s} is {x}", "{s} seems {x}", "feeling {x}",
    "a {x} face", "a {x} look", "a {x} expression", "speak in a {x} way", "say it {x}",
    "as if {s} were {x}", "{s} feels {x}", "you are {x}", "act {x}", "be {x}", "sound {x}",
    "with a {x} expression", "{s} appears {x}", "a person who is {x}", "play it {x}",
    "deliver the line looking {x}", "make {p} face {x}", "talk as though you felt {x}",
    "I want you to look {x}", "{s} was {x} when {s} heard it", "{x}, that is how {s} looks",
    "give me {x}", "more {x}, please", "visibly {x}", "someone who feels {x}",
    "{s} gave a {x} look", "{p} eyes were {x}", "the mood is {x}", "in a {x} mood",
    "{s} turns {x}", "getting {x}", "become {x} at this line", "{x} the whole time",
    "can you try it {x}", "a {x} person", "{s} behaves {x}", "read this as somebody {x}",
)  # fmt: skip
NOUN: Final = (
    "{x}", "with {x}", "full of {x}", "a look of {x}", "an expression of {x}", "show {x}",
    "{s} feels {x}", "a face of {x}", "speak with {x}", "filled with {x}", "in {x}",
    "{p} face shows {x}", "express {x}", "let {x} show", "{x} is written on {p} face",
    "{s} cannot hide {p} {x}", "convey {x}", "I want to see {x}", "{x} in {p} eyes",
    "overcome by {x}", "talk with {x} in the voice", "the emotion is {x}", "say it with {x}",
    "{s} radiates {x}", "{x} crosses {p} face", "a picture of {x}", "{p} expression is one of {x}",
    "play {x} here", "give the line some {x}", "moved by {x}",
)  # fmt: skip
VERB: Final = ("{s} {x}", "{x}", "here {s} {x}", "{s} hears it and {x}", "at this point {s} {x}",
               "the character {x}", "someone who {x}", "{s} just {x}")  # fmt: skip
NEGATED_ADJECTIVE: Final = (
    "not {x}", "{s} is not {x}", "{s} does not look {x}", "not {x} at all", "never {x}",
    "{s} isn't {x}", "far from {x}", "anything but {x}", "not the least bit {x}",
    "{s} doesn't seem {x}", "don't look {x}", "without being {x}", "no longer {x}",
    "by no means {x}", "not {x} in the slightest", "try not to look {x}",
)  # fmt: skip
NEGATED_NOUN: Final = ("no {x}", "without {x}", "without any {x}", "free of {x}", "no trace of {x}",
                       "no sign of {x}", "lacking {x}", "devoid of {x}", "show no {x}")  # fmt: skip
MIXED: Final = (
    "{a} and {b}", "{a} but {b}", "{a} yet {b}", "both {a} and {b}", "half {a}, half {b}",
    "{a} and {b} at the same time", "{a} though also {b}", "torn between being {a} and {b}",
    "a mix of {a} and {b}", "{s} is {a} but also {b}", "{s} looks {a} and {b}",
    "partly {a}, partly {b}", "{a} on the outside, {b} underneath", "{a} with a hint of being {b}",
    "{a} mixed with {b}", "simultaneously {a} and {b}", "{a}, a little {b} too",
    "{s} does not know whether to be {a} or {b}", "{a} as well as {b}", "equally {a} and {b}",
)  # fmt: skip
GERUND: Final = (
    "{x}", "like someone {x}", "as if {x}", "imagine {x}", "you are {x}", "the face you make {x}",
    "the look of a person {x}", "{s} is {x}", "how {s} looks while {x}", "when {x}",
    "react as though you were {x}", "the moment of {x}", "think of {x}", "picture yourself {x}",
    "speak like a person who is {x}", "it feels like {x}", "just after {x}", "a man {x}",
    "she looks as though she were {x}", "remember {x}", "the feeling of {x}",
)  # fmt: skip
SENTENCE: Final = (
    "{x}", "{s} just heard that {x}", "when {x}", "because {x}", "{x}, and it shows",
    "as if {x}", "imagine that {x}", "react to this: {x}", "the news is that {x}",
    "{s} looks like {x}", "say it as though {x}", "you have just found out that {x}",
    "play it like {x}", "knowing that {x}", "{s} realises that {x}", "suppose {x}",
    "{s} has been told that {x}", "in this scene {x}", "what {s} looks like when {x}",
)  # fmt: skip
NAMED: Final = (
    "{x}", "a {x}", "with a {x}", "give a {x}", "{s} has a {x}", "show a {x}", "do a {x}",
    "make a {x}", "{x}, please", "{s}: {x}", "add a {x}", "put on a {x}", "{p} face: {x}",
    "speak with a {x}", "now {x}", "try {x}", "I want {x} here", "go for {x}", "a face with {x}",
    "end on a {x}", "let me see a {x}", "there is a {x}",
)  # fmt: skip
SAYING: Final = (
    "{x}", "{s}: {x}", "like {x}", "as in {x}", "{x}, so to speak", "play it like this: {x}",
    "the sort of look that says {x}",
)  # fmt: skip
WITH_ACTION: Final = (
    "{f} with {a}", "{f}, {a}", "{a} and {f}", "{f} and {a}", "{f} while {a}", "{a}, looking {f}",
    "{f}; {a}", "{f}, with {a}", "{s} is {f}, {a}",
)  # fmt: skip
BUT_NOT: Final = (
    "{f} without {g}", "{f}, but not {g}", "{f} but no {n}", "{f}, no {n}", "{f} with no {n}",
    "{f} without a {n}", "{f} and not {g}", "{f}, never {g}", "{f} yet not {g}",
)  # fmt: skip


def held_out(text: str, share: int = 10) -> bool:
    """Whether a word, situation or template belongs to the tenth that is never trained on."""
    return zlib.crc32(("held out|" + text).encode()) % share == 0


def _head(verb: str) -> tuple[str, str]:
    head, _, rest = verb.partition(" ")
    return head, f" {rest}" if rest else ""


def third(verb: str) -> str:
    """ "press together" -> "presses together"."""
    head, rest = _head(verb)
    if re.search(r"[^aeiou]y$", head):
        return head[:-1] + "ies" + rest
    return head + ("es" if head.endswith(("s", "sh", "ch", "x", "z", "o")) else "s") + rest


def _doubled(head: str) -> str:
    if re.fullmatch(r"[a-z]*[^aeiou][aeiou][bdgkmnprt]", head) and head not in (
        "widen", "open", "tighten", "flatten", "quiver", "wander", "gather", "pucker", "flutter",
        "slacken", "soften", "loosen", "lower", "harden", "crumple", "bear", "trumpet", "inflate",
    ):  # fmt: skip
        return head + head[-1]
    return head


def ing(verb: str) -> str:
    """ "draw up" -> "drawing up"."""
    head, rest = _head(verb)
    stem = head[:-1] if head.endswith("e") and not head.endswith("ee") else _doubled(head)
    return stem + "ing" + rest


def participle(verb: str) -> str:
    """ "draw up" -> "drawn up"."""
    head, rest = _head(verb)
    if head in IRREGULAR:
        return IRREGULAR[head][-1] + rest
    if head.endswith("e"):
        return head + "d" + rest
    if re.search(r"[^aeiou]y$", head):
        return head[:-1] + "ied" + rest
    return _doubled(head) + "ed" + rest
