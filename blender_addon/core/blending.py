"""One take out of two of the same line: every layer in between, lips closing as in the nearer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..vendor import clip, retime
from .errors import TakeError


def check_blendable(first: clip.ArkitClip, second: clip.ArkitClip) -> None:
    """Refuse takes of different lines.

    Raises:
        TakeError: their lengths or rates differ.
    """
    if first.n_frames != second.n_frames or abs(first.fps - second.fps) > 1e-6:
        raise TakeError(
            "The takes differ in length ({first.n_frames} frames at {first.fps:g} fps, "
            "{second.n_frames} at {second.fps:g}): only takes of the same line can be blended.",
            first=first,
            second=second,
        )


def blend(first: clip.ArkitClip, second: clip.ArkitClip, factor: float) -> clip.ArkitClip:
    """The first at 0, the second at 1; both must have passed `check_blendable`.

    Contacts and phones are those of the nearer take, and its lips close as they did there. Layers
    are blended one by one, and dropped when one of the takes has none.
    """
    if factor in (0.0, 1.0):  # exactly one of them
        nearer = second if factor else first
        return replace(nearer, notes=(), provenance=_told(first, second, factor))
    layers = {}
    if first.layers and second.layers:
        names = sorted({*first.layers, *second.layers})
        layers = {n: _between(_layer(first, n), _layer(second, n), factor) for n in names}
    coefficients = _between(first.coefficients, second.coefficients, factor)
    if layers:
        total = np.sum(list(layers.values()), axis=0, dtype=np.float64)
        coefficients = np.clip(total, 0.0, 1.0).astype(np.float32)
    assert first.head is not None and second.head is not None
    assert first.eyes is not None and second.eyes is not None
    nearer = first if factor <= 0.5 else second
    mixed = clip.ArkitClip(
        coefficients=coefficients,
        fps=first.fps,
        head=_between(first.head, second.head, factor),
        eyes=_between(first.eyes, second.eyes, factor),
        layers=layers,
        contacts=nearer.contacts,
        phones=nearer.phones,
        provenance=_told(first, second, factor),
    )
    return retime.impose_contacts(mixed)


def _layer(take: clip.ArkitClip, name: str) -> NDArray[np.float32]:
    found = take.layers.get(name)
    return np.zeros_like(take.coefficients) if found is None else found


def _between(
    first: NDArray[np.float32], second: NDArray[np.float32], factor: float
) -> NDArray[np.float32]:
    return (first + np.float32(factor) * (second - first)).astype(np.float32)


def _told(first: clip.ArkitClip, second: clip.ArkitClip, factor: float) -> dict[str, Any]:
    return {
        **first.provenance,
        "blended": {"factor": factor, "with": dict(second.provenance)},
    }
