"""Cafe-Talk: emotion over the line, Action Units on the timeline. The default generator.

create(device)                       the weights of `facts.weights_file`
create(device, weights=PATH)         weights of a file that `weights.save_weights` wrote
pipeline.random_generator(TINY, 0)   random weights of a size, for tests
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pipeline import CafeTalkGenerator

__all__ = ["create"]


def create(device: str = "cpu", weights: Path | None = None) -> CafeTalkGenerator:
    """Return the generator with weights of a file, by default what `facts.weights_file` says.

    Raises:
        WeightsError: the file is absent or does not fit.
    """
    from .facts import weights_file
    from .pipeline import load_generator

    return load_generator(device, weights or weights_file())
