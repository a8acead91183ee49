"""Training of Cafe-Talk: AU sequences, the learning rate's way, and the variants of its tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from arkit.action_units import AU_CODES, AU_INDEX
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.cafe_talk.config import N_CHANNELS, N_FINE, TINY
from server.generators.cafe_talk.styles import clip_statistics
from server.generators.cafe_talk.weights import load_weights
from server.generators.spoken import N_SPOKEN
from server.training.cafe_talk.ablations import VARIANTS, train_variant
from server.training.cafe_talk.loop import Clock, run
from server.training.cafe_talk.sequences import binarised, sparsified, strip_sequence
from server.training.cafe_talk.store import Store, StoredLine
from server.training.cafe_talk.train import Recipe, teacher_of

N_AUS = len(AU_CODES)


def smiling(n_frames: int = 40) -> np.ndarray:
    """A face whose smile comes and goes, [T, 52]."""
    face = np.zeros((n_frames, len(ARKIT_NAMES)), np.float32)
    for side in ("Left", "Right"):
        face[10:20, INDEX["mouthSmile" + side]] = 0.8
    return face


def test_an_au_is_active_where_all_its_channels_are_and_a_little_beside() -> None:
    sequence = binarised(smiling(), np.random.default_rng(0))
    active = np.flatnonzero(sequence[:, AU_INDEX["AU12"]])
    assert set(range(10, 20)) <= set(active) <= set(range(4, 26))
    assert not sequence[:, AU_INDEX["AU4"]].any()


def test_one_side_of_a_smile_is_not_a_smile() -> None:
    face = smiling()
    face[:, INDEX["mouthSmileRight"]] = 0.0
    sequence = binarised(face, np.random.default_rng(0))
    assert not sequence[:, AU_INDEX["AU12"]].any()
    assert sequence[:, AU_INDEX["AU12L"]].any()


def test_sparsified_sequences_only_ever_lose_muscles() -> None:
    rng = np.random.default_rng(1)
    whole = (rng.random((60, N_AUS)) < 0.5).astype(np.float32)
    left = sparsified(whole, rng)
    assert (left <= whole).all()
    assert 0 < left.sum() < 0.6 * whole.sum()


def test_strips_are_held_muscles_at_full_on_the_face_that_is_learned() -> None:
    rng = np.random.default_rng(2)
    fine, control, marked = strip_sequence(np.zeros((100, 52), np.float32), 25.0, rng)
    assert fine.shape == (100, 2 * N_AUS)
    assert not fine[:, N_AUS:].any()
    assert marked[:, :N_CHANNELS][control > 0].mean() > 0.4
    assert np.abs(marked[:, :N_CHANNELS][control == 0]).max() < 0.9


def test_a_training_by_steps_lets_the_rate_fall_by_steps(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 1)
    rates: list[float] = []

    def loss(_: np.random.Generator) -> torch.Tensor:
        return model(torch.ones(1, 2)).square().sum()

    optimiser = torch.optim.AdamW
    seen = optimiser.step

    def step(self: torch.optim.AdamW, closure: None = None) -> None:
        rates.append(self.param_groups[0]["lr"])
        seen(self, closure)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimiser, "step", step)
        clock = Clock(minutes=60.0, rate=1.0, most_steps=300)
        run(model, list(model.parameters()), loss, clock, tmp_path / "stage.pt")
    assert len(rates) == 300
    assert max(rates) > 0.7 and rates[-1] < 0.03


def store() -> Store:
    """Six short lines of two actors."""
    rng = np.random.default_rng(0)
    frames, actors, emotions = 50, ("Ada", "Bruno"), ("happy", "sad", "angry")
    lines = tuple(
        StoredLine(
            start=frames * k, frames=frames, split="train", real=False, actor=actors[k % 2],
            emotion=emotions[k % 3], intensity=0.7, families=("joy",), texts=(emotions[k % 3],),
            number=k,
        )
        for k in range(6)
    )  # fmt: skip
    faces = rng.random((6 * frames, len(ARKIT_NAMES))).astype(np.float16)
    statistics = np.stack([clip_statistics(faces[x.start : x.start + frames], 25.0) for x in lines])
    return Store(
        rng.random((6 * frames, N_SPOKEN)).astype(np.float16), faces,
        np.ones((6, len(ARKIT_NAMES)), bool), statistics.astype(np.float32), lines,
    )  # fmt: skip


RECIPE = Recipe(
    size="tiny", minutes=5.0, fine_minutes=5.0, most_steps=2, fine_most_steps=2, batch=2,
    fine_batch=2, bfloat16=False,
)  # fmt: skip


def test_variants_differ_from_the_full_model_by_what_their_table_says(tmp_path: Path) -> None:
    made = {name: train_variant(name, RECIPE, store(), tmp_path) for name in VARIANTS}
    models = {name: load_weights(path)[0].model for name, path in made.items()}
    assert models["film"].config == replace(models["ours"].config, coarse="film")
    base = {
        n: p for n, p in models["ours"].named_parameters() if "adapter" not in n and "fine" not in n
    }
    others = dict(models["no_swap"].named_parameters())
    assert all(torch.equal(p, others[n]) for n, p in base.items())
    state = torch.load(tmp_path / "joint" / "stage1.pt", weights_only=True)["model"]
    first = state["model.adapters.0.zero.weight"]
    assert first.any(), "the joint variant's adapter learns in both stages"
    plain = torch.load(tmp_path / "joint_plain" / "stage1.pt", weights_only=True)["model"]
    assert plain["model.adapters.0.zero.weight"].any()
    assert not models["film"].fine_out.weight.any()


def test_only_the_plain_joint_variant_is_trained_by_the_regular_loss_alone() -> None:
    plain, joint = VARIANTS["joint_plain"](RECIPE), VARIANTS["joint"](RECIPE)
    assert not plain.two_stage and not joint.two_stage
    assert plain == replace(joint, swap=0.0) and joint.swap == RECIPE.swap > 0


def test_the_variant_without_swap_label_asks_for_the_full_models_base_first(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        train_variant("no_swap", RECIPE, store(), tmp_path)


def test_the_tiny_size_is_what_tests_train() -> None:
    assert RECIPE.config(("Ada",)) == replace(TINY, styles=("Ada",))


def fine_loss(**changes: Any) -> tuple[float, Tensor, Tensor]:
    """The loss of two windows, its squared errors [B, T, C] and Z_ctrl [B, T, C], by a recipe."""
    recipe = replace(RECIPE, control_always=False, fine_given=False, strips=0.0, **changes)
    teacher = teacher_of(recipe, store())
    shape = (2, TINY.n_frames, N_CHANNELS)
    error = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    control = np.zeros(shape, np.float32)
    control[:, 5:9, 3] = 1.0
    faces, fine = np.zeros((*shape[:2], 52), np.float32), np.zeros((*shape[:2], N_FINE), np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(teacher, "_sequences", lambda *_: (faces, fine, control))
        patch.setattr(teacher, "_error", lambda *_: error)
        loss = teacher.fine_loss(np.random.default_rng(0))
    return float(loss), error, torch.from_numpy(control)


def test_a_swapped_window_is_judged_where_its_action_units_are_active_only() -> None:
    loss, error, control = fine_loss(swap=1.0)
    assert loss == pytest.approx(float((error * control).sum() / control.sum()))


def test_without_the_swap_label_the_loss_is_the_regular_one() -> None:
    loss, error, _ = fine_loss(swap=0.0)
    assert loss == pytest.approx(float(error.mean()))


def test_each_action_unit_of_a_remaining_triplet_is_dropped_by_its_own_chance() -> None:
    sequence = np.zeros((400, len(AU_CODES)), np.float32)
    sequence[::2, :20] = 1.0
    kept = sparsified(sequence, np.random.default_rng(0))[::2, :20]
    triplets = kept[kept.any(axis=1)]
    assert 0.25 < len(triplets) / len(kept) < 0.45
    assert 0.6 < triplets.mean() < 0.8
    assert (triplets.std(axis=0) > 0).all(), "an AU that one triplet loses another keeps"
