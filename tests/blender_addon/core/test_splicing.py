"""Only what was chosen is made anew."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.clip import ArkitClip
from arkit.names import INDEX, REGIONS
from blender_addon.core.errors import TakeError
from blender_addon.core.layering import mix, moved_values
from blender_addon.core.splicing import Splice, share_of_new, spliced

ALL = frozenset(REGIONS)


def take(seed: int, n_frames: int = 90) -> ArkitClip:
    random = np.random.default_rng(seed)
    lips, life = random.random((2, n_frames, 52)).astype(np.float32) * 0.5
    head = random.random((n_frames, 3)).astype(np.float32)
    return ArkitClip(lips + life, 30.0, head=head, layers={"lips": lips, "life": life})


def test_outside_span_and_region_every_bit_stays() -> None:
    base, new = take(1), take(2)
    made = spliced(base, new, Splice("t", 1.0, 2.0, frozenset({"brow"})))
    brow = [INDEX[name] for name in REGIONS["brow"]]
    others = [i for i in range(52) if i not in brow]
    for was, now in (
        (base.coefficients, made.coefficients),
        (base.layers["lips"], made.layers["lips"]),
    ):
        assert np.array_equal(was[:, others], now[:, others])
        assert np.array_equal(was[:30], now[:30]) and np.array_equal(was[60:], now[60:])
        assert not np.array_equal(was[35:55][:, brow], now[35:55][:, brow])
    assert np.array_equal(base.head, made.head)


def test_the_middle_of_the_span_is_the_new_performance() -> None:
    base, new = take(1), take(2)
    made = spliced(base, new, Splice("t", 1.0, 2.0, ALL))
    assert np.allclose(made.coefficients[45], new.coefficients[45], atol=1e-6)
    assert np.allclose(made.head[45], new.head[45], atol=1e-6)


def test_the_ends_of_the_span_are_reached_without_a_jump_but_for_the_line_s_own() -> None:
    times = np.arange(90) / 30
    inner = share_of_new(times, Splice("t", 1.0, 2.0, ALL), 3.0)
    assert inner[30] == 0 and np.abs(np.diff(inner)).max() < 0.3 and inner.max() == 1
    assert share_of_new(times, Splice("t", 0.0, 3.0, ALL), 3.0).min() == 1


def test_a_line_that_was_trimmed_since_is_refused() -> None:
    with pytest.raises(TakeError, match=r"had 90 frames.*has 80"):
        spliced(take(1), take(2, 80), Splice("t", 0.0, 1.0, ALL))


def test_layers_of_weight_1_are_the_take_itself_and_0_takes_one_away() -> None:
    made = take(3)
    assert mix(made, {"lips": 1.0}) is made
    assert np.allclose(mix(made, {"life": 0.0}).coefficients, made.layers["lips"], atol=1e-6)


def test_a_mix_never_leaves_0_to_1() -> None:
    mixed = mix(take(3), {"lips": 2.0, "life": 2.0}).coefficients
    assert mixed.min() >= 0 and mixed.max() <= 1


def test_moving_keys_keeps_the_users_difference() -> None:
    frames = np.arange(10, dtype=np.float32)
    before, after = np.zeros(10, np.float32), np.linspace(0, 0.9, 10).astype(np.float32)
    moved = moved_values(
        np.array([2.0, 4.5], np.float32), np.array([0.3, 0.0], np.float32), frames, before, after
    )
    assert np.allclose(moved, [0.3 + 0.2, 0.45])
