"""Switched off, the add-on is gone."""

from __future__ import annotations

from blender_runner import RunCase


def test_used_and_switched_off_ten_times_it_leaves_takes_and_nothing_else(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("leaving", "ten_times_on_used_and_off", address=address, wav=wav)
