"""Reads a take back from its F-curves, so that what is exported is what is seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .. import compat
from ..character.matching import matched_weights
from ..character.meshes import shaped_meshes
from ..core.keyframes import key_frames
from ..core.readback import coefficients_from_keys
from ..core.timing import scene_rate
from ..takes.animation import key_path
from ..takes.splicing import values_at
from ..takes.storage import load_clip
from ..vendor import clip


def clip_as_animated(scene: Any, character: Any, index: int) -> clip.ArkitClip:
    """The clip of a take with the user's edits of its keys.

    Head and eye angles, and blendshapes that no shape key plays, are as they were generated.

    Raises:
        TakeError: the take has no data.
    """
    take = character.takes[index]
    stored = load_clip(take)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    frames = key_frames(stored.n_frames, take.start_frame, rate, stored.fps)
    sampled = []
    for mesh in shaped_meshes(character):
        track = next((t for t in take.tracks if t.object == mesh.object and t.action), None)
        if track is not None:
            weights = matched_weights(character, mesh)
            curves = _sample(compat.curves_of(track.action, track.slot), weights, frames)
            sampled.append((weights, curves))
    edited = coefficients_from_keys(stored.coefficients, sampled)
    return replace(stored, coefficients=edited, layers={})


def _sample(curves: Any, keys: Any, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Value of each shape key's curve at the frames, [T]."""
    found = {}
    for key in keys:
        curve = curves.find(key_path(key)) if hasattr(curves, "find") else None
        if curve is not None and not curve.mute:
            found[key] = values_at(curve, frames)
    return found
