"""Timecode in sixtieths, exact at every rate and after an hour."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.errors import ClipReadError, ExportError
from arkit.export.timecode import frame_rate, timecode, timecode_seconds

RATES = (23.976, 24, 24000 / 1001, 25, 29.97, 30000 / 1001, 30, 59.94, 60, 120)


@pytest.mark.parametrize(
    ("frame", "fps", "text"),
    [
        (0, 30, "00:00:00:00.000"),
        (1, 24, "00:00:00:02.500"),
        (1, 30, "00:00:00:02.000"),
        (15, 30, "00:00:00:30.000"),
        (1800, 30, "00:01:00:00.000"),
        (1, 60, "00:00:00:01.000"),
        (1, 120, "00:00:00:00.500"),
        (24, 24000 / 1001, "00:00:01:00.060"),
        (86400, 24, "01:00:00:00.000"),
    ],
)
def test_vectors_of_the_reference(frame: int, fps: float, text: str) -> None:
    assert timecode(frame, fps) == text


@given(st.integers(0, 500_000), st.sampled_from(RATES), st.integers(0, 86_399))
def test_a_timecode_is_within_half_a_unit_of_its_frame(frame: int, fps: float, start: int) -> None:
    seconds = timecode_seconds(timecode(frame, fps, start))
    assert abs(seconds - (start + frame / Fraction(fps))) <= Fraction(1, 120_000)


@pytest.mark.parametrize("fps", RATES)
def test_an_hour_has_no_drift(fps: float) -> None:
    frame = round(3600 * fps)
    seconds = timecode_seconds(timecode(frame, fps))
    assert abs(float(seconds) - frame / fps) * fps < 0.1
    assert abs(float(seconds) - frame / fps) * fps < 0.001


@given(st.integers(0, 1_000_000), st.sampled_from(RATES))
def test_fields_never_reach_sixty(frame: int, fps: float) -> None:
    hours, minutes, seconds, sixtieths = timecode(frame, fps).split(":")
    assert len(hours) >= 2 and int(minutes) < 60 and int(seconds) < 60
    assert float(sixtieths) < 60 and len(sixtieths) == 6


def test_scene_timecode_is_added() -> None:
    assert timecode(30, 60, 3600) == "01:00:00:30.000"


def test_rates_get_their_numerator_and_denominator() -> None:
    assert frame_rate(23.976) == frame_rate(24 / 1.001) == Fraction(24000, 1001)
    assert frame_rate(29.97) == Fraction(30000, 1001)
    assert frame_rate(30) == 30 and frame_rate(12.5) == Fraction(25, 2)


@pytest.mark.parametrize("fps", [0, -24, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(fps: float) -> None:
    with pytest.raises(ExportError, match="positive"):
        timecode(1, fps)


@pytest.mark.parametrize("text", ["", "1:2:3", "aa:00:00:00.0", "00:00:00:-1", "00:00:00:00:00"])
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(ClipReadError, match="not a timecode"):
        timecode_seconds(text)
