"""The 52 ARKit blendshapes by name, the orders the world stores them in, pairs and regions.

Faces are indexed by name, never by column: every array that leaves this project travels with
its names. Left and right are the character's. Sources: Apple's ARKit documentation for the
canonical order, header rows of real Live Link Face takes for the CSV order.
"""

from __future__ import annotations

from typing import Final

ARKIT_NAMES: Final[tuple[str, ...]] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen",
    "mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""Apple's order, which is also the order of Live Link packets."""

INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(ARKIT_NAMES)}
"""Column of each blendshape in `ArkitClip.coefficients`."""

ARKIT_51_NAMES: Final[tuple[str, ...]] = ARKIT_NAMES[:-1]
"""The 52 without `tongueOut`: what the papers call 51 blendshapes."""


def _swap(names: list[str], first: str, second: str) -> list[str]:
    i, j = names.index(first), names.index(second)
    names[i], names[j] = names[j], names[i]
    return names


LIVE_LINK_CSV_NAMES: Final[tuple[str, ...]] = tuple(
    _swap(_swap(list(ARKIT_NAMES), "jawLeft", "jawRight"), "mouthLeft", "mouthRight")
)
"""Order of the columns in a Live Link Face CSV: right comes first for jaw and mouth."""

ALPHABETICAL_NAMES: Final[tuple[str, ...]] = (
    *sorted(ARKIT_51_NAMES, key=str.casefold),
    "tongueOut",
)
"""Case-insensitive alphabetical order with `tongueOut` last, as several data sets store it."""

HEAD_AND_EYE_NAMES: Final[tuple[str, ...]] = (
    "headYaw", "headPitch", "headRoll",
    "leftEyeYaw", "leftEyePitch", "leftEyeRoll",
    "rightEyeYaw", "rightEyePitch", "rightEyeRoll",
)  # fmt: skip
"""The nine angles that follow the 52 blendshapes in Live Link."""


def mirror_name(name: str) -> str:
    """Return the left-right counterpart of a blendshape; a central one is its own.

    Raises:
        KeyError: `name` is not one of `ARKIT_NAMES`.
    """
    if name not in INDEX:
        raise KeyError(f"'{name}' is not an ARKit blendshape; see arkit.names.ARKIT_NAMES")
    for ending, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(ending):
            return name.removesuffix(ending) + other
    return name


LEFT_RIGHT_PAIRS: Final[tuple[tuple[str, str], ...]] = tuple(
    (name, mirror_name(name)) for name in ARKIT_NAMES if name.endswith("Left")
)

_REGION_OF_PREFIX: Final[dict[str, str]] = {
    "brow": "brow",
    "eye": "eye",
    "cheek": "cheek",
    "nose": "nose",
    "jaw": "jaw",
    "mouth": "mouth",
    "tongue": "tongue",
}


def _region(name: str) -> str:
    return next(region for prefix, region in _REGION_OF_PREFIX.items() if name.startswith(prefix))


REGION_OF: Final[dict[str, str]] = {name: _region(name) for name in ARKIT_NAMES}
"""brow, eye, cheek, nose, jaw, mouth or tongue for each blendshape."""

REGIONS: Final[dict[str, tuple[str, ...]]] = {
    region: tuple(name for name in ARKIT_NAMES if REGION_OF[name] == region)
    for region in _REGION_OF_PREFIX.values()
}

UPPER_FACE_NAMES: Final[tuple[str, ...]] = REGIONS["brow"] + REGIONS["eye"]
LOWER_FACE_NAMES: Final[tuple[str, ...]] = (
    REGIONS["cheek"] + REGIONS["nose"] + REGIONS["jaw"] + REGIONS["mouth"] + REGIONS["tongue"]
)
