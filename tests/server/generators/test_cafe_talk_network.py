"""Cafe-Talk's network, guidance and AU sequences: what the paper says of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from arkit.action_units import AU_CODES, AU_INDEX
from arkit.names import INDEX
from arkit.strips import AUStrip
from server.generators.cafe_talk.config import N_CHANNELS, N_FINE, PAPER, TINY, CafeTalkConfig
from server.generators.cafe_talk.fine import claim_of, fine_sequence, nearness
from server.generators.cafe_talk.guidance import Predictions, Scales, guided
from server.generators.cafe_talk.model import (
    BLOCKS,
    AlignedAttention,
    CafeTalk,
    Conditions,
)
from server.generators.cafe_talk.weights import random_network

T = 12


def conditions(config: CafeTalkConfig, seed: int = 0, size: int = 1) -> Conditions:
    """Random conditions, all present, nothing given."""
    rng = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=rng)

    ones = torch.ones(size)
    nothing = torch.zeros(size, T, N_CHANNELS)
    return Conditions(
        audio=draw(size, T, config.n_audio), lips=draw(size, T, N_CHANNELS),
        text=draw(size, config.n_text), style=draw(size, config.n_style), intensity=0.5 * ones,
        given=nothing, is_given=nothing, has_audio=ones, has_style=ones, has_emotion=ones,
    )  # fmt: skip


def test_the_paper_size_has_the_papers_numbers() -> None:
    assert (PAPER.n_blocks, PAPER.n_state, PAPER.n_heads, PAPER.fps) == (8, 512, 8, 25.0)
    assert (PAPER.speech_encoder, PAPER.text_encoder) == ("xlsr", "clip")


def test_audio_attention_is_full_attention_under_the_papers_mask() -> None:
    config = replace(TINY, n_state=16, n_heads=2)
    torch.manual_seed(0)
    layer = AlignedAttention(config)
    x, audio = torch.randn(2, T, 16), torch.randn(2, T, 16)
    query = layer.query(x).view(2, T, 2, 8).transpose(1, 2)
    key, value = layer.key_value(audio).view(2, T, 2, 2, 8).permute(2, 0, 3, 1, 4)
    place = torch.arange(T)
    far = (place[:, None] - place).abs() > 1
    scores = (query @ key.transpose(-1, -2) / math.sqrt(8)).masked_fill(far, float("-inf"))
    expected = layer.out((scores.softmax(-1) @ value).transpose(1, 2).reshape(2, T, 16))
    assert torch.allclose(layer(x, audio), expected, atol=1e-6)


def test_a_fresh_adapter_leaves_the_base_model_as_it_is() -> None:
    torch.manual_seed(0)
    model = CafeTalk(TINY).eval()
    torch.nn.init.normal_(model.out.weight)
    x, t, asked = torch.randn(1, T, N_CHANNELS), torch.tensor([0.5]), conditions(TINY)
    fine = (torch.rand(1, T, N_FINE) < 0.1).float()
    assert torch.equal(model(x, t, asked), model(x, t, replace(asked, fine=fine)))


@pytest.mark.parametrize("coarse", sorted(BLOCKS))
def test_dropped_conditions_have_no_say(coarse: str) -> None:
    model = random_network(replace(TINY, coarse=coarse)).model
    x, t = torch.randn(1, T, N_CHANNELS), torch.tensor([0.5])
    none = torch.zeros(1)
    drop = {"has_audio": none, "has_style": none, "has_emotion": none}
    one, other = (replace(conditions(TINY, seed), **drop) for seed in (0, 1))
    assert torch.equal(model(x, t, one), model(x, t, other))


@pytest.mark.parametrize("coarse", sorted(BLOCKS))
@pytest.mark.parametrize("name", ["text", "style", "intensity", "audio", "given"])
def test_every_condition_has_a_say(name: str, coarse: str) -> None:
    model = random_network(replace(TINY, coarse=coarse)).model
    x, t, asked = torch.randn(1, T, N_CHANNELS), torch.tensor([0.5]), conditions(TINY)
    changed = replace(asked, **{name: getattr(asked, name) + 1.0})
    if name == "given":
        changed = replace(changed, is_given=torch.ones_like(asked.is_given))
    assert not torch.equal(model(x, t, asked), model(x, t, changed))


def test_film_instead_of_adaln_has_no_modulation_by_coarse_conditions() -> None:
    names = [n for n, _ in CafeTalk(replace(TINY, coarse="film")).named_parameters()]
    assert not [n for n in names if ".modulation." in n]
    assert [n for n in names if ".coarse_film." in n]


def found(*shape: int) -> Predictions:
    torch.manual_seed(1)
    nothing, audio, coarse, fine = torch.randn(4, *shape)
    return Predictions(coarse=coarse, nothing=nothing, audio=audio, fine=fine)


def test_guidance_at_alpha_0_1_and_2_is_nothing_coarse_and_twice_the_way() -> None:
    p = found(5, 3)
    assert p.nothing is not None
    for alpha, expected in ((0.0, p.nothing), (1.0, p.coarse), (2.0, 2 * p.coarse - p.nothing)):
        made = guided(p, Scales(alpha, alpha))
        assert torch.allclose(made, expected, atol=1e-6)


def test_paper_guidance_is_equation_7() -> None:
    p = found(5, 3)
    assert p.nothing is not None and p.fine is not None
    inside = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0])[:, None]
    for alpha in (0.0, 1.0, 2.0):
        for beta in (0.0, 1.0, 2.0):
            expected = (
                p.nothing + alpha * (p.coarse - p.nothing) + beta * inside * (p.fine - p.nothing)
            )
            made = guided(p, Scales(alpha, alpha, beta), inside, "paper")
            assert torch.allclose(made, expected, atol=1e-6)


def test_default_guidance_moves_claimed_channels_only_and_by_their_claim() -> None:
    p = found(5, 3)
    assert p.fine is not None
    claim = torch.zeros(5, 3)
    claim[2, 1] = 0.5
    made = guided(p, Scales(strips=2.0), claim)
    assert torch.allclose(made[2, 1], p.fine[2, 1])
    elsewhere = claim == 0
    assert torch.equal(made[elsewhere], p.coarse[elsewhere])


def test_two_alphas_that_are_equal_are_one() -> None:
    p = found(5, 3)
    apart = guided(p, Scales(2.0, 2.0 + 1e-9))
    assert torch.allclose(apart, guided(p, Scales(2.0, 2.0)), atol=1e-5)


TIMES = np.arange(50) / 25.0


def test_a_strip_of_both_sides_also_sets_each_side() -> None:
    sequence = fine_sequence((AUStrip("AU12", 0.4, 0.8),), TIMES)
    for code in ("AU12", "AU12L", "AU12R"):
        assert np.array_equal(np.flatnonzero(sequence[:, AU_INDEX[code]]), np.arange(10, 20))
    one = fine_sequence((AUStrip("AU12L", 0.4, 0.8),), TIMES)
    assert not one[:, AU_INDEX["AU12R"]].any() and not one[:, AU_INDEX["AU12"]].any()


def test_in_paper_mode_an_accent_is_an_excited_muscle() -> None:
    strip = AUStrip("AU12L", 0.4, 0.8, mode="accent")
    held = fine_sequence((strip,), TIMES)
    excited = fine_sequence((strip,), TIMES, paper=True)
    assert held[:, : len(AU_CODES)].any() and not held[:, len(AU_CODES) :].any()
    assert excited[:, len(AU_CODES) :].any() and not excited[:, : len(AU_CODES)].any()


def test_overlapping_strips_claim_with_the_stronger_intensity_on_own_channels() -> None:
    strips = (
        AUStrip("AU12", 0.2, 1.8, ((0.0, 0.4),)),
        AUStrip("AU12L", 0.2, 1.8, ((0.0, 0.9),)),
        AUStrip("AU4", 0.2, 1.8, ((0.0, 0.6),)),
    )
    claim = claim_of(strips, TIMES)[25]
    assert claim[INDEX["mouthSmileLeft"]] == pytest.approx(0.9)
    assert claim[INDEX["mouthSmileRight"]] == pytest.approx(0.4)
    assert claim[INDEX["browDownLeft"]] == pytest.approx(0.6)
    assert claim[INDEX["jawOpen"]] == 0


def test_nearness_ends_five_frames_beside_a_strip() -> None:
    near = nearness((AUStrip("AU4", 0.8, 1.2),), TIMES)[:, 0]
    assert near[20:30].min() == 1.0
    assert np.flatnonzero(near)[0] > 15 and np.flatnonzero(near)[-1] <= 35
