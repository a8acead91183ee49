"""Does the face do what a sentence says of one side, and of muscles that have few words?

Each sentence is played on a held-out line. Asked-for channels are to move by `DIRECTED` of what
`express` asks, on average over the line; the side that is not asked for by no more than `LEAK` over
what it is asked for; lips are to meet at p b m and to stay apart in vowels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX, mirror_name
from server.language.express import Expression, default_director

from .avi_talking_takes import load_built_in_lips
from .cafe_talk_stage import Line, Stage
from .closures import count_line, summary
from .intervals import mean

DIRECTED, LEAK = 0.6, 0.15
_ASKED: Final = 0.25
_MIRROR: Final = np.array([INDEX[mirror_name(name)] for name in ARKIT_NAMES])
_SPOKEN: Final = np.array([INDEX["jawOpen"], INDEX["mouthClose"]])

SIDED: Final = (
    "raise the left eyebrow", "the right eyebrow goes up, doubtful", "a smirk on the left side",
    "a crooked smile, right side only", "the left corner of the mouth pulls down",
    "squint with the right eye", "the left eye half closed",
    "a sneer on the left side of the face", "wrinkle the right side of the nose",
    "the left brow is lowered", "the right cheek is raised", "left upper lip raised in disgust",
    "amused, with the left eyebrow up", "sad, the right corner of the mouth pulled down",
    "a bitter smile with only the left corner",
    "angry, one nostril flared and the right lip curled",
    "happy, the smile is stronger on the right", "sceptical: the left outer brow raised",
    "a wink with the left eye", "contempt in the right corner of the mouth",
    "the left lip corner tightens in a dimple", "a half smile, right",
    "worried, the left brow pulled up high", "the right side of the mouth stretches sideways",
)  # fmt: skip
RARE: Final = (
    "the lips are pressed together", "the chin is raised and puckered",
    "lips pressed, chin raised", "eyes wide open, upper lids raised",
    "cheeks raised, crow's feet around the eyes", "the lids are tight", "the lips are sucked in",
    "the cheeks are puffed", "the upper lip is raised", "lips tightened in restrained anger",
    "dimples in both cheeks", "brows lowered and the lips pressed", "nostrils wrinkled",
    "the lips pucker",
)  # fmt: skip


def measure_named(stage: Stage, lines: Sequence[Line]) -> dict[str, Any]:
    """Return how many sentences of each kind are followed, and what becomes of the lips."""
    return {
        "sided": _measured(stage, lines, SIDED),
        "rare": _measured(stage, lines, RARE),
    }


def _measured(stage: Stage, lines: Sequence[Line], texts: Sequence[str]) -> dict[str, Any]:
    director = default_director()
    of_text = [lines[k % len(lines)] for k in range(len(texts))]
    clips = stage.clips(
        [stage.order(line, direction=text, emotion="", intensity=0.5)
         for line, text in zip(of_text, texts, strict=True)]
    )  # fmt: skip
    added = [clip.layers["emotion"].mean(axis=0) for clip in clips]
    asked = [director.express(text) for text in texts]
    moved = [directed(a, e) for a, e in zip(added, asked, strict=True)]
    leaks = [leak(a, e) for a, e in zip(added, asked, strict=True)]
    followed = [m >= DIRECTED and gone <= LEAK for m, gone in zip(moved, leaks, strict=True)]
    gap = load_built_in_lips()
    lips = [
        count_line(clip, line.speech.phones, gap) for clip, line in zip(clips, of_text, strict=True)
    ]
    return {
        "followed": mean(followed).as_json(), "directed": mean(moved).as_json(),
        "leak": mean(leaks).as_json(), "lips": summary(lips),
        "missed": [t for t, done in zip(texts, followed, strict=True) if not done],
    }  # fmt: skip


def _wanted(face: Expression) -> NDArray[np.float64]:
    return np.array([face.blendshapes[name] for name in ARKIT_NAMES])


def directed(added: NDArray[np.floating], face: Expression) -> float:
    """Return what the asked-for channels move by, as a share of what is asked."""
    wanted = _wanted(face)
    asked = wanted >= _ASKED
    asked[_SPOKEN] = False
    return float(added[asked].sum() / wanted[asked].sum()) if asked.any() else float("nan")


def leak(added: NDArray[np.floating], face: Expression) -> float:
    """Return the most that the side not asked for moves beyond what is asked of it."""
    wanted = _wanted(face)
    other = wanted[_MIRROR] - wanted >= _ASKED
    return float((added - wanted)[other].max(initial=0.0))
