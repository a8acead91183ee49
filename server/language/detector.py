"""Text AU detector after Cafe-Talk, Appendix F: adapter and head on a text embedding.

The adapter is a two-layer bottleneck with a residual connection and normalisation; the head gives
each AU a probability and an intensity. Beside the paper's AUs it names the family of feeling and
whether the text speaks of a face at all, so that unknown text stays neutral. A text that tells what
happens, and names no feeling, has its family from a reader of its own; and a head of its own says
whether it tells anything that moves a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from arkit.action_units import ACTION_UNITS, AU_CODES

from . import tables
from .faces import Face, expand

AU_COLUMNS: Final[tuple[str, ...]] = tuple(
    code for code in AU_CODES if ACTION_UNITS[code].side or code + "L" not in ACTION_UNITS
)
"""One-sided AUs and the central ones: the columns of an AU vector."""

AU_COLUMN: Final[dict[str, int]] = {code: i for i, code in enumerate(AU_COLUMNS)}

UNKNOWN: Final = "unknown"

_SHARPER: Final = 1.6
"""Of the story reader's logits: it was trained on smoothed labels, with noise and dropout."""


def family_columns() -> tuple[str, ...]:
    """Families in table order, then "unknown"."""
    return (*tables.families(), UNKNOWN)


def face_vector(face: Face) -> NDArray[np.float32]:
    """A face as float32 [n_aus]; AUs that ARKit cannot show are left out."""
    vector = np.zeros(len(AU_COLUMNS), np.float32)
    for code, value in expand(face).items():
        if code in AU_COLUMN:
            vector[AU_COLUMN[code]] = value
    return vector


def vector_face(vector: NDArray[np.float32], least: float = 0.03) -> Face:
    """The other way."""
    return {
        code: float(value) for code, value in zip(AU_COLUMNS, vector, strict=True) if value >= least
    }


@dataclass(frozen=True)
class DetectorConfig:
    """Sizes. `paper` is 512 -> 128 -> 512 on CLIP, `base` 256 -> 96 -> 256 on our encoder."""

    width: int = 256
    bottleneck: int = 96
    n_aus: int = len(AU_COLUMNS)
    n_families: int = 90


PAPER: Final = DetectorConfig(width=512, bottleneck=128)


class StoryReader(nn.Module):
    """What a told situation makes people feel: embedding [B, width] -> family logits [B, n].

    A linear reader and a small network beside it, apart from the adapter: hundreds of situations
    are few, and what the adapter has learnt of words of feeling misleads here.
    """

    def __init__(self, width: int, n_families: int, n_hidden: int = 128) -> None:
        super().__init__()
        self.plain = nn.Linear(width, n_families)
        self.hidden = nn.Linear(width, n_hidden)
        self.deep = nn.Linear(n_hidden, n_families)
        self.drop = nn.Dropout(0.5)

    def forward(self, embedding: Tensor) -> Tensor:
        scaled = embedding * embedding.shape[-1] ** 0.5
        hidden = self.drop(nn.functional.gelu(self.hidden(scaled)))
        return self.plain(scaled) + self.deep(hidden)


class TextAuDetector(nn.Module):
    """Embedding [B, width] -> AU logits, AU intensities, family logits, explicit logit.

    `stories` reads the family of told situations (without "unknown"); `moving` [B, 1] whether a
    text tells anything that moves a person (logit, on the embedding as it is).
    """

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        self.down = nn.Linear(config.width, config.bottleneck)
        self.up = nn.Linear(config.bottleneck, config.width)
        self.norm = nn.LayerNorm(config.width)
        self.presence = nn.Linear(config.width, config.n_aus)
        self.intensity = nn.Linear(config.width, config.n_aus)
        self.family = nn.Linear(config.width, config.n_families)
        self.explicit = nn.Linear(config.width, 1)
        self.align = nn.Linear(config.n_aus, config.width)
        self.stories = StoryReader(config.width, config.n_families - 1)
        self.moving = nn.Linear(config.width, 1)

    def adapt(self, embedding: Tensor) -> Tensor:
        """The adapted embedding, [B, width]."""
        bottleneck = torch.relu(self.down(embedding))
        return self.norm(embedding * embedding.shape[-1] ** 0.5 + self.up(bottleneck))

    def forward(self, embedding: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        adapted = self.adapt(embedding)
        return (
            self.presence(adapted),
            torch.sigmoid(self.intensity(adapted)),
            self.family(adapted),
            self.explicit(adapted).squeeze(-1),
        )

    def au_embedding(self, aus: Tensor) -> Tensor:
        """AU vectors [B, n_aus] in the space of the adapted text (for InfoNCE)."""
        return self.align(aus)


@dataclass(frozen=True)
class Guess:
    """What the network makes of a text.

    Attributes:
        face: one-sided AU codes with intensities. families: name -> probability, best first.
        explicit: probability that the text names the face or the feeling.
        unknown: probability that it says nothing about a face.
        confidence: 0..1.
        moving: log odds that it tells anything that moves a person.
    """

    face: Face
    families: dict[str, float]
    explicit: float
    unknown: float
    confidence: float
    moving: float = 0.0

    @property
    def family(self) -> str:
        """The most likely family."""
        return next(iter(self.families))


@torch.inference_mode()
def guess(
    detector: TextAuDetector, embeddings: NDArray[np.float32], *, stories: bool = False
) -> list[Guess]:
    """Read embeddings [B, width]; with `stories`, what names no feeling is read as a story."""
    given = torch.from_numpy(embeddings)
    logits, intensity, family, explicit = detector(given)
    presence = torch.sigmoid(logits).numpy()
    spoken = torch.sigmoid(explicit)
    chances = torch.softmax(family, -1)
    if stories:
        chances = _with_stories(chances, detector.stories(given), spoken)
    chance, named = chances.numpy(), spoken.numpy()
    moving = detector.moving(given * given.shape[-1] ** 0.5)[:, 0].numpy()
    return [
        _guess(presence[i], intensity[i].numpy(), chance[i], float(named[i]), float(moving[i]))
        for i in range(len(presence))
    ]


def _with_stories(chance: Tensor, stories: Tensor, named: Tensor) -> Tensor:
    """Chances of the families [B, n + 1]: the story's as far as no feeling is named, "unknown" as
    it is."""
    unknown = chance[:, -1:]
    told = torch.softmax(_SHARPER * stories, -1) * (1.0 - unknown)
    share = named[:, None]
    return torch.cat([share * chance[:, :-1] + (1.0 - share) * told, unknown], -1)


def _guess(
    presence: NDArray[np.float32],
    intensity: NDArray[np.float32],
    chance: NDArray[np.float32],
    explicit: float,
    moving: float,
) -> Guess:
    columns = family_columns()
    order = np.argsort(-chance)
    families = {columns[i]: float(chance[i]) for i in order if columns[i] != UNKNOWN}
    unknown = float(chance[columns.index(UNKNOWN)])
    face = vector_face(np.where(presence >= 0.5, intensity, 0.0).astype(np.float32))
    sure = float(presence[presence >= 0.5].mean()) if (presence >= 0.5).any() else 0.0
    confidence = (1.0 - unknown) * max(sure, float(chance.max()) if not face else sure)
    return Guess(face, families, explicit, unknown, confidence, moving)
