"""Chunks back into whole takes: arrays that grow by doubling, so that an hour costs linear time.

Numpy only; the names of the columns come with the chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors import WireError
from .messages import Chunk, FlameFrames, Result

_FIRST_CAPACITY = 1024  # frames; about half a minute


@dataclass(frozen=True)
class Take:
    """A whole take, as it came over the wire.

    Attributes:
        names: columns of `coefficients` and of every layer.
        coefficients: float32 [T, len(names)], clamped to 0..1.
        head: float32 [T, 3] radians. eyes: float32 [T, 2, 3] radians.
        layers: name -> float32 [T, len(names)], summing to the unclamped coefficients.
        result: rate, contacts, phones, notes, provenance, timings.
        flame: the same frames on a FLAME head, or None.
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float32]
    head: NDArray[np.float32]
    eyes: NDArray[np.float32]
    layers: Mapping[str, NDArray[np.float32]]
    result: Result
    flame: FlameFrames | None = None


class _Growing:
    """A float32 array that frames are appended to, and seen from its start."""

    def __init__(self, row_shape: tuple[int, ...]) -> None:
        self._array = np.zeros((_FIRST_CAPACITY, *row_shape), np.float32)

    def put(self, start: int, rows: NDArray[np.float32]) -> None:
        end = start + len(rows)
        if end > len(self._array):
            capacity = max(end, 2 * len(self._array))
            grown = np.zeros((capacity, *self._array.shape[1:]), np.float32)
            grown[:start] = self._array[:start]
            self._array = grown
        self._array[start:end] = rows

    def whole(self, n_frames: int) -> NDArray[np.float32]:
        return self._array[:n_frames]


_FLAME = ("expression", "jaw", "neck", "eyes")


@dataclass
class _Partial:
    names: tuple[str, ...]
    basis_id: str | None = None
    n_frames: int = 0
    arrays: dict[str, _Growing] = field(default_factory=dict)

    def put(self, name: str, rows: NDArray[np.float32]) -> None:
        if name not in self.arrays:
            self.arrays[name] = _Growing(rows.shape[1:])
        self.arrays[name].put(self.n_frames, rows)


class TakeAssembler:
    """Collects the chunks of one request, of any number of takes in any interleaving."""

    def __init__(self) -> None:
        self._partials: dict[int, _Partial] = {}

    def add(self, chunk: Chunk) -> None:
        """Append a chunk.

        Raises:
            WireError: frames are missing before it, or its names or layers changed on the way.
        """
        basis_id = chunk.flame.basis_id if chunk.flame is not None else None
        partial = self._partials.setdefault(chunk.take, _Partial(chunk.names, basis_id))
        layers = {f"layer {name}" for name in chunk.layers}
        expected = {name for name in partial.arrays if name.startswith("layer ")}
        same = chunk.names == partial.names and basis_id == partial.basis_id
        if not same or (partial.n_frames and layers != expected):
            raise WireError(f"Take {chunk.take} changed its columns or layers on the way.")
        if chunk.start_frame != partial.n_frames:
            raise WireError(
                f"Take {chunk.take} jumped from frame {partial.n_frames} to {chunk.start_frame}.",
                "Generate it again.",
            )
        partial.put("coefficients", chunk.coefficients)
        partial.put("head", chunk.head)
        partial.put("eyes", chunk.eyes)
        for name, layer in chunk.layers.items():
            partial.put(f"layer {name}", layer)
        if chunk.flame is not None:
            for name in _FLAME:
                partial.put(f"flame {name}", getattr(chunk.flame, name))
        partial.n_frames += len(chunk.coefficients)

    def finish(self, result: Result) -> Take:
        """Return the whole take and forget it.

        Raises:
            WireError: fewer or more frames arrived than the result tells of.
        """
        partial = self._partials.pop(result.take, None) or _Partial(())
        n = partial.n_frames
        if n != result.n_frames:
            raise WireError(
                f"Take {result.take} should have {result.n_frames} frames, but {n} arrived.",
                "Generate it again.",
            )
        whole = {name: array.whole(n) for name, array in partial.arrays.items()}
        return Take(
            names=partial.names,
            coefficients=whole.get("coefficients", np.zeros((0, len(partial.names)), np.float32)),
            head=whole.get("head", np.zeros((0, 3), np.float32)),
            eyes=whole.get("eyes", np.zeros((0, 2, 3), np.float32)),
            layers={
                name.removeprefix("layer "): array
                for name, array in whole.items()
                if name.startswith("layer ")
            },
            result=result,
            flame=_flame_of(whole, partial.basis_id),
        )


def _flame_of(whole: Mapping[str, NDArray[np.float32]], basis_id: str | None) -> FlameFrames | None:
    if basis_id is None:
        return None
    return FlameFrames(basis_id, *(whole[f"flame {name}"] for name in _FLAME))
