"""A direction in words -> a face: AUs, the 52 blendshapes, confidence, and what it resembles.

Rules read what language makes explicit (named expressions, body parts and their motions, AU codes,
degree, side, denial); the network reads meaning (unseen words, situations). What nobody
understands is a neutral face with a note, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, limitation

from . import causes, faces, feelings, scope, tables
from .actions import part_aus
from .detector import Guess, TextAuDetector, guess, load_detector
from .encoder import BuiltinTextEncoder, load_encoder
from .expclip import ExpClip, load_expclip
from .faces import Face
from .reading import Clause, Content, Reading
from .spelling import corrected
from .spotting import part_names, phrase_words
from .words import is_word, tokens

WEIGHTS: Final = Path(__file__).resolve().parents[1] / "weights"

_NOT_UNDERSTOOD: Final = (
    "Nothing in the direction was understood as an expression, so the face stays neutral there."
)
_ENDINGS: Final = ("s", "es", "ed", "ing", "d", "er", "ly")
_MOST_UNKNOWN: Final = 0.5
_LEAST_CONFIDENCE: Final = 0.25
_LEAST_UNAIDED: Final = 0.48
"""Without a common cause in the text the network alone has to be surer."""
_LEAST_CHANCE: Final = 0.4
"""Of the likeliest emotion; under it the AU head speaks instead of the families."""
_SAID_OF: Final = frozenset(
    {"is", "am", "are", "was", "were", "feel", "feels", "feeling", "felt", "look", "looks",
     "looking", "looked", "seem", "seems", "seemed", "appear", "appears", "become", "becomes",
     "get", "gets", "getting", "grow", "grows", "turn", "turns", "stay", "stays", "remain", "act"}
)  # fmt: skip
_UNLIKELY: Final = 0.3
_SURE: Final = 0.7
_STORY_COVERAGE: Final = 0.5
_STORY_WORDS: Final = 3


@dataclass(frozen=True)
class Expression:
    """The face of a direction.

    Attributes:
        aus: AU code -> intensity 0..1, in table order ("AU12", "AU12L").
        blendshapes: all 52, ARKit order. confidence: 0..1.
        nearest: known expressions that it resembles, best first. notes: sentences for the user.
        embedding: float32 [256], unit length, of this face in ExpCLIP's space.
        emotion, intensity: the coarse emotion and how strong (0..1).
        head: AUs of the head and others that no blendshape shows -> intensity.
    """

    aus: dict[str, float]
    blendshapes: dict[str, float]
    confidence: float
    nearest: list[str]
    notes: list[str]
    embedding: NDArray[np.float32]
    emotion: str = "neutral"
    intensity: float = 0.0
    head: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `soliloquy express --json` prints."""
        return {
            "aus": dict(self.aus),
            "blendshapes": dict(self.blendshapes),
            "confidence": round(self.confidence, 3),
            "emotion": self.emotion,
            "intensity": round(self.intensity, 3),
            "nearest": list(self.nearest),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class EmotionReading:
    """The coarse emotion of a direction.

    Attributes:
        emotion: one of `tables.EMOTIONS`. intensity: 0..1.
        scores: emotion -> share, summing to 1. family: the finer family, or "".
    """

    emotion: str
    intensity: float
    scores: dict[str, float]
    family: str = ""


@dataclass
class _Draft:
    """A face in the making."""

    feelings: list[tuple[Face, str]] = field(default_factory=list)
    explicit: list[Face] = field(default_factory=list)
    named: list[Face] = field(default_factory=list)
    denied: list[Content] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    near: list[str] = field(default_factory=list)


class Director:
    """Everything that is needed to read directions; build once, ask often.

    `left_out` table words are unknown to the rules (an evaluation holds them out).
    """

    def __init__(
        self,
        encoder: BuiltinTextEncoder,
        detector: TextAuDetector,
        expclip: ExpClip,
        *,
        index: Sequence[str] = (),
        vectors: NDArray[np.float32] | None = None,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self.encoder = encoder
        self.detector = detector
        self.expclip = expclip
        self.left_out = left_out
        self._index = tuple(index)
        known = vectors if vectors is not None else np.zeros((0, encoder.width), np.float32)
        self._vectors = torch.from_numpy(np.ascontiguousarray(known))

    def _knows(self, word: str) -> bool:
        forms = [word, *(word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))]
        return word in phrase_words() or any(self.encoder.knows(form) for form in forms)

    # --- the questions -------------------------------------------------------------------------

    def express(self, text: str) -> Expression:
        """The face of a direction. Never raises on text; empty or unknown text is neutral."""
        said, changes = corrected(tokens(text), self._knows)
        if changes:
            text = " ".join(said)
        reading = scope.read(text, self.left_out)
        if not any(token.strip("0123456789.").isalnum() for token in reading.tokens):
            return self._finish({}, 0.0, [], ["The direction is empty, so the face is neutral."])
        if not reading.contents and not any(self._knows(t) for t in reading.tokens if is_word(t)):
            return self._finish({}, 0.0, [], [_NOT_UNDERSTOOD])
        embedding = self.encoder.encode([text])
        whole = guess(self.detector, embedding)[0]
        draft = self._draft(reading, whole)
        face = _composed(draft)
        near = list(dict.fromkeys([*draft.near, *self.nearest(embedding[0])]))[:5]
        confidence = float(np.mean(draft.confidence)) if draft.confidence else 0.0
        spelt = [f"Read '{wrong}' as '{right}'." for wrong, right in changes]
        notes = [*spelt, *reading.notes, *draft.notes]
        return self._finish(face, confidence, near, notes, draft)

    def emotion_of(self, text: str) -> EmotionReading:
        """The coarse emotion of a direction, with its intensity."""
        found = self.express(text)
        shares: dict[str, float] = {emotion: 0.0 for emotion in tables.EMOTIONS}  # noqa: C420
        near = feelings.nearest_families(faces.expand({**found.aus, **found.head}), least=0.5)
        for name, cosine in near[:6]:
            shares[tables.families()[name].emotion] += cosine**4
        if found.emotion != "neutral":
            shares[found.emotion] += 2.0
        if not any(shares.values()):
            shares["neutral"] = 1.0
        total = sum(shares.values())
        scores = {name: round(value / total, 4) for name, value in shares.items()}
        family = near[0][0] if near else ""
        return EmotionReading(found.emotion, found.intensity, scores, family)

    def nearest(self, embedding: NDArray[np.float32], count: int = 5) -> list[str]:
        """Known expressions whose words are nearest in meaning."""
        if len(self._vectors) < count:
            return []
        scores = torch.mv(self._vectors, torch.from_numpy(embedding))
        return [self._index[i] for i in torch.topk(scores, count).indices.tolist()]

    def text_embedding(self, text: str) -> NDArray[np.float32]:
        """The text projected into ExpCLIP's space, float32 [256]: the paper's P(E_text(text))."""
        return self.expclip.embed_text(self.encoder.encode([text]))[0]

    def pose_embedding(self, pose: Mapping[str, float]) -> NDArray[np.float32]:
        """A posed expression (names -> 0..1) in ExpCLIP's space, float32 [256]."""
        return self.expclip.embed_pose(pose)

    # --- reading -------------------------------------------------------------------------------

    def _draft(self, reading: Reading, whole: Guess) -> _Draft:
        draft = _Draft()
        if self._is_story(reading, whole):
            self._add_guess(draft, whole, 1.0, "", reading.tokens)
            if draft.feelings:
                return draft
            draft.notes.clear()
        for content in reading.contents:
            _add_content(draft, content)
        for i, clause in enumerate(reading.clauses):
            own = [c for c in reading.contents if c.clause == i]
            self._add_unread(draft, reading, clause, own, whole)
        if not (reading.contents or draft.feelings or draft.explicit or draft.denied):
            self._add_guess(draft, whole, 1.0, "", reading.tokens)
        return draft

    @staticmethod
    def _is_story(reading: Reading, whole: Guess) -> bool:
        """Whether the text tells what happens, so that single words of feeling in it mislead."""
        if not reading.contents:
            return False
        strong = any(c.kind in ("au", "action", "still") for c in reading.contents)
        if strong or whole.explicit >= 0.5 or _is_predicate(reading):
            return False
        unread = sum(len(clause.unread) for clause in reading.clauses)
        thin = reading.coverage < _STORY_COVERAGE and unread >= _STORY_WORDS
        heard = causes.votes(reading.tokens)
        return (thin and whole.unknown < _MOST_UNKNOWN) or (bool(heard) and unread > 0)

    def _add_unread(
        self, draft: _Draft, reading: Reading, clause: Clause, own: list[Content], whole: Guess
    ) -> None:
        """Words of a clause that no table knows: ask the network, if they look like a direction."""
        if not _worth_asking(reading, clause, own):
            return
        on_part = bool(clause.parts) and not own
        if on_part and reading.contents and set(clause.unread) <= part_names().words():
            return  # "blink with the right eye": the part has told its side
        said = _without_scope(reading, clause) if clause.parts else " ".join(clause.unread)
        found = guess(self.detector, self.encoder.encode([said]))[0]
        if on_part and whole.explicit >= 0.5:
            self._add_part_guess(draft, clause, found, reading)
        elif not on_part and _sounds_like_direction(found, alone=not reading.contents):
            if clause.denied:
                self._deny_guess(draft, found, said)
            else:
                self._add_guess(draft, found, clause.degree, clause.side, clause.unread)

    @staticmethod
    def _add_part_guess(draft: _Draft, clause: Clause, found: Guess, reading: Reading) -> None:
        """A known part with an unknown motion: the network chooses among the part's AUs."""
        allowed = faces.expand(faces.union(part_aus(part) for part in clause.parts))
        face = {code: value for code, value in found.face.items() if code in allowed}
        if not face:
            return
        face = faces.sided(faces.scaled(face, clause.degree), clause.side)
        if clause.denied:
            draft.denied.append(
                Content("action", face, "", reading.text_of(clause), clause.start, clause.end,
                        negated=True)
            )  # fmt: skip
            return
        draft.explicit.append(face)
        draft.confidence.append(found.confidence)

    @staticmethod
    def _add_guess(
        draft: _Draft, found: Guess, degree: float, side: str, said: Sequence[str]
    ) -> None:
        heard = causes.votes(said)
        unknown = causes.less_unknown(found.unknown, heard)
        face, family, chance = feelings.likely_face(causes.reweighed(found.families, heard))
        confidence = (1.0 - unknown) * chance
        if chance < _LEAST_CHANCE and found.face and found.explicit >= 0.5:
            face, family, confidence = found.face, found.family, found.confidence
        least = _LEAST_CONFIDENCE if heard else _LEAST_UNAIDED
        if unknown > _MOST_UNKNOWN or confidence < least or (not face and found.explicit < 0.5):
            draft.notes.append(_NOT_UNDERSTOOD)
            return
        face = faces.sided(faces.scaled(face, degree), side)
        draft.feelings.append((face, family))
        draft.confidence.append(confidence)

    @staticmethod
    def _deny_guess(draft: _Draft, found: Guess, said: str) -> None:
        draft.denied.append(Content("feeling", found.face, found.family, said, 0, 0, negated=True))
        draft.confidence.append(found.confidence)

    # --- result --------------------------------------------------------------------------------

    def _finish(
        self, face: Face, confidence: float, near: list[str], notes: list[str],
        draft: _Draft | None = None,
    ) -> Expression:  # fmt: skip
        compacted = faces.compact(face)
        shown = {code: v for code, v in compacted.items() if ACTION_UNITS[code].expressible}
        head = {code: v for code, v in compacted.items() if code not in shown}
        for code in head:
            notes.append(f"{limitation(code)}.".replace("..", "."))
        shapes = faces.blendshapes(faces.expand(shown))
        emotion, intensity = _emotion(faces.expand(shown), draft)
        return Expression(
            shown, shapes, round(confidence, 3), near, list(dict.fromkeys(notes)),
            self.pose_embedding(shapes), emotion, intensity, head,
        )  # fmt: skip


def _is_predicate(reading: Reading) -> bool:
    """Whether a feeling is said of someone: "is afraid", "looks a little sad"."""
    return any(
        _SAID_OF & set(reading.tokens[max(0, content.start - 3) : content.start])
        for content in reading.contents
        if content.kind == "feeling"
    )


def _worth_asking(reading: Reading, clause: Clause, own: Sequence[Content]) -> bool:
    """A few unread words, alone or beside a named expression; more is a story, read as a whole."""
    if not 0 < len(clause.unread) <= _STORY_WORDS:
        return False
    if not reading.contents:
        short = sum(len(c.unread) for c in reading.clauses) <= _STORY_WORDS
        return short and not causes.votes(reading.tokens)
    return not own or (len(clause.unread) == 1 and all(c.kind == "named" for c in own))


def _sounds_like_direction(found: Guess, alone: bool) -> bool:
    """Whether the network is sure enough that unread words describe a face."""
    if found.explicit < 0.5 or found.unknown > _MOST_UNKNOWN:
        return False
    return alone or (found.unknown <= _UNLIKELY and found.confidence >= _SURE)


def _without_scope(reading: Reading, clause: Clause) -> str:
    """A clause's text without side, degree and denial, which the rules have read."""
    gone = {"left", "right", "not", "no", "never", "without", "slightly", "very"}
    words = reading.tokens[clause.start : clause.end]
    return " ".join(word for word in words if word not in gone)


def _add_content(draft: _Draft, content: Content) -> None:
    if content.negated:
        draft.denied.append(content)
        draft.confidence.append(0.9)
        return
    face = content.shown()
    if content.kind == "feeling":
        draft.feelings.append((face, content.family))
    else:
        (draft.named if content.kind == "named" else draft.explicit).append(face)
    draft.confidence.append(0.95 if content.kind in ("au", "action", "named") else 0.9)
    draft.near.append(content.text)


def _composed(draft: _Draft) -> Face:
    """Feelings, overruled by explicit actions, without what is denied."""
    felt = _felt([(face, family) for face, family in draft.feelings if face])
    # "Laugh with the mouth closed": what a part does overrules the look with a name.
    actions = faces.union(draft.explicit)
    explicit = faces.union([faces.overruled(faces.union(draft.named), actions), actions])
    face = faces.settle(faces.union([faces.overruled(felt, explicit), explicit]), give=0.4)
    positive = {code for code, value in explicit.items() if value >= 0.1}
    main = {code for look in draft.named for code in look if look[code] >= max(look.values())}
    for content in draft.denied:
        spared = main if content.kind == "still" else set[str]()
        face = faces.union([_deny(face, content, positive, felt),
                            {code: face[code] for code in spared & set(face)}])  # fmt: skip
    if not face and not draft.feelings:
        face = _denial_alone(draft)
    return face


def _felt(parts: list[tuple[Face, str]]) -> Face:
    """One feeling as it is; several of one emotion united; several emotions mixed."""
    if not parts:
        return {}
    emotions = {tables.families()[f].emotion for _, f in parts if f in tables.families()}
    if len(emotions) <= 1:
        return faces.union(face for face, _ in parts)
    return feelings.mixed_face([face for face, _ in parts])


def _deny(face: Face, content: Content, positive: set[str], felt: Face) -> Face:
    asked = faces.sided(content.face, content.side)
    share = {"feeling": 0.4, "named": 0.6}.get(content.kind, 0.25)
    least = share * max(asked.values(), default=0.0)
    codes = [c for c, v in asked.items() if v >= least]
    if content.kind == "feeling":
        codes = [c for c in codes if c not in positive and c not in felt]
        return {c: v for c, v in face.items() if c not in codes}
    gone = faces.denied(face, codes)
    kept = {c: v for c, v in face.items() if c in positive and c not in codes}
    return faces.union([gone, kept])


def _denial_alone(draft: _Draft) -> Face:
    """A direction that only denies: neutral, or a little sad where joy is denied."""
    denied = [c for c in draft.denied if c.kind == "feeling" and c.family]
    if draft.denied:
        draft.notes.append("The direction only says what the face does not do.")
    if len({tables.families()[content.family].emotion for content in denied}) > 1:
        return {}  # "neither happy nor sad"
    return faces.union(feelings.denial_face(content.family) for content in denied)


def _emotion(face: Face, draft: _Draft | None) -> tuple[str, float]:
    """Coarse emotion and intensity: of the feelings named, else of the nearest family."""
    if not face:
        return "neutral", 0.0
    named = [
        (sum(part.values()), tables.families()[family].emotion)
        for part, family in (draft.feelings if draft else [])
        if family in tables.families() and part
    ]
    near = feelings.nearest_families(face, least=0.45)
    emotion = "neutral"
    if named:
        emotion = max(named)[1]
    elif near:
        emotion = tables.families()[near[0][0]].emotion
    top = sorted(face.values(), reverse=True)[:4]
    return emotion, round(float(np.clip(np.mean(top), 0.0, 1.0)), 3)


@lru_cache(maxsize=1)
def default_director() -> Director:
    """The shipped weights.

    Raises:
        WeightsError: a file is absent or does not fit.
    """
    encoder = load_encoder(WEIGHTS / "text_encoder.safetensors")
    detector, index, vectors = load_detector(WEIGHTS / "text_au.safetensors")
    expclip = load_expclip(WEIGHTS / "expclip_autoencoder.safetensors")
    return Director(encoder, detector, expclip, index=index, vectors=vectors)


def express(text: str) -> Expression:
    """The face of a direction, by the shipped weights. See `Director.express`."""
    return default_director().express(text)


def emotion_of(text: str) -> EmotionReading:
    """The coarse emotion of a direction, by the shipped weights."""
    return default_director().emotion_of(text)


def pose_embedding(pose: Mapping[str, float]) -> NDArray[np.float32]:
    """A posed expression in ExpCLIP's space, by the shipped weights."""
    return default_director().pose_embedding(pose)
