"""What the mouth does for each phone: target coefficients and how strongly they are insisted on.

Poses are those of clear speech at a usual level; loudness and neighbours shape them afterwards.
Dominance says how much a phone imposes its target on an articulator against its neighbours: lips of
/w/ always round, lips of /k/ do whatever the vowels around it do.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from server.speech.phones import PHONE_INDEX, PHONES, SILENCE, VISEME_OF, VOWELS

ARTICULATORS: Final[dict[str, tuple[str, ...]]] = {
    "jaw": ("jawOpen", "jawForward"),
    "aperture": (
        "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight",
        "mouthShrugLower", "mouthShrugUpper",
    ),
    "rounding": ("mouthFunnel", "mouthPucker"),
    "spreading": (
        "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
        "mouthDimpleLeft", "mouthDimpleRight",
    ),
    "pressing": ("mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight"),
    "tongue": ("tongueOut",),
}  # fmt: skip
"""Blendshapes that move together, each group with time constants of its own."""

_SHORT: Final[dict[str, tuple[str, ...]]] = {
    "jaw": ("jawOpen",),
    "forward": ("jawForward",),
    "lower": ("mouthLowerDownLeft", "mouthLowerDownRight"),
    "upper": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "shrug": ("mouthShrugUpper",),
    "funnel": ("mouthFunnel",),
    "pucker": ("mouthPucker",),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "stretch": ("mouthStretchLeft", "mouthStretchRight"),
    "dimple": ("mouthDimpleLeft", "mouthDimpleRight"),
    "roll_lower": ("mouthRollLower",),
    "roll_upper": ("mouthRollUpper",),
    "press": ("mouthPressLeft", "mouthPressRight"),
    "tongue": ("tongueOut",),
}

_POSES: Final[dict[str, dict[str, float]]] = {
    "sil": {},
    "p": {"jaw": 0.05, "press": 0.30, "roll_lower": 0.14, "roll_upper": 0.08},
    "b": {"jaw": 0.06, "press": 0.26, "roll_lower": 0.14, "roll_upper": 0.07},
    "m": {"jaw": 0.06, "press": 0.18, "roll_lower": 0.10, "roll_upper": 0.06},
    "f": {"jaw": 0.07, "roll_lower": 0.42, "upper": 0.22, "stretch": 0.06},
    "v": {"jaw": 0.07, "roll_lower": 0.38, "upper": 0.20, "stretch": 0.05},
    "θ": {"jaw": 0.13, "lower": 0.18, "upper": 0.10, "tongue": 0.30},
    "ð": {"jaw": 0.13, "lower": 0.16, "upper": 0.09, "tongue": 0.22},
    "t": {"jaw": 0.10, "lower": 0.14, "upper": 0.06},
    "d": {"jaw": 0.11, "lower": 0.14, "upper": 0.06},
    "n": {"jaw": 0.11, "lower": 0.13, "upper": 0.05},
    "l": {"jaw": 0.14, "lower": 0.14, "upper": 0.06},
    "ɲ": {"jaw": 0.10, "lower": 0.12, "smile": 0.06},
    "ʎ": {"jaw": 0.12, "lower": 0.12, "smile": 0.06},
    "r": {"jaw": 0.13, "lower": 0.14, "upper": 0.06},
    "s": {"jaw": 0.05, "lower": 0.20, "upper": 0.08, "stretch": 0.16, "smile": 0.06},
    "z": {"jaw": 0.05, "lower": 0.18, "upper": 0.08, "stretch": 0.14, "smile": 0.05},
    "ts": {"jaw": 0.05, "lower": 0.20, "upper": 0.08, "stretch": 0.15, "smile": 0.05},
    "ʃ": {"jaw": 0.06, "funnel": 0.42, "pucker": 0.22, "lower": 0.10, "upper": 0.08},
    "ʒ": {"jaw": 0.06, "funnel": 0.40, "pucker": 0.20, "lower": 0.10, "upper": 0.08},
    "tʃ": {"jaw": 0.06, "funnel": 0.40, "pucker": 0.20, "lower": 0.10, "upper": 0.08},
    "dʒ": {"jaw": 0.07, "funnel": 0.38, "pucker": 0.20, "lower": 0.10, "upper": 0.08},
    "k": {"jaw": 0.14, "lower": 0.10, "upper": 0.04},
    "g": {"jaw": 0.13, "lower": 0.10, "upper": 0.04},
    "ŋ": {"jaw": 0.13, "lower": 0.09, "upper": 0.04},
    "x": {"jaw": 0.14, "lower": 0.10, "upper": 0.04},
    "ç": {"jaw": 0.09, "lower": 0.12, "smile": 0.10},
    "h": {"jaw": 0.18, "lower": 0.08, "upper": 0.04},
    "ʁ": {"jaw": 0.15, "lower": 0.10, "upper": 0.04},
    "ʔ": {"jaw": 0.14, "lower": 0.06},
    "ɹ": {"jaw": 0.10, "funnel": 0.22, "pucker": 0.20, "lower": 0.06},
    "ɜ": {"jaw": 0.15, "funnel": 0.16, "pucker": 0.12, "lower": 0.08},
    "w": {"jaw": 0.07, "pucker": 0.62, "funnel": 0.14},
    "ɥ": {"jaw": 0.06, "pucker": 0.55, "funnel": 0.14},
    "u": {"jaw": 0.09, "pucker": 0.58, "funnel": 0.16},
    "ʊ": {"jaw": 0.13, "pucker": 0.36, "funnel": 0.18},
    "y": {"jaw": 0.08, "pucker": 0.52, "funnel": 0.20},
    "ʏ": {"jaw": 0.12, "pucker": 0.36, "funnel": 0.20},
    "o": {"jaw": 0.19, "funnel": 0.34, "pucker": 0.32},
    "ɔ": {"jaw": 0.27, "funnel": 0.32, "pucker": 0.18},
    "ø": {"jaw": 0.16, "funnel": 0.34, "pucker": 0.30},
    "œ": {"jaw": 0.22, "funnel": 0.30, "pucker": 0.20},
    "ɒ": {"jaw": 0.34, "funnel": 0.22, "pucker": 0.08, "lower": 0.08},
    "i": {"jaw": 0.10, "smile": 0.22, "stretch": 0.12, "lower": 0.14, "upper": 0.08},
    "ɪ": {"jaw": 0.14, "smile": 0.10, "stretch": 0.07, "lower": 0.14, "upper": 0.07},
    "e": {"jaw": 0.18, "smile": 0.16, "stretch": 0.10, "lower": 0.15, "upper": 0.08},
    "j": {"jaw": 0.08, "smile": 0.16, "stretch": 0.08, "lower": 0.10},
    "ɨ": {"jaw": 0.12, "smile": 0.06, "lower": 0.12, "upper": 0.06},
    "ɛ": {"jaw": 0.26, "smile": 0.08, "stretch": 0.08, "lower": 0.18, "upper": 0.09},
    "æ": {"jaw": 0.38, "smile": 0.10, "stretch": 0.12, "lower": 0.20, "upper": 0.10},
    "ə": {"jaw": 0.16, "lower": 0.11, "upper": 0.05},
    "ʌ": {"jaw": 0.27, "lower": 0.14, "upper": 0.06},
    "ɐ": {"jaw": 0.27, "lower": 0.14, "upper": 0.06},
    "a": {"jaw": 0.46, "lower": 0.17, "upper": 0.09},
    "ɑ": {"jaw": 0.46, "lower": 0.14, "upper": 0.07},
}  # fmt: skip

_DOMINANCE: Final[dict[str, dict[str, float]]] = {
    "sil": {"jaw": 0.7, "aperture": 0.7, "rounding": 0.5, "spreading": 0.5, "pressing": 0.7},
    "pbm": {"jaw": 0.9, "aperture": 1.5, "rounding": 0.2, "spreading": 0.2, "pressing": 2.5},
    "fv": {"jaw": 1.0, "aperture": 1.2, "rounding": 0.3, "spreading": 0.3, "pressing": 2.5},
    "th": {"jaw": 0.7, "aperture": 0.7, "rounding": 0.2, "spreading": 0.2, "tongue": 2.0},
    "tdnl": {"jaw": 0.6, "aperture": 0.5, "rounding": 0.12, "spreading": 0.15},
    "sz": {"jaw": 1.5, "aperture": 0.8, "rounding": 0.25, "spreading": 0.6},
    "sh": {"jaw": 1.4, "aperture": 0.8, "rounding": 1.2, "spreading": 0.8},
    "kgh": {"jaw": 0.35, "aperture": 0.35, "rounding": 0.1, "spreading": 0.15},
    "r": {"jaw": 0.6, "aperture": 0.6, "rounding": 0.6, "spreading": 0.5},
    "u": {"jaw": 0.9, "aperture": 0.9, "rounding": 1.6, "spreading": 1.2},
    "o": {"jaw": 0.9, "aperture": 0.9, "rounding": 1.3, "spreading": 1.0},
    "i": {"jaw": 0.8, "aperture": 0.8, "rounding": 0.7, "spreading": 0.9},
    "e": {"jaw": 0.8, "aperture": 0.8, "rounding": 0.5, "spreading": 0.6},
    "a": {"jaw": 1.0, "aperture": 0.8, "rounding": 0.5, "spreading": 0.5},
}  # fmt: skip
"""Viseme class -> articulator -> dominance; what is not named is 1."""


def _pose_table() -> NDArray[np.float64]:
    table = np.zeros((len(PHONES), len(ARKIT_NAMES)))
    for phone, pose in _POSES.items():
        for short, value in pose.items():
            table[PHONE_INDEX[phone], [INDEX[name] for name in _SHORT[short]]] = value
    return table


def _dominance_table() -> NDArray[np.float64]:
    table = np.ones((len(PHONES), len(ARTICULATORS)))
    for phone, row in PHONE_INDEX.items():
        for column, articulator in enumerate(ARTICULATORS):
            table[row, column] = _DOMINANCE[VISEME_OF[phone]].get(articulator, 1.0)
    return table


POSES: Final = _pose_table()
"""Target of each phone, [len(PHONES), 52]."""
DOMINANCE: Final = _dominance_table()
"""Dominance of each phone over each articulator, [len(PHONES), len(ARTICULATORS)]."""
COLUMNS: Final = tuple(np.array([INDEX[name] for name in names]) for names in ARTICULATORS.values())
"""Columns of each articulator, in the order of `ARTICULATORS`."""
IS_VOWEL: Final = np.array([phone in VOWELS for phone in PHONES])
SILENCE_ROW: Final = PHONE_INDEX[SILENCE]
