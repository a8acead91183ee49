"""A part made anew on one mesh: its keys, with the user's edits fading out into it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import compat
from ..character.meshes import ShapedMesh
from ..core.keyframes import KeyPlan, Weights, plan_keys
from ..core.layering import mix
from ..core.splicing import Splice
from ..vendor import clip
from .animation import key_path
from .baking import LAYERS
from .splicing import values_at


def track_of(take: Any, mesh: ShapedMesh) -> Any | None:
    """A mesh's part of a take, None when it has none."""
    return next((t for t in take.tracks if t.object == mesh.object and t.action), None)


def plan_splice(
    base_take: Any,
    mesh: ShapedMesh,
    drives: dict[str, Weights],
    frames: np.ndarray,
    *,
    clips: tuple[clip.ArkitClip, clip.ArkitClip],
    splice: Splice,
) -> KeyPlan:
    """Keys of the span alone, for the shape keys of the chosen regions.

    Args:
        base_take: the take in the list. clips: its clip, and the one with the new part in it.
        frames: scene frame of every clip frame.
    """
    base, made = (mix(part, dict(zip(LAYERS, base_take.baked, strict=True))) for part in clips)
    share = splice.part.share_of_new(base.times, base.seconds)
    rows = np.flatnonzero(share)
    chosen = {key: w for key, w in drives.items() if not splice.part.blendshapes.isdisjoint(w)}
    old = plan_keys(base.coefficients, chosen, frames).curves
    new = plan_keys(made.coefficients, chosen, frames).curves
    track = track_of(base_take, mesh)
    curves = compat.curves_of(track.action, track.slot) if track is not None else None
    values = {}
    for key in chosen:
        curve = curves.find(key_path(key)) if curves is not None else None
        values[key] = new[key][rows]
        if curve is not None:
            edit = values_at(curve, frames[rows]) - old[key][rows]
            values[key] = values[key] + (1.0 - share[rows]) * edit
    return KeyPlan(frames[rows], values if len(rows) else {})
