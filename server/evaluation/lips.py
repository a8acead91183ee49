"""Lips in millimetres: the gap between the lips of the ICT head, and how well closures are met.

The lip lines are found by geometry: skin that follows the jaw against skin that does not, column by
column across the mouth. The head is only a judge here; nothing of it is shipped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from flame.head import built_in_head

CLOSED_MM: Final = 1.0
"""A gap under this is a closed mouth."""

_SKIN_VERTICES = 9409  # the face patch comes first in the mesh
_TEETH = slice(17_039, 21_451)
_MM = 10.0  # the mesh is in centimetres
_HALF_WIDTH = 0.9  # cm: the middle of the mouth, where an open mouth shows
_COLUMN = 0.15  # cm
_LIP_HEIGHT = 0.6  # cm of lip on either side of the line where the lips meet
_FOLLOWS_JAW, _STAYS = -2.0, -1.0  # cm that jawOpen moves skin down: lower lip, upper lip


@dataclass(frozen=True)
class IctLips:
    """The lip lines of the ICT head.

    Attributes:
        upper, lower: one list of vertices a column, as rows of `rest` and `moves`.
        rest: float64 [V], height of each lip vertex in mm at rest.
        moves: float64 [52, V], what each blendshape adds at 1.
        teeth: height of the edge of the upper teeth in mm, [columns].
    """

    upper: tuple[NDArray[np.intp], ...]
    lower: tuple[NDArray[np.intp], ...]
    rest: NDArray[np.float64]
    moves: NDArray[np.float64]
    teeth: NDArray[np.float64]

    def __call__(self, coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the widest gap across the middle of the mouth in mm, [T]."""
        return self.columns(coefficients).max(axis=1)

    def columns(self, coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the gap of each column in mm, [T, columns]."""
        heights = self.rest + np.asarray(coefficients, np.float64) @ self.moves  # [T, V]
        return np.stack(
            [
                heights[:, up].min(axis=1) - heights[:, low].max(axis=1)
                for up, low in zip(self.upper, self.lower, strict=True)
            ],
            axis=1,
        )

    def to_teeth(self, coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how far the lower lip is under the edge of the upper teeth in mm, [T]."""
        heights = self.rest + np.asarray(coefficients, np.float64) @ self.moves
        lower = np.stack([heights[:, low].max(axis=1) for low in self.lower], axis=1)
        return (self.teeth - lower).mean(axis=1)


def load_ict_lips(folder: Path) -> IctLips:
    """Find the lip lines of the ICT head in `folder` (it holds `ict_expressions.npz`).

    Raises:
        FileNotFoundError: the head is not there.
    """
    with np.load(folder / "ict_expressions.npz") as shapes:
        neutral = shapes["neutral"].astype(np.float64)
        offsets = _arkit_offsets({name: shapes[name] for name in shapes.files}, neutral)
    skin = np.arange(_SKIN_VERTICES)
    fall = offsets[INDEX["jawOpen"], skin, 1]
    centre = skin[(np.abs(neutral[skin, 0]) < _HALF_WIDTH) & (neutral[skin, 2] > 10)]
    low = centre[fall[centre] < _FOLLOWS_JAW]
    line = neutral[low, 1].max()  # where the lips meet
    near = np.abs(neutral[centre, 1] - line) < _LIP_HEIGHT
    centre = centre[near]
    columns = np.round(neutral[centre, 0] / _COLUMN).astype(int)
    upper, lower = [], []
    for column in np.unique(columns):
        here = np.flatnonzero(columns == column)
        moved = fall[centre[here]]
        up, down = here[moved > _STAYS], here[moved < _FOLLOWS_JAW]
        if len(up) and len(down):
            upper.append(up)
            lower.append(down)
    teeth = _teeth_edge(neutral, offsets[INDEX["jawOpen"], :, 1], len(upper))
    return IctLips(
        upper=tuple(upper),
        lower=tuple(lower),
        rest=neutral[centre, 1] * _MM,
        moves=offsets[:, centre, 1] * _MM,
        teeth=teeth,
    )


def _teeth_edge(
    neutral: NDArray[np.float64], fall: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Return the height of the edge of the upper incisors in mm, `n` times: they do not fall."""
    teeth, still = neutral[_TEETH], np.abs(fall[_TEETH]) < 0.1
    front = teeth[:, 2] > teeth[still, 2].max() - 0.6
    middle = teeth[still & front & (np.abs(teeth[:, 0]) < _HALF_WIDTH / 2)]
    return np.full(n, middle[:, 1].min() * _MM)


def _arkit_offsets(
    shapes: dict[str, NDArray[np.float32]], neutral: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what each ARKit blendshape adds, [52, V, 3]; halves are summed, tongueOut is zero."""
    offsets = np.zeros((len(ARKIT_NAMES), *neutral.shape))
    for name, vertices in shapes.items():
        whole = re.sub(r"_L$", "Left", re.sub(r"_R$", "Right", name))
        for candidate in (whole, re.sub(r"(Left|Right)$", "", whole)):
            if candidate in INDEX:
                offsets[INDEX[candidate]] += vertices - neutral
                break
    return offsets


@dataclass(frozen=True)
class BuiltInLips:
    """The lip line of the built-in head: pairs of vertices that meet when the mouth is shut."""

    rest: NDArray[np.float64]  # [pairs] mm
    moves: NDArray[np.float64]  # [52, pairs] mm

    def __call__(self, coefficients: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the widest gap in mm, [T]; as `Head.lip_gap_mm`, without posing the whole head."""
        return (self.rest + np.asarray(coefficients, np.float64) @ self.moves).max(axis=1)


def load_built_in_lips() -> BuiltInLips:
    """Take the lip line from the built-in head."""
    head = built_in_head()
    up, low = head.landmarks["upper_lip_inner"], head.landmarks["lower_lip_inner"]
    moves = np.stack([head.shapes[name][up, 1] - head.shapes[name][low, 1] for name in ARKIT_NAMES])
    rest = head.vertices[up, 1] - head.vertices[low, 1]
    return BuiltInLips(rest.astype(np.float64) * 1000, moves.astype(np.float64) * 1000)
