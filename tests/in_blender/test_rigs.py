"""Rigs of all sorts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from blender_runner import RunCase


def test_a_cube_says_what_it_lacks(blender: RunCase) -> None:
    blender("rigs", "a_cube_says_what_it_lacks")


def test_driven_muted_and_narrow_keys_are_told(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("rigs", "driven_and_muted_keys", address=address, wav=wav)


def test_a_linked_mesh_is_refused_and_an_override_is_keyed(
    every_blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "a_linked_mesh_is_refused_and_an_override_is_keyed"
    every_blender("rigs", case, address=address, wav=wav, folder=str(tmp_path))


def test_names_with_quotes_and_other_letters_are_keyed(
    blender: RunCase, address: str, wav: str
) -> None:
    blender("rigs", "names_with_quotes_and_other_letters", address=address, wav=wav)


def test_the_built_in_head_is_added_at_rest_and_speaks(
    blender: RunCase, address: str, wav: str
) -> None:
    blender("rigs", "the_built_in_head_speaks", address=address, wav=wav)


def test_pinned_shape_keys_are_told_and_absolute_ones_refused(
    blender: RunCase, address: str, wav: str
) -> None:
    blender("rigs", "pinned_and_absolute_shape_keys", address=address, wav=wav)


@pytest.mark.data
def test_the_ict_head_is_matched_completely_but_for_the_tongue(
    blender: RunCase, address: str, wav: str
) -> None:
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("SOLILOQUY_DATA", root.parent / "shared" / "data"))
    if not (data / "ict_facekit").is_dir():
        pytest.skip("needs the ICT head under SOLILOQUY_DATA")
    blender("rigs", "the_ict_head", data=str(data), address=address, wav=wav)
