"""Cafe-Talk without the mask of its guidance: the ablation "w/o masked CFG" of Table 3.

What strips say is then added to every channel at every frame of the line, as plain classifier-free
guidance does.
"""

from __future__ import annotations

import copy
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

    def _marked(self, window: Any, before: Any, scene: int) -> Any:
        marked = super()._marked(window, before, scene)
        return replace(marked, claim=torch.ones_like(marked.given))


def unmasked(generator: CafeTalkGenerator) -> UnmaskedCafeTalk:
    """Return a generator with the same weights and no mask."""
    other = copy.copy(generator)
    other.__class__ = UnmaskedCafeTalk
    assert isinstance(other, UnmaskedCafeTalk)
    return other
