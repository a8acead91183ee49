"""Guessed words as advice to the ears: what gains by them, and what stays as it was heard."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arkit.clip import Phone
from server.speech import ears_recogniser
from server.speech.alignment import Alignment
from server.speech.decoding import decode
from server.speech.ears_recogniser import EarsOutput, EarsRecogniser, ResearchEars
from server.speech.guided import belief, favoured, need
from server.speech.phones import PHONE_INDEX, PHONES, SILENCE, VISEME_OF
from server.speech.recogniser import (
    SAMPLE_RATE,
    AlignedWord,
    GuessesWords,
    Samples,
    n_feature_frames,
)
from server.speech.words import WordsError

LINE = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32) * 0.1


def ignore(_seconds: float) -> None:
    """Report to nobody."""


def heard(*phones: tuple[str, int, float]) -> np.ndarray:
    """Posteriors of phones, each with its frames and its share; the rest is spread."""
    rows = []
    for phone, n, share in phones:
        row = np.full(len(PHONES), (1 - share) / (len(PHONES) - 1), np.float32)
        row[PHONE_INDEX[phone]] = share
        rows += [row] * n
    return np.array(rows)


def guess_of(
    phones: tuple[tuple[str, int], ...],
    confidence: float,
    other: tuple[tuple[float, float], ...] = (),
) -> Alignment:
    edges = np.cumsum([0, *(n for _, n in phones)]) / 100
    laid = tuple(Phone(p, a, b) for (p, _), (a, b) in zip(phones, pairwise(edges), strict=True))
    return Alignment(laid, (AlignedWord("word", 0.0, float(edges[-1]), confidence),), other)


def same_shape(phone: str) -> list[int]:
    return [PHONE_INDEX[p] for p in PHONES if VISEME_OF[p] == VISEME_OF[phone]]


def test_words_that_do_not_fit_change_nothing() -> None:
    posteriors = heard(("a", 20, 0.6))
    guess = guess_of((("m", 20),), 0.2)
    assert belief(guess) == 0.0
    np.testing.assert_array_equal(favoured(posteriors, guess), posteriors)


def test_the_better_words_fit_the_more_they_are_believed() -> None:
    beliefs = [belief(guess_of((("m", 9),), c)) for c in (0.0, 0.25, 0.3, 0.4, 0.55, 1.0)]
    assert beliefs == sorted(beliefs) and beliefs[:2] == [0, 0] and beliefs[-2:] == [1, 1]


def test_the_mouth_shape_of_a_word_wins_a_tie_and_its_phone_wins_inside_the_shape() -> None:
    posteriors = np.full((30, len(PHONES)), 1e-4, np.float32)
    posteriors[:, [PHONE_INDEX[p] for p in ("p", "m", "n", "t")]] = 0.25
    guess = guess_of((("m", 15), ("n", 15)), 0.9)
    shown = [p.phone for p in decode(favoured(posteriors, guess))]
    assert shown == ["m", "n"]


def test_what_is_heard_clearly_otherwise_stays() -> None:
    posteriors = heard(("a", 15, 0.9), ("m", 10, 0.995), ("a", 15, 0.9))
    guess = guess_of((("a", 40),), 0.9)
    assert [p.phone for p in decode(favoured(posteriors, guess))] == ["a", "m", "a"]


@pytest.mark.parametrize("first", range(50, 62))
def test_speech_outside_of_the_guess_stays_to_the_frame(first: int) -> None:
    posteriors = heard(("a", 100, 0.5))
    guess = guess_of((("m", 100),), 0.9, other=((first / 100, (first + 7) / 100),))
    changed = (favoured(posteriors, guess) != posteriors).any(1)
    assert np.flatnonzero(~changed).tolist() == list(range(first, first + 7))


def test_posteriors_are_not_changed_in_place() -> None:
    posteriors = heard(("a", 20, 0.5))
    kept = posteriors.copy()
    favoured(posteriors, guess_of((("m", 20),), 0.9))
    np.testing.assert_array_equal(posteriors, kept)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 99),
    phone=st.sampled_from(PHONES),
    confidence=st.floats(0, 1),
    noise=st.floats(0, 1),
)
def test_advice_keeps_sums_of_one_and_only_ever_lifts_its_own_shape(
    seed: int, phone: str, confidence: float, noise: float
) -> None:
    rng = np.random.default_rng(seed)
    posteriors = rng.dirichlet(np.full(len(PHONES), 0.3), 12).astype(np.float32)
    guess = guess_of(((phone, 12),), confidence)
    advised = favoured(posteriors, guess, noise)
    assert advised.dtype == np.float32
    np.testing.assert_allclose(advised.sum(1), 1, atol=1e-5)
    own = same_shape(phone)
    share, before = advised[:, own].sum(1), posteriors[:, own].sum(1)
    floored = (before + 1e-3 * len(own)) / (1 + 1e-3 * len(PHONES))
    assert (share >= np.minimum(before, floored) - 1e-5).all()
    louder = favoured(posteriors, guess, min(1.0, noise + 0.3))
    assert (louder[:, own].sum(1) <= share + 1e-5).all(), "noise lowers it"


class Overheard(EarsRecogniser):
    """Ears that hear the same posteriors in every line."""

    def __init__(self, posteriors: np.ndarray) -> None:
        self.posteriors = posteriors

    def hear(self, samples: Samples, language: str = "") -> EarsOutput:
        at = np.linspace(0, len(self.posteriors) - 1, n_feature_frames(len(samples))).astype(int)
        n = len(at)
        return EarsOutput(self.posteriors[at], np.zeros(n, np.float32), np.zeros((n, 1), "f4"))


MY_HAT = heard(
    (SILENCE, 15, 0.9), ("m", 12, 0.45), ("a", 10, 0.5), ("ɪ", 8, 0.5), ("h", 8, 0.5),
    ("æ", 16, 0.5), ("t", 10, 0.5), (SILENCE, 22, 0.9),
)  # fmt: skip

Said = Callable[[Samples, Callable[[float], None]], tuple[str, ...]]


def guessing(monkeypatch: pytest.MonkeyPatch, said: tuple[str, ...] | WordsError) -> Overheard:
    def guess(_samples: Samples, on_heard: Callable[[float], None]) -> tuple[str, ...]:
        on_heard(0.0)
        if isinstance(said, WordsError):
            raise said
        return said

    monkeypatch.setattr(ears_recogniser, "guess_words", guess)
    return Overheard(MY_HAT)


def test_guessed_words_are_told_with_their_times(monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = guessing(monkeypatch, ("my", "hat"))
    assert isinstance(recogniser, GuessesWords)
    reported: list[float] = []
    line = recogniser.recognise_guessing(LINE, "en", reported.append)
    assert [w.text for w in line.words] == ["my", "hat"]
    assert line.words[0].start == pytest.approx(0.15, abs=0.03)
    assert line.words[1].end == pytest.approx(0.8, abs=0.05)
    assert "Words guessed: my hat." in line.notes[0] and "transcript" in line.notes[0]
    assert reported == [0.0]
    assert {"m", "æ", "t"} <= {p.phone for p in line.phones}
    assert line.posteriors is not None
    np.testing.assert_array_equal(line.posteriors, recogniser.hear(LINE).posteriors)


@pytest.mark.parametrize(
    ("said", "note"),
    [
        ((), "No words were made out."),
        (("zoos", "choose", "fifes"), "No words were made out."),
        (("my", "hat") * 99, "No words were made out."),
        (WordsError("pocketsphinx is gone"), "The words were not guessed: Pocketsphinx is gone."),
    ],
    ids=["none", "of another line", "too many", "not guessed"],
)
def test_without_words_to_believe_the_line_is_heard_by_its_sounds(
    said: tuple[str, ...] | WordsError, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = guessing(monkeypatch, said).recognise_guessing(LINE, "en", ignore)
    free = Overheard(MY_HAT).recognise(LINE, "...")
    assert line.phones == free.phones
    assert line.notes == (note,) and line.words == ()


def test_words_that_the_dictionary_lacks_are_laid_by_their_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = ("my", "hatt", "'", "--")
    line = guessing(monkeypatch, said).recognise_guessing(LINE, "en", ignore)
    assert [w.text for w in line.words] == ["my", "hatt"]


def test_a_long_guess_is_told_by_its_first_words(monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = guessing(monkeypatch, ("hat",) * 45)
    recogniser.posteriors = np.tile(heard(("h", 8, 0.9), ("æ", 16, 0.9), ("t", 10, 0.9)), (45, 1))
    samples = np.tile(LINE, 16)[: int(45 * 0.34 * SAMPLE_RATE)]
    line = recogniser.recognise_guessing(samples, "en", ignore)
    assert line.notes[0].count("hat") == 40 and "and 5 more" in line.notes[0]
    assert len(line.words) == 45


def test_research_ears_guess_too_and_say_what_they_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Research(Overheard, ResearchEars): ...

    guessing(monkeypatch, ("my", "hat"))
    recogniser = Research.__new__(Research)
    recogniser.posteriors = MY_HAT
    line = ResearchEars.recognise_guessing(recogniser, LINE, "en", ignore)
    assert "not for commercial use" in line.notes[0] and "my hat" in line.notes[1]


def test_ears_that_are_sure_are_told_less() -> None:
    doubted = np.full((40, len(PHONES)), 0.4 / (len(PHONES) - 1), np.float32)
    doubted[:, PHONES.index("a")] = 0.6
    sure = np.full((40, len(PHONES)), 0.02 / (len(PHONES) - 1), np.float32)
    sure[:, PHONES.index("a")] = 0.98
    silent = np.zeros((40, len(PHONES)), np.float32)
    silent[:, PHONES.index("sil")] = 1.0
    assert need(doubted) == 1.0
    assert need(sure) == 0.5
    assert need(silent) == 0.5
