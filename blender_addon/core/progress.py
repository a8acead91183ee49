"""How far long work has come, told from inside it; raising from what is told ends the work."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import Generic, TypeAlias, TypeVar

Progress: TypeAlias = Callable[[float], None]
"""Called with the share that is done, 0..1, every second or more often."""

T = TypeVar("T")


def silent(_share: float) -> None:
    """Nobody wants to know."""


def part(progress: Progress, start: float, end: float) -> Progress:
    """Progress of a part that is `start`..`end` of the whole."""
    return lambda share: progress(start + (end - start) * share)


class CancelledError(Exception):
    """The work was ended from outside; nobody waits for what it would have found."""


class Work(Generic[T]):
    """Runs a function in a thread of its own, which must touch nothing that others change.

    Args:
        run: is given what to tell its progress to, and returns what it has found.

    Attributes:
        share: how much is done, 0..1.
    """

    def __init__(self, run: Callable[[Progress], T]) -> None:
        self.share = 0.0
        self._run = run
        self._found: list[T] = []
        self._error: Exception | None = None
        self._unwanted = Event()
        self._thread = Thread(target=self._work, name="soliloquy-work", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> T:
        """What was found; waits for it.

        Raises:
            CancelledError: it was cancelled. And whatever the function raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._found[0]

    def cancel(self) -> None:
        """End it at the next step that it tells; returns at once."""
        self._unwanted.set()

    def close(self) -> None:
        """Cancel, and wait until the thread has ended."""
        self.cancel()
        self._thread.join()

    def _work(self) -> None:
        try:
            self._found.append(self._run(self._told))
        except Exception as error:  # noqa: BLE001 - raised again for the one who waits
            self._error = error

    def _told(self, share: float) -> None:
        if self._unwanted.is_set():
            raise CancelledError
        self.share = min(max(share, self.share), 1.0)
