"""Takes of a FLAME head."""

from __future__ import annotations

from pathlib import Path

from acting import Formula
from blender_runner import RunCase


def test_a_flame_head_gets_takes_that_switch(
    every_blender: RunCase, address: str, wav: str, actor: Formula
) -> None:
    every_blender("flame_takes", "a_flame_head_gets_takes", address=address, wav=wav)
    (request,) = actor.requests[:1]
    assert (request.output, request.flame_basis) == ("flame", "")


def test_earlier_flame_animation_is_kept_as_a_take(
    every_blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "earlier_flame_animation_is_kept"
    every_blender("flame_takes", case, address=address, wav=wav, folder=str(tmp_path))


def test_takes_of_a_flame_head_survive_the_file(
    blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "takes_of_a_flame_head_survive_the_file"
    blender("flame_takes", case, address=address, wav=wav, folder=str(tmp_path))


def test_fewer_keys_move_a_flame_head_as_well(blender: RunCase, address: str, wav: str) -> None:
    blender("flame_takes", "fewer_keys_move_a_flame_head_as_well", address=address, wav=wav)


def test_a_head_of_another_file_asks_for_its_model(
    blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "a_head_of_another_file_asks_for_its_model"
    blender("flame_takes", case, address=address, wav=wav, folder=str(tmp_path))


def test_a_part_of_a_flame_take_is_made_anew_and_the_rest_stays(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("flame_takes", "a_part_of_a_flame_take_is_made_anew", address=address, wav=wav)
