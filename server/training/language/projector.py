"""The text projector P alone, on an encoder and an autoencoder that stay as they are.

Whatever was trained on the space of E keeps its meaning, while P learns texts that the tables have
gained. Beside ExpCLIP's Eqs. 3 and 4 it is trained to tell a text's own expression from the others
of its batch (InfoNCE, as CLIP is), which is what retrieval asks of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from server.language.expclip import ExpClip

from .loop import LoopOptions, Report, run


@dataclass(frozen=True)
class ProjectorOptions:
    """How P is trained.

    Attributes:
        temperature: of InfoNCE. align, contrast, cross: weights of Eq. 3, InfoNCE and Eq. 4.
        decoded: texts of a batch that Eq. 4 is asked of.
    """

    steps: int = 3_000
    batch: int = 256
    rate: float = 2e-3
    temperature: float = 0.05
    align: float = 10.0
    contrast: float = 2.0
    cross: float = 2.5
    decoded: int = 32
    seed: int = 0


@dataclass(frozen=True)
class Pairs:
    """Texts with their faces: embeddings [B, n_text], poses [B, 52], E(pose) [B, D], and a number
    for each different face [B]."""

    text: Tensor
    pose: Tensor
    code: Tensor
    kind: Tensor


def projector_loss(model: ExpClip, pairs: Pairs, options: ProjectorOptions) -> Tensor:
    """Eqs. 3 and 4 and InfoNCE; texts of the very same face are all positives."""
    code, pose = pairs.code, pairs.pose
    projected = model.projector(pairs.text)
    align = 1 - (projected * code).sum(-1).mean()
    few = slice(0, options.decoded)
    cross = (model.decoder(projected[few]) - pose[few]).square().sum(-1).mean()
    logits = projected @ code.T / options.temperature
    same = (pairs.kind[:, None] == pairs.kind[None]).float()
    target = same / same.sum(1, keepdim=True)
    forth = -(target * torch.log_softmax(logits, 1)).sum(1).mean()
    back = -(target.T * torch.log_softmax(logits, 0)).sum(0).mean()
    contrast = 0.5 * (forth + back)
    return options.align * align + options.contrast * contrast + options.cross * cross


def train_projector(
    model: ExpClip,
    text: NDArray[np.float32],
    pose: NDArray[np.float32],
    options: ProjectorOptions,
    folder: Path,
    *,
    report: Report,
) -> None:
    """Train P anew on text embeddings [n, n_text] and poses [n, 52]; E and D do not change."""
    torch.manual_seed(options.seed)
    for layer in model.projector.layers:
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    model.encoder.requires_grad_(False)
    model.decoder.requires_grad_(False)
    model.decoder.train()  # without the clamp, which has no gradient
    faces, kinds = np.unique(pose.round(4), axis=0, return_inverse=True)
    with torch.inference_mode():
        pieces = [model.encoder(torch.from_numpy(faces[i : i + 512]))
                  for i in range(0, len(faces), 512)]  # fmt: skip
    codes = torch.cat(pieces).clone()
    kinds = kinds.reshape(-1)

    def loss_of(rng: np.random.Generator) -> Tensor:
        rows = rng.choice(len(text), options.batch)
        kind = torch.from_numpy(kinds[rows])
        pairs = Pairs(torch.from_numpy(text[rows]), torch.from_numpy(pose[rows]), codes[kind], kind)
        return projector_loss(model, pairs, options)

    plan = LoopOptions(options.steps, options.steps, options.rate, options.seed)
    run(model.projector, loss_of, plan, folder / "projector.pt", report)
    model.eval()
