"""Scenes spoken: a synthetic voice whose prosody follows the feeling, with exact phone times.

Rate, pitch, pitch range and level change with the emotion's manner, roughly as in acted speech, so
that voice and face belong together. Voices come from the ears' corpus builder.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.speech.phones import SILENCE
from server.speech.recogniser import SAMPLE_RATE, loudness_db
from server.training.ears.corpus import resampled
from server.training.ears.synthesis import Espeak, Say, Spoken, festival_say, flite_say
from server.training.ears.voices import HUMAN_VOICES

from .errors import MaterialError
from .hearing import Line
from .manners import Manner
from .scenes import SILENCE_VOICE, Scene

log = logging.getLogger(__name__)

_PEAK: Final = 0.22
"""Peak of a usual line; the level of emotions goes up and down from it."""
_LOUDEST: Final = 0.98
_FLITE_SPREAD_HZ: Final = 0.13
"""Usual standard deviation of pitch relative to its mean."""
_ESPEAK_RANGE: Final = 45.0
_LEAD, _TRAIL = (0.12, 0.7), (0.2, 0.9)  # seconds of silence around a line
_FLOOR_DB: Final = (-78.0, -58.0)


@dataclass(frozen=True)
class Voiced:
    """A spoken scene: 16 kHz float32 samples [S], the line as heard, and the text spoken."""

    samples: NDArray[np.float32]
    line: Line
    text: str


def voice_scene(scene: Scene, manner: Manner, rng: np.random.Generator) -> Voiced | None:
    """Speak a scene in a manner; None when none of its sentences can be spoken.

    Raises:
        MaterialError: the voice's engine is unknown.
    """
    if scene.voice == SILENCE_VOICE:
        return _silence(scene, rng)
    for text in scene.texts:
        spoken = _say(scene, manner, text)
        if spoken is not None and len(spoken.phones) > 3:
            return _placed(spoken, scene, manner, text, rng)
    log.warning("scene %d: %s can say none of its sentences", scene.number, scene.voice)
    return None


@lru_cache(maxsize=1)
def _espeak() -> Espeak:
    return Espeak()


def _say(scene: Scene, manner: Manner, text: str) -> Spoken | None:
    engine, _, voice = scene.voice.partition(":")
    rate, pitch = scene.rate * manner.rate, scene.pitch * manner.pitch
    spread = scene.pitch_range * manner.pitch_range
    if engine == "espeak":
        pitch_range = int(np.clip(_ESPEAK_RANGE * spread, 5, 99))
        return _espeak().say(voice, Say(text, rate, pitch), pitch_range)
    known = next((v for v in HUMAN_VOICES if v.engine == engine and v.voice == voice), None)
    if known is None:
        raise MaterialError(f"no voice '{scene.voice}' to speak scene {scene.number} with")
    if engine == "flite":
        hertz = known.pitch_hz * pitch
        say = Say(text, rate, pitch, pitch_spread_hz=_FLITE_SPREAD_HZ * hertz * spread)
        return flite_say(voice, say, known.pitch_hz)
    said = festival_say(voice, known.language, known.encoding, [Say(text, rate)])
    return next((spoken for _, spoken in said), None)


def _placed(
    spoken: Spoken, scene: Scene, manner: Manner, text: str, rng: np.random.Generator
) -> Voiced:
    """Level, resample and pad what a voice said."""
    samples, stretch = resampled(spoken.samples, spoken.sample_rate, scene.warp)
    lead, trail = (round(float(rng.uniform(*span)), 2) for span in (_LEAD, _TRAIL))
    gain = _PEAK * 10 ** ((scene.level_db + manner.volume_db) / 20)
    samples = samples * min(gain, _LOUDEST) / max(float(np.abs(samples).max()), 1e-6)
    padded = np.pad(samples, [int(t * SAMPLE_RATE) for t in (lead, trail)])
    phones, stressed = _without_gaps(
        [Phone(p.phone, p.start * stretch + lead, p.end * stretch + lead) for p in spoken.phones],
        list(spoken.stressed),
        len(padded) / SAMPLE_RATE,
    )
    return _heard(padded, phones, stressed, text, rng)


def _without_gaps(
    phones: list[Phone], stressed: list[bool | None], seconds: float
) -> tuple[list[Phone], list[bool | None]]:
    """Fill gaps with silence, join neighbouring silences, and end at `seconds`."""
    filled: list[tuple[Phone, bool | None]] = []

    def add(phone: str, start: float, end: float, stress: bool | None) -> None:
        if end - start < 1e-4:
            return
        if phone == SILENCE and filled and filled[-1][0].phone == SILENCE:
            start = filled.pop()[0].start
        filled.append((Phone(phone, round(start, 4), round(end, 4)), stress))

    clock = 0.0
    for phone, stress in zip(phones, stressed, strict=True):
        add(SILENCE, clock, phone.start, None)
        add(phone.phone, max(phone.start, clock), phone.end, stress)
        clock = max(clock, phone.end)
    add(SILENCE, clock, seconds, None)
    return [phone for phone, _ in filled], [stress for _, stress in filled]


def _silence(scene: Scene, rng: np.random.Generator) -> Voiced:
    samples = np.zeros(int(scene.seconds * SAMPLE_RATE), np.float32)
    return _heard(samples, [Phone(SILENCE, 0.0, scene.seconds)], [None], "", rng)


def _heard(
    samples: NDArray[np.float32],
    phones: list[Phone],
    stressed: list[bool | None],
    text: str,
    rng: np.random.Generator,
) -> Voiced:
    floor = 10 ** (float(rng.uniform(*_FLOOR_DB)) / 20)
    noisy = samples + floor * rng.standard_normal(len(samples))
    clipped = np.clip(noisy, -1.0, 1.0).astype(np.float32)
    # Stored as half floats: rounding here lets the stored line give the same performance.
    loudness = loudness_db(clipped).astype(np.float16).astype(np.float32)
    line = Line(len(clipped) / SAMPLE_RATE, tuple(phones), tuple(stressed), loudness)
    return Voiced(clipped, line, text)
