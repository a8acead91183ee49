"""Voices that tell no times, and MBROLA's: what is known of them without their programs."""

from __future__ import annotations

import numpy as np
import pytest

from server.speech.alignment import Word
from server.speech.phones import PHONE_INDEX, PHONES
from server.training.ears import mbrola_voices, untimed_voices
from server.training.ears.mbrola_voices import read_pho, sampa
from server.training.ears.realign import text_labels


def test_the_speaker_of_a_held_out_voice_trains_nothing():
    assert "Alan" not in {v.voice for v in untimed_voices.VOICES}
    assert all(v.licence for v in untimed_voices.VOICES)


def test_a_pause_and_a_diphthong_share_their_times():
    phones = read_pho("_\t50\nm\t80 0 120 100 118\naI\t100\n\n", "de", 2.0)
    assert phones is not None
    assert [p.phone for p in phones] == ["sil", "m", "a", "ɪ"]
    ends = np.array([p.end for p in phones])
    np.testing.assert_allclose(ends, [0.025, 0.065, 0.09, 0.115])


def test_a_symbol_that_nobody_knows_drops_the_sentence():
    assert read_pho("m\t80\n&&\t50\n", "de", 1.0) is None
    assert read_pho("", "de", 1.0) is None


@pytest.mark.parametrize(
    ("symbol", "language", "phones"),
    [
        ("r", "en", ("ɹ",)), ("r", "de", ("ʁ",)), ("u:", "de", ("u",)), ("?a", "de", ("ʔ", "a")),
        ("V", "en", ("ʌ",)), ("tS", "de", ("tʃ",)), ("pf", "de", ("p", "f")),
    ],
)  # fmt: skip
def test_symbols_are_read_in_their_language(symbol: str, language: str, phones: tuple[str, ...]):
    assert sampa(symbol, language) == phones


def test_research_voices_have_shards_of_their_own():
    assert not set(mbrola_voices.SHARDS) & {v.group for v in untimed_voices.VOICES}


def test_a_text_labels_what_was_said_and_nothing_else():
    said = ["sil", *"mama", "sil"]
    posteriors = np.full((60, len(PHONES)), 1e-3, np.float32)
    for i, phone in enumerate(said):
        posteriors[10 * i : 10 * i + 10, PHONE_INDEX[phone]] = 1.0
    right = text_labels(posteriors, [Word("mama", (("m", "a", "m", "a"),))])
    assert right is not None
    assert [PHONES[right[k]] for k in (5, 15, 25, 35, 45, 55)] == said
    assert text_labels(posteriors, [Word("tsu", (("t", "s", "u"),))]) is None
    assert text_labels(posteriors[:5], [Word("mama", (("m", "a", "m", "a"),))]) is None
