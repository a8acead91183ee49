"""Words that the server guesses: in the request, in the take, and as the transcript."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from acting import Formula
from blender_runner import RunCase, with_audio

from server.speech import words


@pytest.fixture(autouse=True)
def can_guess(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether pocketsphinx is installed makes no difference here: these ears need none."""
    monkeypatch.setattr(words, "available", lambda: True)


def test_words_are_asked_for_where_nobody_gave_them(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    every_blender("guessing", "words_are_asked_for", address=address, wav=wav)
    asked = [request.guess_words for request in actor.requests]
    assert asked == [True, False, False, False, True]


def test_a_server_that_does_not_know_of_guessing_is_not_asked_for_it(
    every_blender: RunCase, old_address: str, wav: str, actor: Formula
) -> None:
    every_blender("guessing", "an_old_server_is_not_asked", address=old_address, wav=wav)
    assert [request.guess_words for request in actor.requests] == [False]


def test_a_line_that_is_cancelled_before_the_server_greets_is_not_sent(
    blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    blender("guessing", "cancelled_before_the_greeting_nothing_is_sent", address=address, wav=wav)
    assert actor.requests == []


def test_a_server_without_pocketsphinx_is_not_asked_and_said_so(
    blender: RunCase, address: str, wav: str, actor: Formula, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "available", lambda: False)
    blender("guessing", "a_server_without_pocketsphinx", address=address, wav=wav)
    assert [request.guess_words for request in actor.requests] == [False]


def test_what_keeps_words_from_being_guessed_is_said(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("guessing", "the_reason_is_the_nearest", address=address, wav=wav)


def test_guessed_words_become_the_transcript_and_undo_takes_them_back(
    every_blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    every_blender(
        "guessing", "guessed_words_become_the_transcript",
        address=address, wav=wav, path=str(tmp_path / "guessed.blend"),
    )  # fmt: skip


def test_words_of_another_line_are_not_used(
    blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    other = shutil.copy(wav, tmp_path / "other.wav")
    blender(
        "guessing", "words_of_another_line_are_not_used", address=address, wav=wav, other=str(other)
    )


def test_a_trimmed_strip_says_other_words(every_blender: RunCase, address: str, wav: str) -> None:
    with_audio(every_blender)
    every_blender("guessing", "a_trimmed_strip_says_other_words", address=address, wav=wav)


def test_a_part_made_anew_keeps_the_words(blender: RunCase, address: str, wav: str) -> None:
    blender("guessing", "a_part_made_anew_keeps_the_words", address=address, wav=wav)


def test_a_long_note_keeps_both_ends(blender: RunCase) -> None:
    blender("guessing", "a_long_note_keeps_both_ends")
