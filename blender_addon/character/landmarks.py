"""Points of a face as empties that the user may move before shape keys are carried over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import bpy
import numpy as np

from ..core.head_fit import LANDMARKS
from .meshes import is_in_file

LANDMARK: Final = "soliloquy_landmark"
"""Custom property of an empty that marks a point of the face."""

_FOUND: Final = "soliloquy_found"  # where it was put, to see whether the user has moved it
_SIZE: Final = 0.003  # metres of the built-in head


def placed_landmarks() -> dict[str, Any]:
    """The empties that mark points of the face, by name."""
    empties = (item for item in bpy.data.objects if is_in_file(item) and LANDMARK in item)
    return {item[LANDMARK]: item for item in empties}


def mark_landmarks(context: Any, places: Mapping[str, np.ndarray], scale: float) -> list[Any]:
    """Mark places of the world by empties, moving those that are there; returns the new ones.

    Args:
        scale: scene units per metre of the built-in head.
    """
    there, made = placed_landmarks(), []
    for name in LANDMARKS:
        empty = there.get(name)
        if empty is None:
            empty = bpy.data.objects.new(name.replace("_", " ").title(), None)
            empty[LANDMARK] = name
            empty.empty_display_type = "SPHERE"
            empty.show_in_front = empty.show_name = True
            context.scene.collection.objects.link(empty)
            made.append(empty)
        empty.empty_display_size = _SIZE * scale
        empty.location = places[name]
        empty[_FOUND] = list(map(float, places[name]))
    context.view_layer.update()
    return made


def given_landmarks() -> tuple[dict[str, np.ndarray], bool]:
    """Places in the world of the empties when all are there, else none; and whether the user has
    moved one of them."""
    there = placed_landmarks()
    if set(there) != set(LANDMARKS):
        return {}, False
    places = {name: np.array(there[name].matrix_world.translation) for name in LANDMARKS}
    return places, any(_is_moved(there[name], place) for name, place in places.items())


def _is_moved(empty: Any, place: np.ndarray) -> bool:
    found = empty.get(_FOUND)
    far = np.inf if found is None else np.linalg.norm(place - np.array(found))
    return bool(far > 0.01 * empty.empty_display_size)


def remove_landmarks() -> None:
    """Take the empties away."""
    for empty in placed_landmarks().values():
        bpy.data.objects.remove(empty)
