"""A pose as direction: the expression that the character wears, now or at a frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import compat
from ..character.matching import matched_weights
from ..character.meshes import ShapedMesh, shaped_meshes
from ..core.directing import worn
from ..core.errors import TakeError
from ..core.readback import coefficients_from_keys
from ..takes.animation import current_action, key_path
from ..vendor import names


def pose_of(character: Any, frame: float | None = None) -> dict[str, float]:
    """Blendshape -> value of what the character wears.

    Args:
        frame: read its animation at this frame; None takes the sliders as they stand.

    Raises:
        TakeError: the face is at rest.
    """
    found = np.zeros((1, len(names.ARKIT_NAMES)), np.float32)
    for mesh in shaped_meshes(character):
        # Whoever poses by hand moves the head's sliders and leaves those of the lashes alone.
        sampled = matched_weights(character, mesh), _values(character, mesh, frame)
        found = np.maximum(found, coefficients_from_keys(np.zeros_like(found), [sampled]))
    found = found[0]
    pose = worn({n: float(v) for n, v in zip(names.ARKIT_NAMES, found, strict=True)})
    if not pose:
        raise TakeError(
            f"The face of '{character.name}' is at rest, so there is no expression to take. Set "
            "its shape keys, or go to a frame where it shows one."
        )
    return pose


def _values(character: Any, mesh: ShapedMesh, frame: float | None) -> dict[str, Any]:
    """Shape key -> value, [1]; one without a curve has its slider's."""
    blocks = mesh.key.key_blocks
    keys = [key for key in matched_weights(character, mesh) if key in blocks]
    held = {key: blocks[key].value for key in keys}
    playing = current_action(mesh.key) if frame is not None else None
    curves = compat.curves_of(playing.action, playing.slot) if playing is not None else None
    for key in keys if curves else ():
        curve = curves.find(key_path(key))
        if curve is not None:
            held[key] = curve.evaluate(frame)
    return {key: np.array([value], np.float32) for key, value in held.items()}
