"""Words that nobody typed: what an English line probably says.

The ears know sounds, not words; in a voice that they never heard a word list and word order settle
much of what sounds alone leave open. pocketsphinx brings both, with an acoustic model of natural
speech. It runs in a process of its own (`dictation`), because it holds Python's lock while it
works: the server could neither answer nor cancel. What it writes is a guess; `guided` says how far
it is believed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import struct
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Final

import numpy as np

from .recogniser import SAMPLE_RATE, Samples, SpeechError
from .segments import stretches

LONGEST_SECONDS: Final = 180.0
"""Of a line whose words are guessed: it takes a quarter of a line's length and more."""
HOW_TO_INSTALL: Final = (
    "run pip install 'soliloquy[server]'"
    if sys.version_info < (3, 14)
    else "run pip install pocketsphinx, which needs a C compiler on this Python"
)
_PROGRAM: Final = Path(__file__).with_name("dictation.py")
_PEAK: Final = 0.5
_HIGHEST_GAIN: Final = 300.0
_RECHECK_SECONDS: Final = 0.1
_REMEMBERED: Final = 32
_PACE: Final = 0.25
"""Of a piece's length, seconds, that its guess takes about."""

_recent: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
_lock = threading.Lock()


class WordsError(SpeechError):
    """Words cannot be guessed on this machine, or were not; the sentence says why."""


def available() -> bool:
    """Whether words can be guessed here."""
    return importlib.util.find_spec("pocketsphinx") is not None


def guessed_seconds(ears: str) -> float:
    """Return the longest line whose words ears of this name guess here, 0 when they cannot."""
    return LONGEST_SECONDS if available() and ears != "babble" else 0.0


def pcm16(samples: Samples) -> bytes:
    """Return samples as 16-bit PCM, quiet ones raised: the model expects a usual level."""
    clean = np.nan_to_num(np.asarray(samples, np.float32), posinf=1.0, neginf=-1.0)
    peak = float(np.abs(clean).max(initial=0.0))
    gain = min(_PEAK / peak, _HIGHEST_GAIN) if peak > 0 else 1.0
    return (np.clip(clean * gain, -1, 1) * 32767).astype("<i2").tobytes()


def guess_words(samples: Samples, on_heard: Callable[[float], None]) -> tuple[str, ...]:
    """Return the English words that a line probably says; the last lines are remembered.

    Args:
        samples: float32 [S], 16 kHz mono.
        on_heard: called with about the seconds done so far, ten times a second; may raise to
            cancel.

    Raises:
        WordsError: pocketsphinx is not installed, cannot be started, or ended without an answer.
    """
    if not available():
        raise WordsError(f"pocketsphinx is not installed; {HOW_TO_INSTALL}")
    pieces = [pcm16(piece) for piece in stretches([samples])]
    line = b"".join(pieces)
    if not line.strip(b"\0"):
        return ()  # digital silence, or nothing
    key = hashlib.sha256(line).digest()
    with _lock:
        if key in _recent:
            _recent.move_to_end(key)
            return _recent[key]
    found = tuple(word for words in _dictated(pieces, on_heard) for word in words)
    with _lock:
        _recent[key] = found
        while len(_recent) > _REMEMBERED:
            _recent.popitem(last=False)
    return found


def _dictated(pieces: list[bytes], on_heard: Callable[[float], None]) -> Iterator[list[str]]:
    """Yield the words of each piece as the child answers; the child ends with the iterator.

    Both threads have ended before the pipes are closed: a pipe that is closed under a thread
    raises in one of the two, and would hide why the guess ended.
    """
    with _started() as child:
        assert child.stdin is not None and child.stdout is not None
        answers: SimpleQueue[bytes] = SimpleQueue()
        threads = [
            threading.Thread(target=_send, args=(child.stdin, pieces), daemon=True),
            threading.Thread(target=_receive, args=(child.stdout, answers), daemon=True),
        ]
        try:
            for thread in threads:
                thread.start()
            done = 0.0
            for piece in pieces:
                length = len(piece) / 2 / SAMPLE_RATE
                yield _next(answers, done, length, on_heard)
                done += length
        finally:
            child.kill()
            for thread in threads:
                thread.join()


def _started() -> subprocess.Popen[bytes]:
    """Start the child by its file and with `-P`: no folder of the user's can shadow a module."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0) if sys.platform == "win32" else 0
    try:
        return subprocess.Popen(
            [sys.executable, "-P", str(_PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, creationflags=hidden,
        )  # fmt: skip
    except OSError as error:
        raise WordsError(f"pocketsphinx cannot be started ({error})") from error


def _next(
    answers: SimpleQueue[bytes], done: float, length: float, on_heard: Callable[[float], None]
) -> list[str]:
    """Wait for the words of a piece; the child cannot say how far it is, so that is estimated."""
    begun = time.monotonic()
    while True:
        passed = (time.monotonic() - begun) / (_PACE * length)
        on_heard(done + length * (1 - math.exp(-passed)))
        try:
            return _words(answers.get(timeout=_RECHECK_SECONDS))
        except Empty:
            continue


def _words(answer: bytes) -> list[str]:
    try:
        words = json.loads(answer)
    except ValueError:  # nothing comes from a child that has ended, or not UTF-8, or no JSON
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise WordsError("pocketsphinx ended without an answer")
    return words


def _send(stream: IO[bytes], pieces: list[bytes]) -> None:
    with suppress(OSError), stream:  # a child that has ended; who waits for its answers is told
        for piece in pieces:
            stream.write(struct.pack("<I", len(piece)) + piece)


def _receive(stream: IO[bytes], answers: SimpleQueue[bytes]) -> None:
    for line in stream:
        answers.put(line)
    answers.put(b"")
