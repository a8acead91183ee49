"""Texts whose face is known, by meaning: names of expressions, and the situations of the tables.

The network reads what is new. A situation that lies close to a known one in the encoder's space
votes for that one's family, the more strongly the closer it is; told in nearly the same words it
outweighs everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FROM: Final = 0.8
"""Cosine under which a situation says nothing about another."""
_PER_COSINE: Final = 12.0
"""Votes for each unit of cosine above `_FROM`."""
Vectors = NDArray[np.float32]


def _none() -> Vectors:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class KnownTexts:
    """Unit vectors in the text encoder's space.

    Attributes:
        names: of expressions. name_vectors: float32 [n, D].
        families: of situations ("neutral" where nothing shows). situation_vectors: float32 [m, D].
    """

    names: tuple[str, ...] = ()
    name_vectors: Vectors = field(default_factory=_none)
    families: tuple[str, ...] = ()
    situation_vectors: Vectors = field(default_factory=_none)

    def nearest(self, embedding: Vectors, count: int = 5) -> list[str]:
        """Names of the expressions nearest to a unit vector [D], best first."""
        if len(self.names) < count:
            return []
        scores = self.name_vectors @ embedding
        best = np.argpartition(-scores, count - 1)[:count]
        return [self.names[i] for i in best[np.argsort(-scores[best])]]

    def situation_votes(self, embedding: Vectors) -> dict[str, float]:
        """Family -> weight of its situation nearest to a unit vector [D]."""
        if not self.families:
            return {}
        found: dict[str, float] = {}
        cosines = self.situation_vectors @ embedding
        for place in np.flatnonzero(cosines > _FROM):
            family = self.families[place]
            weight = _PER_COSINE * (float(cosines[place]) - _FROM)
            found[family] = max(found.get(family, 0.0), weight)
        return found
