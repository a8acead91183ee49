"""The papers' CLIP text tower, on a tiny random checkpoint that the test makes itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from server.language.clip_text import ClipTextEncoder, text_encoder
from server.language.errors import EncoderError


def make_checkpoint(folder: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is optional")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    vocabulary = [*letters, *(letter + "</w>" for letter in letters)]
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer(
        str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=16
    )
    tokenizer.save_pretrained(str(folder))
    config = transformers.CLIPTextConfig(
        vocab_size=len(vocabulary), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, max_position_embeddings=16, projection_dim=12,
        bos_token_id=52, eos_token_id=53, pad_token_id=53,
    )  # fmt: skip
    transformers.CLIPTextModelWithProjection(config).save_pretrained(
        str(folder), safe_serialization=True
    )


def test_a_local_checkpoint_gives_unit_vectors_of_its_own_width(tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "clip")
    encoder = ClipTextEncoder(tmp_path / "clip")
    vectors = encoder.encode(["a happy face", "sad", "x" * 200])
    assert vectors.shape == (3, 12)
    assert encoder.width == 12
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_a_text_reads_the_same_alone_and_in_a_batch(tmp_path: Path) -> None:
    make_checkpoint(tmp_path / "clip")
    encoder = ClipTextEncoder(tmp_path / "clip")
    together = encoder.encode(["a smile", "a very long and sad story"])
    assert np.allclose(encoder.encode(["a smile"])[0], together[0], atol=1e-5)


def test_a_folder_without_a_checkpoint_is_named_in_the_refusal(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="transformers is optional")
    with pytest.raises(EncoderError, match="no CLIP checkpoint"):
        ClipTextEncoder(tmp_path / "nowhere")


def test_an_unknown_encoder_name_says_which_there_are() -> None:
    with pytest.raises(EncoderError, match="builtin or clip"):
        text_encoder("word2vec")


def test_clip_needs_a_folder() -> None:
    with pytest.raises(EncoderError, match="folder"):
        text_encoder("clip")
