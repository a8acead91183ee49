"""How the ears' tests are built: sound that is kept, and sentences that training never named."""

from __future__ import annotations

import json
import random
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from arkit.clip import Phone
from server.speech.features import log_mel
from server.training.ears import corpus, synthesis, texts, voices
from server.training.ears.errors import CorpusError
from server.training.ears.shards import ShardWriter, read_shard, training_texts
from server.training.ears.synthesis import Say, Spoken

SAID = (Phone("m", 0.0, 0.1), Phone("a", 0.1, 0.3), Phone("sil", 0.3, 0.9))


def _write(folder: Path, name: str, spoken: list[str], *, keep_sound: bool = False) -> None:
    """Write a shard of noises, each of its own length."""
    writer = ShardWriter(folder, name, {}, keep_sound=keep_sound)
    for i, text in enumerate(spoken):
        samples = np.random.default_rng(i).standard_normal(9_000 + 111 * i).astype(np.float32)
        writer.add(0.1 * samples, SAID, (None,) * 3, "v", text)
    writer.close()


def test_every_utterance_has_its_own_sound_and_the_features_of_it(tmp_path: Path):
    _write(tmp_path, "heard", ["one", "two", "three"], keep_sound=True)
    shard = read_shard(tmp_path, "heard")
    for i, u in enumerate(shard.utterances):
        samples = shard.samples(u)
        assert samples is not None and samples.dtype == np.float32
        said = 0.1 * np.random.default_rng(i).standard_normal(9_000 + 111 * i)
        np.testing.assert_allclose(samples, said, atol=0.51 / 32_768)
        mel = shard.mel[u["start"] : u["start"] + u["n"]]
        np.testing.assert_array_equal(log_mel(samples).astype(np.float16), mel)
    told = soundfile.info(tmp_path / "heard.flac")
    assert (told.samplerate, told.channels, told.subtype) == (16_000, 1, "PCM_16")


def test_a_shard_without_sound_gives_none(tmp_path: Path):
    _write(tmp_path, "features", ["one"])
    shard = read_shard(tmp_path, "features")
    assert shard.sound is None and shard.samples(shard.utterances[0]) is None
    assert "sound" not in shard.utterances[0]
    assert not list(tmp_path.glob("*.flac*"))


def test_sound_that_is_too_loud_is_cut_and_does_not_turn_over(tmp_path: Path):
    writer = ShardWriter(tmp_path, "loud", {}, keep_sound=True)
    writer.add(np.tile(np.array([1.5, -1.5, 1.0, 0.0], np.float32), 500), (), (), "v", "")
    assert not (tmp_path / "loud.flac").exists()
    writer.close()
    shard = read_shard(tmp_path, "loud")
    samples = shard.samples(shard.utterances[0])
    assert samples is not None
    np.testing.assert_allclose(samples[:4], [1, -1, 1, 0], atol=1e-4)


def test_frames_without_sound_are_refused_where_sound_is_kept(tmp_path: Path):
    _write(tmp_path, "features", ["one"])
    other = read_shard(tmp_path, "features")
    writer = ShardWriter(tmp_path, "heard", {}, keep_sound=True)
    with pytest.raises(CorpusError, match="'heard' keeps its sound"):
        writer.add_frames(other.mel, other.phone, other.stress, "v", "")
    writer.close()


def test_a_file_of_sound_that_ends_too_early_is_named(tmp_path: Path):
    _write(tmp_path, "heard", ["one", "two"], keep_sound=True)
    shard = read_shard(tmp_path, "heard")
    soundfile.write(tmp_path / "heard.flac", np.zeros(9_500), 16_000)
    assert shard.samples(shard.utterances[0]) is not None
    with pytest.raises(CorpusError, match=r"heard\.flac ends before"):
        shard.samples(shard.utterances[1])
    (tmp_path / "heard.flac").write_bytes(b"no sound")
    with pytest.raises(CorpusError, match=r"heard\.flac cannot be read"):
        shard.samples(shard.utterances[0])


def test_what_tests_say_is_no_training_text(tmp_path: Path):
    _write(tmp_path, "test_awb", ["only a test"])
    with pytest.raises(CorpusError, match="no training shard"):
        training_texts(tmp_path)
    _write(tmp_path, "flite_slt", ["trained", ""])
    assert training_texts(tmp_path) == {"trained"}


