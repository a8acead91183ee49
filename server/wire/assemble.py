"""Chunks back into whole takes: blocks that are put together at the end, and in linear time.

Numpy only; the names of the columns come with the chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .errors import WireError
from .messages import Chunk, FlameFrames, Result


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


_FLAME = ("expression", "jaw", "neck", "eyes")


@dataclass
class _Partial:
    names: tuple[str, ...]
    basis_id: str | None = None
    n_frames: int = 0
    blocks: dict[str, list[NDArray[np.float32]]] = field(default_factory=dict)

    def put(self, name: str, rows: NDArray[np.float32]) -> None:
        self.blocks.setdefault(name, []).append(np.array(rows, np.float32))


@dataclass(frozen=True)
class Arrived:
    """A take of which every frame is there, still in the blocks that came."""

    _partial: _Partial
    _result: Result

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the coefficients."""
        return self._partial.names

    def whole(self) -> Take:
        """Put the blocks together; with minutes of them that takes some milliseconds."""
        partial = self._partial
        whole = {name: np.concatenate(blocks) for name, blocks in partial.blocks.items()}
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
            result=self._result,
            flame=_flame_of(whole, partial.basis_id),
        )


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
        expected = {name for name in partial.blocks if name.startswith("layer ")}
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
        """Return the whole take and forget it; raises as `arrived`."""
        return self.arrived(result).whole()

    def arrived(self, result: Result) -> Arrived:
        """As `finish`, at once: the blocks can be put together elsewhere.

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
        return Arrived(partial, result)


def _flame_of(whole: Mapping[str, NDArray[np.float32]], basis_id: str | None) -> FlameFrames | None:
    if basis_id is None:
        return None
    return FlameFrames(basis_id, *(whole[f"flame {name}"] for name in _FLAME))
