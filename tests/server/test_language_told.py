"""Situations of the tables told inside longer directions."""

from __future__ import annotations

from server.language.told import ToldSituations
from server.language.words import tokens

TOLD = ToldSituations(
    [
        ("the lamp fell into the fish tank", "surprise"),
        ("passing the driving test at last", "relief"),
        ("not passing the driving test at last", "disappointment"),
        ("who took my cake", "anger"),
        ("painting the shed roof with grandfather", "joy"),
    ]
)


def votes(text: str) -> dict[str, float]:
    return TOLD.votes(tokens(text))


def test_a_situation_is_found_inside_a_frame() -> None:
    assert set(votes("imagine it: the lamp fell into the fish tank, and he saw it")) == {"surprise"}


def test_a_situation_told_of_another_person_is_the_same() -> None:
    assert set(votes("she asks who took her cake")) == {"anger"}


def test_words_in_between_do_not_hide_a_situation() -> None:
    found = votes("painting the old shed and its roof, with your grandfather beside you")
    assert set(found) == {"joy"}


def test_a_denial_more_or_less_is_another_situation() -> None:
    assert set(votes("he is passing the driving test at last")) == {"relief"}
    assert set(votes("he is not passing the driving test at last")) == {"disappointment"}
    assert not votes("nobody is painting the shed roof with grandfather")


def test_a_few_shared_words_tell_nothing() -> None:
    assert not votes("the fish is in the kitchen")
    assert not votes("the driving lesson")
    assert not votes("")


def test_an_empty_index_hears_nothing() -> None:
    assert ToldSituations(()).votes(tokens("who took my cake")) == {}
