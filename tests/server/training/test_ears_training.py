"""The ears' corpus, augmentation and loop, on sounds that the tests make, at the tiny size."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from arkit.clip import Phone
from server.speech.alignment import AlignedWord, Alignment
from server.speech.ears_model import Ears, EarsConfig, Heard
from server.speech.ears_weights import load_ears, weights_about
from server.speech.features import N_MELS, NoiseFloor, RunningNorm
from server.speech.phones import PHONE_INDEX
from server.training.ears import mbrola_voices, texts, untimed_voices, voices
from server.training.ears.augment import (
    AugmentConfig,
    Augmenter,
    envelope_filter,
    running_norm,
    without_noise,
)
from server.training.ears.corpus import all_groups, build, resampled
from server.training.ears.dataset import Mixture, language_of, tempo_curve
from server.training.ears.errors import CorpusError, RecipeError
from server.training.ears.festival_phones import FESTIVAL_PHONES
from server.training.ears.letter_to_sound import align_letters
from server.training.ears.packaged_speech import fillets_lines, other_prompt_lines, stamp_lines
from server.training.ears.realign import sure_labels, usable_labels
from server.training.ears.research import RESEARCH_SHARDS, ravdess_lines, write_emodb
from server.training.ears.shards import UNKNOWN, ShardWriter, frame_labels, read_shard
from server.training.ears.train import Loss, Recipe, Run, grown, read_recipe

RECIPES = Path(__file__).parents[3] / "server/training/ears/recipes"


def _two_tones(rng: np.random.Generator) -> tuple[np.ndarray, tuple[Phone, ...]]:
    """Low tone = a, high tone = s, quiet = silence: phones that a tiny network can learn."""
    sounds, phones, clock = [], [], 0.0
    for _ in range(8):
        name, hz = [("a", 300.0), ("s", 4000.0), ("sil", 0.0)][int(rng.integers(3))]
        seconds = float(rng.uniform(0.1, 0.3))
        t = np.arange(int(seconds * 16_000)) / 16_000
        sounds.append((0.3 if hz else 0.0) * np.sin(2 * np.pi * hz * t))
        phones.append(Phone(name, clock, clock + len(t) / 16_000))
        clock += len(t) / 16_000
    return np.concatenate(sounds).astype(np.float32), tuple(phones)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    writer = ShardWriter(folder, "tones", {"licence": "ours"})
    for _ in range(20):
        samples, phones = _two_tones(rng)
        writer.add(samples, phones, (None,) * len(phones), "tone", "")
    writer.close()
    return folder


def _recipe(steps: int) -> Recipe:
    quiet = AugmentConfig(reverb=0.0, band_limited=0.0, masks=0, snr_db=(30.0, 50.0))
    return Recipe(
        {"tones": 1.0}, EarsConfig.tiny(), quiet, steps=steps, batch=4, seconds=1.5,
        learning_rate=5e-3, warmup=5, averaging=0.9, reload_every=20,
    )  # fmt: skip


def test_the_whole_path_learns_resumes_and_serves(corpus: Path, tmp_path: Path):
    run = Run(_recipe(60), corpus, tmp_path)
    first = run.one_step(0.0)
    run.go()
    assert run.one_step(0.99) < first * 0.6
    resumed = Run(_recipe(61), corpus, tmp_path)
    resumed.resume(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    assert resumed.step == 60
    resumed.go()
    assert resumed.step == 61
    assert weights_about(tmp_path / "ears.safetensors")["steps"] == 61
    assert load_ears(tmp_path / "ears.safetensors").config == EarsConfig.tiny()


def test_the_same_seed_gives_the_same_first_loss(corpus: Path, tmp_path: Path):
    losses = [Run(_recipe(1), corpus, tmp_path / str(i)).one_step(0.0) for i in range(2)]
    assert losses[0] == losses[1]


def test_workers_meet_in_the_middle(corpus: Path, tmp_path: Path):
    one, two = (Run(_recipe(5), corpus, tmp_path, worker) for worker in (0, 1))
    for run, value in ((one, 1.0), (two, 3.0)):
        with torch.no_grad():
            run.model.stress.bias.fill_(value)
    one.meet()
    two.meet()
    assert float(two.model.stress.bias.detach()) == pytest.approx(2.0)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("ears*.toml")), ids=lambda p: p.stem)
def test_a_recipe_names_no_test_voice_and_research_material_only_by_name(path: Path):
    recipe = read_recipe(path)
    assert not [name for name in recipe.sources if name.startswith("test_")]
    assert bool(set(RESEARCH_SHARDS) & set(recipe.sources)) == ("research" in path.stem)
    synthetic = {n for n in recipe.sources if not n.startswith("real_")}
    others = {v.group for v in untimed_voices.VOICES} | set(mbrola_voices.SHARDS)
    assert synthetic <= set(all_groups()) | others
    assert recipe.model.look_ahead <= 0.2


def test_a_deeper_network_begins_as_what_it_grew_from():
    torch.manual_seed(0)
    shallow = Ears(EarsConfig.tiny()).eval()
    deep = Ears(EarsConfig(width=32, dilations=(1, 2, 4), futures=(1, 0, 0), bottleneck=16)).eval()
    deep.load_state_dict(grown(shallow.state_dict(), deep))
    frames = torch.randn(2, 90, N_MELS)
    with torch.no_grad():
        torch.testing.assert_close(deep(frames).phone_logits, shallow(frames).phone_logits)


def test_lip_events_cost_more_where_lips_are_heard_in_vain():
    recipe = Recipe({"x": 1.0}, event_loss=1.0)
    plain, events = Loss(Recipe({"x": 1.0})), Loss(recipe)
    extra = []
    for heard in ("p", "t"):
        logits = torch.zeros(1, 4, len(PHONE_INDEX))
        logits[..., PHONE_INDEX[heard]] = 6.0
        said = Heard(logits, torch.zeros(1, 4), logits)
        label = torch.full((1, 4), PHONE_INDEX["k"])
        none = torch.full((1, 4), UNKNOWN)
        extra.append(float(events(said, label, none) - plain(said, label, none)))
    assert extra[0] > extra[1] + 1.0


def test_speech_in_a_pause_and_a_pause_in_speech_cost_more_with_a_silence_loss():
    plain, told = Loss(Recipe({"x": 1.0})), Loss(Recipe({"x": 1.0}, silence_loss=1.0))
    extra = {}
    for heard, true in (("a", "sil"), ("sil", "a"), ("e", "a"), ("a", "a")):
        logits = torch.zeros(1, 4, len(PHONE_INDEX))
        logits[..., PHONE_INDEX[heard]] = 6.0
        said = Heard(logits, torch.zeros(1, 4), logits)
        label = torch.full((1, 4), PHONE_INDEX[true])
        none = torch.full((1, 4), UNKNOWN)
        extra[heard, true] = float(told(said, label, none) - plain(said, label, none))
    assert min(extra["a", "sil"], extra["sil", "a"]) > 1.0 + extra["e", "a"]
    assert extra["a", "a"] < 0.3


def _file(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_dialogues_are_paired_with_what_is_said_in_their_language(tmp_path: Path):
    game = tmp_path / "usr/share/games/fillets-ng"
    rows = (("ro-m-jeste", r"Ještě \"ne\"."), ("ro-x-nic", "Nic."), ("ro-v-bez", "Beze zvuku."))
    script = "".join(f'dialogId("{k}", "font", "Text.")\ndialogStr("{t}")\n\n' for k, t in rows)
    _file(game / "script/room/dialogs_cs.lua", script)
    for key, _ in rows[:2]:
        _file(game / f"sound/room/cs/{key}.ogg")
    lines = fillets_lines(tmp_path, "cs")
    assert [(x.speaker, x.text) for x in lines] == [
        ("fillets_cs_m", 'Ještě "ne".'), ("fillets_cs_other", "Nic."),
    ]  # fmt: skip
    with pytest.raises(CorpusError, match="fillets_nl"):
        fillets_lines(tmp_path / "elsewhere", "nl")


def test_pictures_are_named_in_the_languages_that_have_a_text(tmp_path: Path):
    birds = tmp_path / "usr/share/tuxpaint/stamps/birds"
    _file(birds / "owl.txt", "An owl.\nfr.utf8=Un hibou.\nde.utf8=Eine Eule.\n")
    for name in ("owl_desc_fr.ogg", "owl_desc_ro.ogg", "owl.ogg"):
        _file(birds / name)
    assert [(x.path.name, x.text) for x in stamp_lines(tmp_path)] == [
        ("owl_desc_fr.ogg", "Un hibou.")
    ]


def test_prompts_without_texts_borrow_those_of_the_same_name(tmp_path: Path):
    listed = tmp_path / "usr/share/doc/asterisk-core-sounds-it/core-sounds-it.txt.gz"
    listed.parent.mkdir(parents=True)
    listed.write_bytes(gzip.compress(b"digits/2: due\nbeep: [tono]\n"))
    for name in ("digits/2.wav", "beep.wav", "unknown.wav"):
        _file(tmp_path / "usr/share/asterisk/sounds/it_IT_f_Menardi" / name)
    found = other_prompt_lines(tmp_path, "it_menardi")
    assert [(x.path.name, x.text, x.language) for x in found] == [("2.wav", "due", "it")]


def test_an_unknown_field_of_a_recipe_is_refused(tmp_path: Path):
    path = tmp_path / "r.toml"
    path.write_text("stepps = 3\n[sources]\na = 1.0\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="stepps"):
        read_recipe(path)
    path.write_text("[model]\nwdith = 3\n[sources]\na = 1.0\n", encoding="utf-8")
    with pytest.raises(RecipeError, match="wdith"):
        read_recipe(path)


def test_a_batch_loses_its_noise_as_a_line_does():
    frames = np.random.default_rng(2).normal(-4, 3, (2, 300, N_MELS)).astype(np.float32)
    together = without_noise(torch.from_numpy(frames))
    for i in range(2):
        np.testing.assert_allclose(together[i].numpy(), NoiseFloor().push(frames[i]), atol=1e-4)


def test_a_batch_is_normalised_as_a_line_is():
    rng = np.random.default_rng(1)
    frames = rng.normal(-4, 3, (2, 200, N_MELS)).astype(np.float32)
    prior = rng.normal(-8, 1, N_MELS).astype(np.float32)
    together = running_norm(
        torch.from_numpy(frames), torch.full((2,), -1.0),
        torch.from_numpy(prior).expand(2, -1), torch.full((2,), 100.0),
    )  # fmt: skip
    for i in range(2):
        alone = RunningNorm(prior).push(frames[i])
        np.testing.assert_allclose(together[i].numpy(), alone, atol=1e-4)


def test_augmented_windows_are_finite_and_repeat_with_their_seed():
    frames = torch.full((4, 150, N_MELS), -18.0)
    frames[:, 40:90, 20:50] = 2.0
    prior = torch.full((N_MELS,), -8.0)
    begins = torch.tensor([True, True, False, False])
    first, again = (Augmenter(AugmentConfig(), prior, 3)(frames, begins) for _ in range(2))
    assert torch.isfinite(first).all()
    assert torch.equal(first, again)
    assert not torch.equal(first, Augmenter(AugmentConfig(), prior, 4)(frames, begins))


def test_windows_hold_labels_of_their_own_frames(corpus: Path):
    batch = Mixture(corpus, {"tones": 1.0}, 150, 0).batch(6)
    low, high = batch.mel[..., 12:16].max(-1), batch.mel[..., 60:70].max(-1)
    is_a, is_s = (batch.phone == PHONE_INDEX[p] for p in ("a", "s"))
    assert (low > high)[is_a].mean() > 0.9
    assert (high > low)[is_s].mean() > 0.9


@pytest.mark.parametrize(
    ("shard", "voice", "language"),
    [("espeak_other", "pt-br+f1", "pt"), ("test_espeak_cmn", "cmn-latn-pinyin+m3", "cmn"),
     ("festival_ona", "voice_upc_ca_ona_hts", "ca"), ("real_ru_maxim", "maxim", "ru"),
     ("real_a2f", "claire", "")],
)  # fmt: skip
def test_the_language_of_a_shard_is_known_by_its_name_or_its_voice(
    shard: str, voice: str, language: str
):
    assert language_of(shard, voice) == language


def test_every_shard_of_a_recipe_that_tells_languages_has_one():
    recipe = read_recipe(RECIPES / "ears_told.toml")
    untold = {"real_a2f", "espeak_other"}
    for shard in set(recipe.sources) - untold:
        voice = "en-us+f1" if shard.startswith("espeak_en") else "de+f1"
        assert language_of(shard, voice) in recipe.model.languages


def test_a_run_tells_the_languages_of_as_many_windows_as_its_recipe_says(
    corpus: Path, tmp_path: Path
):
    model = EarsConfig(width=32, dilations=(1,), futures=(0,), languages=("en", "de"))
    for told, shares in (((1.0, 0.0), {2: 1.0}), ((0.0, 0.0), {0: 1.0}), ((0.7, 0.0), {2: 0.7})):
        run = Run(replace(_recipe(1), model=model, told=told), corpus, tmp_path / str(told))
        numbers = run._told(("de",) * 2000)
        for number, share in shares.items():
            assert float((numbers == number).float().mean()) == pytest.approx(share, abs=0.05)


def test_a_window_in_another_tempo_keeps_its_labels_on_its_frames(corpus: Path):
    batch = Mixture(corpus, {"tones": 1.0}, 150, 0, tempo=0.5).batch(6)
    low, high = batch.mel[..., 12:16].max(-1), batch.mel[..., 60:70].max(-1)
    is_a, is_s = (batch.phone == PHONE_INDEX[p] for p in ("a", "s"))
    assert (low > high)[is_a].mean() > 0.9
    assert (high > low)[is_s].mean() > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_a_tempo_stays_within_its_reach(seed: int):
    place = tempo_curve(np.random.default_rng(seed), 200, 0.4)
    assert place[0] == 0.0
    steps = np.diff(place)
    assert steps.min() >= np.exp(-0.6) - 1e-9 and steps.max() <= np.exp(0.6) + 1e-9


def test_breaths_are_heard_in_pauses_and_labelled_silence(corpus: Path):
    noisy = []
    for share in (0.0, 1.0):
        batch = Mixture(corpus, {"tones": 1.0}, 300, 0, breaths=share).batch(8)
        pause = (batch.phone == PHONE_INDEX["sil"]) & (batch.stress == UNKNOWN)
        noisy.append((pause & (batch.mel.min(-1) > -16)).sum())
    assert noisy[1] > noisy[0] + 100  # the tones' edges leak a little into their pauses


def test_the_pitch_moves_and_the_formants_stay():
    bands = torch.arange(N_MELS).float()
    formants = 2.0 * torch.cos(2 * torch.pi * bands / 80)
    harmonics = torch.cos(2 * torch.pi * bands[:40] / 4)
    frames = formants.clone()
    frames[:40] += harmonics
    smooth = frames @ envelope_filter()
    assert (smooth - formants)[5:75].abs().max() < 0.35
    config = AugmentConfig(warp=0.0, pitch=0.4)
    moved = Augmenter(config, torch.zeros(N_MELS), 0)._warped(frames.expand(8, 3, -1).clone())
    assert ((moved @ envelope_filter())[:, 0] - smooth)[:, 5:35].abs().mean() < 0.35
    assert (moved[:, 0] - frames).abs().amax(1).max() > 0.5


def test_research_shards_leave_out_the_tested_speakers_and_sentences(tmp_path: Path):
    for name in ("03a01Wa", "03a02Wa", "13a01Wa", "04b03Na"):
        soundfile.write(tmp_path / f"{name}.flac", np.full(8000, 0.1), 16_000)
        labels = "0.000000 -1 m\n0.200000 -1 a\n0.400000 -1 .\n"
        (tmp_path / f"{name}.lablaut").write_text(labels, encoding="latin-1")
    write_emodb(tmp_path, tmp_path / "out")
    shard = read_shard(tmp_path / "out", "real_emodb")
    assert [u["voice"] for u in shard.utterances] == ["emodb_03"]
    assert shard.phone[5] == PHONE_INDEX["m"] and shard.phone[45] == UNKNOWN


def test_research_takes_no_test_actor(tmp_path: Path):
    for actor in ("01", "19", "20"):
        (tmp_path / f"03-01-05-01-02-01-{actor}.flac").touch()
    assert [x.speaker for x in ravdess_lines(tmp_path)] == ["ravdess_01"]


def test_shards_that_appear_later_are_taken_in(corpus: Path, tmp_path: Path):
    shard = read_shard(corpus, "tones")
    for name in ("one", "two"):
        mixture = Mixture(tmp_path, {"one": 1.0, "two": 1.0}, 50, 0) if name == "two" else None
        writer = ShardWriter(tmp_path, name, {})
        writer.add_frames(shard.mel[:100], shard.phone[:100], shard.stress[:100], "v", "")
        writer.close()
        if mixture:
            assert [s.name for s in mixture.shards] == ["one"]
            mixture.reload()
            assert [s.name for s in mixture.shards] == ["one", "two"]


def test_a_missing_shard_is_named(tmp_path: Path):
    with pytest.raises(CorpusError, match="no shard 'none'"):
        read_shard(tmp_path, "none")


def test_frame_labels_follow_the_centre_of_each_frame():
    labels = frame_labels((Phone("m", 0.0, 0.101), Phone("a", 0.101, 0.2)), 25)
    assert (labels[:11] == PHONE_INDEX["m"]).all()
    assert (labels[11:20] == PHONE_INDEX["a"]).all()
    assert (labels[20:] == PHONE_INDEX["sil"]).all()


@pytest.mark.parametrize("warp", [-0.22, 0.0, 0.22])
def test_resampling_stretches_times_with_the_sound(warp: float):
    samples = np.zeros(22_050, np.float32)
    longer, stretch = resampled(samples, 22_050, warp)
    assert len(longer) / 16_000 == pytest.approx(stretch, rel=1e-3)
    assert stretch == pytest.approx(np.exp(warp), rel=0.02)


def test_held_out_voices_train_nothing():
    assert not set(voices.HELD_OUT_VARIANTS) & set(voices.TRAINING_VARIANTS)
    test = {v.voice for v in voices.HUMAN_VOICES if v.test}
    assert not test & {v.voice for v in voices.HUMAN_VOICES if not v.test}


def test_an_unknown_group_is_refused(tmp_path: Path):
    with pytest.raises(CorpusError, match="no group 'nobody'"):
        build("nobody", tmp_path, tmp_path, 0.01, 0)


def test_every_symbol_of_a_festival_voice_is_a_phone_of_ours():
    for language, table in FESTIVAL_PHONES.items():
        for symbol, phones in table.items():
            assert set(phones) <= set(PHONE_INDEX), (language, symbol)


def test_mandarin_syllables_are_pinyin():
    syllables = texts.pinyin_syllables()
    assert 380 < len(syllables) < 430
    assert {"ma", "zhuang", "shi", "er", "yuan", "lve"} - set(syllables) == {"lve"}


def test_letters_and_sounds_are_aligned():
    cost = {("p", ""): 2.0, ("h", "F"): 1.0, ("o", "OW"): 0.1, ("n", "N"): 0.1, ("e", ""): 0.1}
    pairs = align_letters("phone", ["F", "OW", "N"], cost)
    assert pairs == [("p", ""), ("h", "F"), ("o", "OW"), ("n", "N"), ("e", "")]
    assert align_letters("a", ["EY", "B", "K"], {}) is None


def test_labels_are_unknown_where_text_and_sound_disagree():
    aligned = Alignment(
        (Phone("m", 0.0, 0.1), Phone("a", 0.1, 0.3)),
        (AlignedWord("x", 0.0, 0.1, 0.01), AlignedWord("y", 0.1, 0.2, 0.9)),
        ((0.2, 0.3),),
    )
    labels = usable_labels(aligned, 30)
    assert (labels[:10] == UNKNOWN).all()
    assert (labels[12:20] == PHONE_INDEX["a"]).all()
    assert (labels[20:] == UNKNOWN).all()


def test_self_training_labels_only_what_is_sure():
    posteriors = np.full((4, len(PHONE_INDEX)), 0.001, np.float32)
    posteriors[:2, PHONE_INDEX["m"]] = 0.9
    posteriors[2:, PHONE_INDEX["m"]] = 0.3
    labels = sure_labels(posteriors, (Phone("m", 0.0, 0.04),))
    assert labels.tolist() == [PHONE_INDEX["m"]] * 2 + [UNKNOWN] * 2


def test_a_sentence_stays_on_its_side_of_the_split_when_the_list_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [f"sentence {i} of the manual" for i in range(500)]
    monkeypatch.setattr(texts, "sentences", lambda *_: found)
    before = {
        side: texts.split_sentences("en", Path(), Path(), test=side) for side in (True, False)
    }
    found = [*found[7:], "one more", "Sentence 9 of the manual!"]
    after = {side: texts.split_sentences("en", Path(), Path(), test=side) for side in (True, False)}
    assert 25 < len(before[True]) < 75
    assert len(before[True]) + len(before[False]) == 500
    for side in (True, False):
        assert not set(before[side]) & set(after[not side])
    nine = "sentence 9 of the manual" in before[True]
    assert "Sentence 9 of the manual!" in after[nine]
