"""What is right: the face that our tables give for an emotion at a strength. Fixed before training.

Every figure of the instruction stage is against this table: a recording labelled "angry, strong" is
one of `Cell("angry", "strongly")`, whose Action Units are those of the family "rage". The families
and their Action Units (EMFACS) are in server/language/tables/families.tsv; only which family and
degree stands for a cell is said here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from server.language import faces
from server.language.feelings import family_face
from server.language.instruction.reading import Meaning, named_set

CALM: Final = "calm"
"""Neutral at ease: a class of its own in recordings, the emotion "neutral" in our tables."""

CLASSES: Final = (
    "neutral", CALM, "happy", "sad", "angry", "fearful", "disgusted", "surprised",
)  # fmt: skip
"""The eight that recordings of acted emotion have."""


@dataclass(frozen=True, order=True)
class Cell:
    """An emotion of `CLASSES` and its strength, "" for the neutral one.

    Contempt has none: no recording here is labelled with it, and its face, on one side, is weak at
    any strength, so that no step can be read from it.
    """

    emotion: str
    word: str = ""


_FAMILIES: Final[dict[Cell, tuple[str, float]]] = {
    Cell("neutral"): ("neutral", 1.0),
    Cell(CALM, "clearly"): ("calm", 1.0),
    Cell(CALM, "strongly"): ("calm", 1.5),
    Cell("happy", "slightly"): ("joy", 0.38),
    Cell("happy", "clearly"): ("joy", 1.0),
    Cell("happy", "strongly"): ("elation", 1.5),
    Cell("sad", "slightly"): ("sadness", 0.38),
    Cell("sad", "clearly"): ("sadness", 1.0),
    Cell("sad", "strongly"): ("grief", 1.5),
    Cell("angry", "slightly"): ("anger", 0.38),
    Cell("angry", "clearly"): ("anger", 1.0),
    Cell("angry", "strongly"): ("rage", 1.5),
    Cell("fearful", "slightly"): ("fear", 0.38),
    Cell("fearful", "clearly"): ("fear", 1.0),
    Cell("fearful", "strongly"): ("terror", 1.5),
    Cell("disgusted", "slightly"): ("disgust", 0.38),
    Cell("disgusted", "clearly"): ("disgust", 1.0),
    Cell("disgusted", "strongly"): ("disgust", 1.5),
    Cell("surprised", "slightly"): ("surprise", 0.38),
    Cell("surprised", "clearly"): ("surprise", 1.0),
    Cell("surprised", "strongly"): ("shock", 1.5),
}

CELLS: Final = tuple(_FAMILIES)


def family_of_cell(cell: Cell) -> str:
    """The family of feeling that stands for a cell."""
    return _FAMILIES[cell][0]


@lru_cache(maxsize=64)
def _face(cell: Cell) -> tuple[tuple[str, float], ...]:
    family, degree = _FAMILIES[cell]
    return tuple(faces.compact(faces.scaled(family_face(family), degree)).items())


def face_of(cell: Cell) -> dict[str, float]:
    """The cell's face: AU code -> 0..1."""
    return dict(_face(cell))


def true_set(cell: Cell) -> frozenset[str]:
    """The Action Units that a right sentence asks for: none of a neutral or calm face."""
    return named_set(face_of(cell))


def cell_of(meaning: Meaning) -> Cell:
    """The cell that a sentence was read as."""
    if meaning.emotion == "neutral":
        return Cell(CALM, meaning.word) if meaning.calm else Cell("neutral")
    return Cell(meaning.emotion, meaning.word)
