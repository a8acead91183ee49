"""ExpCLIP's animation generator: acting from a sentence or a pose (papers: ExpCLIP, AAAI 2024).

Importing this package loads neither torch nor scipy, since a server's first answer tells `facts`;
`create` does. Sizes are in `config`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .pipeline import ExpClipGenerator

__all__ = ["create"]


def create(device: str) -> ExpClipGenerator:
    """Return the generator with the shipped weights, for the registry.

    Raises:
        WeightsError: weights are missing.
    """
    from .pipeline import shipped

    return shipped(device)
