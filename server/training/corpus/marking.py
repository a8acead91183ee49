"""Random AU strips over a line, as an animator might lay them, and what they do to a face.

A strip adds to what is there: it fills up what the channel has left, so a neutral face shows the
strip's intensity itself, and antagonists give way (a smile strip lifts a frown). Closures of the
lips are imposed again afterwards by the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, AU_CODES
from arkit.names import INDEX
from arkit.strips import AUStrip, render_strips

from .curves import Array

_WEIGHTS: Final[dict[str, float]] = {
    "AU1": 3, "AU2": 3, "AU4": 3, "AU5": 2.5, "AU6": 2.5, "AU7": 2, "AU9": 2.5, "AU10": 2.5,
    "AU12": 4, "AU14": 2, "AU15": 2.5, "AU17": 2, "AU20": 2, "AU26": 1.5, "AU24": 1.5, "AU18": 1.5,
    "AU22": 1.5, "AU28": 1.2, "AU43": 1.2, "AU61": 1.5, "AU62": 1.5, "AU63": 1.5, "AU64": 1.5,
    "AU65": 0.6, "AU66": 0.6, "AU46": 5, "AU30": 5, "AUM": 5,
}  # fmt: skip
"""How often each AU is drawn; what is not named has the weight `_RARE`."""
_RARE: Final = 1.2
_ONE_SIDED: Final = 0.25
"""Weight of one side relative to both, `_LEAST` at least."""
_LEAST: Final = 0.6
_AGAIN: Final = 0.15
"""Share of later strips with the AU of an earlier one, and as many with its other side."""
_LONGEST_BLINK: Final = 0.5  # seconds

_ANTAGONISTS: Final[dict[str, dict[str, float]]] = {
    "AU12": {"mouthFrown*": 0.85, "mouthStretch*": 0.3, "mouthPucker": 0.4, "mouthFunnel": 0.2},
    "AU15": {"mouthSmile*": 0.85}, "AU4": {"browOuterUp*": 0.6},
    "AU1": {"browDown*": 0.3}, "AU2": {"browDown*": 0.6},
    "AU5": {"eyeSquint*": 0.7, "eyeBlink*": 0.4}, "AU7": {"eyeWide*": 0.7},
    "AU41": {"eyeWide*": 1.0}, "AU42": {"eyeWide*": 1.0}, "AU43": {"eyeWide*": 1.0},
    "AU46": {"eyeWide*": 1.0}, "AU18": {"mouthSmile*": 0.6, "mouthStretch*": 0.8},
    "AU22": {"mouthSmile*": 0.5, "mouthStretch*": 0.6, "mouthPress*": 0.6},
    "AU20": {"mouthPucker": 0.6, "mouthFunnel": 0.5}, "AU24": {"mouthFunnel": 0.6},
    "AU28": {"mouthFunnel": 0.8, "mouthUpperUp*": 0.7, "mouthLowerDown*": 0.7},
    "AU26": {"mouthPress*": 0.6}, "AU27": {"mouthPress*": 0.9},
    "AU61": {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0},
    "AU62": {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0},
    "AU63": {"eyeLookDown*": 1.0}, "AU64": {"eyeLookUp*": 1.0},
}  # fmt: skip
"""AU family -> channels that give way, and the share that they lose at intensity 1."""


def draw_strips(seconds: float, rng: np.random.Generator) -> tuple[AUStrip, ...]:
    """Draw one to five strips for a line of some length; every AU of the table has its turn."""
    n_strips = int(rng.choice([1, 2, 3, 4, 5], p=[0.25, 0.3, 0.22, 0.15, 0.08]))
    drawn: list[AUStrip] = []
    for _ in range(n_strips):
        drawn.append(_strip(_draw_au(drawn, rng), seconds, rng))
    return tuple(drawn)


@lru_cache(maxsize=1)
def _weights() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the AUs that move a blendshape and how likely each is drawn."""
    codes = tuple(code for code in AU_CODES if ACTION_UNITS[code].blendshapes)
    weights = np.array([_weight(code) for code in codes])
    return codes, weights / weights.sum()


def _weight(code: str) -> float:
    unit = ACTION_UNITS[code]
    both = _WEIGHTS.get(unit.family, _RARE)
    return max(_ONE_SIDED * both, _LEAST) if unit.side else both


def _draw_au(before: Sequence[AUStrip], rng: np.random.Generator) -> str:
    """Draw an AU; now and then the one of a strip before it, or its other side."""
    if before and rng.random() < 2 * _AGAIN:
        code = before[int(rng.integers(len(before)))].au
        side = ACTION_UNITS[code].side
        if not side or rng.random() < 0.5:
            return code
        return code[:-1] + {"L": "R", "R": "L"}[side]
    codes, weights = _weights()
    return str(rng.choice(codes, p=weights))


def _strip(au: str, seconds: float, rng: np.random.Generator) -> AUStrip:
    if au.startswith("AU45"):
        start = float(rng.uniform(0.0, max(seconds - _LONGEST_BLINK, 1e-3)))
        end = start + float(rng.uniform(0.2, _LONGEST_BLINK))
    elif rng.random() < 0.15:
        start, end = 0.0, seconds
    else:
        length = float(np.clip(0.9 * np.exp(0.7 * rng.standard_normal()), 0.2, seconds))
        start = float(rng.uniform(0.0, max(seconds - length, 1e-3)))
        end = start + length
    start, end = round(start, 3), round(max(end, start + 0.2), 3)
    return AUStrip(
        au=au,
        start=start,
        end=end,
        keys=_intensity_keys(start, end, rng),
        mode="accent" if rng.random() < 0.3 else "hold",
        ease_in=round(float(rng.uniform(0.06, 0.25)), 3),
        ease_out=round(float(rng.uniform(0.08, 0.35)), 3),
    )


def _intensity_keys(
    start: float, end: float, rng: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    if rng.random() < 0.6 or end - start < 0.4:
        return ((start, round(float(rng.uniform(0.15, 1.0)), 3)),)
    inner = np.sort(rng.uniform(start, end, int(rng.integers(0, 3))))
    times = [start, *(round(float(t), 3) for t in inner), end]
    return tuple((t, round(float(rng.uniform(0.1, 1.0)), 3)) for t in times)


def with_strips(face: Array, strips: tuple[AUStrip, ...], times: Array) -> Array:
    """Return a face [T, 52] with strips on it, closures not looked after."""
    result = face.copy()
    for strip in strips:
        level = np.asarray(render_strips((strip,), times), np.float64)
        unit = strip.unit
        own = level[:, INDEX[unit.own_channels[0]]] / unit.blendshapes[unit.own_channels[0]]
        for pattern, share in _ANTAGONISTS.get(unit.family, {}).items():
            for side in _sides(pattern, unit.side):
                column = INDEX[pattern.replace("*", side)]
                result[:, column] *= 1.0 - share * own
    asked = np.asarray(render_strips(strips, times), np.float64)
    # Lips can close over no more than the jaw has opened.
    close = INDEX["mouthClose"]
    asked[:, close] = np.minimum(asked[:, close], np.clip(result[:, INDEX["jawOpen"]], 0.0, 1.0))
    room = np.clip(1.0 - result, 0.0, 1.0)
    return result + asked * room


def _sides(pattern: str, side: str) -> tuple[str, ...]:
    if "*" not in pattern:
        return ("",)
    return {"L": ("Left",), "R": ("Right",)}.get(side, ("Left", "Right"))
