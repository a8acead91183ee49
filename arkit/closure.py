"""Contacts that must touch: the bounds that close lips and bring the lower lip to the teeth.

ARKit has no coefficient "lips closed": `mouthClose` cancels the lip gap that `jawOpen` makes, and
whatever else parts the lips has to stay out of the way. The figures below were measured on the
ICT-FaceKit head (gap between the mid upper and lower lip, millimetres at coefficient 1): jawOpen
opens 33.5, mouthClose closes 38.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clip import Contact
from .errors import RetimeError
from .names import ARKIT_NAMES, INDEX

CONTACT_KINDS: Final[tuple[str, ...]] = ("lips", "lip_teeth")

RAMP: Final = 0.04
"""Seconds before and after a contact over which the bounds fade; lips travel this fast."""

_CLOSE_PER_JAW: Final = 0.95
"""mouthClose that meets a jawOpen of 1: the lips touch without sinking into each other, and the
ratio that a MetaHuman takes as lips together stays above .9."""
_SINK: Final = 0.05
"""How far mouthClose may go beyond what closes, for a press."""
_JAW_AT_CLOSURE: Final = 0.45
"""A jaw further open than this cannot be bridged by any lips."""

_PART_LIPS: Final[dict[str, float]] = {
    "mouthShrugUpper": 0.158, "noseSneerLeft": 0.10, "noseSneerRight": 0.10,
    "mouthRollUpper": 0.066, "jawForward": 0.052, "mouthSmileLeft": 0.02, "mouthSmileRight": 0.02,
    "mouthFrownLeft": 0.017, "mouthFrownRight": 0.017, "mouthStretchLeft": 0.017,
    "mouthStretchRight": 0.017, "cheekPuff": 0.01,
}  # fmt: skip
"""Gap that each opens, in units of mouthClose."""
_MEET_LIPS: Final[dict[str, float]] = {
    "mouthShrugLower": 0.158, "mouthRollLower": 0.076, "mouthPressLeft": 0.013,
    "mouthPressRight": 0.013,
}  # fmt: skip
"""Gap that each closes, in units of mouthClose."""
_REST_GAP: Final = 0.015
"""Gap of the neutral mouth, in units of mouthClose."""

_LIPS_CEILINGS: Final[dict[str, float]] = {
    "mouthLowerDownLeft": 0.0, "mouthLowerDownRight": 0.0, "mouthUpperUpLeft": 0.0,
    "mouthUpperUpRight": 0.0, "mouthFunnel": 0.02, "mouthShrugUpper": 0.25, "tongueOut": 0.0,
}  # fmt: skip
"""What may remain at a full closure of the channels that open the lips."""

_TEETH_CEILINGS: Final[dict[str, float]] = {
    "mouthLowerDownLeft": 0.05, "mouthLowerDownRight": 0.05, "mouthFunnel": 0.2,
    "mouthPucker": 0.4, "tongueOut": 0.0, "mouthShrugUpper": 0.25,
}  # fmt: skip
_TEETH_ROLL: Final = 0.35
"""mouthRollLower that lays the lower lip under the upper teeth."""
_TEETH_GAP: Final = 0.1
"""jawOpen that may stay uncancelled at a labiodental: the breath passes over the lip."""


def contact_weights(
    times: ArrayLike, contacts: Iterable[Contact], kind: str
) -> NDArray[np.float64]:
    """Return how strongly a kind of contact binds each time, [T]: 1 inside, fading over `RAMP`.

    A contact that falls between two times binds the nearer one fully.
    """
    t = np.asarray(times, np.float64)
    weights = np.zeros(len(t))
    if not len(t):
        return weights
    half_step = 0.5 * float(np.median(np.diff(t))) if len(t) > 1 else np.inf
    for contact in contacts:
        if contact.kind != kind or not _is_among(t, contact, max(half_step, RAMP)):
            continue  # an hour has thousands of contacts, a window a few
        first, last = np.searchsorted(t, (contact.start - RAMP, contact.end + RAMP))
        near = t[first:last]
        outside = np.maximum(np.maximum(contact.start - near, near - contact.end), 0.0) / RAMP
        fade = 1.0 - outside * outside * (3.0 - 2.0 * outside)
        weights[first:last] = np.maximum(weights[first:last], fade)
        if _is_among(t, contact, half_step):
            weights[nearest_time(t, contact)] = 1.0
    return weights


def nearest_time(times: NDArray[np.float64], contact: Contact) -> int:
    """Return the index of the time nearest to the middle of a contact (`times` ascend)."""
    middle = 0.5 * (contact.start + contact.end)
    right = int(np.clip(np.searchsorted(times, middle), 1, max(len(times) - 1, 1)))
    candidates = (right - 1, min(right, len(times) - 1))
    return min(candidates, key=lambda i: abs(times[i] - middle))


def _is_among(times: NDArray[np.float64], contact: Contact, reach: float) -> bool:
    """Say whether a contact lies in the span of the times or within `reach` seconds of its ends."""
    return contact.end >= times[0] - reach and contact.start <= times[-1] + reach


def impose_closure(
    coefficients: NDArray[np.floating], times: ArrayLike, contacts: Iterable[Contact]
) -> NDArray[np.float32]:
    """Return coefficients whose lips (or lip and teeth) touch at every contact.

    Only bounds are applied (a floor under what closes, a ceiling over what opens), so imposing
    twice changes nothing, a mouth that already touches stays as it is, and other regions are
    never moved. Each contact closes at every time inside it, or at the nearest time where none
    falls inside, and fades over `RAMP` seconds on either side.

    Args:
        coefficients: [T, 52] in `ARKIT_NAMES` order, 0..1.
        times: [T] ascending seconds, of any spacing.
        contacts: kinds "lips" and "lip_teeth".

    Returns:
        float32 [T, 52], a new array.

    Raises:
        RetimeError: shapes that do not belong together, or an unknown kind of contact.
    """
    result = np.array(coefficients, np.float32)
    t = np.asarray(times, np.float64)
    if result.ndim != 2 or result.shape != (len(t), len(ARKIT_NAMES)):
        raise RetimeError(f"coefficients must be [{len(t)}, 52], got {list(result.shape)}")
    contacts = tuple(contacts)
    unknown = sorted({contact.kind for contact in contacts} - set(CONTACT_KINDS))
    if unknown:
        raise RetimeError(f"unknown contact '{unknown[0]}'; use {' or '.join(CONTACT_KINDS)}")
    _touch_teeth(result, contact_weights(t, contacts, "lip_teeth").astype(np.float32))
    _close_lips(result, contact_weights(t, contacts, "lips").astype(np.float32))
    return result


def _lower_to(
    face: NDArray[np.float32], ceilings: dict[str, float], weight: NDArray[np.float32]
) -> None:
    """Bring channels under their ceilings; at weight 0 the ceiling is 1, which is no bound."""
    for name, ceiling in ceilings.items():
        column = face[:, INDEX[name]]
        np.minimum(column, 1.0 - weight * (1.0 - ceiling), out=column, where=weight > 0)


def _raise_to(
    face: NDArray[np.float32], name: str, floor: NDArray[np.float32], weight: NDArray[np.float32]
) -> None:
    column = face[:, INDEX[name]]
    np.maximum(column, np.clip(weight * floor, 0.0, 1.0), out=column, where=weight > 0)


def _weighted(face: NDArray[np.float32], table: dict[str, float]) -> NDArray[np.float32]:
    columns = [INDEX[name] for name in table]
    return face[:, columns] @ np.array(list(table.values()), np.float32)


def _close_lips(face: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    _lower_to(face, _LIPS_CEILINGS | {"jawOpen": _JAW_AT_CLOSURE}, weight)
    jaw = face[:, INDEX["jawOpen"]]
    parted = _weighted(face, _PART_LIPS) - _weighted(face, _MEET_LIPS) + _REST_GAP
    needed = _CLOSE_PER_JAW * jaw + np.maximum(parted, 0.0)
    _raise_to(face, "mouthClose", needed, weight)
    close = face[:, INDEX["mouthClose"]]
    ceiling = np.minimum(needed + _SINK, 1.0)
    np.minimum(close, 1.0 - weight * (1.0 - ceiling), out=close, where=weight > 0)


def _touch_teeth(face: NDArray[np.float32], weight: NDArray[np.float32]) -> None:
    _lower_to(face, _TEETH_CEILINGS | {"jawOpen": _JAW_AT_CLOSURE}, weight)
    _raise_to(face, "mouthRollLower", np.full_like(weight, _TEETH_ROLL), weight)
    uncancelled = np.maximum(face[:, INDEX["jawOpen"]] - _TEETH_GAP, 0.0)
    _raise_to(face, "mouthClose", _CLOSE_PER_JAW * uncancelled, weight)
