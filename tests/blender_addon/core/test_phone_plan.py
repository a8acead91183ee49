"""Phones as strips and back."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.clip import Phone
from blender_addon.core.errors import LineError
from blender_addon.core.phone_names import ARPABET, CLASS_OF, PHONES, is_phone
from blender_addon.core.phone_plan import lay_phones, phone_of, seconds_of, told_phones
from server.speech import notations, phones

HELLO = (
    Phone("sil", 0.0, 0.21), Phone("h", 0.21, 0.25), Phone("ɛ", 0.25, 0.36),
    Phone("l", 0.36, 0.41), Phone("o", 0.41, 0.8),
)  # fmt: skip

lengths = st.lists(st.floats(0.012, 0.4), min_size=1, max_size=40)


def chain(seconds: list[float]) -> list[Phone]:
    """Phones of these lengths, one after the other."""
    made, start = [], 0.0
    for i, length in enumerate(seconds):
        made.append(Phone(PHONES[i % len(PHONES)], start, start + length))
        start += length
    return made


def test_the_inventory_is_the_servers() -> None:
    assert set(PHONES) == set(phones.PHONES)
    same = {(a, b) for a in PHONES for b in PHONES if CLASS_OF[a] == CLASS_OF[b]}
    theirs = phones.VISEME_OF
    assert same == {(a, b) for a in PHONES for b in PHONES if theirs[a] == theirs[b]}


def test_every_name_that_is_accepted_is_one_that_the_server_maps() -> None:
    for name in ARPABET:
        assert is_phone(name.lower() + "1") and notations.arpabet(name), name
    assert not is_phone("q") and not is_phone("")


@given(lengths, st.floats(-20, 500), st.sampled_from([12.0, 24 / 1.001, 24.0, 30.0, 60.0]))
def test_strips_that_nobody_moved_give_the_phones_back_exactly(
    seconds: list[float], start_frame: float, rate: float
) -> None:
    heard = chain(seconds)
    spans = lay_phones(heard, start_frame, rate)
    assert all(span.end > span.start for span in spans)
    told = told_phones(spans, start_frame, rate, None)
    assert [(p.phone, p.start, p.end) for p in told] == [
        (p.phone, pytest.approx(p.start, abs=2e-6), pytest.approx(p.end, abs=2e-6)) for p in heard
    ]
    for a in spans:
        for b in spans:
            if a is not b and a.lane == b.lane:
                assert a.end <= b.start or b.end <= a.start, "strips of a lane never overlap"


@given(lengths, st.integers(-5000, 5000))
def test_a_line_that_moved_takes_whole_phones_along(seconds: list[float], by: int) -> None:
    spans = lay_phones(chain(seconds), 10.0, 24.0)
    moved = [replace(span, start=span.start + by, end=span.end + by) for span in spans]
    assert told_phones(moved, 10.0 + by, 24.0, None) == told_phones(spans, 10.0, 24.0, None)


def test_only_the_edge_that_was_moved_is_read_from_the_frames() -> None:
    span = lay_phones(HELLO, 1.0, 24.0)[2]
    later = replace(span, end=span.end + 3)
    assert seconds_of(later, 1.0, 24.0) == (0.25, pytest.approx((later.end - 1) / 24))


def test_a_deleted_phone_leaves_silence_and_overlaps_are_cut() -> None:
    spans = lay_phones(HELLO, 1.0, 24.0)
    told = told_phones([spans[1], spans[3]], 1.0, 24.0, None)
    assert [(p.phone, p.start) for p in told] == [("h", 0.21), ("l", 0.36)]
    wide = replace(spans[1], end=spans[3].end + 2)
    told = told_phones([wide, spans[3], spans[4]], 1.0, 24.0, 0.7)
    assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(told))
    assert [p.phone for p in told] == ["h", "o"] and told[-1].end == 0.7


def test_a_phone_that_is_none_is_one_sentence() -> None:
    span = replace(lay_phones(HELLO, 1.0, 24.0)[0], phone="qq")
    with pytest.raises(LineError, match="'qq' is not a phone"):
        told_phones([span], 1.0, 24.0, None)


def test_the_name_that_the_user_wrote_is_the_phone() -> None:
    assert phone_of("m", "m 12") == "m"
    assert phone_of("m", "m 12.001") == "m"
    assert phone_of("m", "b") == "b" and phone_of("m", "ʃ 4") == "ʃ"
    assert phone_of("m", "Color.003") == "m" and phone_of("m", "") == "m"
