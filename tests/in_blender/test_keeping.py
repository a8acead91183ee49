"""Takes are kept, and so is what was there before."""

from __future__ import annotations

from pathlib import Path

from blender_runner import RunCase


def test_earlier_animation_stays_and_comes_back(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("keeping", "earlier_animation_stays_and_comes_back", address=address, wav=wav)


def test_two_takes_differ_and_carry_their_seeds(blender: RunCase, address: str, wav: str) -> None:
    blender("keeping", "two_takes_differ_and_carry_their_seeds", address=address, wav=wav)


def test_saving_and_reopening_keeps_the_take_on_every_mesh(
    every_blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    path = str(tmp_path / "scene.blend")
    every_blender("keeping", "several_meshes", path=path, address=address, wav=wav)


def test_52_curves_of_15000_frames_take_less_than_half_a_second(every_blender: RunCase) -> None:
    every_blender("keeping", "many_keys_are_written_fast")
