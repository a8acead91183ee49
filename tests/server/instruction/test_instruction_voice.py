"""From a voice to an instruction: the whole path with tiny random weights, and the shipped ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from arkit.clip import Phone
from server.language.express import express
from server.language.instruction import Instruction, InstructionError, Instructor, described
from server.language.instruction.config import TINY
from server.language.instruction.decoding import beam, drawn, greedy
from server.language.instruction.model import random_model, sentence_loss
from server.language.instruction.qformer import contrastive_loss, pooled
from server.language.instruction.voice import N_FIGURES, N_STREAM, hear_voice
from server.language.instruction.weights import (
    FOLDER,
    save_instruction,
    text_encoder_hash,
    weights_path,
)
from server.language.tables import EMOTIONS

RATE = 16_000
TEXTS = ("The face looks happy, the cheeks raised.", "The face is at rest.")
REQUESTS = ("which expression goes with this voice?",)


def spoken(seconds: float = 1.5, hertz: float = 140.0, gain: float = 0.1) -> NDArray[np.float32]:
    """A buzz with formant-like bands and syllables: voiced, and no recording."""
    clock = np.arange(int(seconds * RATE)) / RATE
    glide = hertz * 2 ** (0.2 * np.sin(2 * np.pi * 0.7 * clock))
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 25))
    syllables = 0.2 + np.clip(np.sin(2 * np.pi * 4 * clock), 0, 1)
    return (gain * buzz * syllables / 2).astype(np.float32)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("instruction") / "tiny.safetensors"
    model = random_model(replace(TINY, n_embedding=256), TEXTS, REQUESTS)
    save_instruction(model, path, {"text_encoder": text_encoder_hash()})
    return path


def test_an_instruction_says_what_is_read_from_its_sentence(tiny: Path) -> None:
    found = Instructor(tiny).instruct(spoken())

    assert isinstance(found, Instruction)
    assert found.emotion in EMOTIONS
    assert 0 <= found.intensity <= 1 and 0 <= found.confidence <= 1
    assert dict(found.aus) == express(found.text).aus
    assert found.embedding.shape == (256,) and found.embedding.dtype == np.float32
    assert np.linalg.norm(found.embedding) == pytest.approx(1, abs=1e-5)


def test_an_edited_sentence_means_what_it_says_and_keeps_the_voice() -> None:
    voice = np.eye(256, dtype=np.float32)[0]
    first = described("The face looks sad, the inner brows raised.", voice, 0.7)

    edited = first.edited("The face looks very angry, the nose wrinkled.")

    assert (first.emotion, first.intensity_word) == ("sad", "clearly")
    assert (edited.emotion, edited.intensity_word) == ("angry", "strongly")
    assert "AU9" in edited.aus and "AU9" not in first.aus
    assert edited.embedding is first.embedding


def test_the_same_seed_draws_the_same_sentence(tiny: Path) -> None:
    instructor, line = Instructor(tiny), spoken()

    drawn_texts = {
        seed: instructor.instruct(line, sample=True, seed=seed).text for seed in range(4)
    }

    assert drawn_texts[2] == instructor.instruct(line, sample=True, seed=2).text
    assert len(set(drawn_texts.values())) > 1
    assert instructor.instruct(line, seed=1).text == instructor.instruct(line, seed=9).text


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(2 * RATE, np.float32),
        (0.1 * np.random.default_rng(0).standard_normal(2 * RATE)).astype(np.float32),
        np.full(RATE, np.nan, np.float32),
    ],
    ids=["empty", "silent", "noise", "not numbers"],
)
def test_without_a_voice_the_instruction_is_neutral_with_a_note(
    tiny: Path, samples: NDArray[np.float32]
) -> None:
    found = Instructor(tiny).instruct(samples)

    assert (found.emotion, found.intensity, found.intensity_word) == ("neutral", 0.0, "")
    assert not found.aus and found.confidence == 0
    assert any("No voice" in note for note in found.notes)


def test_where_the_ears_heard_no_phone_there_is_no_voice(tiny: Path) -> None:
    class Heard:
        phones = (Phone("sil", 0.0, 1.5),)

    assert Instructor(tiny).instruct(spoken(), heard=Heard()).emotion == "neutral"


def test_the_gain_of_a_recording_changes_nothing() -> None:
    soft, loud = hear_voice(spoken(gain=0.02)), hear_voice(spoken(gain=0.2))

    assert soft is not None and loud is not None
    np.testing.assert_allclose(soft.stream, loud.stream, atol=0.02)
    np.testing.assert_allclose(soft.figures, loud.figures, atol=0.05, rtol=0.02)


def test_figures_follow_pitch_and_rate() -> None:
    low, high = hear_voice(spoken(hertz=110.0)), hear_voice(spoken(hertz=220.0))

    assert low is not None and high is not None
    assert low.stream.shape[1] == N_STREAM and low.figures.shape == (N_FIGURES,)
    assert high.figures[0] - low.figures[0] == pytest.approx(1.0, abs=0.1)  # mean, in octaves


def test_a_long_line_is_heard_as_a_whole(tiny: Path) -> None:
    instructor = Instructor(tiny)
    line = np.concatenate([spoken(5.0, 120.0), np.zeros(RATE, np.float32), spoken(9.0, 240.0)])

    first, whole = instructor.impression(line[: 5 * RATE]), instructor.impression(line)

    assert first is not None and whole is not None
    assert not np.allclose(first.embedding, whole.embedding, atol=1e-4)
    assert sum(whole.cells.values()) == pytest.approx(1, abs=1e-4)


def test_gradients_reach_queries_and_projection_but_not_past_the_line() -> None:
    model = random_model(TINY, TEXTS, REQUESTS)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    stream = torch.randn(2, 40, N_STREAM)
    lengths, figures = torch.tensor([40, 20]), torch.randn(2, N_FIGURES)
    queries = model.qformer(stream, lengths, figures)
    ids = torch.tensor([[5, 6, 2], [7, 2, 0]])
    loss = sentence_loss(model.words, model.prompt(queries), ids, ids > 0)
    text = torch.nn.functional.normalize(torch.randn(2, TINY.n_embedding), dim=-1)

    (loss + contrastive_loss(pooled(queries), text, torch.tensor([0, 1]))).backward()

    assert model.projection.weight.grad is not None
    assert model.qformer.queries.grad is not None and model.qformer.queries.grad.abs().sum() > 0
    changed = stream.clone()
    changed[1, 20:] = 9.0
    np.testing.assert_allclose(
        model.qformer(changed, lengths, figures).detach(), queries.detach(), atol=1e-5
    )


def test_instructions_of_one_meaning_are_no_negatives() -> None:
    audio = text = torch.eye(4)[[0, 0, 1]]

    apart = contrastive_loss(audio, text, torch.tensor([0, 1, 2]))
    together = contrastive_loss(audio, text, torch.tensor([0, 0, 2]))

    assert together < apart


def test_words_said_one_by_one_are_those_of_the_whole_sentence() -> None:
    model = random_model(TINY, TEXTS, REQUESTS).words
    n_words = model.next_logits(torch.zeros(1, 1, TINY.words.n_state))[0].shape[1]
    prompt = torch.randn(1, 5, TINY.words.n_state)

    with torch.inference_mode():
        said = greedy(model, prompt)[0][:6]
        whole = model(torch.cat([prompt, model.embed(torch.tensor([said]))], 1))
    logits = whole[0, 4 : 4 + len(said), :n_words].clone()
    logits[:, :2] = float("-inf")

    assert logits.argmax(-1).tolist() == said


def test_a_beam_finds_no_less_likely_a_sentence_than_the_greedy_one() -> None:
    model = random_model(TINY, TEXTS, REQUESTS, seed=3).words
    prompt = torch.randn(1, 3, TINY.words.n_state)

    assert isinstance(beam(model, prompt, 3), list)
    assert drawn(model, prompt, 5) == drawn(model, prompt, 5)


def test_a_file_that_is_absent_or_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstructionError, match=r"no instruction weights at .*nowhere"):
        Instructor(tmp_path / "nowhere.safetensors")
    pickled = tmp_path / "evil.safetensors"
    pickled.write_bytes(b"cos\nsystem\n(S'touch " + str(tmp_path / "ran").encode() + b"'\ntR.")
    with pytest.raises(InstructionError, match="does not hold an instruction model"):
        Instructor(pickled)
    assert not (tmp_path / "ran").exists()


def test_research_weights_are_never_the_default() -> None:
    assert weights_path("instruction").name == "instruction.safetensors"
    assert "ravdess" not in Instructor("instruction").about["speakers"]
    assert "emodb" not in Instructor("instruction").about["speakers"]


@pytest.mark.parametrize("name", ["instruction", "instruction-research"])
def test_shipped_weights_fit_the_shipped_text_encoder_and_speak(name: str) -> None:
    if not (FOLDER / f"{name}.safetensors").is_file():
        pytest.skip("research weights are not part of every checkout")
    instructor = Instructor(name)

    found = instructor.instruct(spoken(2.0))

    assert instructor.about["text_encoder"] == text_encoder_hash()
    assert found.text.endswith(".") and len(found.text.split()) >= 4
    assert dict(found.aus) == express(found.text).aus
