"""The judge of expressions: a small transformer that names the emotion of a face in motion.

After Cafe-Talk's App. E.2 (Fig. 12): frames and a <cls> token, an MLP into latent space, positional
embedding, one transformer layer with eight heads, a head on the first token. It judges generators
and is never part of one; it is trained by `emotion_training` and not shipped.

Shapes: N performances, T frames at `RATE`, C = 51 coefficients.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from arkit.names import ARKIT_51_NAMES
from server.errors import Unavailable

RATE: Final = 12.5
"""Frames per second that are looked at: expressions are slow."""
LONGEST: Final = 128
"""Frames; of a longer performance the middle is looked at."""
_BATCH: Final = 64


@dataclass(frozen=True)
class Verdict:
    """What the classifier says of performances.

    Attributes:
        labels: the emotion of each, [N]. features: float32 [N, D], what the head sees.
        shares: float32 [N, len(emotions)].
    """

    labels: list[str]
    features: NDArray[np.float32]
    shares: NDArray[np.float32]


class EmotionClassifier(nn.Module):
    """See the module.

    Args:
        emotions: what it tells apart. width: of the latent space.
    """

    def __init__(self, emotions: Sequence[str], width: int = 128) -> None:
        super().__init__()
        self.emotions, self.width = tuple(emotions), width
        self.encode = nn.Sequential(
            nn.Linear(len(ARKIT_51_NAMES), width), nn.GELU(), nn.Linear(width, width)
        )
        self.cls = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.place = nn.Parameter(torch.randn(1, LONGEST + 1, width) * 0.02)
        self.layer = nn.TransformerEncoderLayer(
            width, 8, 2 * width, dropout=0.1, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, len(self.emotions))

    def features(self, frames: Tensor, valid: Tensor) -> Tensor:
        """Return what the head sees, [N, width].

        Args:
            frames: [N, T, C]. valid: bool [N, T], False where a performance is over.
        """
        n = len(frames)
        latent = torch.cat([self.cls.expand(n, -1, -1), self.encode(frames)], dim=1)
        latent = latent + self.place[:, : latent.shape[1]]
        hidden = torch.cat([torch.zeros_like(valid[:, :1]), ~valid], dim=1)
        return self.norm(self.layer(latent, src_key_padding_mask=hidden)[:, 0])

    def forward(self, frames: Tensor, valid: Tensor) -> Tensor:
        """Return the logits, [N, len(emotions)]."""
        return self.head(self.features(frames, valid))

    @torch.no_grad()
    def judge(self, performances: Sequence[tuple[NDArray[np.float32], float]]) -> Verdict:
        """Name the emotion of performances, each coefficients [T, 52] with its frame rate."""
        self.eval()
        features: list[Tensor] = []
        for first in range(0, len(performances), _BATCH):
            part = performances[first : first + _BATCH]
            features.append(self.features(*stacked([sampled(c, fps) for c, fps in part])))
        seen = torch.cat(features) if features else torch.zeros(0, self.width)
        shares = self.head(seen).softmax(dim=1)
        return Verdict(
            [self.emotions[k] for k in shares.argmax(dim=1)], seen.numpy(), shares.numpy()
        )


def sampled(coefficients: NDArray[np.float32], fps: float) -> NDArray[np.float32]:
    """Return the frames that the classifier looks at, float32 [<= LONGEST, 51]."""
    n = max(1, int(len(coefficients) / fps * RATE))
    times = (np.arange(n) + 0.5) / RATE
    width = len(ARKIT_51_NAMES)
    place = np.clip(times * fps - 0.5, 0, len(coefficients) - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(coefficients) - 1)
    share = (place - low)[:, None].astype(np.float32)
    frames = coefficients[low, :width] * (1 - share) + coefficients[high, :width] * share
    first = max(0, (n - LONGEST) // 2)
    return frames[first : first + LONGEST].astype(np.float32)


def stacked(frames: Sequence[NDArray[np.float32]]) -> tuple[Tensor, Tensor]:
    """Return performances of several lengths as one batch [N, T, C], and where they are valid."""
    longest = max(len(f) for f in frames)
    batch = torch.zeros(len(frames), longest, len(ARKIT_51_NAMES))
    valid = torch.zeros(len(frames), longest, dtype=torch.bool)
    for row, one in enumerate(frames):
        batch[row, : len(one)] = torch.from_numpy(np.asarray(one, np.float32))
        valid[row, : len(one)] = True
    return batch, valid


def save_classifier(model: EmotionClassifier, path: Path, about: dict[str, object]) -> None:
    """Write the weights with what they were made of."""
    tensors = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    kept = {"emotions": model.emotions, "width": model.width, "about": about}
    save_file(tensors, path, {"classifier": json.dumps(kept)})


def load_classifier(path: Path) -> tuple[EmotionClassifier, dict[str, object]]:
    """Read a classifier and what it was made of.

    Raises:
        Unavailable: there is no such file, or it holds something else.
    """
    if not path.is_file():
        raise Unavailable(
            f"There is no emotion classifier at {path}.",
            "Train it: python -m server.evaluation.emotion_training --corpus DIR --out FILE",
        )
    with safe_open(path, "pt") as handle:
        metadata = handle.metadata() or {}
        tensors = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118
    if "classifier" not in metadata:
        raise Unavailable(f"{path} is not an emotion classifier.", "Train one.")
    kept = json.loads(metadata["classifier"])
    model = EmotionClassifier(kept["emotions"], kept["width"])
    model.load_state_dict(tensors)
    return model.eval(), kept["about"]
