"""Frames of a take that is still being made."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from arkit.names import ARKIT_NAMES, INDEX
from blender_addon.core.live_take import LiveTake
from server.wire.messages import Chunk


def chunk(start: int, n: int, take: int = 0, names: tuple[str, ...] = ARKIT_NAMES) -> Chunk:
    """Every coefficient of frame i is i / 10000."""
    rows = (np.arange(start, start + n, dtype=np.float32) / 10000)[:, None]
    coefficients = np.repeat(rows, len(names), axis=1)
    return Chunk(
        "1", take, start, names, coefficients, np.zeros((n, 3), "f4"), np.zeros((n, 2, 3), "f4")
    )


@given(st.lists(st.integers(1, 900), min_size=1, max_size=6), st.floats(0, 1))
def test_every_moment_that_is_made_is_what_arrived(lengths: list[int], share: float) -> None:
    live, start = LiveTake(50.0), 0
    for n in lengths:
        live.add(chunk(start, n))
        start += n
    assert live.seconds == start / 50.0
    position = share * (start - 1)
    found = live.at(position / 50.0)
    assert found is not None and found.shape == (1, 52)
    assert np.allclose(found, position / 10000, atol=1e-5)
    assert live.at(start / 50.0) is None and live.at(-0.01) is None


def test_the_next_take_begins_anew_and_a_written_one_is_done() -> None:
    live = LiveTake(50.0)
    live.add(chunk(0, 10))
    live.add(chunk(20, 10))
    assert live.seconds == 0.2, "a jump is ignored"
    live.written(1)
    assert live.at(0.0) is None
    live.add(chunk(10, 10))
    assert live.at(0.0) is None
    live.add(chunk(0, 5, take=1))
    assert live.at(0.05) is not None and live.seconds == 0.1


def test_columns_go_by_name() -> None:
    live = LiveTake(50.0)
    live.add(chunk(100 - 100, 3, names=("tongueOut", "notAFace", "jawOpen")))
    row = live.at(0.02)
    assert row is not None and np.isclose(row[0, INDEX["jawOpen"]], 1e-4)
    assert row[0, INDEX["browInnerUp"]] == 0.0
