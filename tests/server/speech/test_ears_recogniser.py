"""The network, its stream, and the recogniser, at a size that runs in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from server.speech.decoding import decode, loud_frames, noisiness
from server.speech.ears_model import Ears, EarsConfig
from server.speech.ears_recogniser import EarsOutput, EarsRecogniser, EarsStream, hear
from server.speech.ears_weights import DEFAULT_WEIGHTS, load_ears, save_ears, weights_about
from server.speech.features import N_MELS
from server.speech.phones import PHONE_INDEX, PHONES, SILENCE
from server.speech.recogniser import (
    SAMPLE_RATE,
    Recogniser,
    RecogniserError,
    joined,
    loudness_db,
    n_feature_frames,
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "tiny.safetensors"
    save_ears(Ears(EarsConfig.tiny()), path, {"steps": 3})
    return path


def _noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    envelope = 0.05 * (1 + np.sin(np.arange(int(seconds * SAMPLE_RATE)) / 3000))
    return (rng.standard_normal(len(envelope)) * envelope).astype(np.float32)


@pytest.mark.parametrize("config", [EarsConfig.tiny(), EarsConfig(width=32)])
def test_a_stream_in_any_pieces_gives_the_posteriors_of_the_whole_line(config: EarsConfig):
    torch.manual_seed(1)
    model = Ears(config).eval().requires_grad_(False)
    samples = _noise(3.017)
    whole = hear(model, samples)
    rng = np.random.default_rng(0)
    stream, parts, at = EarsStream(model), [], 0
    while at < len(samples):
        n = int(rng.integers(0, 2500))
        parts.append(stream.push(samples[at : at + n]))
        at += n
    parts.append(stream.finish())
    pieces = EarsOutput.joined(parts)
    assert len(whole) == len(pieces) == n_feature_frames(len(samples))
    assert np.abs(pieces.posteriors - whole.posteriors).max() < 1e-4
    assert np.abs(pieces.features - whole.features).max() < 1e-4


def test_a_stream_answers_no_later_than_it_says():
    config = EarsConfig(width=16)
    assert config.look_ahead <= 0.2
    stream = EarsStream(Ears(config).eval())
    heard = len(stream.push(_noise(2.0)))
    assert heard >= int((2.0 - config.look_ahead) * 100) - 1


def test_the_future_beyond_the_look_ahead_changes_nothing():
    torch.manual_seed(2)
    config = EarsConfig(width=16)
    model = Ears(config).eval()
    frames = torch.randn(1, 200, N_MELS)
    changed = frames.clone()
    changed[:, 120:] = 0
    with torch.inference_mode():
        before, after = model(frames).phone_logits[0], model(changed).phone_logits[0]
    differs = torch.nonzero((before - after).abs().amax(1) > 1e-6)
    assert 120 - int(differs[0]) <= config.look_ahead * 100


def test_posteriors_sum_to_one_and_visemes_too(weights: Path):
    heard = EarsRecogniser(weights).hear(_noise(1.0))
    np.testing.assert_allclose(heard.posteriors.sum(1), 1, atol=1e-4)
    np.testing.assert_allclose(heard.visemes.sum(1), 1, atol=1e-4)
    assert ((heard.voice >= 0) & (heard.voice <= 1)).all()


def test_recognition_fills_the_line_without_gaps(weights: Path):
    recogniser = EarsRecogniser(weights)
    assert isinstance(recogniser, Recogniser)
    samples = _noise(2.345)
    heard = recogniser.recognise(samples)
    assert heard.phones[0].start == 0
    assert heard.phones[-1].end == pytest.approx(len(samples) / SAMPLE_RATE)
    for before, after in zip(heard.phones[:-1], heard.phones[1:], strict=True):
        assert before.end == pytest.approx(after.start)
    assert heard.posteriors is not None
    assert heard.posteriors.shape == (len(heard.loudness), len(PHONES))


def test_a_long_stream_is_heard_in_stretches_as_the_whole_is(weights: Path):
    recogniser = EarsRecogniser(weights)
    samples = _noise(47.3)
    blocks = [samples[i : i + 7777] for i in range(0, len(samples), 7777)]
    parts = list(recogniser.recognise_stream(blocks))
    assert len(parts) > 1
    assert sum(p.seconds for p in parts) == pytest.approx(47.3)
    whole = joined(parts)
    assert whole.posteriors is not None
    assert np.abs(whole.posteriors - recogniser.hear(samples).posteriors).max() < 1e-4


@pytest.mark.parametrize("n", [0, 1, 100, 1600])
def test_lines_of_almost_nothing_are_heard(weights: Path, n: int):
    heard = EarsRecogniser(weights).recognise(np.zeros(n, np.float32))
    assert heard.seconds == pytest.approx(n / SAMPLE_RATE)
    assert len(heard.loudness) == n_feature_frames(n)


def test_a_transcript_that_cannot_be_used_is_noted(weights: Path):
    recogniser = EarsRecogniser(weights)
    too_short = recogniser.recognise(_noise(0.02), "word")
    assert any("not used" in note for note in too_short.notes)
    assert any("not used" in n for n in recogniser.recognise(_noise(1.0), "...").notes)


def test_decoding_prefers_closed_lips_that_share_their_posterior():
    posteriors = np.full((40, len(PHONES)), 1e-4, np.float32)
    posteriors[:, PHONE_INDEX["a"]] = 0.9
    posteriors[15:25, PHONE_INDEX["a"]] = 0.01
    for phone, share in (("p", 0.2), ("b", 0.21), ("m", 0.2), ("t", 0.35)):
        posteriors[15:25, PHONE_INDEX[phone]] = share
    phones = decode(posteriors / posteriors.sum(1, keepdims=True))
    assert [p.phone for p in phones] == ["a", "b", "a"]
    assert phones[1].start == pytest.approx(0.15)
    assert phones[1].end == pytest.approx(0.25)


def test_lips_that_noise_makes_doubtful_are_heard_in_noise_only():
    rng = np.random.default_rng(3)
    line = rng.standard_normal(32_000).astype(np.float32) * 0.2
    line[::400] *= 0.5
    pauses = np.repeat(rng.random(40) < 0.4, 800)
    line[pauses] *= 1e-3
    noisy = line + rng.standard_normal(32_000).astype(np.float32) * 0.06
    quiet_noise, noise = (noisiness(loudness_db(x)) for x in (line, noisy))
    assert quiet_noise == 0.0 < noise <= 1.0
    posteriors = np.full((40, len(PHONES)), 1e-4, np.float32)
    posteriors[:, PHONE_INDEX["n"]] = 0.9
    posteriors[15:25, [PHONE_INDEX["n"], PHONE_INDEX["m"]]] = 0.5, 0.32
    heard = [[p.phone for p in decode(posteriors, x)] for x in (quiet_noise, noise)]
    assert heard == [["n"], ["n", "m", "n"]]


def test_a_loud_word_that_the_ears_doubt_is_not_silence():
    posteriors = np.full((120, len(PHONES)), 1e-4, np.float32)
    posteriors[:, PHONE_INDEX[SILENCE]] = 0.95
    posteriors[40:80, [PHONE_INDEX[SILENCE], PHONE_INDEX["a"]]] = 0.6, 0.3
    line = np.full(19_200, 1e-3, np.float32)
    line[6400:12800] = 0.3
    line *= np.sin(np.arange(19_200) * 0.2, dtype=np.float32)
    loud = loud_frames(loudness_db(line))
    assert [p.phone for p in decode(posteriors)] == [SILENCE]
    heard = decode(posteriors, loud=loud)
    assert [p.phone for p in heard] == [SILENCE, "a", SILENCE]
    assert heard[1].start == pytest.approx(0.4, abs=0.02)
    assert not loud_frames(np.full(50, -40.0, np.float32)).any()
    assert not len(loud_frames(np.zeros(0, np.float32)))


def _vowels_and_closures(shares: dict[int, float], length: int) -> np.ndarray:
    """Vowels that change every 200 ms, with lips that close for `length` frames at some places."""
    posteriors = np.full((200, len(PHONES)), 1e-4, np.float32)
    for k in range(10):
        posteriors[20 * k : 20 * k + 20, PHONE_INDEX["ai"[k % 2]]] = 0.9
    for at, share in shares.items():
        posteriors[at : at + length] *= 1 - share
        posteriors[at : at + length, PHONE_INDEX["m"]] = share
    return posteriors / posteriors.sum(1, keepdims=True)


def test_a_closure_too_short_and_too_faint_for_the_tempo_is_dropped():
    heard = decode(_vowels_and_closures({44: 0.5, 84: 0.95}, 6))
    assert [round(p.start, 2) for p in heard if p.phone == "m"] == [0.84]
    heard = decode(_vowels_and_closures({44: 0.5, 84: 0.95}, 9))
    assert [round(p.start, 2) for p in heard if p.phone == "m"] == [0.44, 0.84]


def test_noise_keeps_the_closures_that_are_doubtful_in_quiet():
    posteriors = _vowels_and_closures({44: 0.5}, 6)
    assert not [p for p in decode(posteriors) if p.phone == "m"]
    assert [p for p in decode(posteriors, 1.0) if p.phone == "m"]


def test_a_decoded_phone_lasts_thirty_milliseconds():
    rng = np.random.default_rng(5)
    posteriors = rng.dirichlet(np.full(len(PHONES), 0.05), 300).astype(np.float32)
    phones = decode(posteriors)
    assert min(p.end - p.start for p in phones[1:-1]) >= 0.03 - 1e-6


def test_weights_keep_their_configuration_and_history(weights: Path):
    assert load_ears(weights).config == EarsConfig.tiny()
    assert weights_about(weights) == {"steps": 3}


def test_missing_weights_are_refused_with_what_to_do(tmp_path: Path):
    with pytest.raises(RecogniserError, match="install the weights"):
        load_ears(tmp_path / "none.safetensors")


def test_shipped_weights_are_small_and_fast_enough_to_serve():
    if not DEFAULT_WEIGHTS.exists():
        pytest.skip("no ears are shipped in this checkout")
    assert DEFAULT_WEIGHTS.stat().st_size <= 8 * 1024 * 1024
    assert load_ears().config.look_ahead <= 0.2
    assert DEFAULT_WEIGHTS.with_suffix(".md").exists()


@pytest.fixture
def told() -> Ears:
    torch.manual_seed(3)
    config = EarsConfig(width=32, dilations=(1, 2), futures=(1, 0), languages=("en", "cmn"))
    model = Ears(config).eval().requires_grad_(False)
    model.told_stem.normal_()
    model.told_phones.normal_()
    return model


def test_a_told_language_changes_what_is_heard_and_an_unknown_one_does_not(told: Ears):
    samples = _noise(1.0)
    untold = hear(told, samples).posteriors
    assert np.abs(hear(told, samples, "en").posteriors - untold).max() > 0.01
    np.testing.assert_array_equal(hear(told, samples, "tlh").posteriors, untold)
    np.testing.assert_array_equal(
        hear(told, samples, "zh-TW").posteriors, hear(told, samples, "cmn").posteriors
    )


def test_a_stream_is_told_the_language_as_the_whole_line_is(told: Ears, tmp_path: Path):
    save_ears(told, tmp_path / "told.safetensors", {})
    recogniser = EarsRecogniser(tmp_path / "told.safetensors")
    samples = _noise(9.0)
    stream = joined(recogniser.recognise_stream([samples[:50_000], samples[50_000:]], "en"))
    assert stream.posteriors is not None
    whole = recogniser.hear(samples, "en").posteriors
    assert np.abs(stream.posteriors - whole).max() < 1e-4


def test_ears_that_know_no_language_by_name_hear_the_same_whatever_they_are_told(weights: Path):
    recogniser, samples = EarsRecogniser(weights), _noise(1.0)
    np.testing.assert_array_equal(
        recogniser.hear(samples, "en").posteriors, recogniser.hear(samples).posteriors
    )
