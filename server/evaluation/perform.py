"""Perform heard lines with a generator, without any service: what evaluations compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from arkit.clip import ArkitClip
from server.generators.base import Frames, Generator, Plan, Speech
from server.wire.messages import GenerateRequest


@dataclass(frozen=True)
class Order:
    """One take to perform: what is wanted, of which line."""

    request: GenerateRequest
    speech: Speech


def perform(generator: Generator, speech: Speech, fps: float, seed: int = 0) -> ArkitClip:
    """Return one take of a line, all its windows in order."""
    request = GenerateRequest("evaluation", generator=generator.name, fps=fps, seed=seed)
    return perform_all(generator, [Order(request, speech)])[0]


def perform_all(generator: Generator, orders: Sequence[Order], batch: int = 16) -> list[ArkitClip]:
    """Return a take for each order, at the generator's own rate, windows of `batch` at a time."""
    return [
        clip
        for first in range(0, len(orders), batch)
        for clip in _together(generator, orders[first : first + batch])
    ]


def _together(generator: Generator, orders: Sequence[Order]) -> list[ArkitClip]:
    plans = [generator.plan(o.request, o.speech, o.request.seed) for o in orders]
    frames: list[list[Frames]] = [[] for _ in plans]
    while due := [k for k, plan in enumerate(plans) if plan.next_window < plan.n_windows]:
        made = generator.denoise([plans[k] for k in due], _never)
        for k, one in zip(due, made, strict=True):
            frames[k].append(one)
    return [_clip(generator, p, f) for p, f in zip(plans, frames, strict=True)]


def _clip(generator: Generator, plan: Plan, frames: Sequence[Frames]) -> ArkitClip:
    some = [f for f in frames if len(f.head)]
    layers = {name: np.concatenate([f.layers[name] for f in some]) for name in some[0].layers}
    return ArkitClip(
        coefficients=np.clip(sum(layers.values()), 0.0, 1.0),  # type: ignore[arg-type]
        fps=plan.fps,
        head=np.concatenate([f.head for f in some]),
        eyes=np.concatenate([f.eyes for f in some]),
        layers=layers,
        contacts=plan.contacts,
        phones=plan.speech.phones,
        notes=plan.notes,
        provenance=generator.provenance(),
    )


def _never() -> None:
    """Nobody cancels an evaluation."""
