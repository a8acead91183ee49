"""The quads of the skin: a closed wall of columns and rows, a cap, and holes with edge loops.

Eyes, mouth, nostrils and ears are rectangles of the wall that are extruded: every extrusion adds
one loop around the opening, and the rectangle itself ends up as the bottom of the pocket. So the
skin stays one closed sheet of quads, open only at the neck.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from flame.head.maths import Indices

COLUMNS = 88
ROWS = 90


@dataclass
class Opening:
    """An extruded rectangle: loops [R, N] of vertex indices from the wall inwards, and its bottom.

    Loops start at the outer corner (the character's left one for the mouth), run over the top to
    the other corner at N / 2, and back below.
    """

    loops: Indices
    bottom: Indices
    first_row: int
    last_row: int


@dataclass
class SkinTopology:
    """Quads, the wall's vertex indices [ROWS, COLUMNS], the cap, and the named openings."""

    wall: Indices
    cap: Indices
    openings: dict[str, Opening] = field(default_factory=dict)
    faces: list[Indices] = field(default_factory=list)
    n_vertices: int = 0
    mirror: dict[int, int] = field(default_factory=dict)


def _rectangle_loop(wall: Indices, rows: tuple[int, int], columns: tuple[int, int]) -> Indices:
    """Return the boundary of a rectangle, from the middle of the last column's side over the top.

    `columns` may be negative or run downwards (a mirrored opening).
    """
    low, high = rows
    start, stop = columns
    step = -1 if start > stop else 1
    across = list(range(start, stop + step, step))
    middle = (low + high) // 2
    path = [(row, stop) for row in range(middle, high)]
    path += [(high, column) for column in reversed(across)]
    path += [(row, start) for row in range(high - 1, low, -1)]
    path += [(low, column) for column in across]
    path += [(row, stop) for row in range(low + 1, middle)]
    return np.array([wall[row, column % wall.shape[1]] for row, column in path])


def _cells(rows: tuple[int, int], columns: tuple[int, int]) -> list[tuple[int, int]]:
    first, last = min(columns), max(columns)
    return [
        (row, column % COLUMNS) for row in range(rows[0], rows[1]) for column in range(first, last)
    ]


class SkinBuilder:
    """Builds the wall, extrudes openings, and closes the top."""

    def __init__(self) -> None:
        wall = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
        self.wall = wall
        self.count = ROWS * COLUMNS
        self.mirror = {
            int(wall[row, column]): int(wall[row, -column % COLUMNS])
            for row in range(ROWS)
            for column in range(COLUMNS)
        }
        self.taken: set[tuple[int, int]] = set()
        self.openings: dict[str, Opening] = {}
        self.faces: list[Indices] = []

    def open(self, name: str, rows: tuple[int, int], columns: tuple[int, int], loops: int) -> None:
        """Extrude a rectangle `loops` times; `columns` falls for an opening on the right side."""
        outer = _rectangle_loop(self.wall, rows, columns)
        rings = [outer]
        for _ in range(loops):
            rings.append(np.arange(self.count, self.count + len(outer)))
            self.count += len(outer)
        clockwise = columns[0] > columns[1]
        for a, b in pairwise(rings):
            quads = np.stack([a, np.roll(a, -1), np.roll(b, -1), b], axis=1)
            self.faces.append(quads[:, ::-1] if clockwise else quads)
        renamed = dict(zip(outer.tolist(), rings[-1].tolist(), strict=True))
        cells = _cells(rows, columns)
        self.taken.update(cells)
        bottom = self._quads(cells)
        bottom = np.vectorize(lambda v: renamed.get(v, v))(bottom)
        self.faces.append(bottom)
        inner = np.setdiff1d(np.unique(bottom), rings[-1])
        self.openings[name] = Opening(np.stack(rings), inner, *rows)

    def _quads(self, cells: list[tuple[int, int]]) -> Indices:
        wall = self.wall
        return np.array(
            [
                (
                    wall[row, column],
                    wall[row, (column + 1) % COLUMNS],
                    wall[row + 1, (column + 1) % COLUMNS],
                    wall[row + 1, column],
                )
                for row, column in cells
            ]
        )

    def _pair(self, first: Opening, second: Opening) -> None:
        for a, b in zip(first.loops.ravel().tolist(), second.loops.ravel().tolist(), strict=True):
            self.mirror[a], self.mirror[b] = b, a

    def _self_mirror(self, opening: Opening) -> None:
        n = opening.loops.shape[1]
        reflected = (n // 2 - np.arange(n)) % n
        for ring in opening.loops:
            self.mirror.update(zip(ring.tolist(), ring[reflected].tolist(), strict=True))

    def finish(self) -> SkinTopology:
        """Close the top, add the remaining wall and return the sheet."""
        for name, opening in self.openings.items():
            if name.endswith("_left"):
                self._pair(opening, self.openings[name.replace("_left", "_right")])
            elif not name.endswith("_right"):
                self._self_mirror(opening)
        cells = [
            (row, column)
            for row in range(ROWS - 1)
            for column in range(COLUMNS)
            if (row, column) not in self.taken
        ]
        self.faces.append(self._quads(cells))
        cap = self._cap()
        return SkinTopology(self.wall, cap, self.openings, self.faces, self.count, self.mirror)

    def _cap(self) -> Indices:
        """Fill the top ring with a square grid whose front edge is centred on the face."""
        side = COLUMNS // 4
        grid = np.full((side + 1, side + 1), -1)
        half = side // 2
        top = self.wall[-1]
        for k in range(side):
            grid[0, k] = top[(k - half) % COLUMNS]
            grid[k, side] = top[(k + side - half) % COLUMNS]
            grid[side, side - k] = top[(k + 2 * side - half) % COLUMNS]
            grid[side - k, 0] = top[(k + 3 * side - half) % COLUMNS]
        inner = (side - 1) ** 2
        grid[1:-1, 1:-1] = np.arange(self.count, self.count + inner).reshape(side - 1, side - 1)
        self.count += inner
        for row in range(1, side):
            for column in range(1, side):
                self.mirror[int(grid[row, column])] = int(grid[row, side - column])
        quads = np.stack(
            [grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]], axis=-1
        ).reshape(-1, 4)
        self.faces.append(quads)
        return grid
