"""A FLAME clip onto a FLAME head and back: new actions, nothing written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import compat
from ..core.errors import CharacterError
from ..core.flame_rig import (
    BONES,
    EYELID_KEYS,
    Curves,
    bake,
    basis_matrices,
    expression_key,
    quaternions,
    rotation_vectors,
    y_up,
)
from ..core.keyframes import key_frames
from ..core.timing import scene_rate
from ..takes.animation import (
    Place,
    WrittenAction,
    assign,
    check_assignable,
    current_action,
    key_path,
    write_points,
)
from ..vendor import flame_clip, flame_errors
from .flame_head import BASIS_KEY, rig_of


def read_flame_clip(path: Path) -> Any:
    """Read a FLAME clip of any of the field's layouts.

    Raises:
        CharacterError: it is no such file.
    """
    try:
        return flame_clip.FlameClip.load(path)
    except flame_errors.FlameError as error:
        raise CharacterError(str(error)) from error


def apply_flame_clip(scene: Any, item: Any, model: Any, clip: Any, name: str) -> list[str]:
    """Play a clip on a FLAME head from the current frame; returns what the user should know.

    The animation that was there stays in the file.

    Raises:
        CharacterError: no FLAME head, or another basis. TakeError: in NLA tweak mode.
    """
    rig = rig_of(item)
    key = item.data.shape_keys
    if item[BASIS_KEY] != model.basis_id:
        raise CharacterError(f"'{item.name}' was made from another FLAME file than this one.")
    for data in (key, rig):
        check_assignable(data)
    curves = bake(model, clip)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    frames = key_frames(clip.n_frames, scene.frame_current, rate, clip.fps)
    notes = list(clip.notes)
    earlier = [a.action.name for a in (current_action(key), current_action(rig)) if a is not None]
    if earlier:
        notes.append(f"Earlier animation stays in the file: {', '.join(earlier)}.")
    shaped = WrittenAction(*compat.new_action(f"FLAME {name}", key))
    _write(shaped, shape_curves(curves, key), frames)
    turned = WrittenAction(*compat.new_action(f"FLAME {name} joints", rig, "OBJECT"))
    _write(turned, joint_curves(curves, rig, model.parents), frames)
    assign(key, shaped)
    assign(rig, turned)
    return notes


def shape_curves(curves: Curves, key: Any) -> dict[Place, Any]:
    """Curve [T] of each shape key of a baked clip that the head has."""
    blocks = key.key_blocks
    return {(key_path(name), 0): v for name, v in curves.keys.items() if name in blocks}


def joint_curves(curves: Curves, rig: Any, parents: tuple[int, ...]) -> dict[Place, Any]:
    """Curve [T] of each channel of the joints of a baked clip."""
    rest = np.array([rig.data.bones[name].matrix_local for name in BONES], np.float64)
    matrices = basis_matrices(curves, rest, parents)
    found: dict[Place, Any] = {}
    for bone, name in enumerate(BONES):
        path = f'pose.bones["{name}"]'
        for axis, values in enumerate(quaternions(matrices[:, bone]).T):
            found[f"{path}.rotation_quaternion", axis] = values
        for axis, values in enumerate(matrices[:, bone, :3, 3].T.astype(np.float32)):
            found[f"{path}.location", axis] = values
    return found


def _write(action: WrittenAction, curves: dict[Place, Any], frames: Any) -> None:
    for place, values in curves.items():
        write_points(action, place, np.stack([frames, np.asarray(values, np.float32)], axis=1))


def clip_as_animated(scene: Any, item: Any) -> Any:
    """Return what plays on a FLAME head as a clip at the scene's rate, the user's edits included.

    Raises:
        CharacterError: no FLAME head, or nothing is animated on it.
    """
    rig = rig_of(item)
    key = item.data.shape_keys
    shaped, turned = current_action(key), current_action(rig)
    if shaped is None and turned is None:
        raise CharacterError(f"Nothing is animated on '{item.name}'. Import a FLAME clip first.")
    spans = [a.action.frame_range for a in (shaped, turned) if a is not None]
    first, last = min(s[0] for s in spans), max(s[1] for s in spans)
    frames = np.arange(np.floor(first), np.ceil(last) + 1)
    expressions = [
        name for name in map(expression_key, range(len(key.key_blocks))) if name in key.key_blocks
    ]
    turns = _bone_turns(rig, turned, frames)
    lids = [name for name in EYELID_KEYS if name in key.key_blocks]
    return flame_clip.FlameClip(
        expression=_values(key, shaped, expressions, frames),
        fps=scene_rate(scene.render.fps, scene.render.fps_base),
        basis_id=item[BASIS_KEY],
        root=turns[:, 0],
        neck=turns[:, 1],
        jaw=turns[:, 2],
        eyes=turns[:, 3:],
        eyelids=_values(key, shaped, lids, frames) if lids else None,
    )


def _values(key: Any, action: WrittenAction | None, names: list[str], frames: Any) -> Any:
    """Value [T, K] of each shape key; one without a curve holds its slider."""
    found = compat.curves_of(action.action, action.slot) if action is not None else None
    out = np.empty((len(frames), len(names)), np.float32)
    for column, name in enumerate(names):
        curve = found.find(key_path(name)) if hasattr(found, "find") else None
        out[:, column] = (
            key.key_blocks[name].value if curve is None else [curve.evaluate(f) for f in frames]
        )
    return out


def _bone_turns(rig: Any, action: WrittenAction | None, frames: Any) -> Any:
    """Rotation vectors [T, 5, 3] of the bones in FLAME's axes."""
    found = compat.curves_of(action.action, action.slot) if action is not None else None
    out = np.zeros((len(frames), len(BONES), 3), np.float32)
    for bone, name in enumerate(BONES):
        posed = rig.pose.bones[name]
        values = np.tile(np.array(posed.rotation_quaternion), (len(frames), 1))
        path = f'pose.bones["{name}"].rotation_quaternion'
        for axis in range(4):
            curve = found.find(path, index=axis) if hasattr(found, "find") else None
            if curve is not None:
                values[:, axis] = [curve.evaluate(f) for f in frames]
        # From the bone's own axes to the armature's, then to FLAME's.
        rest = np.array(posed.bone.matrix_local.to_3x3(), np.float64)
        out[:, bone] = y_up(rotation_vectors(values) @ rest.T)
    return out
