"""The built-in text encoder, the detector and the ExpCLIP networks, with tiny untrained sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from arkit.names import ARKIT_NAMES
from server.language import detector as detectors
from server.language import detector_file
from server.language import expclip as clips
from server.language.encoder import (
    TINY,
    BuiltinTextEncoder,
    EncoderNetwork,
    load_encoder,
    ngram_buckets,
    save_encoder,
)
from server.language.errors import WeightsError
from server.language.express import WEIGHTS
from server.language.known_texts import KnownTexts
from server.language.words import tokens


@pytest.fixture
def encoder() -> BuiltinTextEncoder:
    torch.manual_seed(0)
    return BuiltinTextEncoder(EncoderNetwork(TINY).eval(), ["happy", "sad", "very", "face"])


def test_tokens_open_contractions_and_keep_codes_and_numbers() -> None:
    assert tokens("She isn't angry!") == ["she", "is", "not", "angry", "!"]
    assert tokens("AU 12 at 0.7 + AU04L") == ["au12", "at", "0.7", "+", "au4l"]
    assert tokens("AU12_R 70%") == ["au12r", "0.7"]
    assert tokens("half-closed “lids”") == ["half", "closed", "lids"]


def test_every_text_has_a_unit_vector_even_an_empty_one(encoder: BuiltinTextEncoder) -> None:
    vectors = encoder.encode(["a happy face", "", "zzqx", "Ω≈ç", "word " * 200])
    assert vectors.shape == (5, TINY.n_out)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_text_reads_the_same_alone_and_in_a_batch(encoder: BuiltinTextEncoder) -> None:
    alone = encoder.encode(["very sad"])[0]
    together = encoder.encode(["very sad", "a happy face that goes on and on"])[0]
    assert np.allclose(alone, together, atol=1e-5)


def test_order_of_words_matters(encoder: BuiltinTextEncoder) -> None:
    first, second = encoder.encode(["happy not sad", "sad not happy"])
    assert not np.allclose(first, second, atol=1e-4)


def test_a_misspelt_word_shares_most_ngrams_with_the_right_one() -> None:
    right, wrong = set(ngram_buckets("surprised", 6000)), set(ngram_buckets("suprised", 6000))
    assert len(right & wrong) >= 8


def test_saving_and_loading_changes_almost_nothing(
    encoder: BuiltinTextEncoder, tmp_path: Path
) -> None:
    save_encoder(encoder, tmp_path / "encoder.safetensors", {"seed": "0"})
    again = load_encoder(tmp_path / "encoder.safetensors")
    assert again.vocabulary == encoder.vocabulary
    texts = ["a happy face", "very sad"]
    assert (encoder.encode(texts) * again.encode(texts)).sum(1).min() > 0.99


def test_an_absent_or_foreign_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nothing\.safetensors"):
        load_encoder(tmp_path / "nothing.safetensors")
    (tmp_path / "junk.safetensors").write_bytes(b"junk" * 10)
    for load in (load_encoder, detector_file.load_detector, clips.load_expclip):
        with pytest.raises(WeightsError, match=r"junk\.safetensors"):
            load(tmp_path / "junk.safetensors")


def test_a_face_goes_through_its_vector_and_back() -> None:
    face = {"AU1": 0.4, "AU12L": 0.7, "AU12R": 0.2}
    again = detectors.vector_face(detectors.face_vector(face))
    assert again == pytest.approx(face, abs=1e-6)


def test_known_texts_go_through_the_file_of_the_detector_and_back(tmp_path: Path) -> None:
    vectors = np.eye(3, 32, dtype=np.float32)
    known = KnownTexts(("smile", "frown", "wink"), vectors, ("joy", "fear"), vectors[:2])
    model = detectors.TextAuDetector(
        detectors.DetectorConfig(32, 8, n_families=len(detectors.family_columns()))
    )
    path = tmp_path / "detector.safetensors"
    detector_file.save_detector(model, known, path, {"seed": "0"})
    again = detector_file.load_detector(path)[1]
    assert (again.names, again.families) == (known.names, known.families)
    assert again.nearest(vectors[2], 1) == ["wink"]
    assert again.situation_votes(vectors[1]).keys() == {"fear"}
    assert again.situation_votes(vectors[2]) == {}


def test_the_detector_gives_every_au_a_chance_and_an_intensity() -> None:
    model = detectors.TextAuDetector(detectors.DetectorConfig(width=32, bottleneck=8))
    presence, intensity, family, explicit = model(torch.randn(3, 32))
    assert presence.shape == intensity.shape == (3, len(detectors.AU_COLUMNS))
    assert family.shape == (3, len(detectors.family_columns()))
    assert explicit.shape == (3,)
    assert intensity.detach().min() >= 0.0 and intensity.detach().max() <= 1.0


def test_the_paper_size_is_the_papers() -> None:
    assert (detectors.PAPER.width, detectors.PAPER.bottleneck) == (512, 128)
    assert (clips.PAPER.n_layers, clips.PAPER.token_each) == (8, True)
    assert len(clips.BlendshapeEncoder(clips.AutoencoderConfig(1, 8, 2, 8, 8, 8, True)).name) == 52


@pytest.mark.parametrize("one_each", [False, True])
def test_the_autoencoder_reads_and_writes_every_blendshape(one_each: bool) -> None:
    torch.manual_seed(0)
    config = clips.AutoencoderConfig(1, 16, 2, 16, 16, 16, one_each)
    model = clips.ExpClip(config).eval()
    neutral = model.embed_pose({})
    for name in ARKIT_NAMES:
        assert not np.allclose(model.embed_pose({name: 1.0}), neutral, atol=1e-5), name
    decoded = model.decode(neutral[None])
    assert decoded.shape == (1, 52)
    assert decoded.min() >= 0.0 and decoded.max() <= 1.0
    columns = model.decoder.columns[model.decoder.used.bool()]
    assert sorted(columns.tolist()) == list(range(52))


def test_the_shipped_encoder_is_small_enough() -> None:
    sizes = {path.name: path.stat().st_size for path in WEIGHTS.glob("*.safetensors")}
    assert sizes["text_encoder.safetensors"] <= 4_000_000
    ours = ("text_encoder", "text_au", "expclip_autoencoder")
    assert sum(sizes[f"{name}.safetensors"] for name in ours) <= 7_000_000
