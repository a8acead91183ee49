"""The reader of told situations: trained alone, on the encoder as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from server.language import tables
from server.language.detector import StoryReader

from . import wording
from .pieces import Pieces
from .wording import held_out


@dataclass(frozen=True)
class StoryOptions:
    """How it is trained.

    Attributes:
        frames: templates around each situation, beside the bare one. causes: drawn from the table.
        noise: of the embeddings, against their own deviation. smooth: of the labels.
    """

    steps: int = 1_000
    batch: int = 256
    rate: float = 2e-3
    frames: int = 8
    causes: int = 6_000
    noise: float = 1.0
    smooth: float = 0.05
    decay: float = 0.3
    seed: int = 0


def story_texts(options: StoryOptions) -> list[tuple[str, str]]:
    """Situations bare and in templates: (text, family); nothing that is held out."""
    pieces = Pieces(options.seed)
    found: list[tuple[str, str]] = []
    for item in tables.situations():
        if held_out(item.text):
            continue
        frames = wording.GERUND if item.kind == "g" else wording.SENTENCE
        known = [frame for frame in frames if len(frame) <= len("{x}") + 1 or not held_out(frame)]
        chosen = [pieces.rng.choice(known) for _ in range(options.frames)]
        found += [(item.text, item.family)]
        found += [(pieces.fill(frame, x=item.text), item.family) for frame in chosen]
    return found


def train_stories(
    reader: StoryReader,
    embeddings: NDArray[np.float32],
    families: Sequence[str],
    options: StoryOptions,
) -> float:
    """Train on embeddings [n, width] and the families of their texts; returns the last loss."""
    torch.manual_seed(options.seed)
    names = list(tables.families())
    given = torch.from_numpy(embeddings)
    target = torch.tensor([names.index(family) for family in families])
    optimiser = torch.optim.AdamW(reader.parameters(), options.rate, weight_decay=options.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.rate, options.steps)
    reader.train()
    loss = torch.zeros(())
    for _ in range(options.steps):
        rows = torch.randint(len(given), (options.batch,))
        heard = given[rows]
        noise = options.noise * torch.randn_like(heard) / heard.shape[-1] ** 0.5
        heard = nn.functional.normalize(heard + noise, dim=-1)
        loss = nn.functional.cross_entropy(
            reader(heard), target[rows], label_smoothing=options.smooth
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    reader.eval()
    return loss.item()
