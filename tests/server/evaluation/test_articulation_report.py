"""The judges themselves: lip gap in millimetres, counted closures, agreement with a capture."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from arkit.clip import ArkitClip, Phone
from arkit.names import INDEX
from server.evaluation.articulation import agreement
from server.evaluation.closures import count_line, summary
from server.evaluation.lips import load_built_in_lips, load_ict_lips
from server.training.facegood import Take

DATA = Path(os.environ.get("SOLILOQUY_DATA", Path(__file__).parents[4] / "shared" / "data"))


def face(**values: float) -> np.ndarray:
    coefficients = np.zeros((1, 52), np.float32)
    for name, value in values.items():
        coefficients[0, INDEX[name]] = value
    return coefficients


@pytest.mark.data
def test_the_ict_head_is_closed_at_rest_and_mouth_close_cancels_the_jaw() -> None:
    if not (DATA / "ict_facekit").is_dir():
        pytest.skip("no data/ict_facekit: set SOLILOQUY_DATA")
    gap = load_ict_lips(DATA / "ict_facekit")
    assert 0 <= gap(face())[0] < 1
    assert gap(face(jawOpen=0.2))[0] == pytest.approx(7.2, abs=0.5)
    assert gap(face(jawOpen=0.2, mouthClose=0.2))[0] < 0.5
    assert gap(face(mouthFunnel=0.3))[0] > 3


def test_the_built_in_head_agrees_with_itself() -> None:
    gap = load_built_in_lips()
    assert gap(face())[0] < 0.3
    assert gap(face(jawOpen=0.3))[0] > 5


def simple_gap(coefficients: np.ndarray) -> np.ndarray:
    return 30 * (coefficients[:, INDEX["jawOpen"]] - coefficients[:, INDEX["mouthClose"]])


def test_closures_are_counted_between_frames_and_within_their_tolerance() -> None:
    jaw = np.zeros((31, 52), np.float32)
    jaw[:, INDEX["jawOpen"]] = 0.3
    jaw[10, INDEX["mouthClose"]] = 0.3
    clip = ArkitClip(jaw, 30.0)
    phones = (
        Phone("a", 0.0, 0.3), Phone("m", 0.3, 0.36), Phone("a", 0.36, 0.6), Phone("p", 0.6, 0.7),
    )  # fmt: skip
    counts = count_line(clip, phones, simple_gap)
    assert (counts.closed, counts.inside, counts.bilabials) == (1, 1, 2)
    assert (counts.closed_vowels, counts.vowels) == (0, 2)
    late = count_line(clip, (Phone("b", 0.24, 0.30),), simple_gap)
    assert (late.closed, late.inside) == (1, 0)


def test_intervals_hold_the_value_and_shrink_with_lines() -> None:
    jaw = np.zeros((31, 52), np.float32)
    shut = count_line(ArkitClip(jaw, 30.0), (Phone("m", 0.3, 0.4),), simple_gap)
    jaw[:, INDEX["jawOpen"]] = 0.3
    missed = count_line(ArkitClip(jaw, 30.0), (Phone("m", 0.3, 0.4),), simple_gap)
    few, many = (summary([shut, missed] * n)["closed"] for n in (4, 100))
    assert few["low"] <= few["value"] <= few["high"]
    assert many["high"] - many["low"] < few["high"] - few["low"]


def test_agreement_finds_the_lag_of_a_curve_that_comes_early() -> None:
    rng = np.random.default_rng(0)
    truth = np.convolve(rng.standard_normal(400), np.ones(6), "same").astype(np.float32)
    take = Take("t", np.zeros(1, np.float32), ("jawOpen",), truth[:, None])
    early = np.roll(truth, -2)
    found = agreement({"jawOpen": early}, take)["channels"]["jawOpen"]
    assert found["lag_ms"] == pytest.approx(2000 / 30)
    assert found["best_r"] > 0.99 > found["r"]
