"""Training of Cafe-Talk: AU sequences, the learning rate's way, and the variants of its tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from arkit.action_units import AU_CODES, AU_INDEX
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.cafe_talk.config import N_CHANNELS, TINY
from server.generators.cafe_talk.styles import clip_statistics
from server.generators.cafe_talk.weights import load_weights
from server.generators.spoken import N_SPOKEN
from server.training.cafe_talk.ablations import VARIANTS, train_variant
from server.training.cafe_talk.loop import Clock, run
from server.training.cafe_talk.sequences import binarised, sparsified, strip_sequence
from server.training.cafe_talk.store import Store, StoredLine
from server.training.cafe_talk.train import Recipe

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
    assert not (tmp_path / "joint" / "stage1.pt").exists()
    steps = torch.load(tmp_path / "joint" / "stage2.pt", weights_only=True)["step"]
    assert steps == RECIPE.most_steps + RECIPE.fine_most_steps
    assert not models["film"].fine_out.weight.any()


def test_the_variant_without_swap_label_asks_for_the_full_models_base_first(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        train_variant("no_swap", RECIPE, store(), tmp_path)


def test_the_tiny_size_is_what_tests_train() -> None:
    assert RECIPE.config(("Ada",)) == replace(TINY, styles=("Ada",))
