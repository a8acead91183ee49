"""Every number of the articulation model that is not a pose, with its unit and its effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple


class Timing(NamedTuple):
    """How early an articulator leaves for a phone and how late it lets go, in seconds."""

    lead: float
    lag: float


_EVIDENCE: Final[dict[str, float]] = {
    "jawOpen": 0.5, "mouthFunnel": 0.45, "mouthPucker": 0.45, "mouthSmileLeft": 0.35,
    "mouthStretchLeft": 0.35, "mouthRollLower": 0.3, "mouthRollUpper": 0.3,
    "mouthPressLeft": 0.3, "mouthLowerDownLeft": 0.55, "mouthUpperUpLeft": 0.55,
}  # fmt: skip
_STRENGTH: Final[dict[str, float]] = {
    "jawOpen": 1.1, "mouthFunnel": 1.3, "mouthPucker": 1.3, "mouthSmileLeft": 1.2,
    "mouthStretchLeft": 1.2, "mouthLowerDownLeft": 1.2, "mouthUpperUpLeft": 1.2,
}  # fmt: skip


@dataclass(frozen=True)
class LifeConfig:
    """Blinks, gaze, brows and head.

    Attributes:
        blink_median, blink_spread: seconds and log-normal spread of the time between blinks;
            from phone-captured takes (median 2.4 s over 134 s) and the literature on conversation
            (20-26 blinks a minute).
        blink_shortest: seconds.
        blink_close, blink_open: seconds from lid rest to shut and back, same takes.
        blink_peak: range of `eyeBlink` at the bottom.
        blink_to_pause: seconds over which a blink is drawn to the start of a pause.
        gaze_median, gaze_spread: seconds and log-normal spread of a fixation.
        gaze_yaw, gaze_pitch: radians, standard deviation of fixations around straight ahead.
        saccade: seconds that the eyes need.
        look_per_radian: eyeLook coefficient per radian (half a radian looks fully aside).
        lid_per_look_down: `eyeBlink` that follows `eyeLookDown`.
        beat_spacing: seconds between brow beats at least.
        beat_chance: share of prominent syllables that get one.
        beat_height: range of `browInnerUp` in a beat.
        head_yaw, head_pitch, head_roll: radians, standard deviation of slow head motion.
        nod: radians of a nod on a beat.
    """

    blink_median: float = 2.4
    blink_spread: float = 0.65
    blink_shortest: float = 0.45
    blink_close: float = 0.09
    blink_open: float = 0.17
    blink_peak: tuple[float, float] = (0.86, 1.0)
    blink_to_pause: float = 0.45
    gaze_median: float = 1.1
    gaze_spread: float = 0.6
    gaze_yaw: float = 0.045
    gaze_pitch: float = 0.03
    saccade: float = 0.045
    look_per_radian: float = 1.6
    lid_per_look_down: float = 0.6
    beat_spacing: float = 0.9
    beat_chance: float = 0.55
    beat_height: tuple[float, float] = (0.06, 0.22)
    head_yaw: float = 0.030
    head_pitch: float = 0.018
    head_roll: float = 0.014
    nod: float = 0.035


@dataclass(frozen=True)
class ArticulateConfig:
    """Options of the generator `articulate`.

    Attributes:
        timings: one per articulator of `poses.ARTICULATORS`, in that order. Rounding starts early
            (120-200 ms in the literature on lip-heavy vowels; the captured takes would have it
            50 ms later), pressing is quick; the others agree with the takes within a frame.
        hold: share of a phone, from either end, by which its target is fully reached.
        longest_hold: seconds after which a target is fully reached even in long phones.
        short_pause: seconds; a shorter silence closes the mouth only partly.
        closing: lead and lag of a lip contact, seconds over which the lips travel.
        jaw_per_db: relative change of the jaw per dB of loudness above the line's usual level.
        jaw_gain_range: bounds of that gain.
        evidence: blendshape -> share that the sound's own evidence has against the phones; both
            sides of a pair share one entry.
        evidence_strength: blendshape -> factor on the evidence, whose regression is timid.
        window_seconds: frames of one window; the result does not depend on it.
    """

    timings: tuple[Timing, ...] = (
        Timing(0.085, 0.105),  # jaw
        Timing(0.060, 0.100),  # aperture
        Timing(0.160, 0.160),  # rounding
        Timing(0.105, 0.115),  # spreading
        Timing(0.055, 0.055),  # pressing
        Timing(0.050, 0.050),  # tongue
    )
    hold: float = 0.4
    longest_hold: float = 0.06
    short_pause: float = 0.35
    closing: tuple[float, float] = (0.07, 0.06)
    jaw_per_db: float = 0.035
    jaw_gain_range: tuple[float, float] = (0.5, 1.4)
    evidence: Mapping[str, float] = field(default_factory=lambda: dict(_EVIDENCE))
    evidence_strength: Mapping[str, float] = field(default_factory=lambda: dict(_STRENGTH))
    window_seconds: float = 8.0
    life: LifeConfig = field(default_factory=LifeConfig)
