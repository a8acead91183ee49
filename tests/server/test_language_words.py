"""Tokens: the short way of plain phrases and the full way of everything else are one."""

from __future__ import annotations

import pytest

from server.language import tables
from server.language.words import tokens


def test_plain_phrases_have_the_same_tokens_by_the_short_way_and_the_full_way() -> None:
    rows = tables.rows("causes.tsv", 3)
    phrases = [text for _, (_, _, texts) in rows for text in texts.split("|")][::7]
    assert len(phrases) > 500
    for phrase in phrases:
        assert tokens(phrase) == tokens(phrase.upper()), phrase  # capitals go the full way


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cannot smile", ["can", "not", "smile"]),
        ("dont", ["do", "not"]),
        ("good humor", ["good", "humour"]),
        ("very very sad", ["very", "very", "sad"]),
        ("rather sad than glad", ["sad", "rather", "than", "glad"]),
        ("", []),
    ],
)
def test_words_alone_are_opened_and_spelt_as_in_the_tables(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected == tokens(text.upper())
