"""A talking style taken from what the character plays now."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from .. import compat
from ..character.matching import matched_weights
from ..character.meshes import shaped_meshes
from ..core.errors import TakeError
from ..core.readback import coefficients_from_keys
from ..core.splicing import clip_data
from ..core.timing import scene_rate
from ..takes.animation import current_action, key_path
from ..takes.splicing import values_at
from ..vendor import clip, messages, names

LONGEST_SECONDS: Final = 60.0
"""More than this of an animation says nothing more about its style."""


def style_clip(scene: Any, character: Any) -> messages.ClipData:
    """What plays on the character's shape keys, sampled at the scene's rate.

    Raises:
        TakeError: nothing is animated.
    """
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    playing = [(mesh, _curves(character, mesh)) for mesh in shaped_meshes(character)]
    ranges = [curve.range() for _, curves in playing for curve in curves.values()]
    if not ranges:
        raise TakeError(
            f"Nothing is animated on '{character.name}', so there is no style to take. Use a take, "
            "or choose another style in Performance."
        )
    first, last = min(r[0] for r in ranges), max(r[1] for r in ranges)
    n_frames = min(int(last - first) + 1, max(1, round(LONGEST_SECONDS * rate)))
    frames = first + np.arange(n_frames)
    sampled = [
        (matched_weights(character, mesh), {k: values_at(c, frames) for k, c in curves.items()})
        for mesh, curves in playing
    ]
    rest = np.zeros((n_frames, len(names.ARKIT_NAMES)), np.float32)
    found = np.clip(coefficients_from_keys(rest, sampled), 0.0, 1.0)
    return clip_data(clip.ArkitClip(found.astype(np.float32), rate), with_layers=False)


def _curves(character: Any, mesh: Any) -> dict[str, Any]:
    """Shape key -> its curve in the action that plays on a mesh."""
    playing = current_action(mesh.key)
    if playing is None:
        return {}
    curves = compat.curves_of(playing.action, playing.slot)
    found = {key: curves.find(key_path(key)) for key in matched_weights(character, mesh)}
    return {
        key: curve
        for key, curve in found.items()
        if curve is not None and len(curve.keyframe_points)
    }
