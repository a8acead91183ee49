"""Do takes of one line differ, and are their lips in the same place (AVI-Talking, Table 4).

Diversity is the mean distance between the L2-normalised style features of takes that differ in
their noise alone. What that is worth on a face is said in millimetres: how far apart the upper
faces of two takes are, root mean square over its vertices, mean over frames. Blinks, gaze and brow
beats, which differ in every take, are left out of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from arkit.clip import ArkitClip
from server.generators.avi_talking.asked import asked_of
from server.generators.avi_talking.pipeline import AviTalkingGenerator
from server.generators.avi_talking.space import built_in_space, upper_metric
from server.speech.phones import BILABIALS

from .cafe_talk_stage import Line, Stage
from .closures import TOLERANCE
from .intervals import mean, ratio
from .lips import CLOSED_MM, load_built_in_lips

SEEDS: Final = tuple(range(5))
AGREED: Final = 0.020
"""Seconds by which the closures of two takes may differ."""
_STEP: Final = 0.002  # seconds; between frames a rig moves in straight lines


@dataclass(frozen=True)
class Takes:
    """Takes of one line: clips, style features [N, Z] as they are drawn, and styles [N, Z]."""

    line: Line
    clips: list[ArkitClip]
    features: NDArray[np.float64]
    raw: NDArray[np.float64]


def takes_of(stage: Stage, lines: Sequence[Line]) -> list[Takes]:
    """Perform each line once for each of `SEEDS`, asked for by its emotion."""
    orders = [stage.order(line, seed=seed) for line in lines for seed in SEEDS]
    clips = stage.clips(orders)
    found = []
    for k, line in enumerate(lines):
        here = slice(k * len(SEEDS), (k + 1) * len(SEEDS))
        features, raw = _styles(stage, line)
        found.append(Takes(line, clips[here], features, raw))
    return found


def _styles(stage: Stage, line: Line) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    generator = stage.generator
    assert isinstance(generator, AviTalkingGenerator)
    order = stage.order(line)
    asked = asked_of(order.request, order.speech, generator.director, generator.listen)
    styles = torch.cat(
        [generator.styles(asked, replace(order.request, seed=s), s)[:1] for s in SEEDS]
    )
    features = generator.network.follower.features(styles)
    return features.double().numpy(), styles.double().numpy()


def measure_takes(takes: Sequence[Takes]) -> dict[str, Any]:
    """Return Diversity, the spread of upper faces in mm, and how closures agree."""
    groups = [t.line.number for t in takes]
    agreed, wanted = zip(*(closures_agree(t) for t in takes), strict=True)
    by_emotion: dict[str, list[float]] = {}
    spreads = [upper_spread(t.clips) for t in takes]
    for one, spread in zip(takes, spreads, strict=True):
        by_emotion.setdefault(one.line.utterance.emotion, []).append(spread)
    return {
        "lines": len(takes),
        "takes": len(SEEDS),
        "diversity": mean([diversity(t.features) for t in takes], groups).as_json(),
        "diversity_of_encoder": mean([diversity(t.raw) for t in takes], groups).as_json(),
        "upper_spread_mm": mean(spreads, groups).as_json(),
        "upper_spread_by_emotion": {e: float(np.mean(s)) for e, s in sorted(by_emotion.items())},
        "closures_agree": ratio(agreed, wanted, groups).as_json(),
    }


def diversity(features: NDArray[np.float64]) -> float:
    """Return the mean distance between L2-normalised style features [N, Z]."""
    return float(torch.pdist(functional.normalize(torch.from_numpy(features), dim=-1)).mean())


def upper_spread(clips: Sequence[ArkitClip]) -> float:
    """Return how far apart the upper faces of two takes are, mm; see the module."""
    to_mm = upper_metric()
    upper = [built_in_space().of_blendshapes(_acted(clip)) @ to_mm.T for clip in clips]
    apart = [np.linalg.norm(a - b, axis=1).mean() for a, b in combinations(upper, 2)]
    return float(np.mean(apart))


def _acted(clip: ArkitClip) -> NDArray[np.float32]:
    return np.clip(clip.layers["lips"] + clip.layers["emotion"], 0.0, 1.0)


def closures_agree(takes: Takes) -> tuple[int, int]:
    """Return how many pairs of takes meet their lips at a p, b or m within `AGREED`, of how many.

    A take that does not meet them agrees with none.
    """
    gap = load_built_in_lips()
    closed = [closing_times(clip, takes.line, gap) for clip in takes.clips]
    pairs = list(combinations(closed, 2))
    right = sum(int((np.abs(a - b) <= AGREED).sum()) for a, b in pairs)
    return right, sum(len(a) for a, _ in pairs)


def closing_times(clip: ArkitClip, line: Line, gap: Any) -> NDArray[np.float64]:
    """Return when the lips first meet at each p, b and m, seconds; NaN where they do not."""
    times = np.arange(0.0, clip.times[-1] + 1e-9, _STEP)
    place = times * clip.fps
    low = np.minimum(place.astype(int), clip.n_frames - 1)
    high = np.minimum(low + 1, clip.n_frames - 1)
    share = (place - low)[:, None].astype(np.float32)
    faces = clip.coefficients[low] * (1 - share) + clip.coefficients[high] * share
    shut = np.asarray(gap(faces)) < CLOSED_MM
    found = []
    for phone in line.speech.phones:
        if phone.phone in BILABIALS and phone.end < times[-1]:
            near = (times >= phone.start - TOLERANCE) & (times <= phone.end + TOLERANCE)
            met = times[near & shut]
            found.append(met[0] if len(met) else np.nan)
    return np.array(found)
