"""The phones of a line as arrays, with their contacts and the jaw that loudness gives each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact, Phone
from arkit.names import INDEX
from server.generators.base import Speech
from server.speech.phones import BILABIALS, LABIODENTALS, PHONE_INDEX
from server.speech.recogniser import FEATURE_RATE

from .config import ArticulateConfig
from .poses import DOMINANCE, IS_VOWEL, POSES, SILENCE_ROW

_SPEECH_SHARE = 70.0  # percentile of vowel loudness that counts as the line's usual level
_SHORT_CONTACT = 0.045  # seconds; a shorter stop is all closure
_CONTACT_INSET = 0.1  # share of a longer one at either end in which the lips still travel
_TOGETHER = 0.02  # seconds; contacts closer than this are one


@dataclass(frozen=True)
class PhoneTrack:
    """N phones in order, without gaps.

    Attributes:
        starts, ends: float64 [N] seconds.
        targets: float64 [N, 52], poses with loudness in the jaw.
        dominance: float64 [N, articulators].
        silent: bool [N].
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    targets: NDArray[np.float64]
    dominance: NDArray[np.float64]
    silent: NDArray[np.bool_]

    def between(self, start: float, end: float) -> PhoneTrack:
        """Return the phones that touch the span from `start` to `end`."""
        first = int(np.searchsorted(self.ends, start))
        last = int(np.searchsorted(self.starts, end, side="right"))
        here = slice(first, max(last, first))
        return PhoneTrack(
            self.starts[here],
            self.ends[here],
            self.targets[here],
            self.dominance[here],
            self.silent[here],
        )


def track_of(speech: Speech, config: ArticulateConfig) -> PhoneTrack:
    """Lay the phones of a line out as arrays; a line without phones is one silence."""
    phones = speech.phones or (Phone("sil", 0.0, max(speech.seconds, 1e-3)),)
    rows = np.array([PHONE_INDEX[p.phone] for p in phones])
    starts = np.array([p.start for p in phones])
    ends = np.array([p.end for p in phones])
    targets = POSES[rows].copy()
    targets[:, INDEX["jawOpen"]] *= jaw_gains(speech, rows, starts, ends, config)
    dominance = DOMINANCE[rows].copy()
    silent = rows == SILENCE_ROW
    shortness = np.clip((ends - starts) / config.short_pause, 0.15, 1.0)
    dominance[silent] *= shortness[silent, None]
    return PhoneTrack(starts, ends, targets, dominance, silent)


def jaw_gains(
    speech: Speech,
    rows: NDArray[np.intp],
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    config: ArticulateConfig,
) -> NDArray[np.float64]:
    """Return how far the jaw opens for each phone relative to usual, [N]: louder is wider."""
    vowels = IS_VOWEL[rows]
    if not len(speech.loudness) or not vowels.any():
        return np.ones(len(rows))
    levels = np.array(
        [_peak(speech.loudness, start, end) for start, end in zip(starts, ends, strict=True)]
    )
    usual = np.percentile(levels[vowels], _SPEECH_SHARE)
    gains = 1.0 + config.jaw_per_db * (levels - usual)
    return np.where(vowels, np.clip(gains, *config.jaw_gain_range), 1.0)


def _peak(loudness: NDArray[np.float32], start: float, end: float) -> float:
    first = min(int(start * FEATURE_RATE), len(loudness) - 1)
    return float(loudness[first : max(int(end * FEATURE_RATE), first + 1)].max())


def contacts_of(phones: Sequence[Phone]) -> tuple[Contact, ...]:
    """Return the times at which lips, or lip and teeth, must touch."""
    contacts: list[Contact] = []
    for phone in phones:
        if phone.phone not in BILABIALS | LABIODENTALS:
            continue
        kind = "lips" if phone.phone in BILABIALS else "lip_teeth"
        seconds = phone.end - phone.start
        inset = _CONTACT_INSET * seconds if seconds > _SHORT_CONTACT else 0.0
        contact = Contact(kind, phone.start + inset, phone.end - inset)
        before = contacts[-1] if contacts else None
        if before and before.kind == kind and phone.start - before.end < _TOGETHER:
            contacts[-1] = Contact(kind, before.start, contact.end)
        else:
            contacts.append(contact)
    return tuple(contacts)
