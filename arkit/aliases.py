"""Other people's names for the 52 blendshapes: the families that are seen in the wild.

Data and one normaliser. A key of these tables is a normalised name: prefixes gone, humps and
separators split, a trailing l or r spelled out, joined in lower case. Sources: the naming of the
ICT, FaceScape, Reallusion (ActorScan and CC4 Extended), MediaPipe, Ready Player Me and MetaHuman
rigs as their makers and users publish it.
"""

from __future__ import annotations

import re
from typing import Final

from .export.metahuman_tables import ARKIT_TO_RAW, LIPS_TOGETHER, RAW_PREFIX
from .names import ARKIT_NAMES

_TOKENS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_SIDES: Final = {"l": "left", "r": "right"}
_KNOWN_PREFIXES: Final = frozenset(
    {"ark", "arkit", "bs", "blendshape", "blend", "ctrl", "expression", "expressions", "face",
     "facial", "facs", "geo", "geometry", "head", "key", "mesh", "morph", "shape", "target"}
)  # fmt: skip
"""Words before a name that say nothing; any other word before it makes it another name."""


def name_tokens(key: str) -> list[str]:
    """Split a shape-key name into lower-case words, its export prefix and copy suffix gone."""
    stem = re.sub(r"\.\d{3}$", "", key.strip())
    stem = re.split(r"[.:|]|__", stem)[-1]
    stem = re.sub(r"^[AT]\d{2}_", "", stem)
    tokens = [token.lower() for token in _TOKENS.findall(stem)]
    if tokens and tokens[-1] in _SIDES:
        tokens[-1] = _SIDES[tokens[-1]]
    return tokens


def normalise(key: str) -> str:
    """Return the joined lower-case name: "head_geo.EyeBlink_L" -> "eyeblinkleft"."""
    return "".join(name_tokens(key))


def without_prefix_words(key: str) -> str:
    """Return `normalise` less leading words that say nothing: "Face_BS_jawOpen" -> "jawopen"."""
    tokens = name_tokens(key)
    while len(tokens) > 1 and tokens[0] in _KNOWN_PREFIXES:
        tokens = tokens[1:]
    return "".join(tokens)


BY_NORMALISED: Final[dict[str, str]] = {name.lower(): name for name in ARKIT_NAMES}


def _both_sides(patterns: dict[str, str]) -> dict[str, str]:
    """Expand `*` to left and right on both sides of a row."""
    return {
        alias.replace("*", side): name.replace("*", side.capitalize())
        for alias, name in patterns.items()
        for side in ("left", "right")
    }


_FACESCAPE: Final = _both_sides({
    "browsuc": "browInnerUp", "lipstogether": "mouthClose", "jawfwd": "jawForward",
    "lipspucker": "mouthPucker", "lipsfunnel": "mouthFunnel", "lipsupperclose": "mouthRollUpper",
    "lipslowerclose": "mouthRollLower", "chinlowerraise": "mouthShrugLower",
    "chinupperraise": "mouthShrugUpper", "puff": "cheekPuff", "browsd*": "browDown*",
    "browsu*": "browOuterUp*", "eyeopen*": "eyeWide*", "eyeup*": "eyeLookUp*",
    "eyedown*": "eyeLookDown*", "eyein*": "eyeLookIn*", "eyeout*": "eyeLookOut*",
    "sneer*": "noseSneer*", "lipsstretch*": "mouthStretch*",
    "lipslowerdown*": "mouthLowerDown*", "lipsupperup*": "mouthUpperUp*",
})  # fmt: skip

_CC4: Final = _both_sides({
    "browdrop*": "browDown*", "browraiseouter*": "browOuterUp*", "cheekraise*": "cheekSquint*",
    "mouthdownlower*": "mouthLowerDown*", "mouthupupper*": "mouthUpperUp*",
}) | {
    "eyellookup": "eyeLookUpLeft", "eyerlookup": "eyeLookUpRight",
    "eyellookdown": "eyeLookDownLeft", "eyerlookdown": "eyeLookDownRight",
    "eyellookleft": "eyeLookOutLeft", "eyellookright": "eyeLookInLeft",
    "eyerlookleft": "eyeLookInRight", "eyerlookright": "eyeLookOutRight",
}  # fmt: skip

