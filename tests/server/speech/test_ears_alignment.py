"""Viterbi paths, and transcripts laid over posteriors that the tests make."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from server.speech.alignment import TranscriptError, Word, align
from server.speech.phones import PHONE_INDEX, PHONES
from server.speech.viterbi import best_classes


def _posteriors(said: list[tuple[str, int]], certainty: float = 0.8) -> np.ndarray:
    rows = []
    for phone, n in said:
        row = np.full(len(PHONES), (1 - certainty) / (len(PHONES) - 1), np.float32)
        row[PHONE_INDEX[phone]] = certainty
        rows += [row] * n
    return np.array(rows, np.float32)


MAMA = Word("mama", (("m", "a", "m", "a"),))
PAPA = Word("papa", (("p", "a", "p", "a"),))
FISH = Word("fish", (("f", "ɪ", "ʃ"),))
_SAID = [("sil", 20), ("m", 8), ("a", 12), ("m", 8), ("a", 12), ("sil", 15)]
_FISH = [("f", 10), ("ɪ", 8), ("ʃ", 12)]


def _said(phones) -> list[str]:
    return [p.phone for p in phones if p.phone != "sil"]


def test_phones_lie_where_they_were_said():
    aligned = align(_posteriors([*_SAID, *_FISH, ("sil", 10)]), [MAMA, FISH])
    assert _said(aligned.phones) == ["m", "a", "m", "a", "f", "ɪ", "ʃ"]
    assert aligned.words[0].start == pytest.approx(0.20)
    assert aligned.words[0].end == pytest.approx(0.60)
    assert aligned.words[1].start == pytest.approx(0.75)
    assert aligned.phones[-1].end == pytest.approx(1.15)
    assert not aligned.note()


def test_silence_between_words_is_optional():
    straight = align(_posteriors([("m", 6), ("a", 6), ("m", 6), ("a", 6), *_FISH]), [MAMA, FISH])
    assert _said(straight.phones) == [p.phone for p in straight.phones]


def test_the_pronunciation_that_was_said_is_chosen():
    either = Word("either", (("i", "ð", "ɜ"), ("a", "ɪ", "ð", "ɜ")))
    heard = [("a", 9), ("ɪ", 7), ("ð", 5), ("ɜ", 9)]
    assert _said(align(_posteriors(heard), [either]).phones) == ["a", "ɪ", "ð", "ɜ"]


def test_every_phone_lasts_thirty_milliseconds():
    aligned = align(_posteriors([("m", 1), ("a", 30), ("m", 2), ("a", 20)]), [MAMA])
    assert min(p.end - p.start for p in aligned.phones) >= 0.03 - 1e-6


def test_closed_lips_last_forty_milliseconds():
    aligned = align(_posteriors([("m", 1), ("a", 30), ("m", 2), ("a", 20)]), [MAMA])
    assert min(p.end - p.start for p in aligned.phones if p.phone == "m") >= 0.04 - 1e-6


def test_a_repeated_phone_of_a_pronunciation_is_one_long_phone():
    aligned = align(_posteriors([("ʌ", 4), ("m", 30)]), [Word("um", (("ʌ", "ʌ", "m", "m"),))])
    assert [p.phone for p in aligned.phones] == ["ʌ", "m"]
    assert aligned.phones[0].end >= 0.06 - 1e-6


def test_a_word_that_was_not_said_is_reported():
    aligned = align(_posteriors([*_SAID, *_FISH]), [MAMA, PAPA, FISH])
    assert [w.text for w in aligned.doubtful] == ["papa"]
    assert "papa" in aligned.note()
    assert _said(aligned.phones) == ["m", "a", "m", "a", "f", "ɪ", "ʃ"]


def test_speech_outside_of_the_text_is_reported_with_its_time():
    extra = [("k", 10), ("o", 15), ("s", 15), ("i", 15)]
    aligned = align(_posteriors([*_SAID, *extra, ("sil", 8), *_FISH]), [MAMA, FISH])
    (start, end) = aligned.other[0]
    assert start == pytest.approx(0.75, abs=0.05)
    assert end == pytest.approx(1.30, abs=0.05)
    assert "not in it" in aligned.note()


def test_a_wholly_wrong_transcript_is_a_mismatch_and_a_right_one_is_none():
    heard = _posteriors([*_SAID, *_FISH])
    assert not align(heard, [MAMA, FISH]).mismatches
    other = Word("coke", (("k", "o", "k"),))
    assert align(heard, [MAMA, other, other, other]).mismatches


def test_a_text_of_another_line_is_told_from_one_with_a_wrong_word():
    said = _posteriors([*_SAID, *_FISH, ("sil", 10), *_SAID])
    assert not align(said, [MAMA, FISH, MAMA]).is_of_another_line
    assert not align(said, [MAMA, PAPA, MAMA]).is_of_another_line
    shoes = Word("shoes", (("ʃ", "u", "z"),))
    other = align(said, [shoes, Word("keel", (("k", "i", "l"),)), FISH])
    assert other.is_of_another_line
    assert other.note().startswith("The transcript was not used: hardly any of its 3 words")


def test_a_transcript_of_which_nothing_was_said_is_refused():
    with pytest.raises(TranscriptError, match="do not fit"):
        align(_posteriors([("m", 2)]), [MAMA])
    with pytest.raises(TranscriptError, match="None of the transcript's 2 words"):
        align(_posteriors([("sil", 40)]), [MAMA, FISH])


def test_words_without_pronunciation_are_refused():
    with pytest.raises(TranscriptError, match="no words"):
        align(_posteriors(_SAID), [Word("?", ())])


def test_a_long_text_is_aligned_inside_the_beam():
    aligned = align(_posteriors([*_SAID, *_FISH] * 30), [MAMA, FISH] * 30)
    assert len(aligned.words) == 60
    assert not aligned.doubtful
    starts = [w.start for w in aligned.words]
    assert starts == sorted(starts)


def test_best_classes_agree_with_trying_every_path():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (7, 3)).astype(np.float32)

    def value(path: tuple[int, ...]) -> float:
        lengths = [len(list(g)) for _, g in itertools.groupby(path)]
        if any(n < 2 for n in lengths[1:-1]) or (len(lengths) > 1 and lengths[-1] < 2):
            return -np.inf
        switches = sum(a != b for a, b in itertools.pairwise(path))
        return float(scores[np.arange(7), path].sum()) - 0.7 * switches

    best = max(itertools.product(range(3), repeat=7), key=value)
    assert value(tuple(best_classes(scores, 0.7, 2).tolist())) == pytest.approx(value(best))


def test_no_frames_have_no_classes():
    assert len(best_classes(np.zeros((0, 4), np.float32), 1.0, 3)) == 0
