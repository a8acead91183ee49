"""The paper's speech encoder under ExpCLIP's generator, on a tiny random checkpoint made here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from arkit.clip import Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.articulate.evidence import load_evidence
from server.generators.base import Speech
from server.generators.cafe_talk.xlsr import XlsrEncoder
from server.generators.expclip.config import PAPER, TINY
from server.generators.expclip.model import ExpClipAnimator
from server.generators.expclip.pipeline import ExpClipGenerator
from server.language.errors import EncoderError
from server.language.express import default_director
from server.training.corpus.performing import LAYERS
from server.training.expclip.frames import make_store, open_store
from server.training.expclip.train import Recipe, Teacher, muscle_faces
from server.wire.messages import GenerateRequest

WIDTH = 16
CONFIG = replace(TINY, n_audio=WIDTH, n_style=256, speech_encoder="wav2vec2", linear_path=False)

FACES = muscle_faces(8, 0)


def make_wav2vec(folder: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is optional")
    torch.manual_seed(0)
    config = transformers.Wav2Vec2Config(
        hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_kernel=(10, 8), conv_stride=(20, 16), num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2, num_feat_extract_layers=2,
    )  # fmt: skip
    transformers.Wav2Vec2Model(config).save_pretrained(str(folder), safe_serialization=True)


def a_corpus() -> Any:
    """Two performed utterances of 3 s with sound, as a reader gives them."""
    phones = (Phone("sil", 0.0, 0.5), Phone("m", 0.5, 0.7), Phone("a", 0.7, 3.0))
    utterance = SimpleNamespace(seconds=3.0, frames=75, phones=phones, in_turn=False, split="train",
                                kind="performed", valid=np.ones(52, bool))  # fmt: skip
    layers = np.zeros((75, len(LAYERS), 52), np.float32)
    layers[:, LAYERS.index("emotion"), INDEX["mouthSmileLeft"]] = 0.6
    sound = np.random.default_rng(0).normal(0, 0.1, 48_000).astype(np.float32)
    return SimpleNamespace(
        utterances=(utterance, utterance), fps=25.0, layers=lambda _: layers,
        loudness=lambda _: np.full(300, -26.0, np.float32), audio=lambda _: sound,
    )  # fmt: skip


def test_the_papers_size_reads_wav2vec_and_the_embedding_alone() -> None:
    assert (PAPER.speech_encoder, PAPER.n_audio) == ("wav2vec2", 768)
    assert (PAPER.n_pool_layers, PAPER.n_decoder_layers, PAPER.linear_path) == (4, 8, False)
    assert (PAPER.fps, PAPER.n_frames) == (15.0, 64)


def test_without_a_checkpoint_the_refusal_names_wav2vec(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"no wav2vec 2.0 checkpoint|package transformers"):
        ExpClipGenerator(
            ExpClipAnimator(CONFIG), "x", default_director(), load_evidence(), encoders=tmp_path
        )


def test_a_network_that_reads_wav2vec_makes_a_whole_line_with_closed_lips(tmp_path: Path) -> None:
    make_wav2vec(tmp_path / "wav2vec2")
    model = ExpClipAnimator(CONFIG)
    with torch.no_grad():
        cast("Any", model.decoder.head[-1]).bias[INDEX["jawOpen"]] = 0.4
    generator = ExpClipGenerator(
        model, "random", default_director(), load_evidence(), encoders=tmp_path
    )
    phones = (Phone("a", 0.0, 1.0), Phone("m", 1.0, 1.2), Phone("a", 1.2, 6.0))
    samples = np.random.default_rng(0).normal(0, 0.1, 96_000).astype(np.float32)
    speech = Speech(samples, 6.0, phones, np.full(600, -26.0, np.float32))
    plan = generator.plan(GenerateRequest("a", direction="a broad smile", fps=30.0), speech, 0)
    made = [generator.denoise([plan], lambda: None)[0] for _ in range(plan.n_windows)]
    face = np.concatenate([sum(f.layers.values()) for f in made])
    assert face.shape == (180, 52) and np.isfinite(face).all()
    gap = face[:, INDEX["jawOpen"]] * 0.95 - face[:, INDEX["mouthClose"]]
    assert gap[30:37].min() < 0.05 < gap[60:].min()


def test_it_can_be_trained_on_what_wav2vec_hears(tmp_path: Path) -> None:
    make_wav2vec(tmp_path / "wav2vec2")
    encoder = XlsrEncoder(tmp_path / "wav2vec2")
    make_store(a_corpus(), tmp_path / "store", 15.0, 0, encoder)
    store = open_store(tmp_path / "store")
    assert store.features.shape == (90, WIDTH + len(ARKIT_NAMES))
    torch.manual_seed(0)
    model = ExpClipAnimator(CONFIG)
    expclip = default_director().expclip
    teacher = Teacher(model, expclip, store, [0, 1], FACES, Recipe(batch=2))
    optimiser = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for step in range(12):
        loss = teacher.loss(np.random.default_rng(step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-3:]) < 0.9 * np.mean(losses[:3])
