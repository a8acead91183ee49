"""A real performance of a line that nobody had to speak: ears that hear phones drawn at random.

A formula moves every shape key all the time, as no face does; how many keys a take needs, and what
they cost Blender, can only be told by what the shipped generator makes of something like speech.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from arkit.clip import Phone
from server.generators.base import Speech
from server.registry import Registry
from server.service import Service
from server.settings import Settings
from server.speech.phones import FRAME_SHARES, SILENCE

_SENTENCE: Final = 40  # phones between two pauses
_PAUSE: Final = 0.5  # seconds
_RATE: Final = 100  # loudness values a second


def babble(seconds: float, seed: int = 0) -> tuple[Phone, ...]:
    """Phones as often as in speech, 13 a second, with a pause every three seconds."""
    random = np.random.default_rng(seed)
    names = [name for name in FRAME_SHARES if name != SILENCE]
    shares = np.array([FRAME_SHARES[name] for name in names], float)
    phones: list[Phone] = []
    now = 0.0
    while now < seconds:
        is_pause = len(phones) % _SENTENCE == 0
        name = SILENCE if is_pause else str(random.choice(names, p=shares / shares.sum()))
        end = min(now + (_PAUSE if is_pause else random.uniform(0.04, 0.11)), seconds)
        phones.append(Phone(name, now, end))
        now = end
    return tuple(phones)


def hear_babble(
    audio: Any, *, transcript="", language="en", phones=(), guess_words=False, on_heard
) -> Speech:
    """Ears that hear speech in whatever they are given."""
    samples = audio if isinstance(audio, np.ndarray) else np.concatenate(list(audio))
    seconds = len(samples) / 16000
    on_heard(seconds)
    heard = babble(seconds)
    clock = np.arange(int(seconds * _RATE) + 1) / _RATE
    now = np.searchsorted([phone.start for phone in heard], clock, side="right") - 1
    spoken = np.array([phone.phone != SILENCE for phone in heard])[now]
    loudness = np.where(spoken, -20.0 + 3.0 * np.sin(7.0 * clock), -60.0).astype(np.float32)
    return Speech(samples, seconds, heard, loudness)


def babbling_service() -> Service:
    """A service on any free port of this computer: the shipped generators, other ears."""
    return Service(Settings(bind="tcp://127.0.0.1:*"), Registry("cpu"), hear_babble)
