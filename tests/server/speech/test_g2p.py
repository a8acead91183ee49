"""Words to phones, and phones to files."""

from __future__ import annotations

import json

import pytest

from arkit.clip import Phone
from server.speech import espeak, g2p
from server.speech.alignment import AlignedWord
from server.speech.g2p_letters import spell
from server.speech.notations import read_textgrid
from server.speech.notations_espeak import NEAREST, ipa_to_phones
from server.speech.phones import PHONE_INDEX
from server.speech.phones_output import phones_json, textgrid, write_phones

_PHONES = (Phone("sil", 0.0, 0.2), Phone("m", 0.2, 0.3), Phone("ɪ", 0.3, 0.5))


def test_words_come_without_marks_and_notes():
    assert g2p.normalised("“Well-known”, isn’t it? [laughs] <noise> 42!") == [
        "Well", "known", "isn't", "it", "42",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (13, "thirteen"), (42, "forty two"), (900, "nine hundred"),
     (1942, "one thousand nine hundred forty two"), (2_000_005, "two million five")],
)  # fmt: skip
def test_numbers_are_read_in_english(number: int, words: str):
    assert " ".join(g2p.number_words(number)) == words


def test_a_word_that_no_dictionary_has_is_read_by_its_letters(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(g2p, "dictionary", dict)
    g2p.english.cache_clear()
    assert g2p.english("blimp") == (("b", "l", "ɪ", "m", "p"),)
    g2p.english.cache_clear()


@pytest.mark.parametrize("word", ["soliloquy", "phthalic", "xqzzk", "a", "o'clock"])
def test_letters_always_give_phones_of_the_inventory(word: str):
    phones = spell(word)
    assert phones
    assert set(phones) <= set(PHONE_INDEX)


def test_lips_are_read_from_letters():
    assert spell("bump")[0] == "b"
    assert spell("phone")[0] == "f"
    assert "m" in spell("timber")


def test_dictionary_words_keep_all_their_pronunciations():
    if not g2p.dictionary():
        pytest.skip("no package with the pronouncing dictionary is installed")
    assert ("i", "ð", "ɜ") in g2p.english("either")
    assert ("a", "ɪ", "ð", "ɜ") in g2p.english("either")
    assert ("ð", "ə") in g2p.english("the")


def test_ipa_keeps_order_and_drops_length_and_stress():
    assert ipa_to_phones("ˈaɪ") == ("a", "ɪ")
    assert ipa_to_phones("iː") == ("i",)
    assert ipa_to_phones("t͡ʃ") == ("tʃ",)
    assert ipa_to_phones("pf") == ("p", "f")
    assert ipa_to_phones("") == ipa_to_phones("_:") == ("sil",)


def test_every_ipa_neighbour_is_a_phone_of_the_inventory():
    for symbol, phones in NEAREST.items():
        assert set(phones) <= set(PHONE_INDEX), symbol


def test_other_languages_without_espeak_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(espeak, "available", lambda: False)
    g2p.by_espeak.cache_clear()
    with pytest.raises(g2p.PronunciationError, match="espeakng-loader"):
        g2p.words_of("Guten Tag", "de")


def test_german_is_pronounced_by_espeak_when_it_is_there():
    if not espeak.available():
        pytest.skip("espeakng-loader is not installed")
    g2p.by_espeak.cache_clear()
    (word,) = g2p.words_of("Pfeife", "de")
    assert word.pronunciations[0][:2] == ("p", "f")


def test_german_may_lose_its_schwa_between_lips_and_n():
    assert g2p.with_reductions(("h", "a", "b", "ə", "n"), "de") == (
        ("h", "a", "b", "ə", "n"),
        ("h", "a", "b", "m"),
        ("h", "a", "m"),
    )
    assert g2p.with_reductions(("b", "ə", "n"), "nl") == (("b", "ə", "n"),)


def test_json_holds_phones_and_words():
    told = json.loads(phones_json(_PHONES, [AlignedWord("mi", 0.2, 0.5, 0.9)]))
    assert told["phones"][1] == {"phone": "m", "start": 0.2, "end": 0.3}
    assert told["words"][0]["word"] == "mi"


def test_a_textgrid_has_no_gaps_and_empty_silences():
    text = textgrid(_PHONES, 0.6, [AlignedWord('m"i', 0.2, 0.5, 0.9)])
    assert text.count('class = "IntervalTier"') == 2
    assert 'text = "m""i"' in text
    assert "intervals: size = 4" in text


def test_the_ending_chooses_the_format(tmp_path):
    write_phones(tmp_path / "a.TextGrid", (Phone("m", 0.0, 0.5),), 0.5)
    assert (tmp_path / "a.TextGrid").read_text(encoding="utf-8").startswith("File type")
    write_phones(tmp_path / "a.json", _PHONES, 0.5)
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["phones"]


def test_arpabet_textgrids_are_read_back(tmp_path):
    path = tmp_path / "b.TextGrid"
    path.write_text(textgrid((Phone("m", 0.0, 0.25), Phone("sil", 0.25, 0.5)), 0.5))
    assert [p.phone for p in read_textgrid(path)][:1] == ["m"]


def test_a_filled_pause_is_long_and_of_any_open_vowel():
    ways = g2p.english("um")
    assert {way[0] for way in ways} >= {"ʌ", "ə", "a", "m"}
    assert all(len(way) >= 4 and way[-1] == "m" for way in ways)
    assert all("m" not in way for way in g2p.english("uh"))
