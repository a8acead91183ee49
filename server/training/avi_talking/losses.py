"""Losses of the talking prior. Motion is in millimetres, so squares are squares of vertices.

Shapes: B windows, T frames, M motion coordinates.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from server.generators.avi_talking.space import upper_metric


def reconstruction(made: Tensor, motion: Tensor, counts: Tensor) -> Tensor:
    """Mean over counted frames of the squared rms error of the face, and of the upper face, mm^2.

    The upper face counts once more: it has a tenth of the vertices and half of the expression.
    """
    apart = made - motion
    whole = apart.square().sum(-1)
    upper = (apart @ _upper().T).square().sum(-1)
    return _mean(whole + upper, counts)


def velocity(made: Tensor, motion: Tensor, counts: Tensor) -> Tensor:
    """Mean squared error of first differences, where both of their frames count, mm^2 a frame^2."""
    apart = made - motion
    both = counts[:, 1:] * counts[:, :-1]
    return _mean((apart[:, 1:] - apart[:, :-1]).square().sum(-1), both)


def distillation(read: Tensor, taught: Tensor) -> Tensor:
    """Mean squared distance of the encoder's styles from the linear style net's, [B, Z]."""
    return (read - taught.detach()).square().mean()


def _mean(values: Tensor, counts: Tensor) -> Tensor:
    return (values * counts).sum() / counts.sum().clamp_min(1.0)


@lru_cache(maxsize=1)
def _upper() -> Tensor:
    return torch.from_numpy(upper_metric()).float()
