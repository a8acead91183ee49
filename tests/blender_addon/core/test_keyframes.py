"""From clips to curves, and back."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.clip import ArkitClip, Contact
from arkit.names import ARKIT_NAMES, INDEX
from blender_addon.core.keyframes import (
    LONG_TAKE_KEYS,
    LONG_TAKE_TOLERANCE,
    KeyPlan,
    clamped_keys,
    clamping_sentence,
    contact_frames,
    key_frames,
    plan_keys,
    reduced,
    rows_at,
    tolerance_of,
)
from blender_addon.core.readback import coefficients_from_keys


@pytest.fixture
def coefficients() -> np.ndarray:
    return np.random.default_rng(3).random((40, 52)).astype(np.float32)


def test_at_the_scene_s_rate_keys_stand_on_whole_frames() -> None:
    assert key_frames(4, 10, 23.976, 23.976).tolist() == [10, 11, 12, 13]


def test_sixty_keys_a_second_in_a_scene_of_24_fall_between_frames() -> None:
    assert np.allclose(key_frames(6, 1, 24, 60), [1, 1.4, 1.8, 2.2, 2.6, 3.0])


def test_an_hour_in_does_not_drift_by_a_hundredth_of_a_frame() -> None:
    rate = 24 / 1.001
    frames = key_frames(86400, 1, rate, rate)
    assert frames[-1] == pytest.approx(86400, abs=0.01)


def test_a_split_blendshape_drives_both_halves(coefficients: np.ndarray) -> None:
    weights = {"browInnerUp_L": {"browInnerUp": 1.0}, "browInnerUp_R": {"browInnerUp": 1.0}}
    plan = plan_keys(coefficients, weights, key_frames(40, 1, 24, 24))
    wanted = coefficients[:, INDEX["browInnerUp"]]
    assert np.array_equal(plan.curves["browInnerUp_L"], wanted)
    assert np.array_equal(plan.curves["browInnerUp_R"], wanted)


def test_several_blendshapes_add_up_on_one_key(coefficients: np.ndarray) -> None:
    plan = plan_keys(
        coefficients,
        {"smile": {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5}},
        key_frames(40, 1, 24, 24),
    )
    left, right = (coefficients[:, INDEX[f"mouthSmile{side}"]] for side in ("Left", "Right"))
    assert np.allclose(plan.curves["smile"], (left + right) / 2, atol=1e-6)


def test_values_beyond_a_slider_are_told_with_the_largest_excess() -> None:
    curves = {"jawOpen": np.array([0.2, 1.3], np.float32), "blink": np.array([0.0, 0.7], "f4")}
    found = clamped_keys(
        KeyPlan(np.arange(2, dtype=np.float32), curves), {"jawOpen": (0, 1), "blink": (0, 0.5)}
    )
    assert [(c.shape_key, c.n_frames) for c in found] == [("jawOpen", 1), ("blink", 1)]
    sentence = clamping_sentence(found)
    assert "'jawOpen' and 1 more" in sentence and "1.30" in sentence and "1.00" in sentence


def test_a_negative_minimum_is_a_range_like_any_other() -> None:
    plan = KeyPlan(np.arange(2, dtype=np.float32), {"jaw": np.array([-0.5, 0.5], np.float32)})
    assert clamped_keys(plan, {"jaw": (-1.0, 1.0)}) == []
    assert clamped_keys(plan, {"jaw": (0.0, 1.0)})[0].peak == -0.5
    assert clamping_sentence([]) == ""


def test_reading_back_what_was_written_gives_the_same_coefficients(
    coefficients: np.ndarray,
) -> None:
    weights = {name: {name: 1.0} for name in ARKIT_NAMES if name != "tongueOut"}
    curves = plan_keys(coefficients, weights, key_frames(40, 1, 24, 24)).curves
    read = coefficients_from_keys(np.zeros_like(coefficients), [(weights, curves)])
    assert np.allclose(read[:, :-1], coefficients[:, :-1], atol=1e-6)
    assert not read[:, -1].any()


def test_an_edit_on_one_half_moves_the_blendshape_by_half_of_it(coefficients: np.ndarray) -> None:
    weights = {"up_L": {"browInnerUp": 1.0}, "up_R": {"browInnerUp": 1.0}}
    curves = {"up_L": np.full(40, 0.2, np.float32), "up_R": np.full(40, 0.6, np.float32)}
    read = coefficients_from_keys(coefficients, [(weights, curves)])
    assert np.allclose(read[:, INDEX["browInnerUp"]], 0.4)
    assert np.array_equal(read[:, INDEX["jawOpen"]], coefficients[:, INDEX["jawOpen"]])


def test_fewer_keys_stay_within_the_tolerance_and_keep_the_contacts() -> None:
    frames = np.arange(100, 200, dtype=np.float32)
    curve = np.sin(frames / 20).astype(np.float32)
    contacts = rows_at(frames, np.float32([50.0, 133.0, 900.0])).tolist()
    points = reduced(KeyPlan(frames, {"jawOpen": curve}), 0.01, contacts).points("jawOpen")
    assert len(points) < 30 and 133.0 in points[:, 0]
    assert np.abs(np.interp(frames, *points.T) - curve).max() <= 0.0101


def test_without_a_tolerance_every_frame_has_its_key() -> None:
    frames = np.arange(5, dtype=np.float32)
    plan = KeyPlan(frames, {"jawOpen": np.zeros(5, np.float32)})
    assert len(reduced(plan, 0.0).points("jawOpen")) == 5


def test_a_long_take_leaves_out_keys_unless_it_is_told_how() -> None:
    assert tolerance_of(None, LONG_TAKE_KEYS) == 0.0
    assert tolerance_of(None, LONG_TAKE_KEYS + 1) == LONG_TAKE_TOLERANCE
    assert tolerance_of(0.0, 10 * LONG_TAKE_KEYS) == 0.0 and tolerance_of(0.02, 5) == 0.02


def test_every_frame_of_a_contact_keeps_its_value(coefficients: np.ndarray) -> None:
    contacts = (Contact("lips", 0.2, 0.25), Contact("lips", 0.41, 0.43), Contact("lips", 9.0, 9.1))
    take = ArkitClip(np.tile(coefficients, (2, 1)) * 0.001, 60.0, contacts=contacts)
    kept = contact_frames(take)
    assert kept.tolist() == [12, 13, 14, 15, 25], "the nearest one when none lies within"
    frames = key_frames(take.n_frames, 7, 24, take.fps)
    rows = rows_at(frames, frames[kept]).tolist()
    assert rows == kept.tolist()
    plan = plan_keys(take.coefficients, {"jawOpen": {"jawOpen": 1.0}}, frames)
    points = reduced(plan, 0.005, rows).points("jawOpen")
    values = np.interp(frames[kept], *points.T)
    assert len(points) < 10 and np.array_equal(values.astype("f4"), plan.curves["jawOpen"][kept])


def test_rows_of_a_part_are_counted_from_its_start() -> None:
    frames = np.arange(10, 20, dtype=np.float32)
    assert rows_at(frames, np.float32([3, 10, 12, 19, 20])).tolist() == [0, 2, 9]
    assert rows_at(frames[:0], np.float32([3])).tolist() == []
