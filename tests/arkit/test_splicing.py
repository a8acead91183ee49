"""Only what was chosen is made anew."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.names import ARKIT_NAMES, INDEX, REGIONS
from arkit.splicing import ALL_REGIONS, RAMP, Part, blend_angles, blend_columns

TIMES = np.arange(90) / 30


def test_the_columns_of_a_part_are_those_of_its_regions() -> None:
    part = Part(0.0, 1.0, frozenset({"brow", "nose"}))
    assert {ARKIT_NAMES[k] for k in part.columns} == {*REGIONS["brow"], *REGIONS["nose"]}
    assert not part.moves_head and Part(0.0, 1.0).moves_head
    assert Part(0.0, 1.0).regions == ALL_REGIONS


def test_the_ends_of_a_span_are_reached_without_a_jump_but_for_the_line_s_own() -> None:
    inner = Part(1.0, 2.0).share_of_new(TIMES, 3.0)
    assert not inner[:31].any() and not inner[60:].any()
    assert np.abs(np.diff(inner)).max() <= 1 / 30 / RAMP + 1e-6 and inner.max() == 1
    assert Part(0.0, 3.0).share_of_new(TIMES, 3.0).min() == 1


def test_a_span_shorter_than_its_ramps_still_reaches_the_new_performance() -> None:
    times = np.arange(300) / 100
    share = Part(1.0, 1.1).share_of_new(times, 3.0)
    assert share.max() == pytest.approx(1.0, abs=0.01) and share[105] == share.max()


def test_columns_blend_by_the_share_and_all_else_is_bit_identical() -> None:
    random = np.random.default_rng(0)
    old, new = random.random((2, 90, 52)).astype(np.float32)
    share = Part(1.0, 2.0).share_of_new(TIMES, 3.0)
    columns = [INDEX["jawOpen"], INDEX["browInnerUp"]]
    made = blend_columns(old, new, share, columns)
    others = [k for k in range(52) if k not in columns]
    assert made[:, others].tobytes() == old[:, others].tobytes()
    still = share == 0
    assert made[still].tobytes() == old[still].tobytes()
    expected = (1 - share[:, None]) * old[:, columns] + share[:, None] * new[:, columns]
    assert np.allclose(made[:, columns], expected, atol=1e-6)


def test_angles_blend_frame_by_frame_whatever_their_shape() -> None:
    share = np.array([0.0, 0.25, 1.0], np.float32)
    for shape in ((3, 3), (3, 2, 3)):
        old, new = np.full(shape, 0.1, np.float32), np.full(shape, 0.5, np.float32)
        made = blend_angles(old, new, share)
        assert made.dtype == np.float32 and made[0].tobytes() == old[0].tobytes()
        assert np.allclose(made[1], 0.2) and np.allclose(made[2], 0.5)
