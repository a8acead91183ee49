"""What the rules leave over, read by the network: unseen words, and situations.

Beside the network two more have a say in a situation: the causes that it names, and the known
situations that it resembles. What none of them understands stays neutral, with a note; so does a
sentence that tells nothing that would move anybody ("the bench is made of oak").
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import causes, faces, feelings, tables
from .actions import SAYS_WHERE, part_aus
from .bare_parts import USUAL, is_moved
from .detector import Guess, TextAuDetector, guess
from .encoder import BuiltinTextEncoder
from .face_draft import FaceDraft
from .faces import Face
from .known_texts import KnownTexts
from .reading import Clause, Content, Reading
from .spotting import part_names
from .words import is_word

NOT_UNDERSTOOD: Final = (
    "Nothing in the direction was understood as an expression, so the face stays neutral there."
)
_MOST_UNKNOWN: Final = 0.5
_LEAST_CONFIDENCE: Final = 0.25
_LEAST_UNAIDED: Final = 0.4
"""Without a common cause in the text the network alone has to be surer."""
_LEAST_CHANCE: Final = 0.4
"""Of the likeliest emotion; under it the AU head speaks instead of the families."""
_SAID_OF: Final = frozenset(
    {"is", "am", "are", "was", "were", "feel", "feels", "feeling", "felt", "look", "looks",
     "looking", "looked", "seem", "seems", "seemed", "appear", "appears", "become", "becomes",
     "get", "gets", "getting", "grow", "grows", "turn", "turns", "stay", "stays", "remain", "act"}
)  # fmt: skip
_LOOKS_DONE: Final = frozenset(
    {"smile", "grin", "smirk", "frown", "scowl", "pout", "sneer", "wink", "blink", "grimace"}
)
_LOOKS_WITH: Final = frozenset({"eyes", "gaze", "face"})
"""Parts that show any feeling: "pettish eyes"."""
_UNLIKELY: Final = 0.3
_SURE: Final = 0.7
_STORY_COVERAGE: Final = 0.5
_STORY_WORDS: Final = 3
_SET_OFF: Final = frozenset({",", ";", ":", ".", "--", "!", "?", "(", "but", "yet"})
_FEW: Final = 4
_LEAST_ODDS: Final = 1e-4
_LEAST_FEELING: Final = 0.2
"""How surely a word of the lexicon has to be one of feeling to be asked for by itself."""
_SAYS: Final = (0.5, 0.5)
"""Powers of the network's odds and of the known words near, where the lexicon has no word."""
_SAYS_WITH_LEXICON: Final = (0.3, 0.3, 0.6)
"""The same, and of the lexicon's shares."""
_PLAIN: Final = 0.4
"""Log odds of "it moves a person", with the votes, under which a sentence is a plain one."""
_OTHER_SENSES: Final = frozenset(
    {"alarm", "alarms", "beat", "beaten", "beats", "bitter", "blank", "blue", "bouncy",
     "bright", "broken", "bubbly", "burnt", "cold", "collected", "composed", "content",
     "contents", "cool", "cross", "crosses", "crushed", "detached", "down", "drained",
     "driven", "drives", "dry", "flat", "floored", "foggy", "frosty", "grave", "gravity",
     "heated", "high", "higher", "icy", "interest", "jumps", "light", "loose", "lost",
     "low", "lower", "moved", "moves", "number", "pine", "pines", "plastered", "reserved",
     "rocked", "rosy", "sharp", "shattered", "spent", "start", "started", "starting",
     "starts", "steaming", "stiff", "stony", "stormy", "strained", "stress", "stressed",
     "stuck", "sunny", "sweet", "tears", "tender", "touched", "trust", "used", "vacant",
     "warm", "wooden"}
)  # fmt: skip
"""Words of feeling that are said of things too: what a drawer, a road or the weather can be."""
_PEOPLE: Final = frozenset(
    {"i", "you", "he", "she", "we", "they", "everyone", "somebody", "someone"}
)
_OUTVOTES: Final = 1.5
"""A cause of this weight tells a story, though the network hears a face being named."""
_SCOPE_WORDS: Final = frozenset(
    {"left", "right", "not", "no", "never", "without", "slightly", "very"}
)


