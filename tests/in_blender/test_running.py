"""What people do while a line is made."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from acting import Formula
from blender_runner import RunCase


@pytest.fixture
def actor() -> Formula:
    """Slow enough to be interrupted."""
    return Formula(step_seconds=0.3)


@pytest.mark.parametrize(
    "case",
    [
        "cancel_ends_within_a_step",
        "another_file_cancels_cleanly",
        "a_deleted_mesh_ends_in_one_sentence",
        "a_renamed_mesh_still_gets_its_keys",
        "a_removed_character_ends_in_one_sentence",
        "switched_off_in_the_middle",
    ],
)
def test_while_a_line_is_made(case: str, blender: RunCase, address: str, wav: str) -> None:
    blender("running", case, address=address, wav=wav)


def test_undo_while_keys_are_written_loses_no_take(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("running", "undo_in_the_middle_of_writing", address=address, wav=wav)


def test_without_a_server_the_sentence_says_how_to_start_one(blender: RunCase, wav: str) -> None:
    blender("running", "nobody_answers", wav=wav)


def test_a_text_file_named_wav_is_one_sentence(
    blender: RunCase, address: str, tmp_path: Path
) -> None:
    blender("running", "a_broken_recording_is_one_sentence", address=address, folder=str(tmp_path))


def test_the_server_tells_what_it_is(blender: RunCase, address: str) -> None:
    blender("running", "the_server_tells_what_it_is", address=address)


def test_ten_times_on_and_off_leaves_nothing(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("running", "ten_times_on_and_off_leaves_nothing", address=address, wav=wav)


def test_what_is_seen_is_exported(
    every_blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "what_is_seen_is_exported"
    every_blender("running", case, address=address, wav=wav, folder=str(tmp_path))


def test_a_server_is_started_and_stopped_by_button(blender: RunCase) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    case = "a_server_is_started_and_stopped"
    blender("running", case, python=sys.executable, port=port)
