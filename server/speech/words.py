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
import struct
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import IO, Final

import numpy as np

from .recogniser import SAMPLE_RATE, Samples, SpeechError
from .segments import stretches

LONGEST_SECONDS: Final = 180.0
"""Of a line whose words are guessed: it takes about a fifth of a line's length."""
_PEAK: Final = 0.5
_HIGHEST_GAIN: Final = 300.0
_RECHECK_SECONDS: Final = 0.1
_REMEMBERED: Final = 32

_recent: OrderedDict[bytes, tuple[str, ...]] = OrderedDict()
_lock = threading.Lock()


class WordsError(SpeechError):
    """Words cannot be guessed on this machine, or were not; the sentence says why."""


def available() -> bool:
    """Whether words can be guessed here."""
    return importlib.util.find_spec("pocketsphinx") is not None


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
        on_heard: called with the seconds done so far, ten times a second; may raise to cancel.

    Raises:
        WordsError: pocketsphinx is not installed, or ended without an answer.
    """
    if not available():
        raise WordsError("pocketsphinx is not installed: run pip install 'soliloquy[server]'")
    pieces = [pcm16(piece) for piece in stretches([samples])]
    key = hashlib.sha256(b"".join(pieces)).digest()
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
    """Yield the words of each piece as the child answers; the child ends with the iterator."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0) if sys.platform == "win32" else 0
    with subprocess.Popen(
        [sys.executable, "-m", "server.speech.dictation"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, creationflags=hidden,
    ) as child:  # fmt: skip
        assert child.stdin is not None and child.stdout is not None
        answers: SimpleQueue[str] = SimpleQueue()
        for work in ((_send, child.stdin, pieces), (_receive, child.stdout, answers)):
            threading.Thread(target=work[0], args=work[1:], daemon=True).start()
        try:
            done = 0.0
            for piece in pieces:
                yield json.loads(_next(answers, done, on_heard))
                done += len(piece) / 2 / SAMPLE_RATE
        finally:
            child.kill()


def _next(answers: SimpleQueue[str], done: float, on_heard: Callable[[float], None]) -> str:
    while True:
        on_heard(done)
        try:
            answer = answers.get(timeout=_RECHECK_SECONDS)
        except Empty:
            continue
        if not answer:
            raise WordsError("pocketsphinx ended without an answer")
        return answer


def _send(stream: IO[bytes], pieces: list[bytes]) -> None:
    try:
        with stream:
            for piece in pieces:
                stream.write(struct.pack("<I", len(piece)) + piece)
    except OSError:
        return  # the child has ended; who waits for its answers is told


def _receive(stream: IO[bytes], answers: SimpleQueue[str]) -> None:
    for line in stream:
        answers.put(line.decode())
    answers.put("")
