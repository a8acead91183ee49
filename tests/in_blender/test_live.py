"""The face shows a take while it is made, and nothing of that stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from acting import Formula
from blender_runner import RunCase


@pytest.fixture
def actor() -> Formula:
    """Slow enough to look at it."""
    return Formula(step_seconds=1.0)


def test_the_face_moves_while_the_rest_is_made(
    every_blender: RunCase, address: str, wav: str
) -> None:
    every_blender("live", "the_face_moves_while_the_rest_is_made", address=address, wav=wav)


@pytest.mark.parametrize("how", ["cancel", "undo", "save", "delete", "render"])
def test_nothing_of_the_preview_stays(
    how: str, blender: RunCase, address: str, wav: str, tmp_path: Path
) -> None:
    case = "nothing_of_the_preview_stays"
    blender("live", case, how=how, address=address, wav=wav, path=str(tmp_path / "live.blend"))


def test_without_live_the_face_is_still(blender: RunCase, address: str, wav: str) -> None:
    blender("live", "without_live_the_face_is_still", address=address, wav=wav)
