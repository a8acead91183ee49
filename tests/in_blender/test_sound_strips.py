"""Sound strips as people leave them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from acting import Formula
from blender_runner import RunCase, with_audio


def test_only_the_audible_part_of_a_trimmed_strip_is_sent_at_2398(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    with_audio(every_blender)
    case = "a_trimmed_strip_starts_where_it_is_heard"
    every_blender("strips", case, address=address, wav=wav)
    request = actor.requests[0]
    assert request.fps == pytest.approx(24 / 1.001)
    assert request.audio is not None and request.audio.trim_end is not None
    assert request.audio.trim_start == pytest.approx(12 * 1.001 / 24, abs=1e-6)
    assert 1.7 < request.audio.trim_end < 1.8


def test_a_moved_strip_takes_its_keys_along(blender: RunCase, address: str, wav: str) -> None:
    blender("strips", "a_moved_strip_takes_its_keys_along", address=address, wav=wav)


def test_keys_fall_between_frames_at_an_own_rate(blender: RunCase, address: str, wav: str) -> None:
    blender("strips", "keys_fall_between_frames_at_an_own_rate", address=address, wav=wav)


def test_a_strip_at_double_speed_is_half_as_long(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    with_audio(every_blender)
    every_blender("strips", "a_strip_at_double_speed_is_half_as_long", address=address, wav=wav)
    audio = actor.requests[0].audio
    assert audio is not None
    # Until 4.5 the 48th of 48 frames, not the end, is where the last key stands.
    speed = 2.0 if every_blender.version == "5.0" else 47 / 24
    assert audio.playback_rate == pytest.approx(speed)
    assert (audio.trim_start, audio.trim_end) == (0.0, pytest.approx(2.0))


def test_an_untouched_strip_with_retiming_keys_plays_at_its_own_speed(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    with_audio(every_blender)
    every_blender("strips", "retiming_keys_that_change_nothing", address=address, wav=wav)
    audio = actor.requests[0].audio
    assert audio is not None and audio.playback_rate == pytest.approx(1.0)


def test_an_uneven_speed_is_rendered_to_a_file_by_a_button(
    every_blender: RunCase, address: str, actor: Formula, tmp_path: Path
) -> None:
    with_audio(every_blender)
    case = "an_uneven_speed_is_rendered_to_a_file"
    every_blender("strips", case, address=address, folder=str(tmp_path))
    audio = actor.requests[0].audio
    assert audio is not None and audio.filename == "clicks 1.flac"


def test_a_packed_sound_is_sent_from_the_file(
    blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    copy = shutil.copy(wav, tmp_path / "packed.wav")
    blender("strips", "a_packed_sound_is_sent_from_the_file", address=address, wav=str(copy))


def test_every_unusable_line_is_one_sentence(blender: RunCase, address: str, wav: str) -> None:
    blender("strips", "every_unusable_line_is_one_sentence", address=address, wav=wav)


def test_a_recording_is_added_at_the_current_frame(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("strips", "a_recording_is_added_to_the_sequencer", address=address, wav=wav)


def test_a_meta_strip_hides_what_is_outside_of_it(
    every_blender: RunCase, address: str, wav: str
) -> None:
    with_audio(every_blender)
    every_blender("strips", "a_strip_in_a_trimmed_meta_strip", address=address, wav=wav)
