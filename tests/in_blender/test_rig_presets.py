"""Matches are kept for a rig, and what hides a take is put right by a click."""

from __future__ import annotations

from blender_runner import RunCase


def test_the_next_character_with_the_same_keys_is_matched_by_itself(every_blender: RunCase) -> None:
    every_blender("presets", "the_next_character_is_matched_by_itself")


def test_one_click_puts_right_what_hides_a_take(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("presets", "one_click_puts_it_right", address=address, wav=wav)
