"""A generator whose frames are a formula of time and seed, and ears that hear nothing wrong.

Closed form: jawOpen of the lips layer is the fraction of time elapsed in a second, times a half;
the life layer holds the seed in `eyeBlinkLeft`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from arkit.clip import Contact, Phone
from arkit.names import ARKIT_NAMES, INDEX
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.registry import Registry
from server.service import Service
from server.settings import Settings
from server.wire.messages import GenerateRequest

WINDOW = 25


def jaw_open(frame: np.ndarray, fps: float) -> np.ndarray:
    return 0.5 * ((frame / fps) % 1.0)


class ToyGenerator:
    """See the module."""

    name = "toy"
    understands = frozenset({"strips"})

    def __init__(self, step_seconds: float = 0.0, fps: float | None = None) -> None:
        self.step_seconds = step_seconds
        self.fps = fps
        self.batches: list[int] = []
        self.entered = threading.Event()
        self.hold: threading.Event | None = None
        self.fail_for_seed: int | None = None

    def provenance(self) -> dict[str, Any]:
        return {"weights_sha256": "none", "generator_version": "toy-1"}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        fps = self.fps or request.fps
        n_frames = max(1, int(np.ceil(speech.seconds * fps - 1e-6)))
        contacts = (Contact("lips", 0.2, 0.25),) if speech.seconds > 0.3 else ()
        return Plan(
            request, speech, seed, fps, n_frames, -(-n_frames // WINDOW), contacts, ("A toy.",)
        )

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        self.batches.append(len(plans))
        self.entered.set()
        while self.hold is not None and not self.hold.is_set():
            check_cancel()
            time.sleep(0.002)
        if self.step_seconds:
            time.sleep(self.step_seconds)
        check_cancel()
        frames = []
        for plan in plans:
            if plan.seed == self.fail_for_seed:
                raise RuntimeError("the toy broke")
            frames.append(self._window(plan))
        return frames

    def _window(self, plan: Plan) -> Frames:
        first = plan.next_window * WINDOW
        n = min(WINDOW, plan.n_frames - first)
        plan.next_window += 1
        lips, life = np.zeros((2, n, len(ARKIT_NAMES)), np.float32)
        lips[:, INDEX["jawOpen"]] = jaw_open(first + np.arange(n), plan.fps)
        lips[:, INDEX["tongueOut"]] = 0.1
        life[:, INDEX["eyeBlinkLeft"]] = plan.seed / 100
        return Frames(
            first,
            {"lips": lips, "life": life},
            np.zeros((n, 3), np.float32),
            np.zeros((n, 2, 3), np.float32),
        )


def toy_listen(
    audio: Any, *, transcript="", language="en", phones=(), guess_words=False, on_heard
) -> Speech:
    samples = audio if isinstance(audio, np.ndarray) else np.concatenate(list(audio))
    seconds = len(samples) / 16000
    on_heard(seconds)
    heard = tuple(Phone(p.phone, p.start, p.end) for p in phones) or (Phone("a", 0.0, seconds),)
    return Speech(samples, seconds, heard, np.zeros(int(seconds * 100) + 1, np.float32))


def toy_service(generator: ToyGenerator | None = None, **settings: Any) -> Service:
    toy = generator or ToyGenerator()
    settings.setdefault("bind", "tcp://127.0.0.1:*")
    return Service(Settings(**settings), Registry("cpu", {"toy": lambda _device: toy}), toy_listen)
