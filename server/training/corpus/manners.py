"""How an emotion speaks, moves and looks: what it does beside its Action Units.

Figures are for full intensity and fade to nothing with it. Directions after the literature on
emotional prosody (Banse and Scherer 1996: rate, pitch, range, loudness) and on emotional
articulation (wide lips and larger openings in joy and anger, small ones in sadness).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

EMOTIONS: Final[tuple[str, ...]] = (
    "neutral", "happy", "sad", "angry", "fearful", "disgusted", "surprised", "contemptuous",
)  # fmt: skip


@dataclass(frozen=True)
class Manner:
    """One emotion at full intensity.

    Attributes:
        rate, pitch, pitch_range: factors of the voice. volume_db: of its level.
        jaw, aperture, rounding, spreading, pressing: factors of speech movements.
        pace: factor of articulatory travel times (below 1 is snappier).
        onset: seconds that the expression needs to rise.
        waver: how unsteady its level is. bursts: peaks a second on stressed syllables.
        tremor: amplitude of fast shaking, relative to each AU.
        blink_rate: factor. gaze_down, gaze_side: radians of bias of where the eyes rest.
        gaze_spread, fixation: factors of how far and how long the eyes look.
        head_down: radians of pitch. head_tilt: radians of roll. head: factor of head motion.
        beats: factor of brow beats.
    """

    rate: float = 1.0
    pitch: float = 1.0
    pitch_range: float = 1.0
    volume_db: float = 0.0
    jaw: float = 1.0
    aperture: float = 1.0
    rounding: float = 1.0
    spreading: float = 1.0
    pressing: float = 1.0
    pace: float = 1.0
    onset: float = 0.45
    waver: float = 0.12
    bursts: float = 0.15
    tremor: float = 0.0
    blink_rate: float = 1.0
    gaze_down: float = 0.0
    gaze_side: float = 0.0
    gaze_spread: float = 1.0
    fixation: float = 1.0
    head_down: float = 0.0
    head_tilt: float = 0.0
    head: float = 1.0
    beats: float = 1.0


MANNERS: Final[dict[str, Manner]] = {
    "neutral": Manner(),
    "happy": Manner(
        rate=1.12, pitch=1.2, pitch_range=1.5, volume_db=3, jaw=1.1, aperture=1.15, rounding=0.6,
        spreading=1.5, pressing=0.85, pace=0.9, onset=0.35, bursts=0.4, blink_rate=1.1,
        head_down=-0.02, head=1.4, beats=1.3,
    ),
    "sad": Manner(
        rate=0.8, pitch=0.86, pitch_range=0.6, volume_db=-6, jaw=0.65, aperture=0.75,
        rounding=1.0, spreading=0.6, pressing=0.9, pace=1.3, onset=0.9, waver=0.16, bursts=0.08,
        blink_rate=1.5, gaze_down=0.16, fixation=1.1, head_down=0.11, head_tilt=0.05, head=0.6,
        beats=0.5,
    ),
    "angry": Manner(
        rate=1.12, pitch=1.12, pitch_range=1.5, volume_db=6, jaw=1.15, aperture=1.3, rounding=0.8,
        spreading=1.15, pressing=1.7, pace=0.75, onset=0.3, waver=0.12, bursts=0.3, tremor=0.003,
        blink_rate=1.0, gaze_spread=0.7, fixation=1.3, head_down=0.05, head=1.3, beats=1.2,
    ),
    "fearful": Manner(
        rate=1.22, pitch=1.35, pitch_range=0.9, volume_db=-1, jaw=0.85, aperture=1.0,
        rounding=0.75, spreading=1.3, pressing=1.0, pace=0.8, onset=0.3, waver=0.13, bursts=0.2,
        tremor=0.006, blink_rate=0.65, gaze_spread=1.5, fixation=0.7, head_down=-0.03, head=0.9,
        beats=0.6,
    ),
    "disgusted": Manner(
        rate=0.88, pitch=0.92, pitch_range=0.9, volume_db=-1, jaw=0.85, aperture=1.15,
        rounding=0.8, spreading=0.85, pressing=1.1, pace=1.1, onset=0.4, bursts=0.35,
        gaze_side=0.12, gaze_spread=1.3, head_down=-0.03, head_tilt=0.04, blink_rate=1.2,
        beats=0.6,
    ),
    "surprised": Manner(
        rate=1.08, pitch=1.35, pitch_range=1.6, volume_db=3, jaw=1.25, aperture=1.05,
        rounding=1.05, spreading=0.85, pressing=0.9, pace=0.85, onset=0.28, waver=0.13,
        bursts=0.2, blink_rate=0.6, gaze_spread=0.6, fixation=1.3, head_down=-0.06, head=1.1,
        beats=1.5,
    ),
    "contemptuous": Manner(
        rate=0.9, pitch=0.94, pitch_range=1.1, volume_db=-1, jaw=0.8, aperture=0.9, rounding=0.9,
        spreading=0.9, pressing=1.2, pace=1.05, onset=0.6, bursts=0.25, gaze_down=0.03,
        fixation=1.5, gaze_spread=0.8, head_down=-0.08, head_tilt=0.06, head=0.8, beats=0.9,
        blink_rate=0.85,
    ),
}  # fmt: skip

_OF_FAMILY: Final[dict[str, dict[str, float]]] = {
    "calm": {"rate": 0.92, "blink_rate": 0.85, "head": 0.7, "pace": 1.1},
    "laughter": {"bursts": 1.2, "waver": 0.25, "head": 1.9},
    "elation": {"bursts": 0.6, "head": 1.7},
    "contentment": {"rate": 0.95, "pitch": 1.0, "onset": 0.7, "bursts": 0.15, "head": 0.9},
    "rage": {"bursts": 0.55, "volume_db": 9.0, "tremor": 0.008},
    "terror": {"tremor": 0.012, "volume_db": 4.0, "bursts": 0.3},
    "weeping": {"tremor": 0.015, "bursts": 0.4, "waver": 0.3},
    "grief": {"tremor": 0.015, "waver": 0.25},
    "boredom": {"rate": 0.85, "pitch_range": 0.6, "blink_rate": 1.2, "pace": 1.3, "jaw": 0.75},
    "fatigue": {"rate": 0.82, "pitch_range": 0.6, "blink_rate": 1.3, "pace": 1.35, "jaw": 0.7},
    "concentration": {"blink_rate": 0.5, "fixation": 2.0, "head": 0.5},
    "thought": {"gaze_side": 0.2, "rate": 0.9, "fixation": 1.6},
    "suspicion": {"gaze_side": 0.08, "volume_db": -2.0, "head_tilt": 0.05, "bursts": 0.15},
    "menace": {"rate": 0.85, "volume_db": -1.0, "head_down": 0.1, "bursts": 0.2},
}
"""Families of feeling that differ from their emotion."""


def manner_of(emotion: str, family: str) -> Manner:
    """Return the manner of a family of feeling at full intensity."""
    return replace(MANNERS[emotion], **_OF_FAMILY.get(family, {}))


_ADDITIVE: Final = frozenset(
    {"volume_db", "gaze_down", "gaze_side", "head_down", "head_tilt", "tremor"}
)


def mixed(parts: list[tuple[Manner, float]]) -> Manner:
    """Return the neutral manner moved towards others, each by its own share (0..1 and a little).

    Factors mix in the logarithm, additive figures linearly.
    """
    rest = MANNERS["neutral"]
    values: dict[str, float] = {}
    for item in fields(Manner):
        base: float = getattr(rest, item.name)
        if item.name in _ADDITIVE:
            values[item.name] = base + sum(w * getattr(m, item.name) for m, w in parts)
        else:
            ratio = 1.0
            for manner, weight in parts:
                ratio *= (getattr(manner, item.name) / base) ** weight
            values[item.name] = base * ratio
    return Manner(**values)
