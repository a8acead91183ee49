"""The paper's speech encoder, on tiny random checkpoints that the test makes itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from server.generators.base import Speech
from server.generators.cafe_talk import pipeline
from server.generators.cafe_talk.config import PAPER
from server.generators.cafe_talk.pipeline import CafeTalkGenerator
from server.generators.cafe_talk.weights import random_network
from server.generators.cafe_talk.xlsr import XlsrEncoder, at_times
from server.generators.encoders import VARIABLE
from server.language.errors import EncoderError
from server.wire.messages import GenerateRequest

WIDTH = 16


def make_xlsr(folder: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is optional")
    config = transformers.Wav2Vec2Config(
        hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_kernel=(10, 8), conv_stride=(20, 16), num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2, num_feat_extract_layers=2,
    )  # fmt: skip
    transformers.Wav2Vec2Model(config).save_pretrained(str(folder), safe_serialization=True)


def test_features_come_with_the_times_they_stand_at(tmp_path: Path) -> None:
    make_xlsr(tmp_path / "xlsr")
    samples = np.random.default_rng(0).standard_normal(48_000).astype(np.float32)
    features, clock = XlsrEncoder(tmp_path / "xlsr").encode(samples)
    assert features.shape == (len(clock), WIDTH)
    assert 0 < clock[0] < 0.03 and 2.97 < clock[-1] < 3.0
    assert np.diff(clock).max() < 0.021


def test_features_are_read_between_their_times() -> None:
    features = np.array([[0.0], [1.0], [3.0]], np.float32)
    found = at_times(features, np.array([0.0, 1.0, 2.0]), np.array([-1.0, 0.5, 1.5, 9.0]))
    assert found[:, 0].tolist() == [0.0, 0.5, 2.0, 3.0]
    assert not at_times(features[:0], np.zeros(0), np.array([0.0])).any()


def test_a_folder_without_a_checkpoint_is_named_in_the_refusal(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no XLSR checkpoint|needs the package transformers"):
        XlsrEncoder(tmp_path / "nowhere")


def test_a_network_that_reads_xlsr_and_no_phones_runs_the_whole_path(tmp_path: Path) -> None:
    make_xlsr(tmp_path / "xlsr")
    config = replace(
        PAPER, n_blocks=1, n_state=16, n_heads=2, n_hidden=16, n_audio=WIDTH, n_text=256,
        text_encoder="builtin", n_style=4, styles=("Ada",), n_frames=40, n_steps=2,
    )  # fmt: skip
    generator = CafeTalkGenerator(random_network(config), "random", None, encoders=tmp_path)
    samples = np.random.default_rng(0).standard_normal(32_000).astype(np.float32)
    speech = Speech(samples, 2.0, (), np.zeros(201, np.float32))
    request = GenerateRequest("a", emotion="happy")
    plan = generator.plan(request, speech, 0)
    frames = [generator.denoise([plan], lambda: None)[0] for _ in range(plan.n_windows)]
    assert sum(len(f.head) for f in frames) == 50
    assert all(np.isfinite(layer).all() for f in frames for layer in f.layers.values())


def test_the_folder_of_encoders_is_named_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(pipeline, "XlsrEncoder", lambda folder, _device: seen.append(folder))
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    config = replace(PAPER, n_blocks=1, n_state=16, n_heads=2, text_encoder="builtin", n_text=256)
    CafeTalkGenerator(random_network(config), "random", None)
    assert seen == [tmp_path / "xlsr"]
