"""Blinks, gaze, brow beats and head of a style in an emotion.

The network is trained on faces without life: a blink is an event that should stay whole when a
layer's weight is changed, and the rules of `articulate` follow measured statistics already. What
styles and emotions change of them is beside the weights, `Network.habits`:
{"styles": {name: numbers}, "emotions": {name: numbers}}; factors but for angles, in radians.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from server.generators.articulate.config import LifeConfig
from server.generators.articulate.life import Gaze, Life, life_layer, live
from server.generators.base import Speech
from server.generators.layers import beside

Array = NDArray[np.float64]

LOOK_PER_RADIAN: Final = LifeConfig().look_per_radian
_FACTORS: Final = ("blink_rate", "beats", "beat_height", "head", "gaze_spread", "fixation")
_ANGLES: Final = ("gaze_down", "gaze_side", "head_down", "head_tilt")
GAZE: Final = tuple(k for k, name in enumerate(ARKIT_NAMES) if name.startswith("eyeLook"))


@dataclass(frozen=True)
class Living:
    """The life of a take: events, and where the head rests (yaw, pitch, roll in radians)."""

    life: Life
    head_rest: tuple[float, float, float]

    def frames(self, times: Array, fps: float, face: Array, claim: NDArray[np.floating]) -> Array:
        """Return the life layer [T, 52] on an acting face [T, 52].

        A blink closes wide eyes, but strips win: gaze gives way to strips that turn the eyes, and
        eyes that a strip holds wide do not blink.

        Args:
            claim: [T, C], 0..1, how strongly strips claim each channel.
        """
        living = life_layer(times, self.life, fps)[0]
        living[:, GAZE] *= 1.0 - claim[:, GAZE].max(axis=1, keepdims=True, initial=0.0)
        living = beside(living, face)
        for side in ("Left", "Right"):
            wide, lid = INDEX["eyeWide" + side], INDEX["eyeBlink" + side]
            living[:, lid] *= 1.0 - claim[:, wide]
            shut = np.clip(living[:, lid], 0.0, 1.0)
            living[:, wide] -= shut * np.clip(face[:, wide] + living[:, wide], 0.0, 1.0)
        return living

    def head(self, times: Array, fps: float) -> Array:
        """Return yaw, pitch and roll, [T, 3]."""
        return life_layer(times, self.life, fps)[1] + np.array(self.head_rest)


def living_of(
    speech: Speech, seed: int, habits: Mapping[str, Any], style: str,
    emotions: Sequence[tuple[str, float]],
) -> Living:  # fmt: skip
    """Draw the life of a take.

    Args:
        emotions: (emotion, how much of it, 0..1) over the line.
    """
    mixed = _mixed(habits, style, emotions)
    config = LifeConfig()
    low, high = config.beat_height
    config = replace(
        config,
        blink_median=config.blink_median / mixed["blink_rate"],
        beat_chance=min(config.beat_chance * mixed["beats"], 1.0),
        beat_height=(low * mixed["beat_height"], high * mixed["beat_height"]),
        head_yaw=config.head_yaw * mixed["head"], head_pitch=config.head_pitch * mixed["head"],
        head_roll=config.head_roll * mixed["head"], nod=config.nod * mixed["head"],
        gaze_yaw=config.gaze_yaw * mixed["gaze_spread"],
        gaze_pitch=config.gaze_pitch * mixed["gaze_spread"],
        gaze_median=config.gaze_median * mixed["fixation"],
    )  # fmt: skip
    life = live(speech, seed, config)
    bias = np.array([mixed["gaze_side"], mixed["gaze_down"]])
    gaze = Gaze(life.gaze.starts, life.gaze.angles + bias)
    rest = (0.0, mixed["head_down"], mixed["head_tilt"])
    return Living(replace(life, gaze=gaze), rest)


def _mixed(habits: Mapping[str, Any], style: str, emotions: Sequence[tuple[str, float]]
           ) -> dict[str, float]:  # fmt: skip
    own: Mapping[str, float] = habits.get("styles", {}).get(style, {})
    table: Mapping[str, Mapping[str, float]] = habits.get("emotions", {})
    mixed = {name: own.get(name, 1.0) for name in _FACTORS}
    mixed |= {name: own.get(name, 0.0) for name in _ANGLES}
    for emotion, share in emotions:
        felt = table.get(emotion, {})
        for name in _FACTORS:
            mixed[name] *= felt.get(name, 1.0) ** share
        for name in _ANGLES:
            mixed[name] += felt.get(name, 0.0) * share
    return mixed


def eyes_from_face(face: Array) -> Array:
    """Return eye angles [T, 2, 3] (yaw, pitch, roll; left, right) from eyeLook coefficients."""
    eyes = np.zeros((len(face), 2, 3))
    for eye, (side, outwards) in enumerate((("Left", -1.0), ("Right", 1.0))):
        out, inward = (face[:, INDEX[f"eyeLook{way}{side}"]] for way in ("Out", "In"))
        down, up = (face[:, INDEX[f"eyeLook{way}{side}"]] for way in ("Down", "Up"))
        eyes[:, eye, 0] = outwards * (out - inward) / LOOK_PER_RADIAN
        eyes[:, eye, 1] = (down - up) / LOOK_PER_RADIAN
    return eyes
