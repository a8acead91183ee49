"""A real server whose generator is a formula, so that every written key can be checked.

Coefficient c at t seconds, seed s: 0.5 + 0.4 sin(2 pi t (1 + c / 52) + s), in two layers.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from arkit.clip import Contact, Phone
from arkit.names import ARKIT_NAMES
from server.generators.base import CheckCancel, Frames, Plan, Speech
from server.registry import Registry
from server.service import Service
from server.settings import Settings
from server.wire.messages import GUESSED_SECONDS, GenerateRequest, Welcome

WINDOW = 50


def formula(seconds: np.ndarray, seed: int) -> np.ndarray:
    """Coefficients [T, 52] at times [T]."""
    rates = 1 + np.arange(len(ARKIT_NAMES)) / len(ARKIT_NAMES)
    return 0.5 + 0.4 * np.sin(2 * np.pi * seconds[:, None] * rates + seed)


class Formula:
    """See the module.

    Args:
        step_seconds: how long a window of two seconds takes.
    """

    name = "articulate"
    understands = frozenset({"strips", "emotion", "intensity", "transcript", "phones"})

    def __init__(self, step_seconds: float = 0.0) -> None:
        self.step_seconds = step_seconds
        self.requests: list[GenerateRequest] = []

    def provenance(self) -> dict[str, Any]:
        return {"weights_sha256": "none", "generator_version": "formula-1"}

    def plan(self, request: GenerateRequest, speech: Speech, seed: int) -> Plan:
        self.requests.append(request)
        n_frames = max(1, round(speech.seconds * request.fps))
        return Plan(
            request, speech, seed, request.fps, n_frames, -(-n_frames // WINDOW),
            (Contact("lips", 0.2, 0.25),) if request.transcript else (),
        )  # fmt: skip

    def denoise(self, plans: Sequence[Plan], check_cancel: CheckCancel) -> list[Frames]:
        end = time.monotonic() + self.step_seconds
        while time.monotonic() < end:
            check_cancel()
            time.sleep(0.002)
        return [self._window(plan) for plan in plans]

    def _window(self, plan: Plan) -> Frames:
        first = plan.next_window * WINDOW
        n = min(WINDOW, plan.n_frames - first)
        plan.next_window += 1
        whole = formula((first + np.arange(n)) / plan.fps, plan.seed).astype(np.float32)
        lips = (0.75 * whole).astype(np.float32)
        angles = np.zeros((n, 3), np.float32)
        return Frames(
            first, {"lips": lips, "life": whole - lips}, angles, np.zeros((n, 2, 3), np.float32)
        )


def hear_everything(
    audio: Any, *, transcript="", language="en", phones=(), guess_words=False, on_heard
) -> Speech:
    """Ears that take the whole length for one vowel, and its words, if asked, for "old hat"."""
    samples = audio if isinstance(audio, np.ndarray) else np.concatenate(list(audio))
    seconds = len(samples) / 16000
    on_heard(seconds)
    return Speech(
        samples, seconds, (Phone("a", 0.0, seconds),),
        np.zeros(int(seconds * 100) + 1, np.float32),
        guessed_words=("old", "hat") if guess_words and not transcript else (),
    )  # fmt: skip


class OldServer(Service):
    """A service from before words were guessed, as far as its greeting tells."""

    def welcome(self) -> Welcome:
        new = super().welcome()
        limits = {name: most for name, most in new.limits.items() if name != GUESSED_SECONDS}
        return replace(new, limits=limits)


def formula_service(generator: Formula, service: type[Service] = Service) -> Service:
    """A service on any free port of this computer."""
    registry = Registry("cpu", {"articulate": lambda _device: generator})
    return service(Settings(bind="tcp://127.0.0.1:*"), registry, hear_everything)
