"""How far a feeling may open the mouth while nothing is said, and while the teeth must meet.

A feeling is learned as something that lies over a whole line, so a surprised jaw would hang in
every pause and at every /s/ and /t/, and a disgusted lip bare the teeth where nobody speaks and
keep an /u/ from being round. A pause keeps a part of it, sibilants, as in JALI (Edwards et al.
2016), their narrow jaw, sounds of the tongue's tip some of theirs, rounded ones their upper lip.

Shapes: T times, C = 51 channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from arkit.names import INDEX
from server.generators.spoken import SpokenLine
from server.speech.phones import SILENCE, VISEME_CLASSES

from .config import N_CHANNELS

Array = NDArray[np.float64]

IN_PAUSE: Final = 0.3
AT_SIBILANT: Final = 0.5
AT_TONGUE_TIP: Final = 0.55
AT_ROUNDED: Final = 0.6
"""Shares of what a feeling opens that are left."""
_RELAX: Final = 0.15
"""Seconds in which the mouth comes to rest in a pause, and wakes before the next sound."""
_NARROW: Final = 0.06
"""Seconds beside a sound in which jaw or lip are on their way."""

_JAW: Final = (INDEX["jawOpen"],)
_UPPER_LIP: Final = (INDEX["mouthUpperUpLeft"], INDEX["mouthUpperUpRight"])
_OPENING: Final = (
    *_JAW, *_UPPER_LIP, INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"],
)  # fmt: skip


def _sounds() -> dict[str, tuple[tuple[int, ...], float]]:
    """Return what sounds keep to themselves: symbol -> channels, and the share left of them."""
    kept = dict.fromkeys(("t", "d", "n", "l", "ɲ", "ʎ"), (_JAW, AT_TONGUE_TIP))
    for viseme in ("sz", "sh"):
        kept |= dict.fromkeys(VISEME_CLASSES[viseme], (_JAW, AT_SIBILANT))
    for viseme in ("u", "o"):
        kept |= dict.fromkeys(VISEME_CLASSES[viseme], (_UPPER_LIP, AT_ROUNDED))
    return kept


_SOUNDS: Final = _sounds()


def opening_shares(line: SpokenLine, times: Array) -> Array:
    """Return how much of what a feeling opens is left on each channel, [T, C], 0..1.

    A line without phones has no pauses: its face may do as it feels.

    Args:
        times: [T], ascending seconds.
    """
    shares = np.ones((len(times), N_CHANNELS))
    phones, track = line.speech.phones, line.track
    if track.silent.all() or not len(times):
        return shares
    first = int(np.searchsorted(track.ends, times[0] - _NARROW))
    last = int(np.searchsorted(track.starts, times[-1] + _NARROW, side="right"))
    for place in range(first, last):
        phone = phones[place]
        if phone.phone == SILENCE:
            rest = _rest(phone, times, (place > 0, place < len(phones) - 1))
            _lower(shares, _OPENING, 1.0 - rest * (1.0 - IN_PAUSE))
        elif phone.phone in _SOUNDS:
            columns, left = _SOUNDS[phone.phone]
            _lower(shares, columns, 1.0 - _presence(phone, times) * (1.0 - left))
    return shares


def _lower(shares: Array, columns: Sequence[int], to: Array) -> None:
    for column in columns:
        np.minimum(shares[:, column], to, out=shares[:, column])


def _rest(phone: Phone, times: Array, speech_beside: tuple[bool, bool]) -> Array:
    """Return how much the mouth rests at each time, [T], 0..1, 0 outside the pause.

    Args:
        speech_beside: whether something is said before it, and after it.
    """
    before, after = speech_beside
    since = (times - phone.start) / _RELAX if before else np.ones_like(times)
    until = (phone.end - times) / _RELAX if after else np.ones_like(times)
    return _smooth(np.minimum(since, until))


def _presence(phone: Phone, times: Array) -> Array:
    """Return how near each time is to a sound, [T], 1 inside it."""
    away = np.maximum(np.maximum(phone.start - times, times - phone.end), 0.0)
    return _smooth(1.0 - away / _NARROW)


def _smooth(x: Array) -> Array:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
