"""The living part of a face: blinks, gaze, brow beats, head and the resting face of an actor.

Event statistics follow captured performances (see `server.evaluation.naturalness`): blink
intervals are log-normal with some doubles, gaze shifts come in quick runs with rests between, the
brows beat on stressed syllables. Yaw is positive to the character's right, pitch downwards, roll
to the right shoulder, all in radians.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from arkit.names import INDEX

from .acting import spread_aus
from .actors import Actor
from .curves import Array, Keys, keys, pulse, smooth_step, waves
from .hearing import Line
from .manners import Manner

LOOK_PER_RADIAN: Final = 1.6
"""eyeLook coefficient a radian, as in `server.generators.articulate`."""
_LID_PER_LOOK_DOWN: Final = 0.6
_WIDE_PER_LOOK_UP: Final = 0.35
_SACCADE: Final = 0.045  # seconds
_BLINK_SPREAD: Final = 0.75  # of the logarithm of intervals
_DOUBLE_AFTER: Final = (0.2, 0.38)  # seconds
_SHORTEST_INTERVAL: Final = 0.4
_WITH_SHIFT: Final = 0.45  # share of blinks drawn to a large gaze shift or a pause
_NEAR: Final = 0.4  # seconds over which they are drawn
_LARGE_SHIFT: Final = 0.12
_RUN: Final = 0.4  # share of fixations that are short stops of a quick run
_AWAY: Final = (0.18, 0.1)  # yaw and pitch spread of looks away
_NEAR_FACE: Final = (0.036, 0.026)  # eyes wander between the listener's eyes and mouth
_HEAD_PERIODS: Final = np.array([1.1, 1.9, 3.1, 5.3, 8.7])
_HEAD_SPREAD: Final = (0.042, 0.024, 0.02)  # yaw, pitch, roll
_NOD: Final = 0.045
_SMALL_PERIODS: Final = np.array([0.43, 0.83, 1.5, 2.7])
_SMALL: Final = 0.004
"""Standard deviation of the small motion of every upper-face channel."""
_SMALL_NAMES: Final = ("browInnerUp", "browOuterUp*", "browDown*", "eyeSquint*", "cheekSquint*")

_BEAT_SHAPES: Final[dict[str, dict[str, float]]] = {
    "raise": {"AU1": 0.8, "AU2": 1.0}, "inner": {"AU1": 1.0, "AU2": 0.25},
    "left": {"AU2L": 1.1, "AU1": 0.4, "AU2R": 0.3}, "right": {"AU2R": 1.1, "AU1": 0.4, "AU2L": 0.3},
    "lower": {"AU4": 1.0, "AU7": 0.3},
}  # fmt: skip


class Blink(NamedTuple):
    """Centre (seconds), depth, seconds of closing and opening, and of staying shut."""

    time: float
    depth: float
    close: float
    open: float
    shut: float


class Beat(NamedTuple):
    """A brow beat or nod: centre, height, rise and fall in seconds; shape of `_BEAT_SHAPES`."""

    time: float
    height: float
    rise: float
    fall: float
    shape: str
    nod: float


@dataclass(frozen=True)
class Living:
    """All that lives in a line, as data.

    Attributes:
        fixations: (start, yaw, pitch), the first before the line starts.
        head: keyed posture for yaw, pitch, roll. phases: of head, small motion.
        rest: AU -> intensity of the resting face.
    """

    blinks: tuple[Blink, ...]
    fixations: tuple[tuple[float, float, float], ...]
    beats: tuple[Beat, ...]
    head: tuple[Keys, Keys, Keys]
    head_spread: float
    head_pace: float
    small: float
    phases: tuple[float, ...]
    rest: tuple[tuple[str, float], ...]

    def head_angles(self, times: Array) -> Array:
        """Return yaw, pitch, roll, [T, 3]."""
        phases = np.array(self.phases[: 3 * len(_HEAD_PERIODS)]).reshape(3, -1)
        head = np.stack([posture.at(times) for posture in self.head], axis=1)
        for axis, spread in enumerate(_HEAD_SPREAD):
            sway = waves(times, _HEAD_PERIODS / self.head_pace, phases[axis])
            head[:, axis] += self.head_spread * spread * sway
        for beat in self.beats:
            if beat.nod:
                head[:, 1] += beat.nod * pulse(times, beat.time + 0.05, beat.rise, beat.fall)
        return head

    def look(self, times: Array, head: Array) -> Array:
        """Return where the eyes look in the head, yaw and pitch, [T, 2]: they hold on a target."""
        starts = np.array([f[0] for f in self.fixations])
        targets = np.array([f[1:] for f in self.fixations])
        now = np.searchsorted(starts, times, side="right") - 1
        before = targets[np.maximum(now - 1, 0)]
        moved = smooth_step((times - starts[now]) / _SACCADE)[:, None]
        look = before + moved * (targets[now] - before)
        return np.clip(look - 0.6 * (head[:, :2] - head[:, :2].mean(axis=0)), -0.55, 0.55)

    def lids(self, times: Array, fps: float) -> Array:
        """Return how shut the eyes are by blinks, [T]; each is at its depth on some frame."""
        shut = np.zeros(len(times))
        for blink in self.blinks:
            at = round(blink.time * fps) / fps
            first, last = np.searchsorted(times, (at - blink.close, at + blink.shut + blink.open))
            near = times[first:last]
            curve = blink.depth * pulse(near, at, blink.close, blink.open, blink.shut)
            shut[first:last] = np.maximum(shut[first:last], curve)
        return shut

    def face(self, times: Array, look: Array, lids: Array) -> Array:
        """Return the living blendshapes, [T, 52], before they meet the acted ones."""
        curves = {au: np.full(len(times), value) for au, value in self.rest}
        for beat in self.beats:
            swell = beat.height * pulse(times, beat.time, beat.rise, beat.fall)
            for au, share in _BEAT_SHAPES[beat.shape].items():
                curves[au] = np.maximum(curves.get(au, 0.0), share * swell)
        face = spread_aus(curves, len(times))
        self._add_small(face, times)
        _set_gaze(face, look)
        for side in ("Left", "Right"):
            lid = face[:, INDEX["eyeBlink" + side]]
            face[:, INDEX["eyeBlink" + side]] = lid + lids * (1.0 - lid)
            face[:, INDEX["eyeSquint" + side]] += 0.1 * lids
        return face

    def _add_small(self, face: Array, times: Array) -> None:
        phases = np.array(self.phases[3 * len(_HEAD_PERIODS) :]).reshape(len(_SMALL_NAMES), -1)
        for pattern, phase in zip(_SMALL_NAMES, phases, strict=True):
            motion = np.maximum(_SMALL * self.small * (waves(times, _SMALL_PERIODS, phase) + 1), 0)
            for name in {pattern.replace("*", side) for side in ("Left", "Right")}:
                face[:, INDEX[name]] += motion


def _set_gaze(face: Array, look: Array) -> None:
    right, down = LOOK_PER_RADIAN * look[:, 0], LOOK_PER_RADIAN * look[:, 1]
    for name, value in (
        ("eyeLookOutRight", right), ("eyeLookInLeft", right), ("eyeLookOutLeft", -right),
        ("eyeLookInRight", -right), ("eyeLookDownLeft", down), ("eyeLookDownRight", down),
        ("eyeLookUpLeft", -down), ("eyeLookUpRight", -down),
    ):  # fmt: skip
        face[:, INDEX[name]] = np.maximum(value, 0.0)
    for side in ("Left", "Right"):
        face[:, INDEX["eyeBlink" + side]] += _LID_PER_LOOK_DOWN * np.maximum(down, 0.0)
        face[:, INDEX["eyeWide" + side]] += _WIDE_PER_LOOK_UP * np.maximum(-down, 0.0)


def eyes_from_face(face: Array) -> Array:
    """Return eye angles [T, 2, 3] from the eyeLook coefficients of [T, 52]."""
    eyes = np.zeros((len(face), 2, 3))
    for eye, (side, outwards) in enumerate((("Left", -1.0), ("Right", 1.0))):
        out, inward = (face[:, INDEX[f"eyeLook{way}{side}"]] for way in ("Out", "In"))
        down, up = (face[:, INDEX[f"eyeLook{way}{side}"]] for way in ("Down", "Up"))
        eyes[:, eye, 0] = outwards * (out - inward) / LOOK_PER_RADIAN
        eyes[:, eye, 1] = (down - up) / LOOK_PER_RADIAN
    return eyes


def live(
    line: Line,
    actor: Actor,
    manner: Manner,
    gaze_bias: tuple[float, float],
    rng: np.random.Generator,
) -> Living:
    """Draw the life of a line for an actor in a manner; `gaze_bias` is yaw and pitch in radians."""
    fixations = _fixations(line, actor, manner, gaze_bias, rng)
    beats = _beats(line, actor, manner, rng)
    n_phases = 3 * len(_HEAD_PERIODS) + len(_SMALL_NAMES) * len(_SMALL_PERIODS)
    return Living(
        blinks=_blinks(line, actor, manner, fixations, rng),
        fixations=fixations,
        beats=beats,
        head=_posture(line, actor, manner, rng),
        head_spread=float(np.sqrt(actor.head * manner.head)) * actor.head**0.5,
        head_pace=actor.head_pace,
        small=actor.fidget * float(rng.uniform(0.6, 1.4)),
        phases=tuple(rng.uniform(0, 2 * np.pi, n_phases).tolist()),
        rest=tuple(sorted(actor.rest.items())),
    )


def _fixations(
    line: Line,
    actor: Actor,
    manner: Manner,
    bias: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[tuple[float, float, float], ...]:
    centre = np.array([bias[0] + manner.gaze_side, bias[1] + manner.gaze_down])
    clock, found = -2.0, []
    while clock < line.seconds:
        away = rng.random() < actor.aversion
        spread = np.array(_AWAY if away else _NEAR_FACE) * manner.gaze_spread
        target = np.clip(centre + spread * np.clip(rng.standard_normal(2), -2.2, 2.2), -0.5, 0.5)
        found.append((round(clock, 4), float(target[0]), float(target[1])))
        short = rng.random() < _RUN
        usual = 0.15 if short else actor.fixation * manner.fixation * (0.6 if away else 1.3)
        clock += max(0.12, usual * float(np.exp(0.6 * rng.standard_normal())))
    return tuple(found)


def _blinks(
    line: Line,
    actor: Actor,
    manner: Manner,
    fixations: tuple[tuple[float, float, float], ...],
    rng: np.random.Generator,
) -> tuple[Blink, ...]:
    # The mean of a log-normal is exp(spread^2 / 2) times its median.
    mean = 60.0 / (actor.blink_rate * manner.blink_rate)
    median = mean * float(np.exp(-(_BLINK_SPREAD**2) / 2)) * (1 + actor.double_blinks)
    drawn_to = _large_shifts(fixations) + [start + 0.1 for start, _ in line.pauses if start > 0]
    clock, found = -float(rng.uniform(0, 2 * median)), []
    while clock < line.seconds:
        clock += max(_SHORTEST_INTERVAL, median * float(np.exp(_BLINK_SPREAD * rng.normal())))
        at = clock
        near = [t for t in drawn_to if abs(t - at) < _NEAR]
        if near and rng.random() < _WITH_SHIFT:
            at = min(near, key=lambda t: abs(t - clock))
        found.append(_blink(at, actor, rng))
        if rng.random() < actor.double_blinks:
            clock = at + float(rng.uniform(*_DOUBLE_AFTER))
            found.append(_blink(clock, actor, rng))
    kept = [b for b in found if 0.12 < b.time < line.seconds]
    return tuple(b for i, b in enumerate(kept) if not i or b.time - kept[i - 1].time > 0.18)


def _large_shifts(fixations: tuple[tuple[float, float, float], ...]) -> list[float]:
    found = []
    for before, after in itertools.pairwise(fixations):
        if np.hypot(after[1] - before[1], after[2] - before[2]) > _LARGE_SHIFT:
            found.append(after[0])
    return found


def _blink(at: float, actor: Actor, rng: np.random.Generator) -> Blink:
    half = rng.random() < actor.half_blinks
    depth = float(rng.uniform(0.35, 0.7) if half else rng.uniform(0.84, 1.0))
    pace = float(np.exp(0.18 * rng.standard_normal()))
    shut = 0.0 if half else float(rng.choice([0.0, 0.0, 0.02, 0.05]))
    return Blink(
        round(at, 4), round(depth, 4), actor.blink_close * pace, actor.blink_open * pace, shut
    )


def _beats(line: Line, actor: Actor, manner: Manner, rng: np.random.Generator) -> tuple[Beat, ...]:
    found: list[Beat] = []
    for when, strength in line.prominent:
        if found and when - found[-1].time < 0.45:
            continue
        wanted = rng.random() < actor.beats * manner.beats
        nods = rng.random() < 0.5 * actor.nod
        if not (wanted or nods):
            continue
        height = (
            actor.beat_height * strength * float(np.exp(rng.normal(0, 0.45))) if wanted else 0.0
        )
        shape = actor.beat if rng.random() < 0.75 else str(rng.choice(["raise", "inner"]))
        nod = _NOD * actor.nod * strength * float(rng.uniform(0.4, 1.2)) if nods else 0.0
        rise, fall = float(rng.uniform(0.1, 0.2)), float(rng.uniform(0.2, 0.45))
        found.append(Beat(when, min(height, 0.75), rise, fall, shape, nod))
    return tuple(found)


def _posture(
    line: Line, actor: Actor, manner: Manner, rng: np.random.Generator
) -> tuple[Keys, Keys, Keys]:
    """Return keyed yaw, pitch and roll: a new posture every few seconds, often at a pause."""
    starts = [0.0]
    while starts[-1] < line.seconds:
        step = float(rng.uniform(1.4, 4.0)) / actor.head_pace
        near = [end for _, end in line.pauses if abs(end - starts[-1] - step) < 0.6]
        starts.append(max(near[0] if near else 0.0, starts[-1] + 0.8 * step))
    centre = (0.25 * manner.gaze_side, manner.head_down, actor.tilt + manner.head_tilt)
    spread = np.array((0.055, 0.03, 0.025)) * np.sqrt(actor.head * manner.head)
    tracks = []
    for axis in range(3):
        points: list[tuple[float, float]] = []
        for start in starts:
            level = centre[axis] + spread[axis] * float(np.clip(rng.standard_normal(), -2, 2))
            turn = float(rng.uniform(0.35, 0.8)) / actor.head_pace
            if points:
                points.append((start, points[-1][1]))
            points.append((start + turn, level))
        tracks.append(keys(points))
    return tracks[0], tracks[1], tracks[2]
