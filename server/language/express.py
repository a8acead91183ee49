"""A direction in words -> a face: AUs, the 52 blendshapes, confidence, and what it resembles.

Rules read what language makes explicit (named expressions, body parts and their motions, AU codes,
degree, side, denial); the network reads meaning (unseen words, situations). What nobody
understands is a neutral face with a note, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, limitation

from . import faces, feelings, scope, tables
from .detector import TextAuDetector
from .detector_file import load_detector
from .encoder import BuiltinTextEncoder, load_encoder
from .expclip import ExpClip, load_expclip
from .expression import EmotionReading, Expression
from .face_draft import FaceDraft, add_content, coarse_emotion, composed
from .faces import Face
from .guessing import NOT_UNDERSTOOD, Guesser, Heard, add_guess, is_plain, is_story
from .known_texts import KnownTexts
from .reading import Reading
from .spelling import corrected
from .spotting import phrase_words
from .words import is_word, tokens

WEIGHTS: Final = Path(__file__).resolve().parents[1] / "weights"

_EMPTY: Final = "The direction is empty, so the face is neutral."
_NO_WORDS: Final = "'{}' has no words, so the face is neutral: say how the line is played."
_READ_SHARE: Final = (0.4, 1.0)
"""Weight of the face that is read beside P, in the embedding of a direction, and what is added to
it for each unit of confidence."""
_NAME: Final = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+")
"""A capital inside a sentence: a name, no misspelt word."""
_ENDINGS: Final = ("s", "es", "ed", "ing", "d", "er", "ly")


class Director:
    """Everything that is needed to read directions; build once, ask often.

    `left_out` table words are unknown to the rules (an evaluation holds them out).
    """

    def __init__(
        self,
        encoder: BuiltinTextEncoder,
        detector: TextAuDetector,
        expclip: ExpClip,
        known: KnownTexts | None = None,
        *,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self.encoder = encoder
        self.detector = detector
        self.expclip = expclip
        self.known = known or KnownTexts()
        self.left_out = left_out
        self._guesser = Guesser(encoder, detector, self.known)

    def _knows(self, word: str) -> bool:
        forms = [word, *(word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending))]
        return word in phrase_words() or any(self.encoder.knows(form) for form in forms)

    # --- the questions -------------------------------------------------------------------------

    def express(self, text: str) -> Expression:
        """The face of a direction. Never raises on text; empty or unknown text is neutral."""
        named = {name.casefold() for name in _NAME.findall(text)}
        said, changes = corrected(tokens(text), lambda word: word in named or self._knows(word))
        if changes:
            text = " ".join(said)
        reading = scope.read(text, self.left_out)
        if not any(token.strip("0123456789.").isalnum() for token in reading.tokens):
            note = _NO_WORDS.format(text.strip()) if text.strip() else _EMPTY
            return self._finished({}, FaceDraft(notes=[note]))
        if not reading.contents and not any(self._knows(t) for t in reading.tokens if is_word(t)):
            return self._finished({}, FaceDraft(notes=[NOT_UNDERSTOOD]))
        whole = self._guesser.heard(text, reading.tokens)
        draft = self._draft(reading, whole)
        draft.near = list(dict.fromkeys([*draft.near, *self.known.nearest(whole.embedding)]))[:5]
        face = composed(draft)
        spelt = [f"Read '{wrong}' as '{right}'." for wrong, right in changes]
        draft.notes = [*spelt, *reading.notes, *draft.notes]
        return self._finished(face, draft)

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

    def text_embedding(self, text: str, shown: Expression | None = None) -> NDArray[np.float32]:
        """A direction in ExpCLIP's space, float32 [256], unit length.

        The paper's P(E_text(text)), drawn toward the face that `express` reads in it (`shown`,
        where it is known already): the rules know denial, degree and side better than P.
        """
        projected = self.expclip.embed_text(self.encoder.encode([text]))[0]
        face = shown or self.express(text)
        share = _READ_SHARE[0] + _READ_SHARE[1] * face.confidence
        joint = projected + share * face.embedding if face.aus else projected
        return joint / np.linalg.norm(joint)

    def pose_embedding(self, pose: Mapping[str, float]) -> NDArray[np.float32]:
        """A posed expression (names -> 0..1) in ExpCLIP's space, float32 [256]."""
        return self.expclip.embed_pose(pose)

    # --- how they are answered -----------------------------------------------------------------

    def _draft(self, reading: Reading, whole: Heard) -> FaceDraft:
        draft = FaceDraft()
        if is_plain(reading, whole):
            draft.notes.append(NOT_UNDERSTOOD)
            return draft
        if is_story(reading, whole):
            add_guess(draft, whole)
            if draft.feelings:
                return draft
            draft.notes.clear()
        for content in reading.contents:
            add_content(draft, content)
        for i, clause in enumerate(reading.clauses):
            own = [c for c in reading.contents if c.clause == i]
            self._guesser.add_unread(draft, reading, clause, own, whole)
        if not (reading.contents or draft.feelings or draft.explicit or draft.denied):
            add_guess(draft, whole)
        return draft

    def _finished(self, face: Face, draft: FaceDraft) -> Expression:
        compacted = faces.compact(face)
        shown = {code: v for code, v in compacted.items() if ACTION_UNITS[code].expressible}
        head = {code: v for code, v in compacted.items() if code not in shown}
        notes = [*draft.notes, *_limits(head)]
        shapes = faces.blendshapes(faces.expand(shown))
        emotion, intensity = coarse_emotion(faces.expand(shown), draft)
        confidence = float(np.mean(draft.confidence)) if draft.confidence else 0.0
        return Expression(
            shown, shapes, round(confidence, 3), draft.near, list(dict.fromkeys(notes)),
            partial(self.pose_embedding, shapes), emotion, intensity, head,
        )  # fmt: skip


def _limits(codes: Mapping[str, float]) -> list[str]:
    return [f"{limitation(code)}.".replace("..", ".") for code in codes]


@lru_cache(maxsize=1)
def default_director() -> Director:
    """The shipped weights.

    Raises:
        WeightsError: a file is absent or does not fit.
    """
    encoder = load_encoder(WEIGHTS / "text_encoder.safetensors")
    detector, known = load_detector(WEIGHTS / "text_au.safetensors")
    expclip = load_expclip(WEIGHTS / "expclip_autoencoder.safetensors")
    return Director(encoder, detector, expclip, known)


def express(text: str) -> Expression:
    """The face of a direction, by the shipped weights. See `Director.express`."""
    return default_director().express(text)


def emotion_of(text: str) -> EmotionReading:
    """The coarse emotion of a direction, by the shipped weights."""
    return default_director().emotion_of(text)


def pose_embedding(pose: Mapping[str, float]) -> NDArray[np.float32]:
    """A posed expression in ExpCLIP's space, by the shipped weights."""
    return default_director().pose_embedding(pose)
