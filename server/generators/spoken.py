"""A line as input of a learned generator: phones, lips of the articulation, loudness, at any times.

The paper's generators read a pre-trained speech encoder. Ours read the phones that our ears heard
(or that a transcript or the user's corrections gave: so corrected phones are obeyed by every
generator), the mouth that `articulate` makes of them, and how loud the voice is.

Shapes: T times, A = N_SPOKEN features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Contact
from arkit.closure import impose_closure
from arkit.names import ARKIT_NAMES
from server.generators.base import Speech
from server.speech.phones import PHONE_INDEX, PHONES, SILENCE
from server.speech.recogniser import FEATURE_RATE

from .articulate.coarticulation import mouth, with_closures, with_evidence
from .articulate.config import ArticulateConfig
from .articulate.evidence import EvidenceNet, Hearing, line_level
from .articulate.track import PhoneTrack, contacts_of, track_of

Array = NDArray[np.float32]

_LOUDNESS_SCALE: Final = 20.0  # dB
_SOFTEST: Final = -2.5
_SPREAD: Final = 0.04  # seconds over which the phones around a time are averaged
_LOUDNESS_AT: Final = (-0.1, 0.0, 0.1)  # seconds
_PAUSE_SCALE: Final = 0.5  # seconds

N_SPOKEN: Final = len(PHONES) + len(ARKIT_NAMES) + len(_LOUDNESS_AT) + 2
"""A: phone shares, articulated mouth, loudness around now, time since and until silence."""


@dataclass(frozen=True)
class SpokenLine:
    """A line, ready to be asked at any times.

    Attributes:
        speech: what was heard. contacts: when lips, or lip and teeth, must touch.
        hearing: the sound's own evidence of the mouth, or None without sound.
    """

    speech: Speech
    track: PhoneTrack
    contacts: tuple[Contact, ...]
    hearing: Hearing | None
    evidence: EvidenceNet | None
    level: NDArray[np.float64]
    config: ArticulateConfig

    def lips(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mouth of `articulate`, closed at its contacts, [T, 52]."""
        face, spoken = mouth(times, self.track, self.config)
        if self.hearing is not None and self.evidence is not None and spoken.any():
            said = self.hearing.curves(times)
            face = with_evidence(face, spoken, said, self.evidence.names, self.config)
        face = with_closures(face, times, self.contacts, self.config)
        return impose_closure(face, times, self.contacts).astype(np.float64)

    def features(self, times: NDArray[np.float64], lips: NDArray[np.float64]) -> Array:
        """Return what a network reads at ascending times, float32 [T, A].

        Args:
            lips: what `lips` gave for the same times.
        """
        parts = (self._phones(times), lips, self._loudness(times), self._pauses(times))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def _phones(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of each phone in the moment around each time, [T, phones]."""
        shares = np.zeros((len(times), len(PHONES)))
        starts, ends = self.track.starts, self.track.ends
        rows = np.array([PHONE_INDEX[p.phone] for p in self.speech.phones] or [_SILENT])
        first = np.searchsorted(ends, times - _SPREAD, side="right")
        last = np.searchsorted(starts, times + _SPREAD)
        for i, (low, high) in enumerate(zip(first, last, strict=True)):
            here = slice(low, high)
            overlap = np.minimum(ends[here], times[i] + _SPREAD) - np.maximum(
                starts[here], times[i] - _SPREAD
            )
            np.add.at(shares[i], rows[here], np.maximum(overlap, 0.0) / (2 * _SPREAD))
        shares[:, _SILENT] += np.maximum(1.0 - shares.sum(axis=1), 0.0)
        return shares

    def _loudness(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return loudness relative to the voice's level, about -2.5..0.5, [T, moments]."""
        heard = self.speech.loudness
        if not len(heard):
            return np.full((len(times), len(_LOUDNESS_AT)), _SOFTEST)
        relative = np.maximum((heard - self.level) / _LOUDNESS_SCALE, _SOFTEST)
        clock = np.arange(len(heard)) / FEATURE_RATE
        return np.stack([np.interp(times + d, clock, relative) for d in _LOUDNESS_AT], axis=1)

    def _pauses(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far into and before the end of a silence each time is, 0..1, [T, 2]."""
        now = np.clip(np.searchsorted(self.track.starts, times, side="right") - 1, 0, None)
        silent = self.track.silent[now]
        since = (times - self.track.starts[now]) / _PAUSE_SCALE
        until = (self.track.ends[now] - times) / _PAUSE_SCALE
        both = np.clip(np.stack([since, until], axis=1), 0.0, 1.0)
        return np.where(silent[:, None], both, 0.0)


_SILENT: Final = PHONE_INDEX[SILENCE]


def spoken_line(
    speech: Speech, evidence: EvidenceNet | None, config: ArticulateConfig | None = None
) -> SpokenLine:
    """Prepare a line for a generator; without samples or evidence the phones alone speak."""
    config = config or ArticulateConfig()
    with_sound = evidence is not None and len(speech.samples) > 0
    return SpokenLine(
        speech=speech,
        track=track_of(speech, config),
        contacts=contacts_of(speech.phones),
        hearing=Hearing(speech, evidence) if with_sound and evidence is not None else None,
        evidence=evidence if with_sound else None,
        level=line_level(speech.loudness) if len(speech.loudness) else np.zeros(0),
        config=config,
    )
