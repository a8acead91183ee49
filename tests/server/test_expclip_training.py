"""Training of expclip: losses by their laws, drawing, and a run that can be stopped and resumed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from arkit.clip import Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.base import Speech
from server.generators.spoken import N_SPOKEN
from server.training.expclip import losses
from server.training.expclip.frames import LIPS, FrameStore, Span, draw, shaken
from server.training.expclip.image import read_recipe as read_image_recipe
from server.training.expclip.train import muscle_faces, read_recipe

RECIPES = Path(__file__).parents[2] / "server" / "training" / "recipes"


def test_lip_motion_ignores_where_the_mouth_is_and_sees_how_it_moves() -> None:
    faces = torch.rand(2, 10, 52)
    valid = torch.ones(2, 1, 52)
    assert losses.lip_motion(faces + 0.3, faces, valid) < 1e-6
    still = faces[:, :1].expand_as(faces)
    assert losses.lip_motion(still, faces, valid) > 0.1


def test_lip_motion_leaves_brows_alone() -> None:
    faces = torch.zeros(1, 10, 52)
    moved = faces.clone()
    moved[0, ::2, INDEX["browInnerUp"]] = 1.0
    assert losses.lip_motion(moved, faces, torch.ones(1, 1, 52)) == 0


def test_channels_that_were_not_seen_do_not_count() -> None:
    faces, made = torch.zeros(1, 4, 52), torch.ones(1, 4, 52)
    valid = torch.zeros(1, 1, 52)
    assert losses.reconstruction(made, faces, valid) == 0
    valid[..., 0] = 1.0
    assert losses.reconstruction(made, faces, valid) == pytest.approx(1.0)


def test_strength_is_nothing_where_the_prompt_is_shown() -> None:
    lips = torch.rand(1, 8, 52) * 0.5
    prompt = torch.rand(1, 1, 52).expand(1, 8, 52)
    shown = lips + prompt * (1 - 0.45 * lips)
    assert losses.strength(shown, lips, prompt) < 1e-6
    assert losses.strength(lips, lips, prompt) > 0.1


def test_drawn_windows_lie_in_one_utterance_and_short_ones_hold_their_last_frame() -> None:
    rows = np.arange(30)[:, None]
    features = np.broadcast_to(rows, (30, N_SPOKEN)).astype(np.float16)
    faces = np.broadcast_to(rows, (30, 52)).astype(np.float16)
    spans = (Span(0, 20, "train", False), Span(20, 10, "train", False))
    store = FrameStore(features, faces, np.ones((2, 52), bool), spans)
    batch = draw(store, [0, 1], 40, 16, np.random.default_rng(0))
    for window in batch.faces[:, :, 0]:
        span = spans[0] if window[0] < 20 else spans[1]
        assert span.start <= window.min() and window.max() < span.start + span.frames
        assert set(np.diff(window)) <= {0.0, 1.0}


def test_shaken_phones_stay_in_order_and_within_the_line() -> None:
    phones = tuple(Phone("a", 0.1 * i, 0.1 * (i + 1)) for i in range(20))
    speech = Speech(np.zeros(0, np.float32), 2.0, phones, np.zeros(200, np.float32))
    rng = np.random.default_rng(3)
    for _ in range(20):
        again = shaken(speech, rng).phones
        assert again[0].start == 0.0 and again[-1].end == 2.0
        assert all(a.end == b.start for a, b in itertools.pairwise(again))


def test_muscle_faces_are_often_of_one_side() -> None:
    faces = muscle_faces(200, 0)
    assert faces.shape == (200, len(ARKIT_NAMES)) and faces.max() <= 1.0
    left, right = INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]
    one_sided = np.abs(faces[:, left] - faces[:, right]) > 0.2
    assert one_sided.sum() >= 3
    assert muscle_faces(0, 0).shape == (0, len(ARKIT_NAMES))


def test_a_variant_of_a_recipe_differs_in_what_it_names_alone() -> None:
    path = RECIPES / "expclip_ablations.toml"
    whole, less = read_recipe(path), read_recipe(path, "without_epa")
    assert less == replace(whole, augmented=0.0)
    assert not read_recipe(path, "papers_network").config.linear_path
    with pytest.raises(KeyError, match="nothing"):
        read_recipe(path, "nothing")


def test_shipped_recipes_name_fields_that_exist() -> None:
    assert read_recipe(RECIPES / "expclip.toml").size == "base"
    assert read_recipe(RECIPES / "expclip_sides.toml").one_sided > 0
    assert read_image_recipe(RECIPES / "expclip_image.toml").steps > 0


def test_the_articulated_mouth_stands_where_the_losses_look_for_it() -> None:
    assert LIPS.stop - LIPS.start == len(ARKIT_NAMES)
