"""How much work the ears are: CPU seconds for a second of speech, on one core."""

from __future__ import annotations

import logging
import resource
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from server.speech.ears_recogniser import EarsRecogniser, EarsStream
from server.speech.listen import recognise_line
from server.speech.recogniser import SAMPLE_RATE
from server.training.ears.corpus import data_folder
from server.training.ears.recordings import read_audio

log = logging.getLogger(__name__)

_PIECES = 200
"""That the streamed line arrives in."""


def speed_of_recording(ears: EarsRecogniser, *, guess_words: bool = False) -> dict[str, float]:
    """Return `speed` on the folder of recordings' speech, nothing when that is absent."""
    recording = data_folder() / "speech" / "jfk.flac"
    if not recording.exists():
        log.info("no speed: %s is absent", recording)
        return {}
    return speed(ears, read_audio(recording), guess_words=guess_words)


def speed(
    ears: EarsRecogniser, samples: NDArray[np.float32], *, guess_words: bool = False
) -> dict[str, float]:
    """Return the real-time factors on one core, and how far a stream strays from the whole line.

    Args:
        ears: that hear.
        samples: a recording of English speech, float32 [S] at 16 kHz. Noise would not do: what it
            costs to guess words depends on what is said.
        guess_words: whether guessing is measured as well; its process counts, starting it too. The
            line must be new to this process, which remembers its last guesses.

    Returns:
        "real-time factor" of the ears alone; "real-time factor, words guessed" of both, if asked
        for; "stream difference", the largest of all posteriors.
    """
    torch.set_num_threads(1)
    seconds = len(samples) / SAMPLE_RATE
    whole = ears.hear(samples, "en").posteriors
    alone = cpu_seconds(lambda: recognise_line(samples, "", "en", ears))
    found = {"real-time factor": alone / seconds}
    if guess_words:
        both = cpu_seconds(lambda: recognise_line(samples, "", "en", ears, guess_words=True))
        found["real-time factor, words guessed"] = both / seconds
    away = float(np.abs(_streamed(ears, samples) - whole).max())
    return {**found, "stream difference": away}


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that work takes, here and in child processes that end meanwhile."""
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _streamed(ears: EarsRecogniser, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the posteriors of a line that arrives in pieces of many lengths."""
    rng = np.random.default_rng(0)
    stream = EarsStream(ears.model, "en")
    cuts = rng.integers(0, len(samples), _PIECES)
    edges = np.unique(np.concatenate([[0, len(samples)], cuts]))
    pieces = [stream.push(samples[a:b]).posteriors for a, b in pairwise(edges)]
    return np.concatenate([*pieces, stream.finish().posteriors])
