"""Shape keys carried over to heads without any."""

from __future__ import annotations

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
