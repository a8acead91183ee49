"""Faces that tell at a look whether shape keys are good: lips and lids that part and close."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

POSES: Final[Mapping[str, tuple[str, Mapping[str, float]]]] = {
    "REST": ("Rest", {}),
    "OPEN": ("Jaw Open", {"jawOpen": 1.0}),
    "SMILE": ("Smile", {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0}),
    "BLINK": ("Eyes Closed", {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}),
    "PUCKER": ("Pucker", {"mouthPucker": 1.0}),
    "CLOSED": ("Jaw Open, Lips Closed", {"jawOpen": 0.5, "mouthClose": 0.5}),
    "LOOK": ("Look Left", {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}),
}
"""Key -> what it is called, and the coefficients of its blendshapes."""

_PLAYED: Final = tuple(values for _, values in POSES.values() if values)
_EACH: Final = 1.6  # seconds from rest to a pose and back


def played(seconds: float) -> dict[str, float]:
    """Coefficients of the poses played one after the other, each eased in and out, for ever."""
    number, along = divmod(max(seconds, 0.0), _EACH)
    share = 0.5 - 0.5 * math.cos(2 * math.pi * along / _EACH)
    return {name: share * value for name, value in _PLAYED[int(number) % len(_PLAYED)].items()}
