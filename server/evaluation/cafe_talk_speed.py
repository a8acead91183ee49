"""What a line costs: CPU seconds of each stage, and how many lines a minute in a batch.

CPU seconds are those of all threads of this process, so other programs on the machine do not count;
a stage takes at least CPU seconds / threads of wall time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arkit.clip import Phone
from server.generators.base import Generator, Speech
from server.performance import make_windows
from server.registry import Registry
from server.service import Service, never_cancel
from server.settings import Settings
from server.speech.recogniser import SAMPLE_RATE
from server.wire.messages import AudioInfo, GenerateRequest

SYLLABLES: Final = ("m", "a", "s", "i", "p", "o", "n", "u", "f", "e")
Samples = NDArray[np.float32]


def line_speed(
    generator: Generator,
    samples: Samples,
    seconds: float = 30.0,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """Perform a recording, repeated or cut to `seconds`, and return seconds of each stage.

    Args:
        samples: float32 [S], 16 kHz.
        clock: CPU seconds by default.
    """
    n = int(seconds * SAMPLE_RATE)
    audio = np.resize(samples, n).astype(np.float32)
    service = Service(
        Settings(device="cpu"), Registry("cpu", {generator.name: lambda _device: generator})
    )
    request = GenerateRequest(
        "speed", generator=generator.name, audio=AudioInfo("f32le", SAMPLE_RATE), fps=60.0,
        emotion="happy", intensity=0.8,
    )  # fmt: skip
    begun = clock()
    performance = service.prepare(request, audio, lambda _event: None)
    prepared = clock()
    while not performance.done:
        for plan, frames in make_windows(generator, performance.due, never_cancel):
            performance.deliver(plan, frames)
    ended = clock()
    return {
        "line_seconds": seconds,
        "listen_and_plan": prepared - begun,
        "perform": ended - prepared,
        "total": ended - begun,
    }


def babble(seconds: float) -> Speech:
    """Return a line of even syllables without sound, to be performed in large batches."""
    length = 0.12
    n = max(1, int(seconds / length))
    phones = [Phone(SYLLABLES[k % len(SYLLABLES)], k * length, (k + 1) * length) for k in range(n)]
    phones.append(Phone("sil", n * length, max(seconds, n * length + 1e-3)))
    loudness = np.full(int(seconds * 100) + 1, -25.0, np.float32)
    return Speech(np.zeros(0, np.float32), seconds, tuple(phones), loudness)


def batch_speed(
    generator: Generator,
    n_lines: int = 256,
    seconds: float = 4.0,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Perform many lines as one batch; return lines a minute of `clock`, listening not counted."""
    speech = babble(seconds)
    plans = [
        generator.plan(
            GenerateRequest(str(k), generator=generator.name, seconds=seconds, seed=k), speech, k
        )
        for k in range(n_lines)
    ]
    begun = clock()
    while due := [plan for plan in plans if plan.next_window < plan.n_windows]:
        generator.denoise(due, never_cancel)
    took = clock() - begun
    return {
        "lines": n_lines, "line_seconds": seconds, "seconds": took,
        "lines_per_minute": 60.0 * n_lines / max(took, 1e-9),
    }  # fmt: skip
