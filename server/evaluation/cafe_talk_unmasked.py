"""Cafe-Talk without the mask of its guidance: the ablation "w/o masked CFG" of Table 3.

What strips say is then added to every channel at every frame of the line, as plain classifier-free
guidance does.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from server.generators.cafe_talk.pipeline import CafeTalkGenerator


class UnmaskedCafeTalk(CafeTalkGenerator):
    """The same weights as another generator, guided without a mask."""

    def _near(self, take: Any, times: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.full((len(times), 1), float(bool(take.strips)))

    def _marked(self, window: Any) -> Any:
        marked = super()._marked(window)
        return replace(marked, claim=torch.ones_like(marked.given))


def unmasked(generator: CafeTalkGenerator) -> UnmaskedCafeTalk:
    """Return a generator with the same weights and no mask."""
    return UnmaskedCafeTalk(
        generator.network,
        generator.provenance()["weights"],
        generator.evidence,
        generator.device,
        director=generator.director,
        encoder=generator.encoder,
    )
