"""Does the face do what the instruction says: the Action Units that it names, against another's.

Held-out lines are asked for by an instruction composed of what their true performance shows. An AU
counts as shown where the emotion layer moves its own channels by `SHOWN` on average. The same
faces against the instruction of another line say how much of it is chance.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS
from arkit.clip import ArkitClip
from arkit.names import INDEX
from server.training.avi_talking.sentences import shown_face
from server.training.instruction.sentences import compose

from .cafe_talk_stage import Line, Stage
from .intervals import ratio

SHOWN: Final = 0.12
NAMED: Final = (
    "AU1", "AU2", "AU4", "AU5", "AU6", "AU7", "AU9", "AU10", "AU12", "AU15", "AU17", "AU20", "AU24",
)  # fmt: skip
"""AUs that are looked for; others are spoken with, or have no words."""


def instructions_of(lines: Sequence[Line]) -> list[tuple[Line, str, frozenset[str]]]:
    """Return lines that have an instruction, with it and the AUs that it names."""
    found = []
    for k, line in enumerate(lines):
        emotion, strength, aus = shown_face(line.utterance)
        texts = compose(emotion, strength, dict.fromkeys(aus, strength), 1, seed=k) if aus else []
        named = frozenset(aus) & frozenset(NAMED)
        if texts and named:
            found.append((line, texts[0], named))
    return found


def shown_aus(clip: ArkitClip) -> frozenset[str]:
    """Return the AUs of `NAMED` that the emotion layer of a take shows."""
    added = clip.layers["emotion"].mean(axis=0)
    return frozenset(au for au in NAMED if _strength(au, added) >= SHOWN)


def _strength(au: str, added: NDArray[np.float32]) -> float:
    return float(np.mean([added[INDEX[name]] for name in ACTION_UNITS[au].own_channels]))


def measure_following(stage: Stage, lines: Sequence[Line]) -> dict[str, Any]:
    """Return F1 of the AUs named against those shown, by the own and by another's instruction."""
    asked = instructions_of(lines)
    orders = [stage.order(line, direction=text, emotion="", intensity=0.5)
              for line, text, _ in asked]  # fmt: skip
    shown = [shown_aus(clip) for clip in stage.clips(orders)]
    named = [aus for _, _, aus in asked]
    others = list(named)
    random.Random(0).shuffle(others)
    numbers = [line.number for line, _, _ in asked]
    return {
        "lines": len(asked),
        "f1": _f1(named, shown, numbers),
        "f1_of_another": _f1(others, shown, numbers),
        "by_au": {au: _f1([n & {au} for n in named], [s & {au} for s in shown], numbers)["value"]
                  for au in NAMED},
    }  # fmt: skip


def _f1(
    named: Sequence[frozenset[str]], shown: Sequence[frozenset[str]], lines: Sequence[int]
) -> dict[str, float]:
    twice = [2 * len(n & s) for n, s in zip(named, shown, strict=True)]
    both = [len(n) + len(s) for n, s in zip(named, shown, strict=True)]
    return ratio(twice, both, lines).as_json()
