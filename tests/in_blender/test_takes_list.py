"""The list of takes: what it tells, its pictures, and takes between takes."""

from __future__ import annotations

from blender_runner import RunCase


def test_a_take_tells_how_it_was_asked_for_and_has_a_picture(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("takes_list", "a_take_tells_and_shows_itself", address=address, wav=wav)


def test_two_takes_are_blended_into_a_third(every_blender: RunCase, address: str, wav: str) -> None:
    every_blender("takes_list", "two_takes_are_blended", address=address, wav=wav)


def test_takes_of_different_lines_are_not_blended(blender: RunCase, address: str, wav: str) -> None:
    blender("takes_list", "takes_of_different_lines", address=address, wav=wav)