class _Voice:
    """espeak-ng that says a buzz and remembers what it was asked for."""

    def say(self, voice: str, request: Say, pitch_range: int) -> Spoken:
        samples = 0.2 * np.sin(np.arange(16_000, dtype=np.float32))
        return Spoken(samples, 16_000, SAID, (None,) * 3)


@pytest.fixture
def material(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the sentences of every language, some of them twice; the voice is a buzz."""
    found = [f"Sentence {i} of the manual." for i in range(200)]
    monkeypatch.setattr(texts, "sentences", lambda *_: [*found, *found[:100]])
    monkeypatch.setattr(corpus, "Espeak", _Voice)
    return found


def _texts_of(folder: Path, name: str) -> list[str]:
    index: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return [u["text"] for u in index["utterances"]]


def test_a_test_leaves_out_what_training_shards_name_and_says_a_sentence_once(
    material: list[str], tmp_path: Path
):
    for_tests = texts.split_sentences("en", tmp_path, tmp_path, test=True)
    trained = sorted(set(for_tests))[::2]
    _write(tmp_path, "flite_slt", [t.upper().replace(".", "!") for t in trained])
    left = set(for_tests) - set(trained)
    hours = len(left) * 1.01 / 3600  # a buzz is a second long and has 101 frames
    corpus.build(
        "test_espeak_en", tmp_path, tmp_path, hours, 0, keep_sound=True, unheard_by=tmp_path
    )
    said = _texts_of(tmp_path, "test_espeak_en")
    assert set(said) == left and len(said) == len(left)
    assert read_shard(tmp_path, "test_espeak_en").sound is not None


def test_training_may_say_what_training_said(material: list[str], tmp_path: Path):
    _write(tmp_path, "flite_slt", material)
    corpus.build("espeak_en", tmp_path, tmp_path, 0.003, 0, unheard_by=tmp_path)
    assert set(_texts_of(tmp_path, "espeak_en")) <= set(material)


def test_a_test_without_any_sentence_left_is_refused(material: list[str], tmp_path: Path):
    without = {texts.letters_of(t) for t in material}
    with pytest.raises(CorpusError, match="every sentence in 'en' is in training"):
        texts.split_sentences("en", tmp_path, tmp_path, test=True, without=without)


def test_drawing_once_takes_all_before_it_repeats_any():
    listed = ["One.", "two", "one!", "three"]
    drawn = list(islice(texts.draws(listed, random.Random(0), once=True), 6))
    letters = [texts.letters_of(t) for t in drawn]
    assert sorted(letters[:3]) == sorted(letters[3:]) == ["one", "three", "two"]
    often = list(islice(texts.draws(listed, random.Random(0), once=False), 400))
    assert set(often) == set(listed)


def _festival_without(left_out: int) -> Any:
    """Return a stand-in for running festival that leaves one request out."""

    def run(_command: list[str], *, cwd: str, **_: Any) -> None:
        asked = (Path(cwd) / "all.scm").read_text(encoding="latin-1").count("(speak_to ")
        for i in (i for i in range(asked) if i != left_out):
            soundfile.write(Path(cwd) / f"{i}.wav", np.full(16_000, 0.1), 16_000)
            rows = ((0.1, "m"), (0.3, "aa"), (0.5, "t"))
            written = "".join(f"{end}\t{symbol}\t0\n" for end, symbol in rows)
            (Path(cwd) / f"{i}.seg").write_text(written, encoding="utf-8")

    return run


def test_festivals_sentences_stay_with_their_sound_when_some_are_left_out(
    material: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(synthesis.subprocess, "run", _festival_without(1))
    requests = [Say("first"), Say("second"), Say("third")]
    said = list(synthesis.festival_say("voice_ked_diphone", "en", "latin-1", requests))
    assert [say.text for say, _ in said] == ["first", "third"]
    assert [p.phone for p in said[0][1].phones] == ["m", "ɑ", "t"]
    ked = next(v for v in voices.HUMAN_VOICES if v.group == "test_ked")
    spoken = islice(corpus.human_spoken(ked, random.Random(0), tmp_path), 12)
    assert all(text in material for _, _, text in spoken)
