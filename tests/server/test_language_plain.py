"""Plain sentences tell nothing that moves anybody: the face stays neutral, with a note."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from server.evaluation.language import MOVES
from server.language.express import Director, default_director
from server.language.guessing import NOT_UNDERSTOOD
from server.training.language.plain import (
    PlainOptions,
    Weighed,
    plain_sentences,
    plain_texts,
    train_moving,
)


@pytest.fixture(scope="module")
def director() -> Director:
    return default_director()


def _moves(director: Director, text: str) -> bool:
    return max(director.express(text).blendshapes.values()) > MOVES


def test_most_plain_sentences_that_were_never_trained_on_stay_neutral(director: Director) -> None:
    texts = plain_sentences(held=True)
    still = [text for text in texts if not _moves(director, text)]
    assert len(still) / len(texts) >= 0.78


@pytest.mark.parametrize("text", ["she owns a blue bicycle", "the cursor moves down one line"])
def test_a_word_of_feeling_in_its_other_sense_moves_nothing(director: Director, text: str) -> None:
    assert not _moves(director, text)
    assert NOT_UNDERSTOOD in director.express(text).notes


@pytest.mark.parametrize(
    "text",
    ["blue", "moved", "down", "cold", "he is blue", "her mother died", "he wins the lottery",
     "the plane is going down", "the doctor calls with bad news",
     "the train left; he is furious", "the captain is furious about the timetable",
     "the nervous clerk stamps the form", "he is down about the office"],
)  # fmt: skip
def test_feelings_and_events_still_move_the_face(director: Director, text: str) -> None:
    assert _moves(director, text)


def test_the_head_learns_to_part_what_moves_from_what_does_not() -> None:
    given = np.random.default_rng(0).normal(size=(60, 16)).astype(np.float32)
    given /= np.linalg.norm(given, axis=1, keepdims=True)
    texts = [Weighed("", bool(row[0] > 0), 1.0) for row in given]
    head = nn.Linear(16, 1)
    train_moving(head, given, texts, PlainOptions())
    read = head(torch.from_numpy(given) * 4)[:, 0].detach().numpy() > 0
    assert np.mean(read == [text.moves for text in texts]) >= 0.95


def test_no_held_out_plain_sentence_is_trained_on() -> None:
    trained = {text.text for text in plain_texts(["a tall tree"], PlainOptions())}
    assert not trained & set(plain_sentences(held=True))
    assert set(plain_sentences(held=False)) <= trained
    assert "a tall tree" in trained
