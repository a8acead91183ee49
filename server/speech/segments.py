"""Cut a stream of samples into stretches at its quietest moments, so that any length is heard
with flat memory. The cuts depend on the samples alone, never on how they arrive in blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from .recogniser import FEATURE_RATE, SAMPLE_RATE, Samples, loudness_db

SHORTEST_SECONDS = 6.0
LONGEST_SECONDS = 20.0
_QUIET_SECONDS = 0.25  # a cut needs the quiet of a short pause, not of one stop consonant


def stretches(
    blocks: Iterable[Samples],
    shortest_seconds: float = SHORTEST_SECONDS,
    longest_seconds: float = LONGEST_SECONDS,
) -> Iterator[Samples]:
    """Yield consecutive stretches, each cut at the quietest quarter second in its reach.

    Args:
        blocks: consecutive float32 samples, 16 kHz mono, of any lengths.
        shortest_seconds: no stretch but the last is shorter.
        longest_seconds: no stretch is longer.
    """
    longest = int(longest_seconds * SAMPLE_RATE)
    held: list[Samples] = []
    n_held = 0
    for block in blocks:
        held.append(np.asarray(block, np.float32))
        n_held += len(block)
        if n_held < longest:
            continue
        samples = np.concatenate(held)
        while len(samples) >= longest:
            cut = _quietest(samples[:longest], shortest_seconds)
            yield samples[:cut]
            samples = samples[cut:]
        held, n_held = [samples], len(samples)
    if n_held:
        yield np.concatenate(held)


def _quietest(samples: Samples, shortest_seconds: float) -> int:
    """Return the sample at the centre of the quietest moment after `shortest_seconds`."""
    loudness = loudness_db(samples, _QUIET_SECONDS)
    first = int(shortest_seconds * FEATURE_RATE)
    last = len(loudness) - int(_QUIET_SECONDS * FEATURE_RATE)
    frame = first + int(np.argmin(loudness[first:last]))
    return frame * (SAMPLE_RATE // FEATURE_RATE)
