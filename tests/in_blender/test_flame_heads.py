"""FLAME heads in Blender."""

from __future__ import annotations

from pathlib import Path

from blender_runner import RunCase


def test_the_built_in_head_moves_as_its_model_says(blender: RunCase, tmp_path: Path) -> None:
    blender("flame", "the_built_in_head_moves_as_its_model_says", folder=str(tmp_path))


def test_a_users_file_moves_as_its_model_says(every_blender: RunCase, tmp_path: Path) -> None:
    every_blender("flame", "a_users_file_moves_as_its_model_says", folder=str(tmp_path))


def test_earlier_animation_stays(blender: RunCase, tmp_path: Path) -> None:
    blender("flame", "earlier_animation_stays", folder=str(tmp_path))


def test_wrong_files_get_a_sentence(blender: RunCase, tmp_path: Path) -> None:
    blender("flame", "wrong_files_get_a_sentence", folder=str(tmp_path))
