"""Layers as differences of passes, and lines cut into windows."""

from __future__ import annotations

import numpy as np
import pytest

from server.generators.layers import beside, differences
from server.generators.windows import Windows


def test_layers_sum_to_the_last_pass() -> None:
    rng = np.random.default_rng(0)
    passes = {name: rng.random((5, 3)) for name in ("lips", "emotion", "strips")}
    layers = differences(passes)
    assert np.allclose(sum(layers.values()), passes["strips"])
    assert np.array_equal(layers["lips"], passes["lips"])


def test_life_never_drives_a_full_channel_further() -> None:
    face = np.array([[1.0, 0.25]])
    assert np.array_equal(beside(np.array([[0.5, 0.5]]), face), [[0.0, 0.5]])


@pytest.mark.parametrize("n_total", [1, 20, 33, 34, 35, 60, 61, 500])
def test_fresh_frames_of_all_windows_are_the_take_in_order(n_total: int) -> None:
    windows = Windows(n_total, n_frames=40, n_given=8, n_ahead=6)
    frames: list[int] = []
    for number in range(windows.count):
        fresh = windows.fresh(number)
        start = windows.start(number)
        frames += range(start + fresh.start, start + fresh.stop)
        assert fresh.stop > fresh.start
    assert frames == list(range(n_total))


def test_given_frames_are_the_last_final_ones_of_the_window_before() -> None:
    windows = Windows(500, n_frames=40, n_given=8, n_ahead=6)
    end = windows.start(3) + windows.fresh(3).stop
    assert windows.start(4) == end - 8
