"""Free decoding: from posteriors to phones with times, when nobody says what the words are."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone

from .alignment import runs, viseme_posteriors
from .phones import PHONES, SILENCE, VISEME_OF, VISEMES
from .recogniser import FEATURE_RATE
from .viterbi import best_classes

Array = NDArray[np.float32]

VISEME_SWITCH_COST: Final = 2.0
PHONE_SWITCH_COST: Final = 0.8
"""Nats for a change of mouth shape, and of phone inside one."""
LIP_BONUS: Final = (0.7, 0.35)
"""Nats a frame for closed lips and for lip on teeth, as a contact too few is seen before one too
many; closures that are doubtful all the same go (`LEAST_CLOSURE`). Chosen on EMO-DB's speakers
03-12."""
NOISY_LIP_BONUS: Final = 1.4
"""The same in noise, which fills closures and makes the ears doubt them."""
LEAST_CLOSURE: Final = 0.25
"""Closed lips count when their posteriors add up to this share of the line's mean mouth shape, or
once reach `CERTAIN_CLOSURE`: what is heard and is none is mostly short for the line's tempo."""
CERTAIN_CLOSURE: Final = 0.55
LOUD_SHARE: Final = 0.5
"""From a line's quietest tenth to its loudest parts, in dB: what is louder is hardly silence."""
LOUD_SILENCE: Final = 3.0
"""Nats a frame that silence has to win by there. Both chosen on EMO-DB's speakers 03-12."""
STILL_SHARE: Final = 0.2
STILL_FRAMES: Final = 12
"""What stays below that share of the range for longer than any stop holds its breath is a pause."""
STILL_SILENCE: Final = 3.0
"""Nats a frame that silence gains there, less in noise. Chosen on EMO-DB's speakers 03-12, RAVDESS,
prompts that are no tests and synthetic voices."""
_STILL_FLOOR: Final = -7.0
_LEAST_RANGE_DB: Final = 6.0
_NOISY_RANGE_DB, _CLEAN_RANGE_DB = 19.0, 27.0
"""Loudness between a line's quietest tenth and its loudest parts at 10 dB of noise, and at 20."""
SHORTEST: Final = 3
"""Frames that a decoded phone lasts at least: 30 ms."""
_LIPS: Final = [VISEMES.index("pbm"), VISEMES.index("fv")]
_CLOSED: Final = _LIPS[0]
_SILENT: Final = VISEMES.index(SILENCE)


def _extent(loudness: Array) -> tuple[float, float]:
    """Return the loudness of a line's quietest tenth and of its loudest parts, dB."""
    quiet, loud = np.percentile(loudness, [10, 97])
    return float(quiet), float(loud)


def noisiness(loudness: Array) -> float:
    """Return how noisy a line of some loudness, dB [F], is: 0 at 20 dB, 1 at 10 dB and below."""
    if not len(loudness):
        return 0.0
    quiet, loud = _extent(loudness)
    noise = (_CLEAN_RANGE_DB - (loud - quiet)) / (_CLEAN_RANGE_DB - _NOISY_RANGE_DB)
    return float(np.clip(noise, 0.0, 1.0))


def loud_frames(loudness: Array) -> NDArray[np.bool_]:
    """Return where a line of some loudness, dB [F], is too loud to be silent, bool [F].

    After a long pause the ears may doubt the first words; this holds the mouth to what is heard.
    """
    if not len(loudness):
        return np.zeros(0, bool)
    quiet, loud = _extent(loudness)
    if loud - quiet < _LEAST_RANGE_DB:
        return np.zeros(len(loudness), bool)
    return loudness > quiet + LOUD_SHARE * (loud - quiet)


def still_frames(loudness: Array) -> NDArray[np.bool_]:
    """Return where a line of some loudness, dB [F], rests for longer than a stop does, bool [F].

    Two frames at each end of a rest are left to the ears.
    """
    still = np.zeros(len(loudness), bool)
    if not len(loudness):
        return still
    quiet, loud = _extent(loudness)
    if loud - quiet < _LEAST_RANGE_DB:
        return still
    low = loudness < quiet + STILL_SHARE * (loud - quiet)
    for a, b in runs(low):
        if low[a] and b - a >= STILL_FRAMES:
            still[a + 2 : b - 2] = True
    return still


def decode(
    posteriors: Array,
    noise: float = 0.0,
    loud: NDArray[np.bool_] | None = None,
    still: NDArray[np.bool_] | None = None,
) -> tuple[Phone, ...]:
    """Return the phones of posteriors [F, P]: first mouth shapes, then the phones inside each.

    Lips come first because posteriors spread over sounds that look the same: /p/, /b/ and /m/ at a
    third each must not lose to a /t/ at .4.

    Args:
        noise: 0..1, see `noisiness`; the more of it, the less is needed for closed lips.
        loud, still: [F], see `loud_frames` and `still_frames`; nowhere by default.
    """
    if not len(posteriors):
        return ()
    scores = np.log(viseme_posteriors(posteriors) + 1e-7)
    if loud is not None:
        scores[np.flatnonzero(loud[: len(scores)]), _SILENT] -= LOUD_SILENCE
    if still is not None:
        at = np.flatnonzero(still[: len(scores)])
        floored = np.maximum(scores[at, _SILENT], _STILL_FLOOR)
        scores[at, _SILENT] = floored + STILL_SILENCE * (1 - noise)
    shape = _mouth_shapes(scores, noise)
    own_shape = np.array([VISEMES.index(VISEME_OF[p]) for p in PHONES])
    inside = np.where(own_shape[None] == shape[:, None], np.log(posteriors + 1e-7), -40.0)
    phone = best_classes(inside.astype(np.float32), PHONE_SWITCH_COST, SHORTEST)
    edges = [(a / FEATURE_RATE, b / FEATURE_RATE, PHONES[phone[a]]) for a, b in runs(phone)]
    return tuple(Phone(symbol, start, end) for start, end, symbol in edges)


def _mouth_shapes(scores: Array, noise: float) -> NDArray[np.int32]:
    """Return the mouth shape of every frame, [F], without closures that are doubtful."""
    closed = np.exp(scores[:, _CLOSED])
    scores[:, _LIPS] += (1 - noise) * np.array(LIP_BONUS, np.float32) + noise * NOISY_LIP_BONUS
    shape = best_classes(scores, VISEME_SWITCH_COST, SHORTEST)
    doubtful = _doubtful_closures(shape, closed, LEAST_CLOSURE * (1 - noise))
    if not doubtful.any():
        return shape
    scores[doubtful, _CLOSED] = -40.0
    return best_classes(scores, VISEME_SWITCH_COST, SHORTEST)


def _doubtful_closures(shape: NDArray[np.int32], closed: Array, least: float) -> NDArray[np.bool_]:
    """Return the frames, bool [F], of closures too short or too faint for the line's tempo."""
    stretches_of_shape = runs(shape)
    spoken = [b - a for a, b in stretches_of_shape if shape[a] != _SILENT]
    needed = least * float(np.mean(spoken)) if spoken else 0.0
    doubtful = np.zeros(len(shape), bool)
    for a, b in stretches_of_shape:
        sure = closed[a:b].sum() >= needed or closed[a:b].max() >= CERTAIN_CLOSURE
        doubtful[a:b] = shape[a] == _CLOSED and not sure
    return doubtful
