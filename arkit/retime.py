"""A clip at another rate, smoothed, mirrored, scaled, or reduced to few keys: pure functions.

Interpolation preserves shape (monotone cubic: no overshoot between frames, so a blink never dips
below closed), and contacts are imposed again afterwards, so that a 60 ms /p/ closes even at
15 fps. Layers keep summing to the unclamped clip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .clip import ArkitClip, Contact
from .closure import impose_closure, nearest_time
from .errors import RetimeError
from .names import ARKIT_NAMES, INDEX, LOWER_FACE_NAMES, REGIONS, mirror_name

__all__ = [
    "gain",
    "impose_closure",
    "impose_contacts",
    "mirror",
    "monotone_interpolate",
    "reduce_curves",
    "reduce_keys",
    "resample",
    "sample_at",
    "smooth",
]

_CHUNK: Final = 16384
"""Output rows interpolated at once: an hour at 60 fps stays within memory."""
_IS_LOWER: Final = np.array([name in LOWER_FACE_NAMES for name in ARKIT_NAMES])
_MIRROR: Final = np.array([INDEX[mirror_name(name)] for name in ARKIT_NAMES])


def monotone_interpolate(times: ArrayLike, values: ArrayLike, at: ArrayLike) -> NDArray[np.float64]:
    """Interpolate columns by monotone cubics (Fritsch and Butland 1984): no overshoot.

    Args:
        times: [N] strictly ascending seconds, of any spacing.
        values: [N, ...] values at those times.
        at: [K] seconds; outside the times the first and last values hold.

    Returns:
        float64 [K, ...]; exactly the values where `at` meets the times.

    Raises:
        RetimeError: no frame, or times that do not ascend.
    """
    t, y = np.asarray(times, np.float64), np.asarray(values, np.float64)
    x = np.asarray(at, np.float64)
    if len(t) == 0 or len(t) != len(y):
        raise RetimeError(f"{len(t)} times and {len(y)} frames cannot be interpolated")
    flat = y.reshape(len(y), -1)
    if len(t) == 1:
        return np.repeat(flat, len(x), axis=0).reshape(len(x), *y.shape[1:])
    steps = np.diff(t)
    if not (steps > 0).all():
        raise RetimeError("times must ascend; two frames stand at the same time")
    slopes = _monotone_slopes(steps, np.diff(flat, axis=0) / steps[:, None])
    result = np.empty((len(x), flat.shape[1]))
    for first in range(0, len(x), _CHUNK):
        part = slice(first, first + _CHUNK)
        result[part] = _hermite(t, flat, slopes, np.clip(x[part], t[0], t[-1]))
    return result.reshape(len(x), *y.shape[1:])


def _monotone_slopes(
    steps: NDArray[np.float64], secants: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return slopes at the knots, [N, C]: harmonic means, 0 at every local extremum."""
    slopes = np.zeros((len(steps) + 1, secants.shape[1]))
    if len(steps) == 1:
        slopes[:] = secants
        return slopes
    before, after = secants[:-1], secants[1:]
    h_before, h_after = steps[:-1, None], steps[1:, None]
    w_before, w_after = 2 * h_after + h_before, h_after + 2 * h_before
    same_way = before * after > 0
    # With both secants nonzero and of one sign the denominator below cannot vanish.
    denominator = np.where(same_way, w_before * after + w_after * before, 1.0)
    mean = (w_before + w_after) * (before * after / denominator)
    slopes[1:-1] = np.where(same_way, mean, 0.0)
    slopes[0] = _end_slope(steps[0], steps[1], secants[0], secants[1])
    slopes[-1] = _end_slope(steps[-1], steps[-2], secants[-1], secants[-2])
    return slopes