WHOLE_ALIASES: Final[dict[str, str]] = _FACESCAPE | _CC4
"""Normalised alias -> the one ARKit blendshape that it is."""


def _parts() -> dict[str, str]:
    parts: dict[str, str] = {}
    for side in ("left", "right"):
        parts |= {
            f"browinnerup{side}": "browInnerUp",
            f"cheekpuff{side}": "cheekPuff",
            f"browraiseinner{side}": "browInnerUp",
            f"mouthrollinlower{side}": "mouthRollLower",
            f"mouthrollinupper{side}": "mouthRollUpper",
        }
        for lip in ("up", "down"):
            parts[f"mouthfunnel{lip}{side}"] = "mouthFunnel"
            parts[f"mouthpucker{lip}{side}"] = "mouthPucker"
    return parts


PART_ALIASES: Final[dict[str, str]] = _parts()
"""Normalised alias -> the ARKit blendshape of which it is one part; all parts are driven."""


def _metahuman() -> dict[str, dict[str, float]]:
    """Raw curve in lower case -> ARKit name -> weight, for rigs with MetaHuman's own shapes."""
    drives: dict[str, dict[str, float]] = {}
    for name, curves in ARKIT_TO_RAW.items():
        for curve, weight in curves.items():
            drives.setdefault(curve.lower(), {})[name] = weight
    for curve in LIPS_TOGETHER:
        drives[curve.lower()] = {"mouthClose": 1.0}
    return drives


METAHUMAN: Final[dict[str, dict[str, float]]] = _metahuman()


def metahuman_drives(key: str) -> dict[str, float]:
    """Return what drives a MetaHuman raw shape ("CTRL_expressions_jawOpen"), else nothing."""
    stem = re.sub(r"\.\d{3}$", "", key.strip())
    position = stem.lower().find(RAW_PREFIX.lower()[:-1])
    if position < 0:
        return {}
    return METAHUMAN.get(stem[position + len(RAW_PREFIX) :].lower(), {})


DOUBTFUL: Final[dict[str, tuple[str, ...]]] = {
    "mouthopen": ("jawOpen",), "openmouth": ("jawOpen",), "jaw": ("jawOpen",),
    "mouthwideopen": ("jawOpen",),
    "smile": ("mouthSmileLeft", "mouthSmileRight"),
    "smileleft": ("mouthSmileLeft",), "smileright": ("mouthSmileRight",),
    "frown": ("mouthFrownLeft", "mouthFrownRight"),
    "eyesclosed": ("eyeBlinkLeft", "eyeBlinkRight"), "blink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "eyesblink": ("eyeBlinkLeft", "eyeBlinkRight"),
    "blinkleft": ("eyeBlinkLeft",), "blinkright": ("eyeBlinkRight",),
    "winkleft": ("eyeBlinkLeft",), "winkright": ("eyeBlinkRight",),
    "eyeslookup": ("eyeLookUpLeft", "eyeLookUpRight"),
    "eyeslookdown": ("eyeLookDownLeft", "eyeLookDownRight"),
    "pucker": ("mouthPucker",), "kiss": ("mouthPucker",), "funnel": ("mouthFunnel",),
    "browsup": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "browup": ("browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "browsdown": ("browDownLeft", "browDownRight"), "tongue": ("tongueOut",),
}  # fmt: skip
"""Names that look like a blendshape and are another shape: only ever offered, never matched."""


def doubtful_names(key: str) -> tuple[str, ...]:
    """Return the ARKit blendshapes that a name might mean, or nothing.

    Beside `DOUBTFUL`: a name without its side ("mouthSmile") might mean both.
    """
    joined = without_prefix_words(key)
    both = tuple(BY_NORMALISED.get(joined + side, "") for side in ("left", "right"))
    if all(both) and joined not in {"jaw", "mouth"}:
        return both
    return DOUBTFUL.get(joined, ())
