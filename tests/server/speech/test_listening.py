"""Listening: any samples become phones without gaps; never a crash, at worst a note."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arkit.clip import Phone
from server.speech import ears_recogniser
from server.speech.babble import BabbleRecogniser, babble
from server.speech.listen import listen, load_recogniser, recognise_line
from server.speech.notations import (
    NotationError,
    arpabet,
    own_phones,
    read_emodb,
    read_festival_segments,
    read_flite_durations,
    read_textgrid,
)
from server.speech.phones import PHONE_INDEX, SILENCE
from server.speech.recogniser import (
    SAMPLE_RATE,
    AlignedWord,
    Recogniser,
    RecogniserError,
    Recognition,
    Samples,
    joined,
    loudness_db,
    n_feature_frames,
    without_gaps,
)
from server.speech.segments import stretches
from server.wire.messages import TimedPhone


def syllables(seconds: float, rate: float = 4.0) -> Samples:
    """A buzz that swells `rate` times a second: speech to whoever listens to loudness only."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    swell = np.clip(np.sin(2 * np.pi * rate * t), 0, 1) ** 2
    buzz = np.sign(np.sin(2 * np.pi * 140 * t))
    noise = np.random.default_rng(0).standard_normal(len(t)) * 1e-3
    return (0.3 * buzz * swell + noise).astype(np.float32)


def assert_covers(phones: tuple[Phone, ...], seconds: float) -> None:
    """Phones run from 0 to the end without gaps, in known symbols."""
    assert phones[0].start == 0
    assert phones[-1].end == pytest.approx(seconds)
    assert all(a.end == b.start for a, b in itertools.pairwise(phones))
    assert all(p.phone in PHONE_INDEX for p in phones)


@pytest.fixture(scope="module", params=["ears", "babble"])
def recogniser(request: pytest.FixtureRequest) -> Recogniser:
    try:
        return load_recogniser(request.param)
    except RecogniserError as error:
        pytest.skip(str(error))


