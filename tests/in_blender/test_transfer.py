"""Shape keys carried over to heads without any."""

from __future__ import annotations

from pathlib import Path

import pytest
from blender_runner import RunCase


@pytest.mark.slow
@pytest.mark.parametrize(("ratio", "size"), [(0.5, 1.0), (1.0, 10.0)])
def test_a_decimated_head_gets_its_shapes_back(
    every_blender: RunCase, ratio: float, size: float
) -> None:
    case = "a_decimated_head_gets_its_shapes_back"
    every_blender("transfer", case, ratio=ratio, size=size)


def test_a_mesh_that_is_no_head_is_refused_with_the_figure(blender: RunCase) -> None:
    blender("transfer", "a_mesh_that_is_no_head_is_refused")


@pytest.mark.slow
def test_landmarks_are_marked_moved_and_used(blender: RunCase) -> None:
    blender("transfer", "landmarks_are_marked_moved_and_used")


def test_a_preview_touches_nothing_until_it_is_accepted(every_blender: RunCase) -> None:
    every_blender("transfer_preview", "nothing_is_touched_until_it_is_accepted")


@pytest.mark.slow
def test_an_accepted_preview_gives_what_it_showed(every_blender: RunCase, tmp_path: Path) -> None:
    case = "accepted_it_is_what_was_shown"
    every_blender("transfer_preview", case, path=str(tmp_path / "preview.blend"))


@pytest.mark.slow
def test_a_mesh_that_changed_since_the_preview_is_refused(blender: RunCase) -> None:
    blender("transfer_preview", "what_changed_meanwhile_is_refused")


@pytest.mark.slow
def test_a_bad_fit_is_shown_and_cannot_be_accepted(blender: RunCase) -> None:
    blender("transfer_preview", "a_bad_fit_is_shown_and_not_accepted")
