"""AU sequences for stage 2: of clips by Algorithm 1, and of strips as an animator lays them.

Shapes: T frames, N = len(AU_CODES), F = 2 N (held, then excited).
"""

from __future__ import annotations

import itertools
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from arkit.action_units import ACTION_UNITS, AU_CODES, AU_INDEX
from arkit.names import ARKIT_NAMES, INDEX
from arkit.strips import AUStrip
from server.generators.cafe_talk.config import N_CHANNELS
from server.generators.cafe_talk.fine import fine_sequence
from server.training.corpus.marking import draw_strips, with_strips

Array = NDArray[np.float32]

_THRESHOLD: Final = 0.3
_KERNELS: Final = (3, 13)
_SPACING: Final = 8
_KEEP_TRIPLET, _KEEP_AU = 0.35, 0.7


@lru_cache(maxsize=1)
def own_channels() -> NDArray[np.bool_]:
    """Return which channels are each AU's own, [N, 52]."""
    table = np.zeros((len(AU_CODES), len(ARKIT_NAMES)), bool)
    for code, row in AU_INDEX.items():
        table[row, [INDEX[name] for name in ACTION_UNITS[code].own_channels]] = True
    return table


def binarised(face: Array, rng: np.random.Generator) -> Array:
    """Return Algorithm 1's AU sequence of a clip, float32 [T, N].

    Threshold, max pooling with a random kernel, random merging of neighbours; an AU is active where
    all its own channels are.

    Args:
        face: [T, 52], 0..1.
    """
    active = np.ones((len(face), len(AU_CODES)), bool)
    over = face > _THRESHOLD
    own = own_channels()
    for row in range(len(AU_CODES)):
        active[:, row] = over[:, own[row]].all(axis=1) if own[row].any() else False
    pooled = maximum_filter1d(
        active.astype(np.uint8), int(rng.integers(*_KERNELS)), axis=0, mode="constant"
    ).astype(bool)
    for row in np.flatnonzero(pooled.any(axis=0)):
        _merge(pooled[:, row], rng)
    return pooled.astype(np.float32)


def _merge(active: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """Fill gaps shorter than the spacing threshold, each by chance, in place."""
    edges = np.flatnonzero(np.diff(active.astype(np.int8)))
    for end, start in itertools.pairwise(edges):
        if active[end] and not active[end + 1] and start - end < _SPACING and rng.random() < 0.5:
            active[end : start + 1] = True


def sparsified(sequence: Array, rng: np.random.Generator) -> Array:
    """Drop triplets, and AUs of each that remains, as users name few (3.2): float32 [T, N]."""
    kept = np.zeros_like(sequence)
    changes = np.flatnonzero(np.any(np.diff(sequence, axis=0) != 0, axis=1)) + 1
    bounds = [0, *changes.tolist(), len(sequence)]
    for first, last in itertools.pairwise(bounds):
        if rng.random() < _KEEP_TRIPLET:
            kept[first:last] = sequence[first:last] * (rng.random(sequence.shape[1]) < _KEEP_AU)
    return kept


def clip_sequence(face: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a clip's fine condition [T, F] and Z_ctrl [T, C], for the paper's meaning of AUs."""
    sequence = sparsified(binarised(face, rng), rng)
    fine = np.concatenate([np.zeros_like(sequence), sequence], axis=1)
    return fine, _controlled(sequence)


def strip_sequence(face: Array, fps: float, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return fine condition [T, F], Z_ctrl [T, C] and the face [T, 52] with strips at full.

    Intensity, onset and offset are guidance's work, so the network learns the full muscle.
    """
    times = np.arange(len(face)) / fps
    drawn = draw_strips(len(face) / fps, rng)
    strips = tuple(
        AUStrip(s.au, s.start, s.end, ((s.start, 1.0),), "hold", 0.04, 0.04) for s in drawn
    )
    fine = fine_sequence(strips, times)
    marked = with_strips(face.astype(np.float64), strips, times)
    return fine, _controlled(fine[:, : len(AU_CODES)]), marked.astype(np.float32)


def _controlled(sequence: Array) -> Array:
    return ((sequence @ own_channels().astype(np.float32)) > 0)[:, :N_CHANNELS].astype(np.float32)
