"""A talking style taken from a clip: statistics of its frames, and a network that reads them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from .config import N_CHANNELS

N_STATISTICS: Final = 4 * N_CHANNELS
_HIDDEN: Final = 96


def clip_statistics(coefficients: NDArray[np.floating], fps: float) -> NDArray[np.float32]:
    """Return mean, spread, height (95th percentile) and speed a second / 10 of each channel.

    Args:
        coefficients: [T, 52], T >= 1, of a whole performance.

    Returns:
        float32 [N_STATISTICS].
    """
    face = np.asarray(coefficients, np.float32)[:, :N_CHANNELS]
    speed = np.abs(np.diff(face, axis=0, prepend=face[:1])).mean(axis=0) * fps / 10.0
    height = np.percentile(face, 95.0, axis=0)
    return np.concatenate([face.mean(axis=0), face.std(axis=0), height, speed]).astype(np.float32)


class StyleEncoder(nn.Module):
    """Statistics of a clip [B, N_STATISTICS] -> style embedding [B, n_style]."""

    def __init__(self, n_style: int) -> None:
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(N_STATISTICS, _HIDDEN), nn.SiLU(), nn.Linear(_HIDDEN, _HIDDEN), nn.SiLU(),
            nn.Linear(_HIDDEN, n_style),
        )  # fmt: skip

    def forward(self, statistics: Tensor) -> Tensor:
        """Return the embedding that the style table has for an actor like this."""
        return self.network(statistics)
