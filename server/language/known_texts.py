"""Texts whose face is known, by meaning: names of expressions, and the situations of the tables.

The network reads what is new. A situation that lies close to a known one in the encoder's space
votes for that one's family, the more strongly the closer it is; told in nearly the same words it
outweighs everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from . import tables
from .lexicon import Lexicon
from .told import ToldSituations

_FROM: Final = 0.8
"""Cosine under which a situation says nothing about another."""
_PER_COSINE: Final = 12.0
"""Votes for each unit of cosine above `_FROM`."""
_SHARPNESS: Final = 20.0
"""Of the shares of words near to one: a word counts e times as much as one .05 of cosine off."""
Vectors = NDArray[np.float32]


def _none() -> Vectors:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class KnownTexts:
    """Unit vectors in the text encoder's space.

    Attributes:
        names: of expressions. name_vectors: float32 [n, D].
        families: of situations ("neutral" where nothing shows). situation_vectors: float32 [m, D].
        told: the same situations by their words. lexicon: words of feeling beyond the tables.
    """

    names: tuple[str, ...] = ()
    name_vectors: Vectors = field(default_factory=_none)
    families: tuple[str, ...] = ()
    situation_vectors: Vectors = field(default_factory=_none)
    told: ToldSituations = field(default_factory=lambda: ToldSituations(()))
    lexicon: Lexicon = field(default_factory=Lexicon)

    def nearest(self, embedding: Vectors, count: int = 5) -> list[str]:
        """Names of the expressions nearest to a unit vector [D], best first."""
        if len(self.names) < count:
            return []
        scores = self.name_vectors @ embedding
        best = np.argpartition(-scores, count - 1)[:count]
        return [self.names[i] for i in best[np.argsort(-scores[best])]]

    @cached_property
    def _feelings(self) -> tuple[Vectors, NDArray[np.int64], tuple[str, ...]]:
        """Vectors of the names that are words of feeling, their families' places, the families."""
        family_of = {word.text: word.family for word in tables.feeling_words()}
        families = tuple(tables.families())
        rows = [i for i, name in enumerate(self.names) if name in family_of]
        places = [families.index(family_of[self.names[i]]) for i in rows]
        return self.name_vectors[rows], np.array(places, np.int64), families

    def word_shares(self, embedding: Vectors) -> Mapping[str, float]:
        """Family -> share of the known words of feeling near to a unit vector [D], summing to 1."""
        if not self.names:
            return {}
        vectors, places, families = self._feelings
        likeness = np.exp(_SHARPNESS * (vectors @ embedding - 1.0))
        shares = np.bincount(places, weights=likeness, minlength=len(families))
        shares /= max(float(shares.sum()), 1e-12)
        return dict(zip(families, shares.tolist(), strict=True))

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
