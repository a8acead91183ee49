"""A new take between two others, with what the user changed in their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import compat
from ..character.meshes import ShapedMesh
from ..core.blending import blend, check_blendable
from ..core.keyframes import KeyPlan, Weights, key_frames, plan_keys
from ..core.layering import mix
from ..core.take_data import prepare
from ..core.target import Target
from ..core.timing import scene_rate
from ..vendor import clip
from .animation import key_path
from .baking import LAYERS
from .splice_plan import track_of
from .storage import load_clip
from .writing import TakeWriter


@dataclass(frozen=True)
class _Side:
    """One of the two takes, its clip as baked, the frames of its keys, and its share."""

    take: Any
    baked: clip.ArkitClip
    frames: np.ndarray
    share: float


def blend_takes(scene: Any, character: Any, first: Any, second: Any, factor: float) -> Any:
    """Write the blend as a take of its own and play it; the two stay as they are.

    Args:
        factor: 0 is the first, 1 the second.

    Raises:
        SoliloquyError: they are not of one line, or cannot be written.
    """
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    sides = [_side(first, rate, 1.0 - factor), _side(second, rate, factor)]
    check_blendable(sides[0].baked, sides[1].baked)
    mixed = blend(sides[0].baked, sides[1].baked, factor)
    target = Target(
        scene_uid=scene.session_uid, scene_name=scene.name, character_uid=character.uid,
        start_frame=first.start_frame, label=first.name, generator=first.generator,
        seed=first.seed, direction=_told(first, second, factor),
    )  # fmt: skip

    def edited(mesh: ShapedMesh, drives: dict[str, Weights], plan: KeyPlan) -> KeyPlan:
        curves = dict(plan.curves)
        for side in sides:
            for key, edit in _edits(side, mesh, drives).items():
                curves[key] = curves[key] + np.float32(side.share) * edit
        return replace(plan, curves=curves)

    name = f"{first.name} + {second.name}"
    TakeWriter(target, mixed, prepare(mixed), edits=edited).step(float("inf"))
    take = character.takes[len(character.takes) - 1]
    take.name = name
    return take


def _side(take: Any, rate: float, share: float) -> _Side:
    stored = load_clip(take)
    baked = mix(stored, dict(zip(LAYERS, take.baked, strict=True)))
    return _Side(
        take, baked, key_frames(stored.n_frames, take.start_frame, rate, stored.fps), share
    )


def _edits(side: _Side, mesh: ShapedMesh, drives: Mapping[str, Weights]) -> dict[str, np.ndarray]:
    """What the user changed: shape key -> difference to what was generated, [T]."""
    track = track_of(side.take, mesh)
    if track is None:
        return {}
    curves = compat.curves_of(track.action, track.slot)
    planned = plan_keys(side.baked.coefficients, drives, side.frames).curves
    found = {}
    for key, values in planned.items():
        curve = curves.find(key_path(key)) if curves else None
        if curve is None or not len(curve.keyframe_points):
            continue
        flat = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", flat)
        at, value = flat.reshape(-1, 2).T
        difference = value - np.interp(at, side.frames, values)
        if np.abs(difference).max() > _EDIT:
            found[key] = np.interp(side.frames, at, difference).astype(np.float32)
    return found


_EDIT = 1e-4  # units of the shape key; less is rounding


def _told(first: Any, second: Any, factor: float) -> str:
    return f"{1 - factor:.0%} {first.name}, {factor:.0%} {second.name}"
