"""What a style and an emotion do to blinks, gaze and head, from the corpus' tables.

Written beside the weights, so that serving code reads them there and the tables stay in training.
"""

from __future__ import annotations

from typing import Any

from server.training.corpus.actors import ACTOR_NAMES, actor_named
from server.training.corpus.manners import EMOTIONS, MANNERS


def habits_of(styles: tuple[str, ...]) -> dict[str, Any]:
    """Return {"styles": name -> numbers, "emotions": name -> numbers}; see `cafe_talk.habits`."""
    return {
        "styles": {name: _style(name) for name in styles if name in ACTOR_NAMES},
        "emotions": {name: _emotion(name) for name in EMOTIONS},
    }


def _style(name: str) -> dict[str, float]:
    actor = actor_named(name)
    return {
        "blink_rate": actor.blink_rate / 28.0, "beats": actor.beats / 0.4,
        "beat_height": actor.beat_height / 0.16, "head": actor.head,
        "gaze_spread": actor.aversion / 0.35, "fixation": actor.fixation / 0.55,
        "head_tilt": actor.tilt,
    }  # fmt: skip


def _emotion(name: str) -> dict[str, float]:
    manner = MANNERS[name]
    return {
        "blink_rate": manner.blink_rate, "beats": manner.beats, "head": manner.head,
        "gaze_spread": manner.gaze_spread, "fixation": manner.fixation,
        "gaze_down": manner.gaze_down, "gaze_side": manner.gaze_side,
        "head_down": manner.head_down, "head_tilt": manner.head_tilt,
    }  # fmt: skip