def _end_slope(
    h: float, h_next: float, secant: NDArray[np.float64], next_secant: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Three-point slope at an end, limited so that the first interval stays monotone."""
    slope = ((2 * h + h_next) * secant - h * next_secant) / (h + h_next)
    slope = np.where(slope * secant > 0, slope, 0.0)
    return np.where(np.abs(slope) > 3 * np.abs(secant), 3 * secant, slope)


def _hermite(
    t: NDArray[np.float64],
    y: NDArray[np.float64],
    slopes: NDArray[np.float64],
    x: NDArray[np.float64],
) -> NDArray[np.float64]:
    left = np.clip(np.searchsorted(t, x, side="right") - 1, 0, len(t) - 2)
    h = (t[left + 1] - t[left])[:, None]
    s = ((x - t[left])[:, None]) / h
    low, high = y[left], y[left + 1]
    rise = s * s * (3 - 2 * s)
    bend = s * (1 - s) * h * ((1 - s) * slopes[left] - s * slopes[left + 1])
    value = low + (high - low) * rise + bend
    # The last rounding of floats may pass an end of the interval by one unit.
    return np.clip(value, np.minimum(low, high), np.maximum(low, high))


def sample_at(clip: ArkitClip, times: ArrayLike) -> NDArray[np.float32]:
    """Return the coefficients at any ascending times (sub-frames too), float32 [K, 52].

    Contacts are imposed at these times.
    """
    t = np.asarray(times, np.float64)
    faces = _at_contacts(clip, clip.coefficients, t)
    return impose_closure(np.clip(faces, 0.0, 1.0), t, clip.contacts)


def _at_contacts(
    clip: ArkitClip, values: NDArray[np.floating], times: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate [T, 52]; where a contact falls between two times, the nearer shows its pose.

    So a labiodental of one source frame survives a lower rate as the animator (or the generator)
    shaped it, before bounds are imposed at all.
    """
    result = monotone_interpolate(clip.times, values, times)
    missed = [contact for contact in clip.contacts if _misses(times, contact)]
    if missed:
        frames = [nearest_time(times, contact) for contact in missed]
        middles = [0.5 * (contact.start + contact.end) for contact in missed]
        poses = monotone_interpolate(clip.times, values, middles)
        result[frames] = np.where(_IS_LOWER, poses, result[frames])
    return result


def _misses(times: NDArray[np.float64], contact: Contact) -> bool:
    """Say whether a contact within the span of the times has no time inside it."""
    if len(times) == 0 or contact.end < times[0] or contact.start > times[-1]:
        return False
    return bool(
        np.searchsorted(times, contact.start) >= np.searchsorted(times, contact.end, "right")
    )


def resample(clip: ArkitClip, fps: float) -> ArkitClip:
    """Return the clip at another frame rate, as long as before (up to one frame).

    At its own rate a clip whose contacts are closed comes back as it is.

    Raises:
        RetimeError: `fps` is not a positive number, or the clip has no frame.
    """
    if not (np.isfinite(fps) and fps > 0):
        raise RetimeError(f"the frame rate must be positive, got {fps}")
    if abs(fps - clip.fps) < 1e-9:
        return impose_contacts(clip)
    n_frames = max(1, int(np.ceil(clip.n_frames / clip.fps * fps - 1e-6)))
    times = np.arange(n_frames) / fps
    unclamped = _at_contacts(clip, _unclamped(clip), times)
    layers = {name: _at_contacts(clip, layer, times) for name, layer in clip.layers.items()}
    resampled = replace(
        clip,
        fps=fps,
        coefficients=np.clip(unclamped, 0.0, 1.0),
        head=monotone_interpolate(clip.times, _array(clip.head), times),
        eyes=monotone_interpolate(clip.times, _array(clip.eyes), times),
        layers=_summing_to(unclamped, layers),
    )
    return impose_contacts(resampled)


def _array(values: NDArray[np.float32] | None) -> NDArray[np.float32]:
    assert values is not None  # ArkitClip fills absent angles with zeros
    return values


def _unclamped(clip: ArkitClip) -> NDArray[np.float32]:
    """Return the sum of the layers where it agrees with the clip, else the clip itself."""
    if not clip.layers:
        return clip.coefficients
    total = np.sum(list(clip.layers.values()), axis=0)
    agrees = np.abs(np.clip(total, 0.0, 1.0) - clip.coefficients) < 1e-5
    return np.where(agrees, total, clip.coefficients)


def _summing_to(
    total: NDArray[np.floating], layers: Mapping[str, NDArray[np.floating]]
) -> dict[str, NDArray[np.float32]]:
    """Give what the layers lack of a total to the lips (or to the first layer there is)."""
    if not layers:
        return {}
    name = "lips" if "lips" in layers else next(iter(layers))
    lack = total - np.sum(list(layers.values()), axis=0)
    return {
        key: (layer + lack if key == name else layer).astype(np.float32)
        for key, layer in layers.items()
    }


def _with_coefficients(clip: ArkitClip, coefficients: NDArray[np.floating]) -> ArkitClip:
    """Return the clip with new coefficients and layers that sum to them."""
    changed = np.abs(coefficients - clip.coefficients) > 0
    total = np.where(changed, coefficients, _unclamped(clip))
    clamped = np.clip(coefficients, 0.0, 1.0)
    return replace(clip, coefficients=clamped, layers=_summing_to(total, clip.layers))


def impose_contacts(clip: ArkitClip) -> ArkitClip:
    """Return the clip with its contacts closed at its own frames; see `impose_closure`."""
    if not clip.contacts:
        return clip
    closed = impose_closure(clip.coefficients, clip.times, clip.contacts)
    if np.array_equal(closed, clip.coefficients):
        return clip
    return _with_coefficients(clip, closed)


def smooth(clip: ArkitClip, seconds: float, names: Sequence[str] = ARKIT_NAMES) -> ArkitClip:
    """Return the clip smoothed by a Gaussian of `seconds` standard deviation; contacts still close.

    Args:
        names: the blendshapes to smooth (blinks are better left out); angles are left alone.

    Raises:
        RetimeError: `seconds` is negative or not a number.
    """
    if not (np.isfinite(seconds) and seconds >= 0):
        raise RetimeError(f"smoothing must be 0 s or more, got {seconds}")
    columns = [INDEX[name] for name in names]
    if seconds * clip.fps < 0.05 or not columns or clip.n_frames < 2:
        return clip

    def smoothed(values: NDArray[np.floating]) -> NDArray[np.float32]:
        result = np.array(values, np.float32)
        result[:, columns] = _gaussian(values[:, columns], seconds * clip.fps)
        return result

    layers = {name: smoothed(layer) for name, layer in clip.layers.items()}
    unclamped = smoothed(_unclamped(clip))
    coefficients = np.clip(unclamped, 0.0, 1.0)
    return impose_contacts(
        replace(clip, coefficients=coefficients, layers=_summing_to(unclamped, layers))
    )


def _gaussian(values: NDArray[np.floating], sigma_frames: float) -> NDArray[np.float64]:
    radius = max(1, int(np.ceil(3 * sigma_frames)))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma_frames) ** 2)
    padded = np.pad(np.asarray(values, np.float64), ((radius, radius), (0, 0)), mode="edge")
    n_frames = len(values)
    taps = enumerate(kernel / kernel.sum())
    return np.sum([tap * padded[i : i + n_frames] for i, tap in taps], axis=0)


