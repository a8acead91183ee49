"""Blender stays usable while a long line is made."""

from __future__ import annotations

import json

import pytest
from blender_runner import RunCase


@pytest.mark.slow
def test_no_moment_of_a_ten_minute_line_holds_the_main_thread_for_50_ms(
    every_blender: RunCase, address: str
) -> None:
    said = every_blender("smoothness", "a_ten_minute_line", address=address)
    told = json.loads(next(line for line in said.splitlines() if line.startswith("{")))
    print(f"{every_blender.version}: {told}")
    assert told["worst_ms"] < 50.0, told
