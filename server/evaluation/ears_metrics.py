"""Scores of heard phones against true ones, with 95 % bootstrap intervals over stretches of speech.

An event (a closed mouth, a lip-teeth contact) counts as heard when a heard one lies within 40 ms of
it; precision is the same the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from arkit.clip import Phone
from server.speech.phones import BILABIALS, LABIODENTALS, SILENCE, VISEME_OF, VISEMES

RATE: Final = 100
TOLERANCE: Final = 0.04
STRETCH_SECONDS: Final = 5.0
"""What is drawn with replacement: a long recording counts as several."""
N_DRAWS: Final = 1000


@dataclass
class Counts:
    """Of one stretch; every figure is a ratio of sums of these."""

    speech: int = 0
    right_shape: int = 0
    silence: int = 0
    heard_silent: int = 0
    called_silent: int = 0
    true: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVENTS, 0))
    found: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVENTS, 0))
    heard: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVENTS, 0))
    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(EVENTS, 0))
    onsets: list[float] = field(default_factory=list)
    """Heard minus true start of bilabials that were found, seconds."""


EVENTS: Final[dict[str, frozenset[str]]] = {
    "bilabial": frozenset(BILABIALS), "labiodental": frozenset(LABIODENTALS),
}  # fmt: skip


def shape_frames(phones: Sequence[Phone], n_frames: int) -> np.ndarray:
    """Return the viseme number under the centre of each 10 ms frame; -1 where nothing is said."""
    shapes = np.full(n_frames, -1)
    for p in phones:
        first, last = (int(np.ceil(t * RATE - 1e-6)) for t in (p.start, p.end))
        shapes[first:last] = VISEMES.index(VISEME_OF[p.phone])
    return shapes


def events(phones: Sequence[Phone], kinds: frozenset[str]) -> list[tuple[float, float]]:
    """Return (start, end) of every run of phones of a kind: /m p/ is one closed mouth."""
    found: list[tuple[float, float]] = []
    for p in phones:
        if p.phone in kinds:
            if found and p.start - found[-1][1] < 1e-3:
                found[-1] = (found[-1][0], p.end)
            else:
                found.append((p.start, p.end))
    return found


def near(
    event: tuple[float, float], others: Sequence[tuple[float, float]], tolerance: float
) -> list[tuple[float, float]]:
    """Return the others that lie within `tolerance` seconds of an event."""
    return [o for o in others if o[0] <= event[1] + tolerance and o[1] >= event[0] - tolerance]


def score(
    heard: Sequence[Phone], true: Sequence[Phone], seconds: float, tolerance: float = TOLERANCE
) -> list[Counts]:
    """Count one line, cut into stretches of five seconds."""
    n_frames = int(seconds * RATE) + 1
    stretches = [Counts() for _ in range(max(1, round(seconds / STRETCH_SECONDS)))]
    own_shapes, true_shapes = shape_frames(heard, n_frames), shape_frames(true, n_frames)
    silent = VISEMES.index(SILENCE)
    per = int(np.ceil(n_frames / len(stretches)))
    for k, counts in enumerate(stretches):
        own, ref = (s[k * per : (k + 1) * per] for s in (own_shapes, true_shapes))
        known = ref >= 0
        counts.speech = int((known & (ref != silent)).sum())
        counts.right_shape = int((known & (ref != silent) & (own == ref)).sum())
        counts.silence = int((ref == silent).sum())
        counts.heard_silent = int(((ref == silent) & (own == silent)).sum())
        counts.called_silent = int((known & (own == silent)).sum())
    for name, kinds in EVENTS.items():
        ours, truth = events(heard, kinds), events(true, kinds)
        for event in truth:
            counts = stretches[min(int(event[0] * RATE) // per, len(stretches) - 1)]
            counts.true[name] += 1
            hits = near(event, ours, tolerance)
            counts.found[name] += bool(hits)
            if hits and name == "bilabial":
                counts.onsets.append(min((h[0] - event[0] for h in hits), key=abs))
        for event in ours:
            counts = stretches[min(int(event[0] * RATE) // per, len(stretches) - 1)]
            counts.heard[name] += 1
            counts.right[name] += bool(near(event, truth, tolerance))
    return stretches


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval, and how many events or frames it rests on."""

    value: float
    low: float
    high: float
    n: int


def _ratio(top: Callable[[Counts], int], bottom: Callable[[Counts], int]) -> _Ratio:
    return _Ratio(top, bottom)


@dataclass(frozen=True)
class _Ratio:
    top: Callable[[Counts], int]
    bottom: Callable[[Counts], int]


FIGURES: Final[dict[str, _Ratio]] = {
    "viseme accuracy": _ratio(lambda c: c.right_shape, lambda c: c.speech),
    "bilabial recall": _ratio(lambda c: c.found["bilabial"], lambda c: c.true["bilabial"]),
    "bilabial precision": _ratio(lambda c: c.right["bilabial"], lambda c: c.heard["bilabial"]),
    "labiodental recall": _ratio(lambda c: c.found["labiodental"], lambda c: c.true["labiodental"]),
    "labiodental precision": _ratio(
        lambda c: c.right["labiodental"], lambda c: c.heard["labiodental"]
    ),
    "silence recall": _ratio(lambda c: c.heard_silent, lambda c: c.silence),
    "silence precision": _ratio(lambda c: c.heard_silent, lambda c: c.called_silent),
}
"""Name -> ratio of sums."""


def summary(counts: Sequence[Counts], seed: int = 0) -> dict[str, Figure]:
    """Return every figure with its interval; also the median onset offset in milliseconds."""
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(counts), (N_DRAWS, len(counts)))
    figures: dict[str, Figure] = {}
    for name, ratio in FIGURES.items():
        top = np.array([ratio.top(c) for c in counts], float)
        bottom = np.array([ratio.bottom(c) for c in counts], float)
        if not bottom.sum():
            continue
        drawn = top[draws].sum(1) / np.maximum(bottom[draws].sum(1), 1)
        low, high = np.percentile(drawn, [2.5, 97.5])
        value = float(top.sum() / bottom.sum())
        figures[name] = Figure(value, float(low), float(high), int(bottom.sum()))
    onsets = [np.array(c.onsets) * 1000 for c in counts]
    everything = np.concatenate(onsets)
    if len(everything):
        found = (np.concatenate([onsets[i] for i in d]) for d in draws[:300])
        low, high = np.percentile([np.median(f) for f in found if len(f)], [2.5, 97.5])
        median = float(np.median(everything))
        figures["bilabial onset ms"] = Figure(median, float(low), float(high), len(everything))
    return figures


def fall(before: Sequence[Counts], after: Sequence[Counts], figure: str, seed: int = 0) -> Figure:
    """Return by how much a ratio of `FIGURES` falls, with a paired interval over the stretches.

    Both lists count the same stretches in the same order; a rise is a fall of zero.
    """
    ratio, rng = FIGURES[figure], np.random.default_rng(seed)
    draws = rng.integers(0, len(before), (N_DRAWS, len(before)))
    values, n = [], 0
    for counts in (before, after):
        top, bottom = (np.array([f(c) for c in counts], float) for f in (ratio.top, ratio.bottom))
        whole = float(top.sum() / max(bottom.sum(), 1))
        values.append((whole, top[draws].sum(1) / np.maximum(bottom[draws].sum(1), 1)))
        n = int(bottom.sum())
    low, high = np.percentile(values[0][1] - values[1][1], [2.5, 97.5])
    return Figure(max(values[0][0] - values[1][0], 0.0), float(low), float(high), n)
