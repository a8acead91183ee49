"""Guessed words on their way from the ears to the take, and what a server says of them at hello."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from toy_generator import ToyGenerator

from arkit.clip import Phone
from server.commands.performing import understood
from server.registry import Registry
from server.service import Service
from server.settings import Settings
from server.speech import words
from server.speech.g2p import is_english
from server.speech.listen import listen
from server.speech.recogniser import AlignedWord, Recognition, Samples, joined, loudness_db
from server.wire import codec
from server.wire.messages import GUESSED_SECONDS, AudioInfo, Event, GenerateRequest, Result, Welcome

SAMPLES = np.full(16000 * 2, 0.1, np.float32)
REQUEST = GenerateRequest("r1", generator="toy", audio=AudioInfo("f32le", 16000), guess_words=True)


class Guesser:
    """A recogniser that takes every line for one vowel, and for the words "old hat"."""

    name = "guesser"

    def recognise(
        self, samples: Samples, transcript: str | None = None, language: str = "en"
    ) -> Recognition:
        said = tuple(AlignedWord(w, 0.0, 1.0, 1.0) for w in (transcript or "").split())
        return replace(joined(self.recognise_stream([samples], language)), words=said)

    def recognise_stream(
        self, blocks: Iterable[Samples], language: str = "en"
    ) -> Iterator[Recognition]:
        for block in blocks:
            seconds = len(block) / 16000
            yield Recognition((Phone("a", 0.0, seconds),), seconds, loudness_db(block))

    def recognise_guessing(
        self, samples: Samples, language: str, on_heard: Callable[[float], None]
    ) -> Recognition:
        return self.recognise(samples, "old hat", language)


def provenance_of(request: GenerateRequest) -> dict[str, object]:
    registry = Registry("cpu", {"toy": lambda _device: ToyGenerator()})
    service = Service(Settings(), registry, partial(listen, recogniser=Guesser()))
    events: list[Event] = []
    service.perform(request, SAMPLES, events.append)
    assert isinstance(events[-1], Result), events[-1]
    return dict(events[-1].provenance)


def test_a_take_knows_the_words_that_were_guessed_for_it() -> None:
    assert provenance_of(REQUEST)["guessed_words"] == "old hat"
    faster = replace(REQUEST, audio=AudioInfo("f32le", 16000, playback_rate=2.0))
    assert provenance_of(faster)["guessed_words"] == "old hat"


@pytest.mark.parametrize(
    "told", [{"transcript": "new hat"}, {"guess_words": False}, {"language": "de"}]
)
def test_where_nothing_is_guessed_a_take_says_no_words(told: dict[str, str | bool]) -> None:
    assert "guessed_words" not in provenance_of(replace(REQUEST, **told))


def test_a_server_says_how_long_a_line_it_guesses_and_that_it_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words, "available", lambda: True)
    assert Service().welcome().limits[GUESSED_SECONDS] == words.LONGEST_SECONDS
    assert Service(Settings(ears="babble")).welcome().limits[GUESSED_SECONDS] == 0.0
    monkeypatch.setattr(words, "available", lambda: False)
    assert Service().welcome().limits[GUESSED_SECONDS] == 0.0


def test_a_request_that_guesses_nothing_is_the_one_that_older_servers_know() -> None:
    said = bytes(codec.encode(replace(REQUEST, guess_words=False))[0])
    assert b"guess_words" not in said
    assert b'"guess_words":true' in bytes(codec.encode(REQUEST)[0])


def test_a_command_does_not_ask_an_older_server_to_guess() -> None:
    asked = GenerateRequest("r", seconds=1.0, guess_words=True)
    assert not understood(asked, Welcome("1", "cpu", ())).guess_words
    assert not understood(asked, Welcome("1", "cpu", (), limits={GUESSED_SECONDS: 0.0})).guess_words
    assert understood(asked, Welcome("1", "cpu", (), limits={GUESSED_SECONDS: 180.0})).guess_words


@pytest.mark.parametrize("code", ["en", "EN", "en-GB", "en_US"])
def test_every_code_of_english_is_one(code: str) -> None:
    assert is_english(code)
    assert not is_english(code.lower().replace("en", "eo"))
