"""Bakes the layers of a take anew, under the user's own edits."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import compat
from ..character.matching import matched_weights
from ..character.meshes import check_editable, shaped_meshes
from ..core.expressive import expressive_pose, pose_text
from ..core.keyframes import key_frames, plan_keys
from ..core.layering import mix, moved_values
from ..core.timing import scene_rate
from ..vendor import clip
from .animation import key_path, move_keys

LAYERS = clip.LAYER_NAMES


def apply_layers(scene: Any, character: Any, take: Any, stored: clip.ArkitClip) -> None:
    """Move the keys of a take from the weights that are baked to those that are set.

    Raises:
        CharacterError: a mesh is linked from another file.
    """
    before = mix(stored, dict(zip(LAYERS, take.baked, strict=True)))
    after = mix(stored, {name: getattr(take, name) for name in LAYERS})
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    frames = key_frames(stored.n_frames, take.start_frame, rate, stored.fps)
    meshes = {mesh.object: mesh for mesh in shaped_meshes(character)}
    for track in take.tracks:
        if track.action is None or track.object not in meshes:
            continue
        mesh = meshes[track.object]
        check_editable(mesh)
        weights = matched_weights(character, mesh)
        old = plan_keys(before.coefficients, weights, frames).curves
        new = plan_keys(after.coefficients, weights, frames).curves
        curves = compat.curves_of(track.action, track.slot)
        for key in weights:
            curve = curves.find(key_path(key))
            if curve is not None:
                move_keys(
                    curve, partial(moved_values, frames=frames, before=old[key], after=new[key])
                )
    take.pose = pose_text(expressive_pose(after))
    take.baked = [getattr(take, name) for name in LAYERS]
