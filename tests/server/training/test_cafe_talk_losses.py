"""Fig. 5's losses: every network on the same windows, each sum over what its name says."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from arkit.names import ARKIT_NAMES, INDEX
from server.generators.cafe_talk.config import N_CHANNELS
from server.generators.cafe_talk.model import CafeTalk, Conditions
from server.generators.cafe_talk.styles import clip_statistics
from server.generators.spoken import N_SPOKEN
from server.training.cafe_talk.losses import (
    ACTIVE,
    BASE,
    KINDS,
    REGULAR,
    SWAPPED,
    Batch,
    compared,
    drawn,
    losses,
)
from server.training.cafe_talk.store import Store, StoredLine
from server.training.cafe_talk.train import Recipe, drawer_of

SMILE = [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]
RECIPE = Recipe(size="tiny")


def store() -> Store:
    """Four smiling lines of one actor, of four feelings."""
    rng, frames = np.random.default_rng(0), 120
    emotions = ("happy", "sad", "angry", "surprised")
    lines = tuple(
        StoredLine(
            start=frames * k, frames=frames, split="train", real=False, actor="Ada",
            emotion=emotion, intensity=0.2 + 0.2 * k, families=("joy",), texts=(emotion,), number=k,
        )
        for k, emotion in enumerate(emotions)
    )  # fmt: skip
    faces = np.zeros((4 * frames, len(ARKIT_NAMES)), np.float16)
    faces[:, SMILE] = 0.5
    return Store(
        rng.random((4 * frames, N_SPOKEN)).astype(np.float16), faces,
        np.ones((4, len(ARKIT_NAMES)), bool),
        np.stack([clip_statistics(faces[:frames], 25.0)] * 4).astype(np.float32), lines,
    )  # fmt: skip


@pytest.fixture(scope="module")
def batch() -> Batch:
    return next(drawn(drawer_of(RECIPE, store()), 4, 1.0, 0))


class Off(nn.Module):
    """Misses every smile by `smile` and all else by `rest`; without AUs by one more."""

    def __init__(self, x0: Tensor, smile: float, rest: float) -> None:
        super().__init__()
        self.x0, self.asked = x0, []
        self.miss = torch.full((N_CHANNELS,), rest)
        self.miss[SMILE] = smile

    def style_table(self, rows: Tensor) -> Tensor:
        return torch.zeros(len(rows), 1)

    def forward(self, _x: Tensor, _t: Tensor, conditions: Conditions) -> Tensor:
        self.asked.append(conditions)
        return self.x0 + self.miss + (conditions.fine is None)


def test_what_is_summed_is_what_the_losses_name_says(batch: Batch) -> None:
    network = Off(batch.x0, smile=3.0, rest=1.0)
    found = losses(cast("CafeTalk", network), batch)
    both = (2 * 9 + (N_CHANNELS - 2)) / N_CHANNELS
    assert found[REGULAR] == pytest.approx(both)
    assert found[BASE] == pytest.approx((2 * 16 + 4 * (N_CHANNELS - 2)) / N_CHANNELS)
    assert found[ACTIVE] == pytest.approx(9.0), "only smiles are active here"
    assert found[SWAPPED] == pytest.approx(9.0)


def test_a_swapped_window_keeps_its_muscles_and_sound_and_has_another_feeling(batch: Batch) -> None:
    fine, swapped = batch.own.fine, batch.swapped.fine
    assert fine is not None and swapped is not None
    assert torch.equal(fine, swapped) and fine.any()
    assert torch.equal(batch.own.audio, batch.swapped.audio)
    assert not torch.equal(batch.own.text, batch.swapped.text)
    assert not batch.own.is_given.any(), "the paper's stage 2 gives no frames"


def test_the_same_seed_draws_the_same_windows_times_and_noise(batch: Batch) -> None:
    again = next(drawn(drawer_of(RECIPE, store()), 4, 1.0, 0))
    other = next(drawn(drawer_of(RECIPE, store()), 4, 1.0, 1))
    assert torch.equal(batch.eps, again.eps) and torch.equal(batch.t, again.t)
    assert torch.equal(batch.own.audio, again.own.audio)
    assert not torch.equal(batch.eps, other.eps)


def test_late_times_are_near_pure_noise() -> None:
    drawer = drawer_of(RECIPE, store())
    even, late = (next(drawn(drawer, 64, k, 0)).t.mean() for k in (1.0, 3.0))
    assert 0.4 < even < 0.6 and late > 0.68


def test_a_fresh_adapter_has_the_base_models_loss() -> None:
    drawer = drawer_of(RECIPE, store())
    torch.manual_seed(0)
    fresh = CafeTalk(replace(drawer.config)).eval()
    taught = CafeTalk(replace(drawer.config)).eval()
    taught.load_state_dict(fresh.state_dict())
    for part in taught.adapter_parameters():
        nn.init.normal_(part, std=0.1)
    table = compared({"fresh": fresh, "taught": taught}, drawn(drawer, 2, 1.0, 0), 2)
    assert table["fresh"][REGULAR][1].value == pytest.approx(0.0, abs=1e-6)
    assert abs(table["taught"][REGULAR][1].value) > 1e-3
    assert set(table["taught"]) == set(KINDS)