STRANGE = {
    "nothing": np.zeros(0, np.float32),
    "one sample": np.zeros(1, np.float32),
    "20 ms": np.full(320, 0.1, np.float32),
    "silence": np.zeros(2 * SAMPLE_RATE, np.float32),
    "constant": np.ones(SAMPLE_RATE, np.float32),
    "clipping": np.sign(np.sin(np.arange(SAMPLE_RATE) / 9)).astype(np.float32),
    "not a number": np.full(SAMPLE_RATE, np.nan, np.float32),
    "whisper": np.random.default_rng(1).standard_normal(SAMPLE_RATE).astype(np.float32) * 1e-5,
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_audio_is_heard_without_a_crash(recogniser: Recogniser, name: str) -> None:
    samples = STRANGE[name]
    speech = listen(samples, recogniser=recogniser)
    assert len(speech.loudness) == n_feature_frames(len(samples))
    if len(samples):
        assert_covers(speech.phones, len(samples) / SAMPLE_RATE)
    else:
        assert speech.phones == ()


def test_silence_holds_only_silence(recogniser: Recogniser) -> None:
    speech = listen(np.zeros(3 * SAMPLE_RATE, np.float32), recogniser=recogniser)
    assert [p.phone for p in speech.phones] == [SILENCE]


def test_blocks_of_any_size_are_heard_as_the_whole(recogniser: Recogniser) -> None:
    samples = syllables(31.0)

    def blocks() -> Iterator[Samples]:
        for start in range(0, len(samples), 7777):
            yield samples[start : start + 7777]

    heard: list[float] = []
    whole = listen(samples, recogniser=recogniser)
    cut = listen(blocks(), recogniser=recogniser, on_heard=heard.append)
    assert cut.phones == whole.phones
    np.testing.assert_array_equal(cut.loudness, whole.loudness)
    np.testing.assert_array_equal(np.asarray(cut.samples), samples)
    assert heard == sorted(heard) and heard[-1] == pytest.approx(31.0)


def test_given_phones_are_obeyed() -> None:
    given = (TimedPhone("m", 0.2, 0.3), TimedPhone("AA1", 0.3, 0.6))
    speech = listen(syllables(1.0), phones=given, recogniser=BabbleRecogniser())
    assert [p.phone for p in speech.phones] == [SILENCE, "m", "ɑ", SILENCE]
    assert len(speech.loudness) == 101


def test_a_transcript_that_does_not_fit_is_said_and_not_fatal(recogniser: Recogniser) -> None:
    speech = listen(syllables(2.0), transcript="!!!", recogniser=recogniser)
    assert_covers(speech.phones, 2.0)
    if recogniser.name == "ears":
        assert "transcript" in speech.notes[0]


def test_babble_finds_one_vowel_for_each_swell_and_closes_no_lips() -> None:
    phones = babble(loudness_db(syllables(3.0, rate=3.0)), 3.0)
    assert 8 <= sum(p.phone in ("ɑ", "ə") for p in phones) <= 10
    assert not {"p", "b", "m"} & {p.phone for p in phones}


def test_an_unknown_recogniser_is_refused_by_name() -> None:
    with pytest.raises(RecogniserError, match="'wizard'"):
        load_recogniser("wizard")


def test_research_weights_are_never_taken_unasked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {"ears-research": "server.speech.ears_recogniser:ResearchEars"}
    monkeypatch.setattr("server.speech.listen.RECOGNISERS", known)
    monkeypatch.setattr("server.speech.ears_recogniser.load_ears", lambda _path: None)
    assert load_recogniser("ears-research").name == "ears-research"
    assert load_recogniser("auto").name == "babble"


def test_stretches_cut_in_the_pauses() -> None:
    samples = syllables(30.0)
    samples[int(11.8 * SAMPLE_RATE) : int(12.6 * SAMPLE_RATE)] = 0
    parts = list(stretches([samples]))
    assert len(parts[0]) / SAMPLE_RATE == pytest.approx(12.2, abs=0.4)
    np.testing.assert_array_equal(np.concatenate(parts), samples)


def test_loudness_is_neither_early_nor_late() -> None:
    samples = np.zeros(SAMPLE_RATE, np.float32)
    samples[8000 - 80 : 8000 + 80] = 0.5
    loudness = loudness_db(samples)
    loud = np.flatnonzero(loudness > loudness.max() - 1)
    assert loud.mean() == pytest.approx(50, abs=0.5)


def test_without_gaps_cuts_overlaps_and_fills_with_silence() -> None:
    phones = [Phone("b", 0.5, 0.7), Phone("a", 0.1, 0.55)]
    assert without_gaps(phones, 1.0) == (
        Phone(SILENCE, 0.0, 0.1),
        Phone("a", 0.1, 0.55),
        Phone("b", 0.55, 0.7),
        Phone(SILENCE, 0.7, 1.0),
    )


def test_arpabet_knows_stress_diphthongs_and_refuses_the_rest() -> None:
    assert arpabet("AY1") == ("a", "ɪ")
    assert arpabet("pau") == (SILENCE,)
    with pytest.raises(NotationError, match="'QQ'"):
        arpabet("QQ")


def test_phones_that_end_before_they_start_are_refused() -> None:
    with pytest.raises(NotationError, match="check its times"):
        own_phones([TimedPhone("m", 0.4, 0.3)])


def test_label_files_of_others_are_read(tmp_path: Path) -> None:
    emodb = tmp_path / "a.lablaut"
    emodb.write_text("signal x\n#\n 0.10 -1 m\n 0.20 -1 +lar\n 0.25 -1 aI 2\n 0.45 -1 .\n")
    assert read_emodb(emodb) == (
        Phone(SILENCE, 0.0, 0.1),
        Phone("m", 0.1, 0.25),
        Phone("a", 0.25, 0.35),
        Phone("ɪ", 0.35, 0.45),
    )
    grid = tmp_path / "a.TextGrid"
    grid.write_text(
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n1\n'
        '"IntervalTier"\n"phones"\n0\n1\n2\n0\n0.4\n"M"\n0.4\n1\n"AA1"\n'
    )
    assert read_textgrid(grid) == (Phone("m", 0.0, 0.4), Phone("ɑ", 0.4, 1.0))
    assert read_festival_segments("#\n0.2 125 pau\n0.3 125 b\n")[1] == Phone("b", 0.2, 0.3)
    assert read_flite_durations("pau:0.2 b:0.3") == read_festival_segments("0.2 1 pau\n0.3 1 b")


class Guesser(BabbleRecogniser):
    """Hears by loudness; writes down for which lines it was to guess words."""

    def __init__(self) -> None:
        self.guessed: list[float] = []
        self.given: list[str | None] = []
        self.longest_block = 0.0

    def recognise(
        self, samples: Samples, transcript: str | None = None, language: str = "en"
    ) -> Recognition:
        self.given.append(transcript)
        return super().recognise(samples, transcript, language)

    def recognise_stream(
        self, blocks: Iterable[Samples], language: str = "en"
    ) -> Iterator[Recognition]:
        def measured() -> Iterator[Samples]:
            for block in blocks:
                self.longest_block = max(self.longest_block, len(block) / SAMPLE_RATE)
                yield block

        return super().recognise_stream(measured(), language)

    def recognise_guessing(
        self, samples: Samples, language: str, on_heard: Callable[[float], None]
    ) -> Recognition:
        self.guessed.append(len(samples) / SAMPLE_RATE)
        on_heard(0.0)
        word = AlignedWord("word", 0.0, 0.5, 1.0)
        return replace(joined(self.recognise_stream([samples], language)), words=(word,))


def in_blocks(samples: Samples) -> Iterator[Samples]:
    for start in range(0, len(samples), 50_000):
        yield samples[start : start + 50_000]


@pytest.mark.parametrize("language", ["en", "EN", "en-GB", "en-us"])
def test_words_are_guessed_in_english_of_every_code(language: str) -> None:
    ears, line = Guesser(), syllables(1.0)
    speech = listen(line, language=language, guess_words=True, recogniser=ears)
    assert ears.guessed == [1.0] and speech.guessed_words == ("word",)
    heard = recognise_line(line, " ", language, ears, guess_words=True)
    assert ears.guessed == [1.0, 1.0] and len(heard.words) == 1


@pytest.mark.parametrize(
    "told",
    [
        {"guess_words": False},
        {"transcript": "some words"},
        {"phones": (TimedPhone("m", 0.2, 0.3),)},
        {"language": "de"},
        {"language": "eng"},
        {"language": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "blocks"])
def test_nothing_is_guessed_where_it_is_not_wanted_or_known_or_not_english(
    told: dict[str, Any], cut: bool
) -> None:
    ears, line = Guesser(), syllables(1.0)
    options: dict[str, Any] = {"guess_words": True, "recogniser": ears, **told}
    speech = listen(in_blocks(line) if cut else line, **options)
    assert ears.guessed == [] and speech.guessed_words == ()
    assert not [note for note in speech.notes if "guessed" in note]
    assert ears.given == (["some words"] if "transcript" in told else [])


def test_a_transcript_of_spaces_is_none() -> None:
    ears = Guesser()
    listen(syllables(1.0), transcript=" \n", guess_words=True, recogniser=ears)
    assert ears.guessed == [1.0] and ears.given == []


def test_ears_that_cannot_guess_hear_the_line_as_ever() -> None:
    line = syllables(1.0)
    speech = listen(line, guess_words=True, recogniser=BabbleRecogniser())
    assert speech.phones == listen(line, recogniser=BabbleRecogniser()).phones


def test_words_are_guessed_up_to_three_minutes_and_longer_lines_are_told() -> None:
    line = np.tile(syllables(20.0), 10)
    ears = Guesser()
    exact = listen(in_blocks(line[: 180 * SAMPLE_RATE]), guess_words=True, recogniser=ears)
    assert ears.guessed == [180.0] and exact.guessed_words == ("word",)
    ears = Guesser()
    reported: list[float] = []
    longer = listen(
        in_blocks(line[: 181 * SAMPLE_RATE]),
        guess_words=True,
        recogniser=ears,
        on_heard=reported.append,
    )
    assert ears.guessed == [] and longer.guessed_words == ()
    assert longer.notes[0] == "The words were not guessed: the line has 181.0 s, more than 180."
    assert reported == sorted(reported) and reported[-1] == pytest.approx(181.0)
    assert longer.phones == listen(line[: 181 * SAMPLE_RATE], recogniser=ears).phones


def test_a_line_too_long_to_guess_comes_out_of_its_file_block_by_block() -> None:
    ears = Guesser()
    line = np.tile(syllables(20.0), 12)
    listen(in_blocks(line), guess_words=True, recogniser=ears)
    assert ears.longest_block <= 30
    listen(in_blocks(line), transcript="far too few words", recogniser=ears)
    assert ears.longest_block <= 30


def test_who_cancels_while_words_are_guessed_is_obeyed() -> None:
    class StoppedError(Exception): ...

    def stop(_seconds: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        listen(in_blocks(syllables(1.0)), guess_words=True, recogniser=Guesser(), on_heard=stop)


@pytest.mark.parametrize("name", STRANGE)
def test_strange_audio_is_guessed_without_a_crash(
    name: str, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ears_recogniser, "guess_words", lambda _samples, _on_heard: ("hat",))
    samples = STRANGE[name]
    speech = listen(samples, guess_words=True, recogniser=recogniser)
    assert len(speech.loudness) == n_feature_frames(len(samples))
    if len(samples):
        assert_covers(speech.phones, len(samples) / SAMPLE_RATE)
