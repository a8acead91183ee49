"""The recogniser that a service keeps: loaded at the first line, one line at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from arkit.clip import Phone
from server.generators.base import Speech
from server.wire.messages import TimedPhone

from .listen import listen, load_recogniser
from .recogniser import Recogniser, Samples


class Ears:
    """Holds one loaded recogniser, as loading takes up to a second."""

    def __init__(self, name: str = "auto") -> None:
        self._name = name
        self._recogniser: Recogniser | None = None
        self._lock = threading.Lock()

    def listen(
        self,
        audio: Samples | Iterable[Samples],
        *,
        transcript: str = "",
        language: str = "en",
        phones: Sequence[Phone | TimedPhone] = (),
        guess_words: bool = False,
        on_heard: Callable[[float], None],
    ) -> Speech:
        """Hear a line; see `listen.listen`."""
        with self._lock:
            if self._recogniser is None:
                self._recogniser = load_recogniser(self._name)
        return listen(
            audio,
            transcript=transcript,
            language=language,
            phones=phones,
            guess_words=guess_words,
            recogniser=self._recogniser,
            on_heard=on_heard,
        )
