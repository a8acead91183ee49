"""What a face does besides speaking: blinks, gaze with lids that follow, brow beats, slow head.

Everything is a list of events drawn once for a whole line from its seed, and functions of time over
them, so any window at any rate shows the same life.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from arkit.names import ARKIT_NAMES, INDEX
from server.generators.base import Speech
from server.speech.phones import SILENCE, VOWELS
from server.speech.recogniser import FEATURE_RATE

from .coarticulation import smooth_step
from .config import LifeConfig

_PROMINENT_DB = 2.5  # a stressed syllable is this much louder than the two seconds around it
_SURROUND = 1.0  # seconds on either side
_HEAD_PERIODS: Final = np.array([2.3, 3.7, 5.9, 9.1])  # seconds; no common multiple
_TREMOR_PERIODS: Final = np.array([0.21, 0.37])
_TREMOR = 0.002  # radians of fixational drift
_BEAT_RISE, _BEAT_FALL = 0.16, 0.34  # seconds
_SQUINT_IN_BLINK = 0.12


@dataclass(frozen=True)
class Blinks:
    """Centres (seconds of full closure) and depths, [B]."""

    times: NDArray[np.float64]
    depths: NDArray[np.float64]


@dataclass(frozen=True)
class Gaze:
    """Fixations: when each starts, and where it looks in radians (yaw, pitch), [G] and [G, 2]."""

    starts: NDArray[np.float64]
    angles: NDArray[np.float64]


@dataclass(frozen=True)
class Life:
    """All events of a line."""

    blinks: Blinks
    gaze: Gaze
    beats: NDArray[np.float64]  # [N, 2] seconds, height
    phases: NDArray[np.float64]  # [3 + 2, periods] of head and tremor
    config: LifeConfig


def live(speech: Speech, seed: int, config: LifeConfig) -> Life:
    """Draw the life of a line."""
    streams = np.random.SeedSequence(seed & (2**64 - 1)).spawn(4)
    blink_rng, gaze_rng, beat_rng, head_rng = (
        np.random.Generator(np.random.PCG64(s)) for s in streams
    )
    pauses = np.array([p.start for p in speech.phones if p.phone == SILENCE and p.start > 0])
    return Life(
        blinks=_blinks(speech.seconds, pauses, blink_rng, config),
        gaze=_gaze(speech.seconds, gaze_rng, config),
        beats=_beats(speech, beat_rng, config),
        phases=head_rng.uniform(0, 2 * np.pi, (5, len(_HEAD_PERIODS))),
        config=config,
    )


def _renewals(
    seconds: float, median: float, spread: float, shortest: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw event times from -5 s on, so that a line does not start with an event."""
    times: list[float] = []
    clock = -5.0
    while clock < seconds + 1:
        clock += max(shortest, median * float(np.exp(spread * rng.standard_normal())))
        times.append(clock)
    return np.array([t for t in times if t > 0.1])


def _blinks(
    seconds: float, pauses: NDArray[np.float64], rng: np.random.Generator, config: LifeConfig
) -> Blinks:
    times = _renewals(seconds, config.blink_median, config.blink_spread, config.blink_shortest, rng)
    if len(pauses):
        after = np.minimum(np.searchsorted(pauses, times), len(pauses) - 1)
        before = np.maximum(after - 1, 0)
        is_before = times - pauses[before] <= pauses[after] - times
        nearest = np.where(is_before, pauses[before], pauses[after]) + config.blink_close
        drawn = np.where(np.abs(nearest - times) < config.blink_to_pause, nearest, times)
        keep = np.diff(drawn, prepend=-np.inf) >= config.blink_shortest
        times = drawn[keep]
    return Blinks(times, rng.uniform(*config.blink_peak, len(times)))


def _gaze(seconds: float, rng: np.random.Generator, config: LifeConfig) -> Gaze:
    starts = np.concatenate(
        [[-10.0], _renewals(seconds, config.gaze_median, config.gaze_spread, 0.2, rng)]
    )
    spread = np.array([config.gaze_yaw, config.gaze_pitch])
    angles = np.clip(rng.standard_normal((len(starts), 2)), -2.2, 2.2) * spread
    angles[rng.random(len(starts)) < 0.4] *= 0.25  # most of the time the eyes are on the listener
    return Gaze(starts, angles)


def _beats(speech: Speech, rng: np.random.Generator, config: LifeConfig) -> NDArray[np.float64]:
    """Choose prominent vowels, seldom enough, some by chance."""
    beats: list[tuple[float, float]] = []
    loudness = speech.loudness
    for phone in speech.phones:
        if phone.phone not in VOWELS or not len(loudness):
            continue
        first, last = int(phone.start * FEATURE_RATE), int(phone.end * FEATURE_RATE) + 1
        around = int(_SURROUND * FEATURE_RATE)
        near = loudness[max(first - around, 0) : last + around]
        here = loudness[first:last]
        if not len(here) or here.max() < np.percentile(near, 75) + _PROMINENT_DB:
            continue
        when = (first + int(here.argmax())) / FEATURE_RATE
        if beats and when - beats[-1][0] < config.beat_spacing:
            continue
        if rng.random() < config.beat_chance:
            beats.append((when, float(rng.uniform(*config.beat_height))))
    return np.array(beats).reshape(-1, 2)