@dataclass(frozen=True)
class Heard:
    """What network, causes and known situations make of some words.

    Attributes:
        guess: the network's. embedding: float32 [D] of the words.
        votes: family -> weight. told: whether the words hold a known situation.
        named: whether the lexicon knows a word of feeling among them.
        moving: log odds that they tell anything that moves a person; infinite for a few words.
    """

    guess: Guess
    embedding: NDArray[np.float32]
    votes: Mapping[str, float] = field(default_factory=dict[str, float])
    told: bool = False
    named: bool = False
    moving: float = math.inf


class Guesser:
    """The network with the causes and the known situations."""

    def __init__(
        self, encoder: BuiltinTextEncoder, detector: TextAuDetector, known: KnownTexts
    ) -> None:
        self.encoder, self.detector, self.known = encoder, detector, known

    def heard(self, text: str, words: Sequence[str]) -> Heard:
        """What is made of a text; `words` are its tokens."""
        embedding = self.encoder.encode([text])
        found = guess(self.detector, embedding, stories=len(words) > _STORY_WORDS)[0]
        votes = causes.votes(words)
        told = self.known.told.votes(words)
        near = self.known.situation_votes(embedding[0])
        for family in {**near, **told}:
            weight = max(near.get(family, 0.0), told.get(family, 0.0))
            votes[family] = votes.get(family, 0.0) + weight
        if 0 < len(words) <= _STORY_WORDS and not votes:
            found = self._beside_known_words(found, embedding[0], words)
        few = len(words) <= _STORY_WORDS or bool(told)
        moving = math.inf if few else found.moving + _strongest(votes)
        return Heard(found, embedding[0], votes, told=bool(told), moving=moving)

    def _beside_known_words(
        self, found: Guess, embedding: NDArray[np.float32], words: Sequence[str]
    ) -> Guess:
        """Let the known words near to a new one, and the lexicon, have their say."""
        says = [found.families, self.known.word_shares(embedding)]
        if not says[1]:
            return found
        powers: Sequence[float] = _SAYS
        if looked_up := self.known.lexicon.families_of(words):
            says, powers = [*says, looked_up], _SAYS_WITH_LEXICON
        odds = {
            name: math.prod(
                max(say.get(name, 0.0), _LEAST_ODDS) ** power
                for say, power in zip(says, powers, strict=True)
            )
            for name in found.families
        }
        total = sum(odds.values())
        ranked = sorted(odds.items(), key=lambda entry: -entry[1])
        return replace(found, families={name: value / total for name, value in ranked})

    def _asked(
        self, reading: Reading, clause: Clause, own: Sequence[Content], whole: Heard
    ) -> tuple[tuple[str, ...], bool]:
        """The unread words of a clause that are asked of, and whether the lexicon knows them."""
        known = tuple(w for w in clause.unread if self._is_feeling(w))
        direct = whole.guess.explicit >= 0.5 and not whole.votes
        kinds = {content.kind for content in own}
        # "one brow up at the funny word": beside an action, the adjective of a noun is no feeling
        apart = "feeling" in kinds or not own or known == clause.unread
        looks = set(clause.parts) <= _LOOKS_WITH
        spoken = (own or looks) and (reading.contents or direct)
        if known and apart and kinds != {"named"} and spoken:
            return known, True
        return (clause.unread, False) if _worth_asking(reading, clause, own, whole) else ((), False)

    def _is_feeling(self, word: str) -> bool:
        return self.known.lexicon.is_feeling(word, _LEAST_FEELING)

    def _heard_named(self, words: Sequence[str]) -> Heard:
        """Words of feeling that the lexicon knows: they mean a face, whatever the network hears."""
        heard = self.heard(" ".join(words), words)
        sure = replace(
            heard.guess,
            unknown=min(heard.guess.unknown, _UNLIKELY),
            explicit=max(heard.guess.explicit, _SURE),
        )
        return replace(heard, guess=sure, named=True, votes={})

    def add_unread(
        self, draft: FaceDraft, reading: Reading, clause: Clause, own: Sequence[Content],
        whole: Heard,
    ) -> None:  # fmt: skip
        """Words of a clause that no table knows: ask, if they look like a direction."""
        asked, named = self._asked(reading, clause, own, whole)
        on_part = bool(clause.parts) and not own
        moved = on_part and is_moved(reading, clause)
        if not (asked or moved):
            return
        if named and not moved:
            self._add_heard(draft, clause, self._heard_named(asked), " ".join(asked))
            return
        if on_part and reading.contents and set(clause.unread) <= part_names().words | SAYS_WHERE:
            return  # "blink with the right eye": the part has told its side
        said = _without_scope(reading, clause) if clause.parts else " ".join(clause.unread)
        heard = self.heard(said, clause.unread)
        if on_part and (moved or whole.guess.explicit >= 0.5):
            _add_part_guess(draft, clause, heard.guess, reading)
        elif not on_part and _sounds_like_direction(heard.guess, alone=not reading.contents):
            self._add_heard(draft, clause, heard, said)

    @staticmethod
    def _add_heard(draft: FaceDraft, clause: Clause, heard: Heard, said: str) -> None:
        if clause.denied:
            _deny_guess(draft, heard.guess, said)
        else:
            add_guess(draft, heard, clause.degree, clause.side)


