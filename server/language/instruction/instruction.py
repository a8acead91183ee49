"""What the first stage of AVI-Talking gives: a sentence, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from . import reading


@dataclass(frozen=True)
class Instruction:
    """A sentence that says how the face should look, with what is read from it.

    Attributes:
        text: the sentence, for the user to read and edit.
        emotion: one of `server.language.tables.EMOTIONS`. intensity: 0..1.
        intensity_word: one of `INTENSITY_WORDS`, or "" for a face at rest.
        aus: AU code -> intensity 0..1, as `server.language.express` reads the sentence.
        confidence: 0..1, how sure the voice makes the emotion.
        embedding: float32 [256], unit length: what was heard, in the space of the built-in text
            encoder (Eq. 6, averaged over the queries); of an edited sentence still the voice's.
        notes: sentences for the user.
    """

    text: str
    emotion: str
    intensity: float
    intensity_word: str
    aus: Mapping[str, float]
    confidence: float
    embedding: NDArray[np.float32] = field(repr=False)
    notes: tuple[str, ...] = ()

    def edited(self, text: str) -> Instruction:
        """The same voice with another sentence: all that is read from it changes."""
        return replace(described(text, self.embedding, self.confidence), notes=())


def described(
    text: str,
    embedding: NDArray[np.float32],
    confidence: float,
    notes: tuple[str, ...] = (),
) -> Instruction:
    """An instruction from its sentence: emotion, intensity and Action Units are read from it."""
    meaning = reading.read(text)
    return Instruction(
        text=text,
        emotion=meaning.emotion,
        intensity=meaning.intensity,
        intensity_word=meaning.word,
        aus=meaning.aus,
        confidence=confidence,
        embedding=embedding,
        notes=(*notes, *meaning.notes),
    )
