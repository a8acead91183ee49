"""Names and times of what is exported, in the words that destinations take."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def plain(text: str, otherwise: str) -> str:
    """Letters, digits and _ of a name, because Unreal names assets after it."""
    return re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or otherwise


def subject_name(subject: str, character: str) -> str:
    """Live Link subject of a character: as set, else its name without spaces and signs."""
    return plain(subject, "") or re.sub(r"[^A-Za-z0-9]+", "", character) or "Character"


def unique(names: Iterable[str]) -> list[str]:
    """The names with numbers after those that were there before: subjects must differ."""
    taken: set[str] = set()
    result = []
    for name in names:
        number, free = 1, name
        while free in taken:
            number += 1
            free = f"{name}{number}"
        taken.add(free)
        result.append(free)
    return result


def placed(samples: NDArray[np.float32], rate: int, offset: float) -> NDArray[np.float32]:
    """Sound [S] that begins `offset` seconds after the motion, made to begin with it."""
    n_samples = round(offset * rate)
    if n_samples <= 0:
        return samples[-n_samples:]
    return np.concatenate([np.zeros(n_samples, np.float32), samples])
