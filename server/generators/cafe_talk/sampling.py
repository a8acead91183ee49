"""Sampling the windows of several takes together: trajectories, their queries, guidance.

A trajectory is one pass (neutral, directed, marked) of one window. On the CPU every query is run by
itself, so that a take is the same bits alone and in a batch; on an accelerator all are one batch,
which agrees to rounding.

Shapes: T frames, C = 51 channels, A audio features, K feelings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Final

import torch
from torch import Tensor

from server.generators.diffusion import SAMPLERS, noise, signal, step_times

from .guidance import Predictions, Scales, guided, needs
from .model import CafeTalk, Conditions

_MARGIN: Final = 0.25
"""How far beyond 0..1 a prediction may go while sampling."""


@dataclass(frozen=True)
class Trajectory:
    """One pass of one window, in the network's scale.

    Attributes:
        eps: [T, C]. audio: [T, A]. lips: [T, C]. style: [n_style].
        texts: [K, n_text]. intensities: [K]. shares: [K, T], of each feeling.
        given, is_given: [T, C]. scales, mode: of guidance.
        fine: [T, F], claim: [T, C] or [T, 1], floor: [T, C], or None without strips.
    """

    eps: Tensor
    audio: Tensor
    lips: Tensor
    style: Tensor
    texts: Tensor
    intensities: Tensor
    shares: Tensor
    given: Tensor
    is_given: Tensor
    scales: Scales
    mode: str = "default"
    fine: Tensor | None = None
    claim: Tensor | None = None
    floor: Tensor | None = None

    def queries(self) -> list[Conditions]:
        """Return the conditions of every network call of a step, each with B = 1."""
        made = [self._conditions(k, fine=False) for k in self._present]
        if self.fine is not None:
            made += [self._conditions(k, fine=True) for k in self._present]
        nothing, audio = needs(self.scales, self.mode, self.fine is not None)
        if nothing:
            made.append(self._conditions(0, audio=0.0, style=0.0, emotion=0.0))
        if audio:
            made.append(self._conditions(0, emotion=0.0))
        return made

    def combined(self, found: Sequence[Tensor]) -> Tensor:
        """Return the guided x0 [T, C] of the answers to `queries`."""
        answers = iter(found)
        coarse = self._mixed(answers)
        fine = self._mixed(answers) if self.fine is not None else None
        if fine is not None and self.floor is not None:
            fine = torch.maximum(fine, self.floor)
        nothing, audio = needs(self.scales, self.mode, self.fine is not None)
        predictions = Predictions(
            coarse=coarse, fine=fine,
            nothing=next(answers)[0] if nothing else None,
            audio=next(answers)[0] if audio else None,
        )  # fmt: skip
        return guided(predictions, self.scales, self.claim, self.mode)

    @property
    def _present(self) -> list[int]:
        return [k for k in range(len(self.shares)) if bool((self.shares[k] > 0).any())]

    def _mixed(self, answers: Iterator[Tensor]) -> Tensor:
        total = torch.zeros_like(self.eps)
        for k in self._present:
            total = total + self.shares[k][:, None] * next(answers)[0]
        return total

    def _conditions(self, k: int, *, audio: float = 1.0, style: float = 1.0, emotion: float = 1.0,
                    fine: bool = False) -> Conditions:  # fmt: skip
        def flag(value: float) -> Tensor:
            return torch.full((1,), value, device=self.eps.device)

        return Conditions(
            audio=self.audio[None], lips=self.lips[None], text=self.texts[k][None],
            style=self.style[None], intensity=self.intensities[k][None], given=self.given[None],
            is_given=self.is_given[None], has_audio=flag(audio), has_style=flag(style),
            has_emotion=flag(emotion),
            fine=self.fine[None] if fine and self.fine is not None else None,
        )  # fmt: skip


def sample(
    model: CafeTalk, trajectories: Sequence[Trajectory], n_steps: int,
    check_cancel: Callable[[], None],
) -> Tensor:  # fmt: skip
    """Return x0 of each trajectory, [P, T, C]."""
    config = model.config
    low, high = -_MARGIN * config.scale, (1 + _MARGIN) * config.scale
    eps = torch.stack([t.eps for t in trajectories])
    given = torch.stack([t.given for t in trajectories])
    is_given = torch.stack([t.is_given for t in trajectories]) > 0

    def denoise(x: Tensor, t: float) -> Tensor:
        check_cancel()
        x = torch.where(is_given, signal(t) * given + noise(t) * eps, x)
        made = _evaluated(model, trajectories, x, t)
        return torch.where(is_given, given, made.clamp(low, high))

    with torch.inference_mode():
        return SAMPLERS[config.sampler](denoise, eps, step_times(n_steps, config.exponent))


def _evaluated(model: CafeTalk, trajectories: Sequence[Trajectory], x: Tensor, t: float) -> Tensor:
    asked = [trajectory.queries() for trajectory in trajectories]
    clips = [x[p][None] for p, queries in enumerate(asked) for _ in queries]
    flat = [conditions for queries in asked for conditions in queries]
    answers = _answers(model, clips, flat, t)
    made, first = [], 0
    for trajectory, queries in zip(trajectories, asked, strict=True):
        made.append(trajectory.combined(answers[first : first + len(queries)]))
        first += len(queries)
    return torch.stack(made)


def _answers(model: CafeTalk, clips: list[Tensor], asked: list[Conditions], t: float
             ) -> list[Tensor]:  # fmt: skip
    if clips[0].device.type == "cpu":
        at = torch.tensor([t])
        return [model(clip, at, conditions) for clip, conditions in zip(clips, asked, strict=True)]
    answers: list[Tensor | None] = [None] * len(asked)
    for has_fine in (False, True):
        rows = [i for i, c in enumerate(asked) if (c.fine is not None) == has_fine]
        if rows:
            clip = torch.cat([clips[i] for i in rows])
            at = torch.full((len(rows),), t, device=clip.device)
            made = model(clip, at, _stacked([asked[i] for i in rows]))
            for place, i in enumerate(rows):
                answers[i] = made[place][None]
    return [answer for answer in answers if answer is not None]


def _stacked(rows: Sequence[Conditions]) -> Conditions:
    values = {}
    for item in fields(Conditions):
        parts = [getattr(row, item.name) for row in rows]
        values[item.name] = None if parts[0] is None else torch.cat(parts)
    return Conditions(**values)
