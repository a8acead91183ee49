"""What is refused half way leaves Blender as it was."""

from __future__ import annotations

from pathlib import Path

from blender_runner import RunCase, with_audio


def test_every_operator_reports_what_it_raises(blender: RunCase) -> None:
    blender("refusing", "every_operator_reports_what_it_raises")


def test_heads_are_added_whole_or_not_at_all(every_blender: RunCase) -> None:
    every_blender("refusing", "heads_are_added_whole_or_not_at_all")


def test_a_recording_that_is_none_leaves_no_line(every_blender: RunCase, tmp_path: Path) -> None:
    with_audio(every_blender)
    every_blender("refusing", "a_recording_that_is_none_leaves_no_line", folder=str(tmp_path))


def test_takes_are_written_whole_or_not_at_all(every_blender: RunCase, tmp_path: Path) -> None:
    every_blender("refusing", "takes_are_written_whole_or_not_at_all", folder=str(tmp_path))


def test_in_tweak_mode_no_take_is_switched_or_deleted(
    every_blender: RunCase, tmp_path: Path
) -> None:
    every_blender("refusing", "in_tweak_mode_no_take_is_switched_or_deleted", folder=str(tmp_path))


def test_strips_that_say_nothing_change_nothing(every_blender: RunCase) -> None:
    every_blender("refusing", "strips_that_say_nothing_leave_the_others_selected")


def test_a_server_at_no_address_is_not_started(blender: RunCase) -> None:
    blender("refusing", "a_server_at_no_address_is_not_started")


def test_takes_that_were_complete_stay_when_the_request_fails(blender: RunCase) -> None:
    blender("refusing", "takes_that_were_complete_stay_when_the_request_fails")


def test_an_export_that_fails_half_way_keeps_the_old_file(
    every_blender: RunCase, tmp_path: Path
) -> None:
    case = "an_export_that_fails_half_way_keeps_the_old_file"
    every_blender("refusing", case, folder=str(tmp_path))
