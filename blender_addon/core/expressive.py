"""Which moment of a take says most about how it is played, for its thumbnail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..vendor import clip, names

_SPEECH_SHARE: Final = 0.25  # how much the lips' own motion counts
_BLINK: Final = 0.5  # closed eyes hide a face
_WORTH: Final = 1e-3  # below this energy nothing is expressed


def expressive_pose(take: clip.ArkitClip) -> dict[str, float]:
    """Coefficients of the most expressive frame, rounded, without those at rest.

    It is the frame that stands out most from rest when speech counts little, with open eyes.
    """
    if not take.n_frames:
        return {}
    row = take.coefficients[_expressive_frame(take)]
    return {n: round(float(v), 3) for n, v in zip(names.ARKIT_NAMES, row, strict=True) if v > 0.005}


def _expressive_frame(take: clip.ArkitClip) -> int:
    lips = take.layers.get("lips")
    said = take.coefficients if lips is None else take.coefficients - (1 - _SPEECH_SHARE) * lips
    said = np.delete(said, [names.INDEX["eyeBlinkLeft"], names.INDEX["eyeBlinkRight"]], axis=1)
    energy = _smooth((said.astype(np.float64) ** 2).sum(axis=1), take.fps)
    closed = np.maximum(take.curve("eyeBlinkLeft"), take.curve("eyeBlinkRight")) > _BLINK
    energy = np.where(closed, 0.1 * energy, energy)
    if energy.max() < _WORTH:  # nothing but speech: the most open mouth
        energy = take.curve("jawOpen").astype(np.float64)
    return int(energy.argmax())


def _smooth(values: NDArray[np.float64], fps: float) -> NDArray[np.float64]:
    """Mean over a tenth of a second: a single frame is no expression."""
    width = min(max(round(0.1 * fps), 1), len(values))
    return np.convolve(values, np.ones(width) / width, mode="same")


def pose_text(pose: Mapping[str, float]) -> str:
    """A pose as it is kept in the file."""
    return json.dumps(pose, separators=(",", ":"))


def pose_of_text(text: str) -> dict[str, float]:
    """The pose of `pose_text`; a damaged or empty text is the face at rest."""
    try:
        found = json.loads(text) if text else {}
        return {name: float(found[name]) for name in found if name in names.INDEX}
    except (ValueError, TypeError, AttributeError):
        return {}