def _strongest(votes: Mapping[str, float]) -> float:
    return max((weight for family, weight in votes.items() if family != "neutral"), default=0.0)


def is_plain(reading: Reading, whole: Heard) -> bool:
    """Whether a sentence tells nothing that moves a person, and asks for nothing of a face.

    Words of feeling in it are then of another sense: "the blue folder", "cross at the lights".
    """
    if whole.moving >= _PLAIN or any(clause.parts for clause in reading.clauses):
        return False
    if not all(_may_be_of_things(content, reading) for content in reading.contents):
        return False
    return any(clause.unread for clause in reading.clauses) and not _says_itself(reading)


def _may_be_of_things(content: Content, reading: Reading) -> bool:
    """Whether a word of feeling has another sense, and is not said of a person: "he is blue"."""
    if content.kind != "feeling" or content.negated or content.side:
        return False
    before = set(reading.tokens[max(0, content.start - 4) : content.start])
    return content.text in _OTHER_SENSES and not (before & _PEOPLE and before & _SAID_OF)


def is_story(reading: Reading, whole: Heard) -> bool:
    """Whether the text tells what happens, so that single words of feeling in it mislead."""
    if any(c.side and not c.negated for c in reading.contents):
        return False
    if whole.told:
        return True
    if not reading.contents:
        return False
    strong = any(c.kind in ("au", "action", "still") or _is_told_look(c) for c in reading.contents)
    if strong or _is_predicate(reading) or _says_itself(reading):
        return False
    parts = any(clause.parts for clause in reading.clauses)
    outvoted = max(whole.votes.values(), default=0.0) >= _OUTVOTES and not parts
    if whole.guess.explicit >= 0.5 and not outvoted:
        return False
    unread = sum(len(clause.unread) for clause in reading.clauses)
    thin = reading.coverage < _STORY_COVERAGE and unread >= _STORY_WORDS
    return (thin and whole.guess.unknown < _MOST_UNKNOWN) or (bool(whole.votes) and unread > 0)


def _is_told_look(content: Content) -> bool:
    """Whether a look with a name is told as what someone does: "he left the room smiling"."""
    done = content.text.split()[0] in _LOOKS_DONE or content.text in _muscles()
    return content.kind == "named" and not content.negated and (done or bool(content.side))


@lru_cache(maxsize=1)
def _muscles() -> frozenset[str]:
    return frozenset(muscle.text for muscle in tables.muscles())


def _is_predicate(reading: Reading) -> bool:
    """Whether a feeling is said of someone: "is afraid", "looks a little sad"."""
    return any(
        _SAID_OF & set(reading.tokens[max(0, content.start - 3) : content.start])
        for content in reading.contents
        if content.kind == "feeling"
    )


