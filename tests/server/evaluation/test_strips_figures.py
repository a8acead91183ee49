"""Figures on strips, on made curves whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.names import INDEX
from server.evaluation.strips_eval import (
    LOWER_AUS,
    UPPER_AUS,
    Slot,
    control_rate,
    held_share,
    leak_p99,
    leaks,
    net_control_rate,
    ordered_pairs,
    peak,
)

SLOT = Slot("AU12", 20, 40)
SMILE = [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]


def curves(level: float = 0.1, inside: float = 0.7, n: int = 60) -> np.ndarray:
    made = np.full((n, 52), level, np.float32)
    made[20:40, SMILE] = inside
    return made


def test_the_control_rate_is_the_peak_minus_the_five_frames_on_either_side() -> None:
    made = curves()
    made[15:20, SMILE] = 0.2
    made[40:45, SMILE] = 0.4
    made[:15] = 0.9  # farther away nothing counts
    made[30, SMILE[0]] = 0.8
    assert control_rate(made, SLOT) == pytest.approx(np.mean([0.8, 0.7]) - 0.3)


def test_only_the_own_channels_count() -> None:
    made = curves()
    made[20:40, INDEX["jawOpen"]] = 1.0
    assert control_rate(made, SLOT) == pytest.approx(0.6, abs=1e-6)
    assert Slot("AU12L", 0, 1).columns == [INDEX["mouthSmileLeft"]]


def test_neighbours_that_the_line_does_not_have_are_left_out() -> None:
    made = curves(level=0.1, inside=0.7)[20:60]
    assert control_rate(made, Slot("AU12", 0, 20)) == pytest.approx(0.6, abs=1e-6)
    with pytest.raises(ValueError, match="fills the whole line"):
        control_rate(made, Slot("AU12", 0, 40))


def test_what_the_line_does_anyway_is_not_the_strips_doing() -> None:
    without = curves(inside=0.5)
    assert net_control_rate(curves(), without, SLOT) == pytest.approx(0.2, abs=1e-6)
    assert net_control_rate(without, without, SLOT) == 0.0


def test_a_hold_that_sags_in_its_middle_is_seen_and_its_eases_are_not() -> None:
    made = curves(level=0.0)
    made[20:24, SMILE] = made[36:40, SMILE] = 0.1  # ease in and out: a fifth on either side
    assert held_share(made, SLOT) == pytest.approx(1.0)
    made[24, SMILE] = 0.35
    assert held_share(made, SLOT) == pytest.approx(0.5)
    assert held_share(np.zeros((60, 52), np.float32), SLOT) == 0.0
    assert peak(made, SLOT) == pytest.approx(0.7)


def test_a_hold_can_be_looked_at_where_the_lips_are_free() -> None:
    made = curves(level=0.0)
    made[30:32, SMILE] = 0.0
    free = np.ones(len(made), bool)
    free[30:32] = False
    assert held_share(made, SLOT) == 0.0
    assert held_share(made, SLOT, free) == pytest.approx(1.0)
    assert np.isnan(held_share(made, SLOT, np.zeros(len(made), bool)))


def test_a_leak_is_what_changes_more_than_five_frames_away() -> None:
    with_strip, without = curves(), curves(inside=0.1)
    assert leaks(with_strip, without, SLOT).max() == 0.0
    with_strip[14, SMILE[0]] += 0.3
    with_strip[15:20, SMILE] += 0.5  # within five frames
    with_strip[50, INDEX["jawOpen"]] += 0.5  # not its own channel
    changes = leaks(with_strip, without, SLOT)
    assert len(changes) == (15 + 15) * 2
    assert changes.max() == pytest.approx(0.3) and np.count_nonzero(changes) == 1
    assert leak_p99([np.zeros(99), np.ones(101)]) == pytest.approx(1.0)
    assert np.isnan(leak_p99([]))


def test_pairs_that_fall_or_stay_are_counted_and_saturation_is_not_a_fall() -> None:
    assert ordered_pairs([0.1, 0.3, 0.2, 0.5]) == (2, 3)
    assert ordered_pairs([0.4, 0.4, 0.4]) == (0, 2), "what is ignored is not in order"
    assert ordered_pairs([0.5, 1.0, 0.995]) == (2, 2)


def test_every_measured_au_has_channels_of_its_own_and_stands_once() -> None:
    both = (*UPPER_AUS, *LOWER_AUS)
    assert len(set(both)) == len(both)
    assert all(Slot(au, 0, 1).columns for au in both)
