"""Losses of the animation generator: Eqs. 5, 7 and 8 of ExpCLIP, and how strong a style is.

An expression is what a face shows beyond what speech does to it: `shown` takes the articulated
mouth off. Text prompts are expressions in this sense too, so training and use agree.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from arkit.names import INDEX, REGIONS

_LARGE: Final = 4.0
_LIP_MOTION: Final = [INDEX[name] for name in (*REGIONS["jaw"], *REGIONS["mouth"])]


def shown(faces: Tensor, lips: Tensor) -> Tensor:
    """Return the expression in faces [B, T, 52]: what is there beyond articulation, 0 or more."""
    return (faces - lips).clamp(min=0.0)


def reconstruction(made: Tensor, faces: Tensor, valid: Tensor) -> Tensor:
    """Eq. 5: mean absolute error over the channels that were seen."""
    return ((made - faces).abs() * valid).sum() / (valid.sum() * faces.shape[1]).clamp(min=1.0)


def lip_motion(augmented: Tensor, faces: Tensor, valid: Tensor) -> Tensor:
    """Eq. 7, both terms of the first difference predicted: lips move as in the true clip.

    Over jaw and mouth; other channels do not speak.
    """
    ours = augmented[:, 1:, _LIP_MOTION] - augmented[:, :-1, _LIP_MOTION]
    true = faces[:, 1:, _LIP_MOTION] - faces[:, :-1, _LIP_MOTION]
    seen = valid[:, :, _LIP_MOTION]
    return ((ours - true).abs() * seen).sum() / (seen.sum() * ours.shape[1]).clamp(min=1.0)


def style(made: Tensor, asked: Tensor) -> Tensor:
    """Eq. 8: distance of two embeddings [B, S], mean over the batch."""
    return torch.linalg.vector_norm(made - asked, dim=-1).mean()


def strength(augmented: Tensor, lips: Tensor, prompt: Tensor) -> Tensor:
    """Mean distance between the expression shown over time and the one asked for.

    Squares are added, for a muscle that is seldom asked for is a small mean and a large error.

    Ours: the embeddings of Eq. 8 have unit length and say little of how strong a face is. What
    speech takes of a channel is allowed for, as in the corpus.

    Args:
        augmented: faces [B, T, 52] made for perturbed prompts. lips: articulated mouth.
        prompt: what was asked at each frame, [B, T, 52].
    """
    room = prompt * (1.0 - 0.45 * lips)
    apart = ((augmented - lips) - room).mean(dim=1)
    return apart.abs().mean() + _LARGE * apart.square().mean()
