"""Whatever people do in whatever order: no traceback, no lost take, no changed animation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from blender_runner import RunCase


def test_ten_random_sequences(blender: RunCase, address: str, wav: str, tmp_path: Path) -> None:
    blender(
        "wild", "random_sequences", first=0, count=10, steps=20,
        address=address, wav=wav, folder=str(tmp_path),
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_random_sequences(
    every_blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    patient = replace(every_blender, seconds=900)
    for first in range(10, 110, 20):
        patient(
            "wild", "random_sequences", first=first, count=20, steps=20,
            address=address, wav=wav, folder=str(tmp_path),
        )  # fmt: skip
