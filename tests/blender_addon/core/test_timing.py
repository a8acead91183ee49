"""Which seconds of a recording a strip lets through."""

from __future__ import annotations

import wave
from io import BytesIO

import pytest

from blender_addon.core.errors import LineError
from blender_addon.core.timing import (
    StripTiming,
    audible_part,
    constant_speed,
    scene_rate,
    wav_seconds,
)


def test_a_whole_strip_plays_the_whole_recording_from_its_first_frame() -> None:
    part = audible_part(StripTiming(10, 106), 24.0, 4.0, "line")
    assert (part.start_frame, part.trim_start, part.trim_end) == (10, 0.0, 4.0)
    assert part.seconds == 4.0


def test_trimming_both_ends_sends_only_what_is_between() -> None:
    part = audible_part(StripTiming(34, 82, skipped_frames=24), 24.0, 4.0, "line")
    assert (part.start_frame, part.trim_start, part.trim_end) == (34, 1.0, 3.0)


def test_the_exact_rate_of_2398_counts() -> None:
    rate = scene_rate(24, 1.001)
    part = audible_part(StripTiming(1, 241, skipped_frames=24), rate, 100.0, "line")
    assert part.trim_start == pytest.approx(1.001)
    assert part.trim_end == pytest.approx(11.011)


def test_the_end_never_lies_after_the_recording() -> None:
    assert audible_part(StripTiming(1, 98), 24.0, 4.01, "line").trim_end == 4.01


def test_a_handle_left_of_the_content_is_silence_before_the_line() -> None:
    part = audible_part(StripTiming(10, 82, skipped_frames=-24), 24.0, 4.0, "line")
    assert (part.start_frame, part.trim_start, part.trim_end) == (34, 0.0, 2.0)


def test_a_positive_sound_offset_delays_the_line() -> None:
    part = audible_part(StripTiming(1, 97, sound_offset=0.5), 24.0, None, "line")
    assert (part.start_frame, part.trim_start) == (13.0, 0.0)
    assert part.trim_end == pytest.approx(3.5)


def test_a_negative_sound_offset_skips_its_beginning() -> None:
    part = audible_part(StripTiming(1, 97, sound_offset=-0.5), 24.0, 4.0, "line")
    assert (part.start_frame, part.trim_start, part.trim_end) == (1, 0.5, 4.0)


def test_a_strip_at_double_speed_plays_twice_the_seconds_in_its_frames() -> None:
    part = audible_part(StripTiming(1, 49, speed=2.0), 24.0, 4.0, "line")
    assert (part.trim_start, part.trim_end, part.seconds) == (0.0, 4.0, 2.0)


def test_a_trimmed_fast_strip_skips_content_at_its_speed() -> None:
    part = audible_part(StripTiming(13, 49, skipped_frames=12, speed=2.0), 24.0, 4.0, "line")
    assert (part.trim_start, part.trim_end) == (1.0, 4.0)


def test_trimming_everything_away_is_refused_with_the_strip_s_name() -> None:
    with pytest.raises(LineError, match=r"'line\.wav'"):
        audible_part(StripTiming(200, 220, skipped_frames=200), 24.0, 4.0, "line.wav")


def test_two_retiming_keys_tell_the_speed() -> None:
    assert constant_speed((10.0, 58.0), 4.0, 24.0, "line") == pytest.approx(2.0)
    assert constant_speed((), None, 24.0, "line") == 1.0


def test_a_speed_that_changes_along_the_strip_is_refused() -> None:
    with pytest.raises(LineError, match="changes along the way"):
        constant_speed((10.0, 30.0, 58.0), 4.0, 24.0, "line")


def test_a_retimed_strip_of_unknown_length_is_refused() -> None:
    with pytest.raises(LineError, match="cannot be measured"):
        constant_speed((10.0, 58.0), None, 24.0, "line")


def test_a_rate_of_zero_is_refused() -> None:
    with pytest.raises(LineError, match="not positive"):
        scene_rate(24, 0.0)


def test_a_meta_strip_hides_what_is_outside_of_it() -> None:
    part = audible_part(StripTiming(10, 106).within(34, 58), 24.0, 4.0, "line")
    assert (part.start_frame, part.trim_start, part.trim_end) == (34, 1.0, 2.0)
    whole = audible_part(StripTiming(10, 106).within(1, 500), 24.0, 4.0, "line")
    assert (whole.start_frame, whole.trim_start, whole.trim_end) == (10, 0.0, 4.0)


def test_until_blender_4_5_the_last_key_stands_on_the_last_frame() -> None:
    # Measured by clicks in a mixdown of 4.5: 48 frames, keys 47 apart, and the speed is 1.
    speed = constant_speed((10.0, 57.0), 2.0, 24.0, "line", key_on_last_frame=True)
    assert speed == pytest.approx(1.0)
    half = constant_speed((10.0, 104.0), 2.0, 24.0, "line", key_on_last_frame=True)
    assert half == pytest.approx(0.5)


def test_the_length_of_a_wav_is_read_without_blenders_audio() -> None:
    file = BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(4 * 12000))
    assert wav_seconds(BytesIO(file.getvalue())) == 1.5
    assert wav_seconds(BytesIO(b"ID3 not a wav")) is None
