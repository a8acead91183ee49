"""Train what reads the text encoder, on an encoder that stays as it is: AU detector, projector.

Everything else that reads the encoder's space (styles, prompts, projector) then stays valid. The
encoder's outputs are computed once, plain and in a few augmented copies with words dropped.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from server.language.detector import DetectorConfig, TextAuDetector, family_columns
from server.language.encoder import BuiltinTextEncoder
from server.language.expclip import ExpClip, TextProjector

from .detector_loss import DetectorLoss, Examples
from .distil import Batcher
from .loop import LoopOptions, Report, run
from .tune import augmented

_CHUNK: Final = 512


@dataclass(frozen=True)
class HeadOptions:
    """How the detector is trained on a fixed encoder.

    Attributes:
        projector_hidden: width inside the text projector.
        copies: augmented copies of the texts beside the plain ones.
        drop: chance that a copy loses stop words. noise: of the embedding, share of its length.
    """

    steps: int = 2_500
    projector_steps: int = 1_500
    batch: int = 192
    rate: float = 1.5e-3
    bottleneck: int = 384
    projector_hidden: int = 768
    copies: int = 1
    drop: float = 0.25
    word_dropout: float = 0.06
    noise: float = 0.1
    longest: int = 20
    seed: int = 0


@torch.inference_mode()
def embedded(
    encoder: BuiltinTextEncoder, texts: Sequence[str], options: HeadOptions
) -> NDArray[np.float16]:
    """Embeddings float16 [1 + copies, n, D]: the texts as they are, then augmented."""
    talk, rng = random.Random(options.seed), np.random.default_rng(options.seed)
    batcher = Batcher(encoder, options.longest)
    result = np.zeros((1 + options.copies, len(texts), encoder.width), np.float16)
    for i in range(0, len(texts), _CHUNK):
        part = texts[i : i + _CHUNK]
        result[0, i : i + _CHUNK] = encoder.encode(part)
        for copy in range(options.copies):
            said = [augmented(text, talk, options.drop) for text in part]
            found = encoder.network(*batcher(said, options.word_dropout, rng))
            result[1 + copy, i : i + _CHUNK] = found.numpy()
    return result


def train_heads(
    examples: Examples,
    embeddings: NDArray[np.float16],
    options: HeadOptions,
    folder: Path,
    report: Report,
) -> TextAuDetector:
    """Train a detector on `embeddings` [copies, n, D] of the examples; resumes from `folder`."""
    torch.manual_seed(options.seed)
    width = embeddings.shape[-1]
    detector = TextAuDetector(
        DetectorConfig(width=width, bottleneck=options.bottleneck, n_families=len(family_columns()))
    )
    losses = DetectorLoss(examples)

    def loss_of(rng: np.random.Generator) -> Tensor:
        rows = rng.choice(len(examples.texts), options.batch)
        return losses(detector, _drawn(embeddings, rows, options, rng), examples, rows)

    plan = LoopOptions(options.steps, options.steps, options.rate, options.seed, keep_every=500)
    run(detector, loss_of, plan, folder / "heads.pt", report)
    return detector


def train_projector(
    expclip: ExpClip,
    embeddings: NDArray[np.float16],
    poses: NDArray[np.float32],
    options: HeadOptions,
    folder: Path,
    *,
    report: Report,
) -> TextProjector:
    """Train ExpCLIP's P on `embeddings` [copies, n, D] and poses [n, 52]; E and D stay.

    Eqs. 3 and 4 alone: 1 - cos(P(text), E(b)), and D(P(text)) against b.
    """
    torch.manual_seed(options.seed)
    expclip.requires_grad_(False).train()  # no dropout; D does not clamp what it is taught by
    expclip.config = replace(expclip.config, n_hidden=options.projector_hidden)
    projector = TextProjector(expclip.config)
    with torch.inference_mode():
        parts = torch.from_numpy(poses).split(_CHUNK)
        codes = torch.cat([expclip.encoder(part) for part in parts]).clone()

    def loss_of(rng: np.random.Generator) -> Tensor:
        rows = rng.choice(len(poses), options.batch)
        projected = projector(_drawn(embeddings, rows, options, rng))
        align = 1 - (projected * codes[rows]).sum(-1).mean()
        rebuilt = expclip.decoder(projected) - torch.from_numpy(poses[rows])
        return 10 * align + 2.5 * rebuilt.square().sum(-1).mean()

    plan = LoopOptions(
        options.projector_steps, options.projector_steps, options.rate, options.seed, 500
    )
    run(projector, loss_of, plan, folder / "projector.pt", report)
    expclip.eval()
    return projector


def _drawn(
    embeddings: NDArray[np.float16],
    rows: NDArray[np.int64],
    options: HeadOptions,
    rng: np.random.Generator,
) -> Tensor:
    """One copy of each row with a little noise, unit length, float32 [B, D]."""
    copies = rng.choice(len(embeddings), len(rows))
    found = torch.from_numpy(embeddings[copies, rows].astype(np.float32))
    found = found + options.noise * torch.randn_like(found) / found.shape[-1] ** 0.5
    return torch.nn.functional.normalize(found, dim=-1)
