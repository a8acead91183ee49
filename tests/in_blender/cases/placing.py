"""Where a new head stands."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Vector


def _box(items: list[Any]) -> tuple[np.ndarray, np.ndarray]:
    bpy.context.view_layer.update()
    corners = np.array([item.matrix_world @ Vector(c) for item in items for c in item.bound_box])
    return corners.min(axis=0), corners.max(axis=0)


def a_head_is_not_inside_the_cube() -> None:
    cube = bpy.data.objects["Cube"]
    boxes = [_box([cube])]
    for _ in range(2):
        assert bpy.ops.soliloquy.add_head() == {"FINISHED"}
        face = bpy.context.active_object
        assert face.name.startswith("Head") and bpy.context.selected_objects == [face]
        low, high = _box([face, *face.children])
        assert all((low >= b[1]).any() or (high <= b[0]).any() for b in boxes)
        boxes.append((low, high))
    assert tuple(cube.location) == (0.0, 0.0, 0.0), "what was there stays"


def an_empty_scene_gets_it_at_the_cursor() -> None:
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    bpy.ops.soliloquy.add_head()
    assert tuple(bpy.context.active_object.location) == (1.0, 2.0, 3.0)
