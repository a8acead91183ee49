"""Bakes the layers of a take anew, under the user's own edits."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .. import compat
from ..character.matching import matched_weights
from ..character.meshes import check_editable, shaped_meshes
from ..core.expressive import expressive_pose, pose_text
from ..core.keyframes import key_frames, plan_keys
from ..core.layering import mix, moved_values, rows_to_key
from ..core.timing import scene_rate
from ..vendor import clip
from .animation import key_path, move_keys
from .splicing import add_keys, keys_of

LAYERS = clip.LAYER_NAMES


def apply_layers(scene: Any, character: Any, take: Any, stored: clip.ArkitClip) -> None:
    """Move the keys of a take from the weights that are baked to those that are set.

    Raises:
        CharacterError: a mesh is linked from another file; nothing is changed then.
    """
    before = mix(stored, dict(zip(LAYERS, take.baked, strict=True)))
    after = mix(stored, {name: getattr(take, name) for name in LAYERS})
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    frames = key_frames(stored.n_frames, take.start_frame, rate, stored.fps)
    meshes = {mesh.object: mesh for mesh in shaped_meshes(character)}
    tracks = [t for t in take.tracks if t.action is not None and t.object in meshes]
    for track in tracks:
        check_editable(meshes[track.object])
    for track in tracks:
        mesh = meshes[track.object]
        weights = matched_weights(character, mesh)
        old = plan_keys(before.coefficients, weights, frames).curves
        new = plan_keys(after.coefficients, weights, frames).curves
        curves = compat.curves_of(track.action, track.slot)
        for key in weights:
            curve = curves.find(key_path(key))
            if curve is not None:
                _bake(curve, frames, (old[key], new[key]), take.tolerance)
    take.pose = pose_text(expressive_pose(after))
    take.baked = [getattr(take, name) for name in LAYERS]


def _bake(
    curve: Any, frames: np.ndarray, curves: tuple[np.ndarray, np.ndarray], tolerance: float
) -> None:
    """Move the keys of a curve from the first of two plans [T] to the second, edits along."""
    before, after = curves
    move_keys(curve, partial(moved_values, frames=frames, before=before, after=after))
    keys = keys_of(curve)
    rows = rows_to_key(curves, frames, keys[:, 0], tolerance)
    if len(rows):
        edits = keys[:, 1] - np.interp(keys[:, 0], frames, after)
        values = after[rows] + np.interp(frames[rows], keys[:, 0], edits)
        add_keys(curve, np.stack([frames[rows], values], axis=1).astype(np.float32))
