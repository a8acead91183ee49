"""The paper's HuBERT and LLaMA-type model, on tiny random checkpoints that the test makes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from server.language.instruction import InstructionError, Instructor
from server.language.instruction.checkpoints import CausalCheckpoint, Hubert
from server.language.instruction.config import TINY
from server.language.instruction.decoding import drawn, greedy
from server.language.instruction.model import InstructionModel, sentence_loss
from server.language.instruction.weights import save_instruction

WIDTH = 16


def make_hubert(folder: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is optional")
    config = transformers.HubertConfig(
        hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        conv_dim=(8, 8), conv_kernel=(10, 8), conv_stride=(20, 16), num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2, num_feat_extract_layers=2,
    )  # fmt: skip
    transformers.HubertModel(config).save_pretrained(str(folder), safe_serialization=True)


def make_causal(folder: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is optional")
    tokenizers = pytest.importorskip("tokenizers", reason="comes with transformers")
    words = ["<unk>", "<s>", "</s>", "the", "face", "looks", "sad", "happy", "voice", "."]
    plain = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>")
    )
    plain.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=plain, bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    ).save_pretrained(str(folder))
    config = transformers.LlamaConfig(
        vocab_size=len(words), hidden_size=WIDTH, intermediate_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(str(folder), safe_serialization=True)


def test_hubert_gives_features_at_fifty_hertz(tmp_path: Path) -> None:
    make_hubert(tmp_path / "hubert")
    samples = np.random.default_rng(0).standard_normal(32_000).astype(np.float32)

    features = Hubert(tmp_path / "hubert").encode(samples)

    assert features.shape == (98, WIDTH) or abs(len(features) - 100) <= 2
    assert features.dtype == np.float32


def test_a_llama_speaks_after_a_prompt_of_embeddings_and_stays_frozen(tmp_path: Path) -> None:
    make_causal(tmp_path / "llama")
    words = CausalCheckpoint(tmp_path / "llama")
    config = replace(TINY, language_model="causal")
    model = InstructionModel(config, words, ("the voice",), ("neutral/",))

    prompt = model.prompt(torch.randn(2, config.n_queries, config.n_embedding))
    ids = torch.tensor([words.encode("the face looks sad")])
    sentence_loss(words, prompt[:1], ids, torch.ones_like(ids, dtype=torch.bool)).backward()

    assert words.decode(ids[0].tolist()) == "the face looks sad"
    assert model.projection.weight.grad is not None
    assert not [name for name in model.state_dict() if name.startswith("words")]
    assert len(greedy(words, prompt.detach())) == 2
    assert drawn(words, prompt.detach(), 4) == drawn(words, prompt.detach(), 4)


def test_the_paper_size_hears_and_speaks_through_both_checkpoints(tmp_path: Path) -> None:
    from test_instruction_voice import spoken

    make_hubert(tmp_path / "hubert")
    make_causal(tmp_path / "llama")
    config = replace(
        TINY, speech_encoder="hubert", language_model="causal", n_stream=WIDTH, n_figures=0,
        n_embedding=256,
    )  # fmt: skip
    words = CausalCheckpoint(tmp_path / "llama")
    model = InstructionModel(config, words, ("the voice",), ("neutral/", "sad/clearly"))
    path = tmp_path / "paper.safetensors"
    save_instruction(model, path, {})

    with pytest.raises(InstructionError, match="'hubert'"):
        Instructor(path, language_model=tmp_path / "llama")
    found = Instructor(
        path, hubert=tmp_path / "hubert", language_model=tmp_path / "llama"
    ).instruct(spoken())

    assert found.embedding.shape == (256,)


@pytest.mark.parametrize("kind", [Hubert, CausalCheckpoint])
def test_a_folder_without_a_checkpoint_is_named(
    kind: type[Hubert] | type[CausalCheckpoint], tmp_path: Path
) -> None:
    with pytest.raises(InstructionError, match=r"checkpoint in|needs the package transformers"):
        kind(tmp_path)
