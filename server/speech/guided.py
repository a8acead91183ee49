"""Guessed words as advice: their sounds become likelier where the ears can believe them.

A user's transcript is obeyed; a guess is not. It is laid over the line like a transcript, and every
frame's mouth shape of the laid words gains by a factor that grows with how well they fit. What the
ears hear clearly otherwise stays.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone

from .alignment import Alignment, viseme_posteriors
from .phones import PHONE_INDEX, PHONES, SILENCE, VISEME_OF, VISEMES
from .recogniser import FEATURE_RATE

SHAPE_BONUS: Final = 4.0
PHONE_BONUS: Final = 0.5
"""Nats for the mouth shape of a word that fits, and for its very phone."""
_UNBELIEVED, _BELIEVED = 0.25, 0.55
"""Mean confidence of the words at which they are not, and are wholly, believed."""
_NOISY_SHARE: Final = 0.4
"""Of the bonus that is left at 10 dB of noise, which spoils guesses."""
_NEEDED_AT, _HALF_AT = 0.78, 0.83
"""Mean posterior of the likeliest mouth shape in speech: of voices that are hard to hear, which
need the words, and of those heard clearly, where half of the bonus is left."""
_FLOOR: Final = 1e-3
"""Posterior that a phone has at least before the bonus. All chosen on prompts by Allison Smith that
are no tests, RAVDESS, flite's rms and slt, espeak-ng's and MBROLA's voices."""

_SHAPE: Final = np.array([VISEMES.index(VISEME_OF[p]) for p in PHONES])


def belief(guess: Alignment) -> float:
    """Return how far guessed words are believed, 0..1, by how well they fit what was heard."""
    fits = float(np.mean([w.confidence for w in guess.words]))
    return float(np.clip((fits - _UNBELIEVED) / (_BELIEVED - _UNBELIEVED), 0.0, 1.0))


def need(posteriors: NDArray[np.float32]) -> float:
    """Return how much ears that heard this, [F, P], need to be told, .5..1: less if they are sure.

    Frames of silence do not count.
    """
    spoken = posteriors[:, PHONE_INDEX[SILENCE]] < 0.5
    if not spoken.any():
        return 0.5
    sure = float(viseme_posteriors(posteriors[spoken]).max(1).mean())
    return float(np.interp(sure, (_NEEDED_AT, _HALF_AT), (1.0, 0.5)))


def favoured(
    posteriors: NDArray[np.float32], guess: Alignment, noise: float = 0.0
) -> NDArray[np.float32]:
    """Return phone posteriors [F, P] in which the sounds of guessed words are likelier.

    Frames of speech outside of the guess stay as they are, and all of them where it is not
    believed.

    Args:
        guess: the words as `alignment.align` laid them over these posteriors.
        noise: 0..1, see `decoding.noisiness`.
    """
    believed = belief(guess) * need(posteriors) * (1 - noise * (1 - _NOISY_SHARE))
    if believed == 0.0:
        return posteriors
    advised = np.ones(len(posteriors), bool)
    for start, end in guess.other:
        advised[round(start * FEATURE_RATE) : round(end * FEATURE_RATE)] = False
    laid = _labels(guess.phones, len(posteriors))[advised]
    bonus = np.where(_SHAPE[None] == _SHAPE[laid, None], believed * SHAPE_BONUS, 0.0)
    bonus[np.arange(len(laid)), laid] += PHONE_BONUS
    likelier = (posteriors[advised] + _FLOOR) * np.exp(bonus)
    found = posteriors.copy()
    found[advised] = likelier / likelier.sum(1, keepdims=True)
    return found


def _labels(phones: tuple[Phone, ...], n_frames: int) -> NDArray[np.int64]:
    """Return the phone under the centre of every frame, [n_frames]."""
    labels = np.full(n_frames, PHONE_INDEX[SILENCE], np.int64)
    for p in phones:
        first, last = (int(np.ceil(t * FEATURE_RATE - 1e-6)) for t in (p.start, p.end))
        labels[first:last] = PHONE_INDEX[p.phone]
    return labels
