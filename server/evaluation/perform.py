"""Perform a heard line with a generator, without any service: what evaluations compare."""

from __future__ import annotations

import numpy as np

from arkit.clip import ArkitClip
from server.generators.base import Frames, Generator, Speech
from server.wire.messages import GenerateRequest


def perform(generator: Generator, speech: Speech, fps: float, seed: int = 0) -> ArkitClip:
    """Return one take of a line, all its windows in order."""
    request = GenerateRequest("evaluation", generator=generator.name, fps=fps, seed=seed)
    return perform_request(generator, speech, request)


def perform_request(generator: Generator, speech: Speech, request: GenerateRequest) -> ArkitClip:
    """Return the first take that a request asks of a heard line."""
    plan = generator.plan(request, speech, request.seed)
    frames: list[Frames] = []
    while plan.next_window < plan.n_windows:
        frames += generator.denoise([plan], _never)
    layers = {name: np.concatenate([f.layers[name] for f in frames]) for name in frames[0].layers}
    return ArkitClip(
        coefficients=np.clip(sum(layers.values()), 0.0, 1.0),  # type: ignore[arg-type]
        fps=plan.fps,
        head=np.concatenate([f.head for f in frames]),
        eyes=np.concatenate([f.eyes for f in frames]),
        layers=layers,
        contacts=plan.contacts,
        phones=speech.phones,
        notes=plan.notes,
        provenance=generator.provenance(),
    )


def _never() -> None:
    """Nobody cancels an evaluation."""
