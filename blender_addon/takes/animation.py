"""Writes curves into new actions and switches shape keys between actions.

Earlier animation is never written over: a take is a new action, and the action that was there
keeps a fake user, so that it stays in the file and can be chosen again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import bpy
import numpy as np

from .. import compat
from ..core.errors import TakeError
from ..core.keyframes import KeyPlan

_POINTS = ("co", "handle_left", "handle_right")
_LINEAR = 1  # interpolation enum of a keyframe point

Place: TypeAlias = tuple[str, int]
"""RNA path and index of what a curve moves."""


@dataclass(frozen=True)
class WrittenAction:
    """An action that holds one mesh's part of a take, and the identifier of its slot."""

    action: Any
    slot: str


def key_path(shape_key: str) -> str:
    """RNA path of a shape key's value, from its Key data-block."""
    return f'key_blocks["{bpy.utils.escape_identifier(shape_key)}"].value'


def driven_keys(key: Any) -> frozenset[str]:
    """Names of the shape keys whose value a driver sets; their F-curves would be ignored."""
    animation = key.animation_data
    paths = {driver.data_path for driver in animation.drivers} if animation is not None else set()
    return frozenset(block.name for block in key.key_blocks if key_path(block.name) in paths)


def write_curve(action: WrittenAction, plan: KeyPlan, shape_key: str) -> None:
    """Write one shape key's curve into an action that has none for it yet, in bulk."""
    write_points(action, (key_path(shape_key), 0), plan.points(shape_key))


def write_points(action: WrittenAction, place: Place, points: np.ndarray) -> None:
    """Write keys [K, 2], frames and values, into an action that has no such curve yet, in bulk."""
    path, index = place
    curve = compat.curves_of(action.action, action.slot).new(path, index=index)
    keyframes = curve.keyframe_points
    keyframes.add(len(points))
    keyframes.foreach_set("co", points.ravel())
    keyframes.foreach_set("interpolation", np.full(len(points), _LINEAR, np.int32))
    curve.update()


def write_action(key: Any, plan: KeyPlan, name: str) -> WrittenAction:
    """Write a whole plan into a new action; it is not assigned to `key` yet."""
    action = WrittenAction(*compat.new_action(name, key))
    for shape_key in plan.curves:
        write_curve(action, plan, shape_key)
    return action


def move_keys(curve: Any, moved: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> None:
    """Change the values of all keys, handles along; `moved` takes frames [K] and values [K]."""
    keyframes = curve.keyframe_points
    flat = {name: np.empty(2 * len(keyframes), np.float32) for name in _POINTS}
    for name, array in flat.items():
        keyframes.foreach_get(name, array)
    points = flat["co"].reshape(-1, 2)
    change = moved(points[:, 0], points[:, 1]) - points[:, 1]
    for name, array in flat.items():
        array.reshape(-1, 2)[:, 1] += change
        keyframes.foreach_set(name, array)
    curve.update()


def current_action(key: Any) -> WrittenAction | None:
    """The action in use, or None."""
    animation = key.animation_data
    if animation is None or animation.action is None:
        return None
    return WrittenAction(animation.action, compat.slot_of(key))


def check_assignable(key: Any) -> None:
    """Raise where another action cannot be assigned.

    Raises:
        TakeError: the data-block is in NLA tweak mode, where actions cannot be changed.
    """
    if key.animation_data is not None and key.animation_data.use_tweak_mode:
        raise TakeError(
            f"'{key.name}' is in tweak mode in the NLA editor. Press Tab there to leave it."
        )


def assign(key: Any, written: WrittenAction | None) -> None:
    """Play an action on a Key data-block, or on a FLAME head's armature; None leaves it at rest.

    The action that leaves gets a fake user, so that saving keeps it.

    Raises:
        TakeError: see `check_assignable`.
    """
    check_assignable(key)
    before = current_action(key)
    if before is not None:
        before.action.use_fake_user = True
    if written is not None:
        compat.assign_action(key, written.action, written.slot)
        return
    compat.assign_action(key, None, "")
    if isinstance(key, bpy.types.Key):
        key.key_blocks.foreach_set("value", np.zeros(len(key.key_blocks), np.float32))
        return
    for bone in key.pose.bones:
        bone.matrix_basis.identity()
