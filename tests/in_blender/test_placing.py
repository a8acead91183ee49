"""A new head can be seen."""

from __future__ import annotations

import pytest
from blender_runner import RunCase


@pytest.mark.parametrize(
    "case", ["a_head_is_not_inside_the_cube", "an_empty_scene_gets_it_at_the_cursor"]
)
def test_a_new_head_stands_clear(case: str, blender: RunCase) -> None:
    blender("placing", case)
