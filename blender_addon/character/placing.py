"""Puts a new head where it can be seen, and the view in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mathutils import Quaternion, Vector

_GAP: Final = 0.1  # metres between the head and what stands behind it
_FRONT: Final = Quaternion((0.7071068, 0.7071068, 0.0, 0.0))
_DISTANCE: Final = 2.6  # of the view, in sizes of the head

Box = tuple[Vector, Vector]


def place_clear(context: Any, face: Any, objects: Sequence[Any]) -> None:
    """Move the head towards the viewer, out of any mesh that would swallow it."""
    context.view_layer.update()
    low, high = _box(objects)
    for item in context.view_layer.objects:
        if item.type == "MESH" and item not in objects and item.visible_get():
            other_low, other_high = _box([item])
            if all(low[i] < other_high[i] and other_low[i] < high[i] for i in range(3)):
                shift = high.y - other_low.y + _GAP
                face.location.y -= shift
                low.y, high.y = low.y - shift, high.y - shift
    context.view_layer.update()


def select_only(context: Any, face: Any) -> None:
    """Make the face what is selected."""
    for item in context.selected_objects:
        item.select_set(False)
    face.select_set(True)
    context.view_layer.objects.active = face


def look_at(context: Any, objects: Sequence[Any]) -> None:
    """Turn the 3D View of the context, if there is one, to the front of the head."""
    space = context.space_data
    if space is None or space.type != "VIEW_3D" or space.region_3d is None:
        return
    low, high = _box(objects)
    view = space.region_3d
    view.view_perspective = "PERSP"
    view.view_rotation = _FRONT
    view.view_location = (low + high) / 2
    view.view_distance = _DISTANCE * (high.z - low.z)
    space.clip_start = min(space.clip_start, 0.01)


def _box(objects: Sequence[Any]) -> Box:
    """Lowest and highest corner in the world."""
    corners = [item.matrix_world @ Vector(corner) for item in objects for corner in item.bound_box]
    return (
        Vector([min(corner[i] for corner in corners) for i in range(3)]),
        Vector([max(corner[i] for corner in corners) for i in range(3)]),
    )
