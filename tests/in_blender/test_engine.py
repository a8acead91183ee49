"""*Set Up Engine* in real Blender, from the zip to a performed line."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from blender_runner import RunCase


@pytest.fixture
def port() -> int:
    """One that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.timeout(2400)
def test_the_engine_is_set_up_from_the_zip_and_performs_a_line(
    zips: dict[str, Path], blender: RunCase, wav: str, port: int
) -> None:
    patient = replace(blender, seconds=2300)
    case, zip_path = "zip_makes_an_engine_that_performs", str(zips["cp311"])
    patient("engines", case, zip_path=zip_path, wav=wav, port=port)


def test_after_the_set_up_generate_is_pressed_again(blender: RunCase) -> None:
    blender("engines", "generate_is_found_again_by_its_class")
