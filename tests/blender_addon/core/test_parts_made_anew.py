"""What is sent of a take to make a part of it anew, and what is kept of its story."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from arkit.clip import ArkitClip, Contact, Phone
from arkit.names import ARKIT_NAMES
from arkit.splicing import Part
from blender_addon.core.errors import TakeError
from blender_addon.core.layering import mix, moved_values, rows_to_key
from blender_addon.core.splicing import Splice, check_size, clip_data, with_story


def take(seed: int, n_frames: int = 90) -> ArkitClip:
    random = np.random.default_rng(seed)
    lips, life = random.random((2, n_frames, 52)).astype(np.float32) * 0.5
    head = random.random((n_frames, 3)).astype(np.float32)
    return ArkitClip(lips + life, 30.0, head=head, layers={"lips": lips, "life": life})


def test_a_clip_travels_with_its_names_angles_and_layers() -> None:
    made = take(1)
    data = clip_data(made)
    assert data.names == ARKIT_NAMES and data.fps == 30.0
    assert data.coefficients.tobytes() == made.coefficients.tobytes()
    assert data.head.tobytes() == made.head.tobytes() and data.eyes.shape == (90, 2, 3)
    assert set(data.layers) == {"lips", "life"}
    assert not clip_data(made, with_layers=False).layers


def test_a_take_longer_than_the_server_takes_is_refused_with_both_lengths() -> None:
    long = take(1, 9000)
    check_size(long, None)
    check_size(long, 32 << 20)
    with pytest.raises(TakeError, match=r"5 minutes is too long.*server takes 2 minutes"):
        check_size(long, 2 << 20)


def test_outside_the_part_phones_and_contacts_are_the_old_ones() -> None:
    old = replace(
        take(1),
        phones=(Phone("m", 0.0, 0.5), Phone("a", 0.5, 1.5), Phone("p", 1.5, 3.0)),
        contacts=(Contact("lips", 0.1, 0.2), Contact("lips", 1.2, 1.3)),
        provenance={"seed": 1, "generator": "articulate"},
    )
    new = replace(
        take(2),
        phones=(Phone("n", 0.0, 0.5), Phone("b", 0.5, 1.5), Phone("t", 1.5, 3.0)),
        contacts=(Contact("lips", 1.1, 1.2),),
        provenance={"seed": 2, "generator": "cafe_talk"},
    )
    made = with_story(old, new, Splice("t", Part(0.6, 1.4)))
    assert [p.phone for p in made.phones] == ["m", "b", "p"]
    assert made.contacts == (Contact("lips", 0.1, 0.2), Contact("lips", 1.1, 1.2))
    assert made.provenance["seed"] == 1
    assert made.provenance["spliced"]["seed"] == 2
    assert made.provenance["spliced"]["generator"] == "cafe_talk"
    assert made.coefficients is new.coefficients
    brows = with_story(old, new, Splice("t", Part(0.6, 1.4, frozenset({"brow"}))))
    assert brows.phones == old.phones and brows.contacts == old.contacts


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


def test_where_keys_were_left_out_a_curve_that_bends_now_gets_some() -> None:
    frames = np.arange(40, dtype=np.float32)
    straight, bent = np.zeros(40, np.float32), np.sin(frames / 6).astype(np.float32)
    kept = np.float32([0, 20, 39])
    rows = rows_to_key((straight, bent), frames, kept, 0.01)
    every = np.union1d(kept, frames[rows])
    assert (
        len(rows)
        and np.abs(np.interp(frames, every, np.interp(every, frames, bent)) - bent).max() < 0.0101
    )
    assert not set(kept) & set(frames[rows])
    assert not len(rows_to_key((straight, straight), frames, kept, 0.01))
    assert not len(rows_to_key((straight, bent), frames, kept, 0.0)), "nothing was left out"


def test_where_somebody_deleted_keys_none_come_back() -> None:
    frames = np.arange(40, dtype=np.float32)
    bent = np.sin(frames / 6).astype(np.float32)
    rows = rows_to_key((bent, 2 * bent), frames, np.float32([0, 20, *range(21, 40)]), 0.01)
    assert not len(rows)
