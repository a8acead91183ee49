"""Laws of AU strips: envelopes, keys, overlap, and the command-line syntax."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.action_units import ACTION_UNITS, AU_CODES, AU_INDEX
from arkit.errors import StripError
from arkit.names import INDEX
from arkit.strips import (
    AUStrip,
    au_intensities,
    format_strip,
    own_channel_intensities,
    parse_strip,
    render_strips,
    strip_curve,
)

starts = st.floats(0, 10)
lengths = st.floats(0.05, 5)
values = st.floats(0, 1)
modes = st.sampled_from(["hold", "accent"])


any_strip = st.builds(
    lambda start, length, **rest: AUStrip("AU12", start, start + length, **rest),
    starts,
    lengths,
    keys=values.map(lambda value: ((0.0, value),)),
    mode=modes,
    ease_in=st.floats(0, 2),
    ease_out=st.floats(0, 2),
)


@given(any_strip)
def test_a_curve_stays_between_0_and_its_key_and_is_0_outside(strip: AUStrip) -> None:
    times = np.linspace(strip.start - 1, strip.end + 1, 400)
    curve = strip_curve(strip, times)
    assert curve.min() >= 0
    assert curve.max() <= strip.keys[0][1] + 1e-12
    assert not curve[(times < strip.start) | (times >= strip.end)].any()


def test_hold_keeps_the_intensity_between_its_eases() -> None:
    strip = AUStrip("AU12", 1.0, 3.0, ((0.0, 0.8),), ease_in=0.2, ease_out=0.3)
    curve = strip_curve(strip, [1.0, 1.1, 1.2, 2.0, 2.7, 2.85, 2.999999, 3.0])
    assert curve == pytest.approx([0, 0.4, 0.8, 0.8, 0.8, 0.4, 0, 0], abs=1e-6)


def test_without_eases_hold_is_a_box() -> None:
    strip = AUStrip("AU12", 1.0, 2.0, ease_in=0, ease_out=0)
    assert strip_curve(strip, [0.99, 1.0, 1.5, 1.99, 2.0]).tolist() == [0, 1, 1, 1, 0]


def test_eases_longer_than_the_strip_shrink_and_still_reach_the_key() -> None:
    strip = AUStrip("AU12", 0.0, 0.1, ease_in=0.3, ease_out=0.3)
    assert strip_curve(strip, np.linspace(0, 0.1, 101)).max() == pytest.approx(1.0)


def test_accent_rises_once_to_its_key_and_falls_inside_the_strip() -> None:
    curve = strip_curve(AUStrip("AU12", 0.0, 1.0, mode="accent"), np.linspace(0, 1, 501))
    top = int(curve.argmax())
    assert curve.max() == pytest.approx(1.0)
    assert 0.25 < top / 500 < 0.5
    assert (np.diff(curve[: top + 1]) >= 0).all()
    assert (np.diff(curve[-200:]) <= 0).all()
    assert curve[[0, -1]].tolist() == [0, 0]


@given(modes)
def test_onset_and_offset_have_no_jump_in_velocity(mode: str) -> None:
    curve = strip_curve(AUStrip("AU12", 0.5, 2.5, mode=mode), np.arange(0, 3, 1e-3))
    assert np.abs(np.diff(curve, 2)).max() < 3e-4


def test_keys_are_linear_between_and_constant_outside() -> None:
    strip = AUStrip("AU1", 0, 4, ((3.0, 0.2), (1.0, 1.0)), ease_in=0, ease_out=0)
    assert strip_curve(strip, [0, 1, 2, 3, 3.9]) == pytest.approx([1, 1, 0.6, 0.2, 0.2])


def test_keys_outside_0_to_1_are_clipped() -> None:
    strip = AUStrip("AU1", 0, 1, ((0.0, 7.0), (1.0, -3.0)), ease_in=0, ease_out=0)
    assert strip_curve(strip, [0.0, 0.5, 0.999]).tolist() == pytest.approx([1, 0.5, 0.001])


@given(st.sampled_from([24.0, 25.0, 29.97, 60.0, 120.0]))
def test_the_frame_rate_does_not_change_the_curve(fps: float) -> None:
    strip = AUStrip("AU12", 0.3, 1.7, ((0.3, 0.1), (1.7, 0.9)))
    times = np.arange(60) / fps
    one_by_one = [strip_curve(strip, [t])[0] for t in times]
    assert strip_curve(strip, times).tolist() == one_by_one


def test_strips_of_one_au_take_the_stronger_and_of_two_aus_add_up() -> None:
    box = {"ease_in": 0.0, "ease_out": 0.0}
    strips = [
        AUStrip("AU12", 0, 2, ((0, 0.5),), **box),
        AUStrip("AU12L", 1, 3, ((0, 0.7),), **box),
        AUStrip("AU23", 0, 1, ((0, 1.0),), **box),
        AUStrip("AU24", 0, 1, ((0, 0.9),), **box),
    ]
    face = render_strips(strips, [0.5, 1.5, 2.5])
    assert face.shape == (3, 52) and face.dtype == np.float32
    assert face[:, INDEX["mouthSmileLeft"]] == pytest.approx([0.5, 0.7, 0.7])
    assert face[:, INDEX["mouthSmileRight"]] == pytest.approx([0.5, 0.5, 0.0])
    assert face[:, INDEX["mouthPressLeft"]] == pytest.approx([1.0, 0.0, 0.0])


@given(st.sampled_from(AU_CODES), values)
def test_a_rendered_strip_moves_only_its_blendshapes(code: str, value: float) -> None:
    strip = AUStrip(code, 0, 2, ((0, value),))
    face = render_strips([strip], [1.0])[0]
    moved = {name for name, i in INDEX.items() if face[i] > 0}
    assert moved <= set(ACTION_UNITS[code].blendshapes)
    assert au_intensities([strip], [1.0])[0, AU_INDEX[code]] == pytest.approx(value)
    claimed = own_channel_intensities([strip], [1.0])[0]
    assert {n for n, i in INDEX.items() if claimed[i] > 0} <= set(ACTION_UNITS[code].own_channels)


def test_no_strips_is_a_still_face() -> None:
    assert not render_strips([], np.arange(5)).any()


@pytest.mark.parametrize(
    ("text", "strip"),
    [
        ("AU12@1.2-2.0:0.8", AUStrip("AU12", 1.2, 2.0, ((1.2, 0.8),))),
        ("au04l@0-1", AUStrip("AU4L", 0, 1, ((0.0, 1.0),))),
        ("AU6@.5-1:.5/accent", AUStrip("AU6", 0.5, 1, ((0.5, 0.5),), mode="accent")),
        ("left smile@1s-2s:0.3", AUStrip("AU12L", 1, 2, ((1.0, 0.3),))),
        ("AU1@1-2:0.2@1,0.9@1.5", AUStrip("AU1", 1, 2, ((1.0, 0.2), (1.5, 0.9)))),
    ],
)
def test_the_command_line_syntax_is_read(text: str, strip: AUStrip) -> None:
    assert parse_strip(text) == strip
    assert parse_strip(format_strip(strip)) == strip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("AU12", "not an AU strip; write"),
        ("AU12@2-1:0.5", "not after its start"),
        ("AU12@1-2:1.5", "above 1"),
        ("AU12@1-2:loud", "cannot be read"),
        ("AU12@1-2:0.1,0.2", "need a time each"),
        ("AU99@1-2", "not an Action Unit"),
        ("AU1L@1-2", "one side"),
        ("AU38@1-2", "no blendshape"),
        ("AU12@1-2/slow", "hold or accent"),
    ],
)
def test_what_cannot_be_read_gets_one_clear_sentence(text: str, reason: str) -> None:
    with pytest.raises(StripError, match=reason) as caught:
        parse_strip(text)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [
        {"start": float("nan"), "end": 1.0}, {"start": 1.0, "end": 1.0},
        {"start": 0, "end": 1, "keys": ()},
        {"start": 0, "end": 1, "ease_in": -1.0}, {"start": 0, "end": 1, "mode": "loop"},
    ],
)  # fmt: skip
def test_a_strip_without_meaning_is_refused(arguments: dict) -> None:
    with pytest.raises(StripError):
        AUStrip("AU12", **arguments)
