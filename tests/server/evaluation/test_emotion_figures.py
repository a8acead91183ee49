"""Accuracy, confusion, diversity and order on answers that are known; intervals; lip vertices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arkit.names import INDEX
from server.evaluation.emotion_figures import (
    accuracy,
    confusion,
    diversity,
    ordered,
    plot_confusion,
    strength,
)
from server.evaluation.intervals import mean, ratio
from server.evaluation.lve import lip_vertex_errors


def test_a_mean_lies_in_its_interval_which_narrows_with_more_lines() -> None:
    random = np.random.default_rng(0)
    few, many = mean(random.random(20)), mean(random.random(2000))
    for estimate in (few, many):
        assert estimate.low < estimate.value < estimate.high
    assert many.high - many.low < 0.3 * (few.high - few.low)
    assert (few.n, many.n) == (20, 2000)


def test_values_of_one_line_are_drawn_together() -> None:
    values = np.repeat([0.0, 1.0, 0.0, 1.0], 50)
    alone, together = mean(values), mean(values, list(np.repeat([0, 1, 2, 3], 50)))
    assert alone.value == together.value == 0.5
    assert together.high - together.low > 3 * (alone.high - alone.low)


def test_a_ratio_weighs_lines_by_their_length_and_nothing_is_nan() -> None:
    assert ratio([1, 9], [10, 10]).value == 0.5
    assert ratio([1, 9], [1, 99]).value == pytest.approx(0.1)
    assert np.isnan(mean([]).value)


def test_accuracy_and_confusion_count_what_was_said() -> None:
    true, said = ["sad", "sad", "happy", "happy"], ["sad", "happy", "happy", "happy"]
    assert accuracy(true, said, range(4)).value == 0.75
    matrix = confusion(true, said, ["happy", "sad"])
    assert matrix.tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_diversity_is_none_for_one_face_and_grows_with_spread() -> None:
    random = np.random.default_rng(1)
    points = random.standard_normal((500, 8))
    assert diversity(np.ones((5, 8))) == 0.0
    assert diversity(points) == pytest.approx(1.0, abs=0.05)
    assert diversity(3 * points) == pytest.approx(3 * diversity(points))


def test_strength_is_the_mean_of_the_named_units_over_time() -> None:
    face = np.zeros((10, 52), np.float32)
    face[:5, INDEX["mouthSmileLeft"]] = face[:5, INDEX["mouthSmileRight"]] = 0.8
    face[:, INDEX["jawOpen"]] = 1.0
    assert strength(face, {"AU12": 0.7}) == pytest.approx(0.4)
    assert strength(face, {"AU12": 0.5, "AU4": 0.5}) == pytest.approx(0.2)


def test_order_looks_at_all_pairs_and_a_tie_is_not_in_order() -> None:
    assert ordered([0.1, 0.2, 0.3]) == (3, 3)
    assert ordered([0.1, 0.3, 0.2]) == (2, 3)
    assert ordered([0.2, 0.2]) == (0, 1)


def test_a_confusion_matrix_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "confusion.png"
    plot_confusion({"truth": np.eye(2), "made": np.full((2, 2), 0.5)}, ["a", "b"], path)
    assert path.stat().st_size > 2000


def test_lip_error_is_zero_for_the_truth_and_is_in_millimetres() -> None:
    truth = np.zeros((4, 52), np.float32)
    made = truth.copy()
    made[2, INDEX["jawOpen"]] = 0.5
    made[3, INDEX["browInnerUp"]] = 1.0
    errors = lip_vertex_errors(made, truth)
    assert errors[0] == errors[1] == 0.0
    assert 5.0 < errors[2] < 25.0, "half a jaw is one to two centimetres at the lower lip"
    assert errors[3] < 0.5, "brows do not move lips"
    doubled = truth.copy()
    doubled[2, INDEX["jawOpen"]] = 1.0
    assert lip_vertex_errors(doubled, truth)[2] == pytest.approx(2 * errors[2], rel=1e-4)
    assert len(lip_vertex_errors(made[:3], truth)) == 3