def _says_itself(reading: Reading) -> bool:
    """Whether a clause set off from the story says the face: "..., proud and sad", "she smiles"."""
    for i, clause in enumerate(reading.clauses):
        own = [c for c in reading.contents if c.clause == i]
        words = [word for word in reading.tokens[clause.start : clause.end] if is_word(word)]
        alone = len(reading.clauses) == 1 or clause.opener in _SET_OFF or i == 0
        if own and not clause.unread and alone and len(words) <= _FEW and len(reading.clauses) > 1:
            return True
    return False


def add_guess(draft: FaceDraft, heard: Heard, degree: float = 1.0, side: str = "") -> None:
    """The likeliest face of what was heard, or a note that it was not understood."""
    found = heard.guess
    unknown = causes.less_unknown(found.unknown, heard.votes)
    face, family, chance = feelings.likely_face(causes.reweighed(found.families, heard.votes))
    confidence = (1.0 - unknown) * chance
    if chance < _LEAST_CHANCE and found.face and found.explicit >= 0.5 and not heard.named:
        face, family, confidence = found.face, found.family, found.confidence
    least = _LEAST_CONFIDENCE if heard.votes or heard.named else _LEAST_UNAIDED
    if unknown > _MOST_UNKNOWN or confidence < least or (not face and found.explicit < 0.5):
        draft.notes.append(NOT_UNDERSTOOD)
        return
    draft.feelings.append((faces.sided(faces.scaled(face, degree), side), family))
    draft.confidence.append(confidence)


def _worth_asking(reading: Reading, clause: Clause, own: Sequence[Content], whole: Heard) -> bool:
    """A few unread words, alone or beside a named expression; more is a story, read as a whole."""
    if not 0 < len(clause.unread) <= _STORY_WORDS:
        return False
    if not reading.contents:
        short = sum(len(c.unread) for c in reading.clauses) <= _STORY_WORDS
        return short and not whole.votes
    return not own or (len(clause.unread) == 1 and all(c.kind == "named" for c in own))


def _sounds_like_direction(found: Guess, alone: bool) -> bool:
    """Whether the network is sure enough that unread words describe a face."""
    if found.explicit < 0.5 or found.unknown > _MOST_UNKNOWN:
        return False
    return alone or (found.unknown <= _UNLIKELY and found.confidence >= _SURE)


def _without_scope(reading: Reading, clause: Clause) -> str:
    """A clause's text without side, degree and denial, which the rules have read."""
    words = reading.tokens[clause.start : clause.end]
    return " ".join(word for word in words if word not in _SCOPE_WORDS)


def _add_part_guess(draft: FaceDraft, clause: Clause, found: Guess, reading: Reading) -> None:
    """A known part with an unknown motion: the network chooses among the part's AUs."""
    allowed = faces.expand(faces.union(part_aus(part) for part in clause.parts))
    face: Face = {code: value for code, value in found.face.items() if code in allowed}
    lowered = any("AU4L" in content.face for content in reading.contents)
    if clause.side and not clause.denied and clause.parts == ("brows",) and not lowered:
        face = faces.expand(tables.action_rules()[("brows", "raise")])  # what one brow mostly does
    if not face and clause.side and clause.parts[0] in USUAL and not clause.denied:
        face = faces.expand(tables.action_rules()[(clause.parts[0], USUAL[clause.parts[0]])])
    if not face:
        return
    face = faces.sided(faces.scaled(face, clause.degree), clause.side)
    if clause.denied:
        text = reading.text_of(clause)
        draft.denied.append(
            Content("action", face, "", text, clause.start, clause.end, negated=True)
        )
        return
    draft.explicit.append(face)
    draft.confidence.append(found.confidence)


def _deny_guess(draft: FaceDraft, found: Guess, said: str) -> None:
    draft.denied.append(Content("feeling", found.face, found.family, said, 0, 0, negated=True))
    draft.confidence.append(found.confidence)
