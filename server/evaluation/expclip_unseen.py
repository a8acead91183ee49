"""Expressions that speech training never showed: what Expression Prompt Augmentation is good for.

Two kinds, both of AUs thrown together: `thrown_together` draws from all two-sided AUs, whatever
training showed; `never_together` takes only AUs of which no two were ever seen in one utterance
that the generator was trained on, which is what the paper's ablation of EPA asks about.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.action_units import ACTION_UNITS, combine_aus
from server.training.corpus.reader import CorpusReader

from .intervals import N_DRAWS, Estimate

Pose = dict[str, float]

_SHOWN: Final = 0.1
"""An AU of an utterance that reaches this is seen in it."""
_WEAKEST: Final = 0.6


def seen_together(corpus: CorpusReader) -> frozenset[tuple[str, str]]:
    """Return pairs of AUs, without sides, that some training utterance shows.

    An AU with itself is such a pair. What feelings show counts, not AU strips: the generator is
    trained on faces without them.
    """
    found: set[tuple[str, str]] = set()
    for number in corpus.split("train"):
        shown = {
            _both(au) for au, _, _, peak in corpus.utterances[number].expression_aus
            if peak >= _SHOWN
        }  # fmt: skip
        found.update(itertools.product(shown, shown))
    return frozenset(found)


def _both(code: str) -> str:
    return code.rstrip("LR")


def thrown_together(count: int, seed: int) -> list[Pose]:
    """Return poses of three or four two-sided AUs thrown together, as no feeling does."""
    rng = np.random.default_rng(seed)
    codes = [c for c, unit in ACTION_UNITS.items() if unit.expressible and not unit.side]
    return [_pose(rng.choice(codes, int(rng.integers(3, 5)), replace=False), rng)
            for _ in range(count)]  # fmt: skip


def never_together(count: int, seed: int, seen: Collection[tuple[str, str]]) -> list[Pose]:
    """Return poses of two to four AUs, of both or one side, no two of them in `seen`."""
    rng = np.random.default_rng(seed)
    codes = [c for c, unit in ACTION_UNITS.items() if unit.expressible]
    poses: list[Pose] = []
    while len(poses) < count:
        drawn = rng.choice(codes, int(rng.integers(2, 5)), replace=False)
        pairs = itertools.combinations([_both(str(c)) for c in drawn], 2)
        if all(a != b and (a, b) not in seen for a, b in pairs):
            poses.append(_pose(drawn, rng))
    return poses


def _pose(codes: Sequence[str] | NDArray[np.str_], rng: np.random.Generator) -> Pose:
    values = combine_aus({str(code): float(rng.uniform(_WEAKEST, 1.0)) for code in codes})
    return {name: float(v) for name, v in values.items() if v > 0}


def times_as_much(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> Estimate:
    """Return mean(ours) / mean(theirs) over the same poses, [N] each, drawn together."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(ours), (N_DRAWS, len(ours)))
    ratios = ours[drawn].mean(axis=1) / theirs[drawn].mean(axis=1)
    low, high = np.percentile(ratios, [2.5, 97.5])
    return Estimate(float(ours.mean() / theirs.mean()), float(low), float(high), len(ours))