def mirror(clip: ArkitClip) -> ArkitClip:
    """Return the clip with the character's left and right exchanged, head and eyes included."""
    flip = np.array([-1.0, 1.0, -1.0], np.float32)  # yaw and roll change sign, pitch does not
    return replace(
        clip,
        coefficients=clip.coefficients[:, _MIRROR],
        head=_array(clip.head) * flip,
        eyes=_array(clip.eyes)[:, ::-1] * flip,
        layers={name: layer[:, _MIRROR] for name, layer in clip.layers.items()},
    )


def gain(clip: ArkitClip, factors: Mapping[str, float]) -> ArkitClip:
    """Return the clip with regions ("brow", "mouth" ...) or single blendshapes scaled.

    A blendshape named itself is scaled by its own factor, not by its region's too. Contacts still
    close.

    Raises:
        RetimeError: no such region or blendshape, or a factor that is negative or not a number.
    """
    scale = np.ones(len(ARKIT_NAMES), np.float32)
    for name, factor in sorted(factors.items(), key=lambda item: item[0] in INDEX):
        if name not in REGIONS and name not in INDEX:
            raise RetimeError(f"'{name}' is neither a face region nor a blendshape")
        if not (np.isfinite(factor) and factor >= 0):
            raise RetimeError(f"the gain of {name} must be 0 or more, got {factor}")
        scale[[INDEX[n] for n in REGIONS.get(name, (name,))]] = factor
    unclamped = _unclamped(clip) * scale
    layers = {name: layer * scale for name, layer in clip.layers.items()}
    coefficients = np.where(scale == 1.0, clip.coefficients, np.clip(unclamped, 0.0, 1.0))
    return impose_contacts(
        replace(clip, coefficients=coefficients, layers=_summing_to(unclamped, layers))
    )


def reduce_keys(values: ArrayLike, tolerance: float, keep: Sequence[int] = ()) -> NDArray[np.intp]:
    """Return the frames to keep so that straight lines between them miss no value by more.

    One pass with a cone of admissible slopes: every frame between two kept ones lies within
    `tolerance` of the line that joins them. First, last and `keep` frames are always kept.

    Args:
        values: [T] values at equally spaced frames.
        tolerance: largest allowed error, in units of the values.

    Raises:
        RetimeError: values of more than one dimension, or a negative tolerance.
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 1:
        raise RetimeError(f"one curve is [T], got {list(array.shape)}; see reduce_curves")
    if not tolerance >= 0:
        raise RetimeError(f"the tolerance must be 0 or more, got {tolerance}")
    n_frames = len(array)
    stops = sorted({0, max(n_frames - 1, 0), *(i % n_frames for i in keep if n_frames)})
    kept = [0] if n_frames else []
    points = array.tolist()
    for first, last in pairwise(stops):
        if array[first:last].min() == array[first:last].max() == array[last]:
            kept.append(last)
        else:
            kept.extend(_reduce_span(points, first, last, tolerance))
    return np.array(kept, np.intp)


def _reduce_span(points: list[float], first: int, last: int, tolerance: float) -> list[int]:
    """Kept frames after `first` up to and with `last`."""
    kept: list[int] = []
    anchor, anchor_value = first, points[first]
    lowest, highest = -np.inf, np.inf
    for i in range(first + 1, last + 1):
        distance, rise = i - anchor, points[i] - anchor_value
        if not lowest <= rise / distance <= highest:
            anchor = i - 1
            anchor_value = points[anchor]
            kept.append(anchor)
            lowest, highest = -np.inf, np.inf
            distance, rise = 1, points[i] - anchor_value
        lowest = max(lowest, (rise - tolerance) / distance)
        highest = min(highest, (rise + tolerance) / distance)
    kept.append(last)
    return kept


def reduce_curves(
    values: ArrayLike, tolerance: float, keep: Sequence[int] = ()
) -> list[NDArray[np.intp]]:
    """Return `reduce_keys` of every column of [T, C]."""
    array = np.asarray(values, np.float64)
    return [reduce_keys(array[:, i], tolerance, keep) for i in range(array.shape[1])]
