"""Generate in Blender against a real server."""

from __future__ import annotations

from blender_runner import RunCase


def test_a_file_becomes_keys_on_every_shape_key(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("generating", "a_file_becomes_keys", address=address, wav=wav)
