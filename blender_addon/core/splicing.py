"""Puts a span, or a region of the face, of one performance into another; the rest stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..vendor import clip, names
from .errors import TakeError

_RAMP: Final = 0.12  # seconds inside each end of the span over which the old becomes the new
_ALL_REGIONS: Final = frozenset(names.REGIONS)


@dataclass(frozen=True)
class Splice:
    """What of a take is made anew.

    Attributes:
        take_uid: the take that is taken as it is outside of span and regions.
        start, end: seconds of the line, end exclusive.
        regions: of the face; `arkit.names.REGIONS`.
    """

    take_uid: str
    start: float
    end: float
    regions: frozenset[str]

    @property
    def blendshapes(self) -> frozenset[str]:
        """What may change."""
        return frozenset(name for region in self.regions for name in names.REGIONS[region])


def share_of_new(times: NDArray[np.float64], splice: Splice, seconds: float) -> NDArray[np.float32]:
    """How much of the new performance stands at each time, [T], 0 outside the span.

    It rises and falls inside the span, but not where the span ends with the line.
    """
    inside = (times >= splice.start) & (times < splice.end)
    ramp = min(_RAMP, 0.5 * (splice.end - splice.start))
    rise = np.ones_like(times) if splice.start <= 0.0 else (times - splice.start) / ramp
    fall = np.ones_like(times) if splice.end >= seconds else (splice.end - times) / ramp
    return np.where(inside, np.clip(np.minimum(rise, fall), 0.0, 1.0), 0.0).astype(np.float32)


def spliced(base: clip.ArkitClip, new: clip.ArkitClip, splice: Splice) -> clip.ArkitClip:
    """The base with the new performance in the span and the regions; bit-identical elsewhere.

    Raises:
        TakeError: the two are not of the same line.
    """
    if base.n_frames != new.n_frames or abs(base.fps - new.fps) > 1e-6:
        raise TakeError(
            f"The line has changed since this take was made: it had {base.n_frames} frames at "
            f"{base.fps:g} fps and has {new.n_frames} at {new.fps:g}. Generate a new take."
        )
    share = share_of_new(base.times, splice, base.seconds)
    columns = [names.INDEX[name] for name in splice.blendshapes]
    layers = {
        name: _blend(layer, new.layers.get(name, layer), share, columns)
        for name, layer in base.layers.items()
    }
    whole = splice.regions >= _ALL_REGIONS
    return replace(
        base,
        coefficients=_blend(base.coefficients, new.coefficients, share, columns),
        layers=layers,
        head=_blend_angles(base.head, new.head, share) if whole else base.head,
        eyes=_blend_angles(base.eyes, new.eyes, share) if whole else base.eyes,
        notes=new.notes,
        provenance={**base.provenance, "spliced": _told(new, splice)},
    )


def _told(new: clip.ArkitClip, splice: Splice) -> dict[str, object]:
    return {
        "seed": new.provenance.get("seed"),
        "start": splice.start,
        "end": splice.end,
        "regions": sorted(splice.regions),
    }


def _blend(
    base: NDArray[np.float32],
    new: NDArray[np.float32],
    share: NDArray[np.float32],
    columns: Iterable[int],
) -> NDArray[np.float32]:
    result = base.copy()
    rows = np.flatnonzero(share)
    for column in columns:
        old = base[rows, column]
        result[rows, column] = old + share[rows] * (new[rows, column] - old)
    return result


def _blend_angles(
    base: NDArray[np.float32] | None, new: NDArray[np.float32] | None, share: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    if base is None or new is None:
        return base
    weight = share.reshape(-1, *[1] * (base.ndim - 1))
    return np.where(weight > 0, base + weight * (new - base), base).astype(np.float32)
