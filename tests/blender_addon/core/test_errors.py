"""Errors as sentences: in the language of the source, and in another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from blender_addon.core.errors import LineError, SoliloquyError, speak


@pytest.fixture
def german() -> Iterator[None]:
    known = {"No sound in '{name}'.": "Kein Klang in „{name}“.", "Stop {it}.": "Halt {it}."}
    speak(lambda sentence: known.get(sentence, sentence))
    yield
    speak(None)


def test_values_are_put_into_the_sentence() -> None:
    assert str(LineError("No sound in '{name}'.", name="a{b}")) == "No sound in 'a{b}'."


def test_braces_stay_where_there_are_no_values() -> None:
    assert str(SoliloquyError("The file {x} is missing.")) == "The file {x} is missing."


def test_the_sentence_is_translated_before_the_values_come_in(german: None) -> None:
    assert str(LineError("No sound in '{name}'.", name="x")) == "Kein Klang in „x“."
    assert str(LineError("Stop {it}.")) == "Halt {it}."
    assert str(LineError("Not known.")) == "Not known."


def test_afterwards_it_speaks_the_language_of_the_source_again(german: None) -> None:
    speak(None)
    assert str(LineError("No sound in '{name}'.", name="x")) == "No sound in 'x'."
