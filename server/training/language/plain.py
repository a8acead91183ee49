"""The head that tells plain sentences from what moves a person: trained alone, on the encoder.

Plain sentences are our own (plain_sentences.tsv), of many domains, some with words that are
feelings elsewhere ("a blue folder"); a third is never trained on.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from server.language import tables

from . import wording
from .pieces import Pieces
from .wording import held_out

_SENTENCES: Final = Path(__file__).with_name("plain_sentences.tsv")


@dataclass(frozen=True)
class PlainOptions:
    """How it is trained.

    Attributes:
        frames: templates around each situation, beside the bare one.
        plain: weight of a plain sentence. gloss, framed: of a gloss of a thing and of a situation
            or a feeling in a template; a bare situation weighs 1.
        decay: of the squared weights.
    """

    frames: int = 2
    plain: float = 4.0
    gloss: float = 0.3
    framed: float = 0.3
    decay: float = 1e-3
    steps: int = 200
    seed: int = 0


@dataclass(frozen=True)
class Weighed:
    """A text, whether it moves a person, and how much it counts."""

    text: str
    moves: bool
    weight: float


def plain_sentences(*, held: bool) -> list[str]:
    """Our plain sentences: the third held out by its checksum, or the others."""
    texts = _SENTENCES.read_text(encoding="utf-8").splitlines()[1:]
    return [text for text in texts if (zlib.crc32(text.encode()) % 3 == 0) == held]


def plain_texts(glosses: Sequence[str], options: PlainOptions) -> list[Weighed]:
    """Situations and feelings, which move; plain sentences and glosses of things, which do not."""
    rng, pieces = random.Random(options.seed), Pieces(options.seed)
    found: list[Weighed] = []
    for item in tables.situations():
        if held_out(item.text):
            continue
        frames = wording.GERUND if item.kind == "g" else wording.SENTENCE
        chosen = [rng.choice(frames) for _ in range(options.frames)]
        moves = item.family != "neutral"
        found.append(Weighed(item.text, moves, 1.0))
        if moves:
            told = [pieces.fill(frame, x=item.text) for frame in chosen]
            found += [Weighed(text, True, options.framed) for text in told]
    for word in tables.feeling_words():
        if word.pos == "adj" and word.family != "neutral" and not held_out(word.text):
            text = pieces.fill(rng.choice(wording.ADJECTIVE), x=word.text)
            found.append(Weighed(text, True, options.framed))
    found += [Weighed(text, False, options.plain) for text in plain_sentences(held=False)]
    found += [Weighed(text, False, options.gloss) for text in glosses]
    return found


def train_moving(
    head: nn.Linear,
    embeddings: NDArray[np.float32],
    texts: Sequence[Weighed],
    options: PlainOptions,
) -> float:
    """Fit the head [D -> 1] to embeddings [n, D] by logistic regression; returns the last loss."""
    given = torch.from_numpy(embeddings) * embeddings.shape[-1] ** 0.5
    moves = torch.tensor([float(text.moves) for text in texts])
    weight = torch.tensor([text.weight for text in texts])
    weight = weight / weight.sum()
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    optimiser = torch.optim.LBFGS(
        head.parameters(), max_iter=options.steps, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        wrong = nn.functional.binary_cross_entropy_with_logits(
            head(given)[:, 0], moves, weight, reduction="sum"
        )
        total = wrong + options.decay * head.weight.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    return loss().item()
