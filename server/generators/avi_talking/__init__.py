"""AVI-Talking: the voice itself, or an instruction in words, says how the face should look.

create(device)                       the shipped weights
create(device, weights=PATH)         weights of a file that `weights.save_weights` wrote
pipeline.random_generator(TINY, 0)   random weights of a size, for tests
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pipeline import AviTalkingGenerator

__all__ = ["create"]


def create(device: str = "cpu", weights: Path | None = None) -> AviTalkingGenerator:
    """Return the generator with the shipped weights, or those of a file.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    from .pipeline import load_generator

    return load_generator(device, weights)