def life_layer(
    times: NDArray[np.float64], life: Life, fps: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return coefficients [T, 52], head [T, 3] and eyes [T, 2, 3] in radians (yaw, pitch, roll).

    Yaw is positive when the character looks to their right, pitch when they look down, as in Live
    Link takes.
    """
    faces = np.zeros((len(times), len(ARKIT_NAMES)))
    yaw, pitch = _look(times, life)
    blink = _lids(times, life, fps)
    _set_eyes(faces, yaw, pitch, blink, life.config)
    beat = _beat_curve(times, life.beats)
    _both(faces, "browOuterUp", 0.55 * beat)
    faces[:, INDEX["browInnerUp"]] = beat
    eyes = np.zeros((len(times), 2, 3))
    eyes[:, :, 0], eyes[:, :, 1] = yaw[:, None], pitch[:, None]
    return faces, _head(times, life, beat), eyes


def _look(
    times: NDArray[np.float64], life: Life
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    gaze = life.gaze
    now = np.searchsorted(gaze.starts, times, side="right") - 1
    before = np.maximum(now - 1, 0)
    moved = smooth_step((times - gaze.starts[now]) / life.config.saccade)[:, None]
    angles = gaze.angles[before] + moved * (gaze.angles[now] - gaze.angles[before])
    for axis, phases in enumerate(life.phases[3:]):
        waves = np.sin(2 * np.pi * times[:, None] / _TREMOR_PERIODS + phases[:2])
        angles[:, axis] += _TREMOR * waves.mean(axis=1)
    return angles[:, 0], angles[:, 1]


def _lids(times: NDArray[np.float64], life: Life, fps: float) -> NDArray[np.float64]:
    """Return the blink curve; each blink is fully down at a frame, whatever the rate."""
    curve = np.zeros(len(times))
    config = life.config
    for centre, depth in zip(life.blinks.times, life.blinks.depths, strict=True):
        at = round(centre * fps) / fps
        first, last = np.searchsorted(times, (at - config.blink_close, at + config.blink_open))
        if first == last:
            continue  # an hour has a thousand blinks, a window a few
        near = times[first:last] - at
        shut = np.where(
            near <= 0,
            smooth_step(1 + near / config.blink_close),
            smooth_step(1 - near / config.blink_open),
        )
        curve[first:last] = np.maximum(curve[first:last], depth * shut)
    return curve


def _set_eyes(
    faces: NDArray[np.float64],
    yaw: NDArray[np.float64],
    pitch: NDArray[np.float64],
    blink: NDArray[np.float64],
    config: LifeConfig,
) -> None:
    scale = config.look_per_radian
    right, down = scale * yaw, scale * pitch
    for name, value in (
        ("eyeLookOutRight", right),
        ("eyeLookInLeft", right),
        ("eyeLookOutLeft", -right),
        ("eyeLookInRight", -right),
    ):
        faces[:, INDEX[name]] = np.maximum(value, 0)
    _both(faces, "eyeLookDown", np.maximum(down, 0))
    _both(faces, "eyeLookUp", np.maximum(-down, 0))
    lowered = config.lid_per_look_down * np.maximum(down, 0)
    _both(faces, "eyeBlink", np.minimum(lowered + blink * (1 - lowered), 1.0))
    _both(faces, "eyeWide", 0.4 * np.maximum(-down, 0) * (1 - blink))
    _both(faces, "eyeSquint", _SQUINT_IN_BLINK * blink)


def _both(faces: NDArray[np.float64], name: str, values: NDArray[np.float64]) -> None:
    faces[:, INDEX[name + "Left"]] = values
    faces[:, INDEX[name + "Right"]] = values


def _beat_curve(times: NDArray[np.float64], beats: NDArray[np.float64]) -> NDArray[np.float64]:
    curve = np.zeros(len(times))
    for when, height in beats:
        first, last = np.searchsorted(times, (when - _BEAT_RISE, when + _BEAT_FALL))
        if first == last:
            continue
        near = times[first:last] - when
        shape = np.where(
            near <= 0, smooth_step(1 + near / _BEAT_RISE), smooth_step(1 - near / _BEAT_FALL)
        )
        curve[first:last] = np.maximum(curve[first:last], height * shape)
    return curve


def _head(times: NDArray[np.float64], life: Life, beat: NDArray[np.float64]) -> NDArray[np.float64]:
    config = life.config
    spreads = (config.head_yaw, config.head_pitch, config.head_roll)
    head = np.zeros((len(times), 3))
    for axis, (spread, phases) in enumerate(zip(spreads, life.phases[:3], strict=True)):
        waves = np.sin(2 * np.pi * times[:, None] / _HEAD_PERIODS + phases)
        head[:, axis] = spread * waves.mean(axis=1) * np.sqrt(2)
    head[:, 1] += config.nod * beat / max(config.beat_height[1], 1e-9)
    return head
