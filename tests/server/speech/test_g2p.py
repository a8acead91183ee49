"""Words to phones."""

from __future__ import annotations

import pytest

from server.speech import espeak, g2p
from server.speech.g2p_letters import letter_names, spell
from server.speech.g2p_numbers import number_words, readings
from server.speech.notations_espeak import NEAREST, ipa_to_phones
from server.speech.phones import PHONE_INDEX


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
    assert " ".join(number_words(number)) == words


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
    assert ipa_to_phones("(en)") == ipa_to_phones("(en-gb-x") == ()


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


_SPOKEN = {
    "en": ("hello", ("h", "ə", "l", "o", "ʊ")),
    "de": ("Pfeife", ("p", "f", "a", "ɪ", "f", "ə")),
    "es": ("niño", ("n", "i", "ɲ", "o")),
    "fr": ("beau", ("b", "o")),
    "it": ("gnomo", ("ɲ", "ɔ", "m", "o")),
    "pt": ("bom", ("b", "o", "ŋ")),
    "zh": ("妈妈", ("m", "ɑ", "m", "ɑ")),
}


@pytest.mark.parametrize("language", _SPOKEN)
def test_a_word_of_each_language_is_pronounced(language: str):
    if language == "en":
        if not g2p.dictionary():
            pytest.skip("no package with the pronouncing dictionary is installed")
    elif not espeak.available():
        pytest.skip("espeakng-loader is not installed")
    text, phones = _SPOKEN[language]
    (word,) = g2p.words_of(text, language)
    assert phones in word.pronunciations


def test_a_language_that_espeak_lacks_is_refused_in_one_sentence():
    if not espeak.available():
        pytest.skip("espeakng-loader is not installed")
    with pytest.raises(g2p.PronunciationError, match=r"voice 'zz': none of its \d+ languages"):
        g2p.words_of("hallo", "zz")


def test_all_words_of_a_transcript_take_one_process_and_sound_as_on_their_own(
    monkeypatch: pytest.MonkeyPatch,
):
    if not espeak.available():
        pytest.skip("espeakng-loader is not installed")
    calls: list[list[str]] = []
    ask = espeak.pronounce
    monkeypatch.setattr(espeak, "pronounce", lambda w, v: calls.append(list(w)) or ask(w, v))
    g2p.by_espeak.cache_clear()
    words = g2p.words_of("Der Lappen liegt auf der Bank", "de")
    assert calls == [["Der", "Lappen", "liegt", "auf", "der", "Bank"]]
    for word in words[:2]:
        alone = espeak.synthesise(word.text, "de", rate=300).events
        phones = tuple(p for e in alone for p in ipa_to_phones(e.symbol) if p != "sil")
        assert word.pronunciations[0] == phones


def test_english_of_any_country_needs_no_espeak(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(espeak, "available", lambda: False)
    assert g2p.words_of("my boy", "en-GB") == g2p.words_of("my boy")


def test_money_is_read_behind_its_number_by_espeak():
    if not espeak.available():
        pytest.skip("espeakng-loader is not installed")
    before, behind = g2p.words_of("€20", "de") + g2p.words_of("20 €", "de")
    assert before.pronunciations == behind.pronunciations


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I have $20, or 20 €.", ["I", "have", "$20", "or", "20 €"]),
        ("at 10:30pm, in '90s 3.5% & more", ["at", "10:30pm", "in", "90s", "3.5%", "&", "more"]),
        ("-5 °C on the 21st (5-6 km)", ["-5 °C", "on", "the", "21st", "5-6 km"]),
        ("$5 million; 1,250 well-off", ["$5 million", "1,250", "well", "off"]),
        ("foo@bar.com", ["foo", "@", "bar", "dot", "com"]),
    ],
)
def test_numbers_keep_what_belongs_to_them(text: str, tokens: list[str]):
    assert g2p.normalised(text) == tokens


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("$20", "twenty dollars"), ("$1", "one dollar"), ("€20", "twenty euros"),
        ("$3.50", "three dollars and fifty cents"), ("£0.99", "ninety nine pence"),
        ("$5 million", "five million dollars"), ("20%", "twenty percent"), ("&", "and"),
        ("+", "plus"), ("3.14", "three point one four"), (".5", "point five"),
        ("1,250", "one thousand two hundred and fifty"), ("1984", "nineteen eighty four"),
        ("1984", "one thousand nine hundred eighty four"), ("1905", "nineteen oh five"),
        ("2007", "two thousand seven"), ("2019", "twenty nineteen"), ("21st", "twenty first"),
        ("12th", "twelfth"), ("90s", "nineties"), ("1980s", "nineteen eighties"),
        ("10:30", "ten thirty"), ("10:30", "half past ten"), ("10:05", "ten oh five"),
        ("7:00", "seven o'clock"), ("7:45", "quarter to eight"), ("2:30am", "two thirty A. M."),
        ("1/2", "one half"), ("3/4", "three quarters"), ("-5", "minus five"),
        ("555-1234", "five five five one two three four"), ("5-6", "five to six"),
        ("007", "oh oh seven"), ("37°C", "thirty seven degrees celsius"), ("1ft", "one foot"),
        ("MP3", "mp three"), ("105", "one oh five"),
    ],
)  # fmt: skip
def test_a_number_may_be_said_as_people_say_it(token: str, said: str):
    assert said.lower() in {" ".join(way).lower() for way in readings(token)}


def test_an_amount_is_one_word_with_all_its_sounds():
    (word,) = g2p.words_of("$20")
    assert word.text == "$20"
    assert "".join(word.pronunciations[0]).startswith("tw")
    assert word.pronunciations[0][-1] in {"z", "s"}


def test_accents_change_no_english_word():
    if not g2p.dictionary():
        pytest.skip("no package with the pronouncing dictionary is installed")
    assert g2p.english("naïve") == g2p.english("naive")
    assert ("k", "æ", "f", "e", "ɪ") in g2p.english("café")
    assert all(way[-2:] == ("e", "ɪ") for way in g2p.english("résumé"))
    assert g2p.english("rosé")[0][-2:] == ("e", "ɪ")


def test_letters_without_a_vowel_are_said_by_name():
    assert g2p.english("NPC")[0] == letter_names("npc") == ("ɛ", "n", "p", "i", "s", "i")


def test_german_may_lose_its_schwa_between_lips_and_n():
    assert g2p.with_reductions(("h", "a", "b", "ə", "n"), "de") == (
        ("h", "a", "b", "ə", "n"),
        ("h", "a", "b", "m"),
        ("h", "a", "m"),
    )
    assert g2p.with_reductions(("b", "ə", "n"), "nl") == (("b", "ə", "n"),)


def test_a_filled_pause_is_long_and_of_any_open_vowel():
    ways = g2p.english("um")
    assert {way[0] for way in ways} >= {"ʌ", "ə", "a", "m"}
    assert all(len(way) >= 4 and way[-1] == "m" for way in ways)
    assert all("m" not in way for way in g2p.english("uh"))
