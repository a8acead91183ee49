"""Sentences of the instruction stage: composed by rules, and read back as they were meant."""

from __future__ import annotations

import pytest

from server.language.instruction import INTENSITY_WORDS, read
from server.language.instruction.reading import named_set
from server.training.instruction.sentences import compose, sentences_of
from server.training.instruction.truth import CELLS, Cell, cell_of, face_of, true_set


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.emotion}-{cell.word or 'rest'}")
def test_each_sentence_of_a_cell_is_read_as_this_cell_with_its_whole_face(cell: Cell) -> None:
    sentences = sentences_of(cell, 4, seed=3)

    assert len(set(sentences)) == 4
    for text in sentences:
        meaning = read(text)
        assert cell_of(meaning) == cell, text
        assert meaning.named == true_set(cell), text
        assert not meaning.notes, text


def test_sentences_depend_on_the_seed_alone() -> None:
    cell = Cell("fearful", "strongly")

    assert sentences_of(cell, 3, seed=1) == sentences_of(cell, 3, seed=1)
    assert sentences_of(cell, 3, seed=1) != sentences_of(cell, 3, seed=2)


def test_without_augmentation_a_cell_has_one_plain_sentence() -> None:
    for cell in CELLS:
        assert len(sentences_of(cell, 5, augmented=False)) == 1, cell


def test_a_composed_sentence_describes_no_other_action_units_than_those_asked_for() -> None:
    asked = {"AU4": 0.7, "AU7": 0.5}

    sentences = compose("angry", 0.65, asked, 6, seed=0)

    assert len(sentences) == 6
    for text in sentences:
        meaning = read(text)
        assert meaning.emotion == "angry"
        assert meaning.word == "clearly"
        assert named_set(meaning.explicit) <= {"AU4", "AU7"}


def test_contempt_and_rest_can_be_composed_too() -> None:
    assert compose("contemptuous", 0.4, {"AU14R": 0.7}, 2)
    assert compose("neutral", 0.0, {}, 2)
    assert compose("calm", 0.12, {"AU12": 0.12}, 2)


def test_a_stronger_word_is_read_as_a_stronger_step() -> None:
    steps = [read(f"the face looks {degree} sad").word for degree in ("slightly", "", "very")]

    assert steps == list(INTENSITY_WORDS)


def test_the_true_faces_come_from_the_tables_and_grow_with_strength() -> None:
    assert true_set(Cell("neutral")) == frozenset()
    assert true_set(Cell("happy", "clearly")) == {"AU6", "AU12"}
    assert true_set(Cell("angry", "strongly")) >= {"AU4", "AU7", "AU9", "AU10"}
    for emotion in ("happy", "sad", "fearful", "disgusted", "surprised"):
        weak, strong = (sum(face_of(Cell(emotion, w)).values()) for w in INTENSITY_WORDS[::2])
        assert weak < strong
