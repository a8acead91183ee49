"""What the first requests need, loaded while nobody waits: small requests of the server's own.

They go the way of every request through the worker's threads, one after the other, so that a
client's request which comes meanwhile is served beside them and waits only for what it needs
itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .speech.recogniser import SAMPLE_RATE
from .wire.messages import AudioInfo, Event, Failed, GenerateRequest, InstructRequest, Request
from .worker import Job, Worker

log = logging.getLogger(__name__)

_AUDIO: Final = AudioInfo(encoding="f32le", sample_rate=SAMPLE_RATE)
_REQUESTS: Final[tuple[tuple[str, Request], ...]] = (
    ("performance", GenerateRequest("warm_up", audio=_AUDIO, direction="happy")),
    ("instruction", InstructRequest("warm_up", audio=_AUDIO)),
)
"""The default generator with a direction in words, and an instruction from a voice."""


class WarmUp:
    """Makes the small requests and drops what comes of them.

    Args:
        worker: does them. folder: where their audio lies.
        on_change: called from the worker's threads whenever one is done.
    """

    def __init__(self, worker: Worker, folder: Path, on_change: Callable[[], None]) -> None:
        self._worker, self._on_change = worker, on_change
        self._audio = folder / "warm_up"
        self._left: tuple[tuple[str, Request], ...] = ()
        self._stopped = threading.Event()

    @property
    def left(self) -> tuple[str, ...]:
        """What is still being loaded: "performance", "instruction"; empty when all is ready."""
        return tuple(name for name, _ in self._left)

    def start(self) -> None:
        """Begin; returns at once."""
        self._audio.write_bytes(_vowel().astype("<f4").tobytes())
        self._left = _REQUESTS
        self._next()

    def stop(self) -> None:
        """Ask for nothing further; a request that runs is the worker's to end."""
        self._stopped.set()

    def _next(self) -> None:
        if self._left and not self._stopped.is_set():
            request = self._left[0][1]
            self._worker.submit(Job(b"", request, self._audio, _tell_failure, on_end=self._ended))

    def _ended(self) -> None:
        self._left = self._left[1:]
        self._on_change()
        self._next()


def _tell_failure(event: Event) -> None:
    """What is not installed here will be told to the one who asks for it."""
    if isinstance(event, Failed) and event.code != "cancelled":
        log.info("Not loaded ahead: %s", event.message)


def _vowel() -> NDArray[np.float32]:
    """A second with a voice in it, so that ears, phones and the voice's figures all have work."""
    clock = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(120 + 12 * np.sin(9 * clock)) / SAMPLE_RATE
    voice = sum(np.sin(k * phase) / k for k in range(1, 20))
    return (0.2 * voice * ((clock > 0.2) & (clock < 0.8))).astype(np.float32)
