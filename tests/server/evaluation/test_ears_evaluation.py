"""What the ears' scores count, and that the tests' lists stay apart from training."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from arkit.clip import Phone
from server.evaluation import ears
from server.evaluation.ears_metrics import Figure, fall, score, summary
from server.evaluation.phones_plot import plot_phones
from server.speech.ears_model import Ears, EarsConfig
from server.speech.ears_recogniser import EarsRecogniser
from server.speech.ears_weights import save_ears
from server.speech.phones import VISEMES
from server.training.ears.shards import ShardWriter
from server.training.ears.train import read_recipe
from server.training.ears.voices import HUMAN_VOICES

TRUE = (
    Phone("sil", 0.0, 0.5), Phone("m", 0.5, 0.6), Phone("a", 0.6, 0.9), Phone("p", 0.9, 1.0),
    Phone("i", 1.0, 1.5), Phone("f", 1.5, 1.6), Phone("sil", 1.6, 2.0),
)  # fmt: skip


def _moved(seconds: float) -> tuple[Phone, ...]:
    return tuple(Phone(p.phone, p.start + seconds, p.end + seconds) for p in TRUE)


def test_the_truth_scores_one_everywhere():
    figures = summary(score(TRUE, TRUE, 2.0))
    assert figures["viseme accuracy"].value == 1
    assert figures["bilabial recall"].value == figures["bilabial precision"].value == 1
    assert figures["silence recall"].value == 1
    assert figures["bilabial recall"].n == 2


def test_an_offset_is_measured_in_milliseconds():
    assert summary(score(_moved(0.02), TRUE, 2.0))["bilabial onset ms"].value == pytest.approx(20)


def test_an_event_further_than_the_tolerance_is_missed():
    figures = summary(score(_moved(0.145), TRUE, 2.2))
    assert figures["bilabial recall"].value == 0
    assert figures["bilabial precision"].value == 0


def test_a_closure_too_many_costs_precision_not_recall():
    more = (*TRUE[:4], Phone("i", 1.0, 1.2), Phone("b", 1.2, 1.3), Phone("i", 1.3, 1.5), *TRUE[5:])
    figures = summary(score(more, TRUE, 2.0))
    assert figures["bilabial recall"].value == 1
    assert figures["bilabial precision"].value == pytest.approx(2 / 3)


def test_intervals_hold_the_value_and_narrow_with_more_lines():
    rng = np.random.default_rng(0)
    counts = []
    for _ in range(200):
        counts += score(TRUE if rng.random() < 0.7 else _moved(0.2), TRUE, 2.3)
    few, many = summary(counts[:20])["bilabial recall"], summary(counts)["bilabial recall"]
    assert many.low <= many.value <= many.high
    assert many.high - many.low < few.high - few.low


def test_a_fall_is_paired_and_a_rise_is_none():
    rng = np.random.default_rng(0)
    clean, noisy = [], []
    for _ in range(80):
        clean += score(TRUE, TRUE, 2.3)
        noisy += score(TRUE if rng.random() < 0.7 else _moved(0.2), TRUE, 2.3)
    lost = fall(clean, noisy, "bilabial recall")
    assert lost.low <= lost.value <= lost.high
    assert 0.1 < lost.value < 0.5
    assert fall(noisy, clean, "bilabial recall").value == 0.0
    same = fall(noisy, noisy, "bilabial recall")
    assert same.low == same.high == 0.0


def test_a_bar_is_met_or_missed_by_its_value():
    bar = ears.Bar("x", "bilabial recall", least=0.85)
    assert bar.met({"bilabial recall": Figure(0.9, 0.8, 0.95, 10)}) is True
    assert bar.met({"bilabial recall": Figure(0.8, 0.7, 0.9, 10)}) is False
    assert bar.met({}) is None
    late = ears.Bar("x", "bilabial onset ms", most=15.0)
    assert late.met({"bilabial onset ms": Figure(-20.0, -25, -15, 10)}) is False


def test_the_report_names_every_bar():
    text = ears.report({"emodb": {"bilabial recall": Figure(0.9, 0.8, 0.95, 10)}})
    assert text.count("\n| ") >= len(ears.bars())
    assert "| emodb | bilabial recall | >= 0.85 | 0.900 [0.800, 0.950] | yes |" in text


def test_silence_by_level_frees_loud_frames_and_silences_quiet_ones():
    samples = np.zeros(32_000, np.float32)
    samples[4_000:24_000] = 0.3 * np.sin(np.arange(20_000))
    said = (Phone("sil", 0.0, 0.5), Phone("a", 0.5, 1.9), Phone("sil", 1.9, 2.0))
    line = ears.with_true_silence(ears.Line("x", samples, said, "", "en"))
    phones = [(p.phone, round(p.start, 2), round(p.end, 2)) for p in line.true]
    assert [name for name, _, _ in phones] == ["sil", "a", "sil"]
    assert phones[0][2] < 0.27  # sound from .25 s on, which the reference called silence
    assert phones[1][1] == 0.5
    assert 1.45 < phones[2][1] < 1.6  # quiet that it called a vowel


def test_nothing_that_tests_the_ears_trains_them():
    recipe = Path(ears.__file__).parents[1] / "training/ears/recipes/ears.toml"
    sources = read_recipe(recipe).sources
    assert not set(ears.lists()["synthetic"]["shards"]) & set(sources)
    assert "real_en_allison" not in sources
    tested = {v.group for v in HUMAN_VOICES if v.test}
    assert tested <= set(ears.lists()["synthetic"]["shards"])


def test_noise_has_the_ratio_that_was_asked_for():
    samples = np.sin(np.arange(16_000) / 20).astype(np.float32)
    noise = ears.noisy(samples, 10.0, 0) - samples
    ratio = 10 * np.log10(np.mean(samples**2) / np.mean(noise**2))
    assert ratio == pytest.approx(10, abs=0.01)


def test_a_telephone_keeps_the_length_and_loses_the_highs():
    t = np.arange(16_001) / 16_000
    high = ears.telephone(np.sin(2 * np.pi * 6000 * t).astype(np.float32))
    low = ears.telephone(np.sin(2 * np.pi * 600 * t).astype(np.float32))
    assert abs(len(high) - 16_001) <= 1
    assert np.std(high) < 0.05
    assert np.std(low) > 0.6


def test_the_picture_is_written(tmp_path: Path):
    pytest.importorskip("matplotlib")
    samples = np.sin(np.arange(32_000) / 12).astype(np.float32) * 0.2
    visemes = np.zeros((201, len(VISEMES)), np.float32)
    plot_phones(tmp_path / "a.png", samples, TRUE, visemes)
    assert (tmp_path / "a.png").read_bytes()[:4] == b"\x89PNG"


class _Knows:
    """Ears that know what is said, by the length of a line, and remember what they were told."""

    def __init__(self) -> None:
        self.model = Ears(EarsConfig.tiny()).eval()
        self.told: list[str] = []

    def recognise(self, samples: np.ndarray, _transcript: None, language: str) -> SimpleNamespace:
        assert len(samples) == 32_000
        self.told.append(language)
        return SimpleNamespace(phones=TRUE)


def _shard(folder: Path, *, keep_sound: bool) -> None:
    writer = ShardWriter(folder, "test_ked", {}, keep_sound=keep_sound)
    noise = 0.1 * np.random.default_rng(0).standard_normal(32_000).astype(np.float32)
    for _ in range(3):
        writer.add(noise, TRUE, (None,) * len(TRUE), "voice_ked_diphone", "")
    writer.close()


@pytest.mark.parametrize(("told", "language"), [(True, "en"), (False, "")])
def test_a_shard_that_keeps_its_sound_is_heard_as_a_recording_is(
    tmp_path: Path, told: bool, language: str
):
    knows: Any = _Knows()
    _shard(tmp_path, keep_sound=True)
    figures = ears.measure_shard(knows, tmp_path, "test_ked", told=told)
    assert figures["viseme accuracy"].value == 1
    assert figures["bilabial recall"].value == 1
    assert knows.told == [language] * 3


def test_a_shard_without_sound_is_heard_by_its_features(tmp_path: Path):
    knows: Any = _Knows()
    _shard(tmp_path, keep_sound=False)
    figures = ears.measure_shard(knows, tmp_path, "test_ked", guess_words=True)
    assert figures["viseme accuracy"].value < 0.9  # of a network that has learned nothing
    assert not knows.told


def test_words_are_guessed_of_lines_without_text_only(monkeypatch: pytest.MonkeyPatch):
    asked: list[tuple[str, str, bool]] = []

    def guessing(
        _samples: np.ndarray, text: str, language: str, _ears: object, *, guess_words: bool
    ) -> SimpleNamespace:
        asked.append((text, language, guess_words))
        return SimpleNamespace(phones=TRUE)

    monkeypatch.setattr(ears, "recognise_line", guessing)
    aligned: list[str] = []
    knows: Any = _Knows()
    knows.align_words = lambda _samples, _words, language: (
        aligned.append(language) or SimpleNamespace(phones=TRUE[:1])
    )
    samples = np.zeros(32_000, np.float32)
    hears = ears.ears_hear(knows, guess_words=True)
    assert hears(samples, "", "en") == TRUE
    assert hears(samples, "by name", "en") == TRUE[:1]
    assert asked == [("", "en", True)] and aligned == ["en"]
    assert ears.ears_hear(knows)(samples, "", "en") == TRUE
    assert len(asked) == 1 and knows.told == [""]


def test_guessing_without_pocketsphinx_is_refused_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(ears.words, "available", lambda: False)
    command = ["ears", "--corpus", str(tmp_path), "--guess-words", "--out", str(tmp_path / "r")]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):
        ears.main()
    assert "--guess-words needs pocketsphinx" in capsys.readouterr().err


def test_the_speed_counts_the_process_that_guesses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    ears_speed = pytest.importorskip("server.evaluation.ears_speed")  # needs Unix
    torch.manual_seed(0)
    save_ears(Ears(EarsConfig.tiny()), tmp_path / "tiny.safetensors", {})
    tiny = EarsRecogniser(tmp_path / "tiny.safetensors")
    samples = 0.05 * np.random.default_rng(0).standard_normal(48_000).astype(np.float32)

    def guessing(*_: object, guess_words: bool = False) -> None:
        if guess_words:
            subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)

    monkeypatch.setattr(ears_speed, "recognise_line", guessing)
    alone, both = (ears_speed.speed(tiny, samples, guess_words=g) for g in (False, True))
    assert set(both) - set(alone) == {"real-time factor, words guessed"}
    assert both["real-time factor, words guessed"] > both["real-time factor"] + 0.01
    assert both["stream difference"] < 1e-4


def test_the_speed_is_left_out_where_the_recording_is_absent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    ears_speed = pytest.importorskip("server.evaluation.ears_speed")  # needs Unix
    monkeypatch.setenv("SOLILOQUY_DATA", str(tmp_path))
    assert ears_speed.speed_of_recording(_Knows()) == {}
