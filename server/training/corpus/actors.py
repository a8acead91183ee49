"""The actors of the performed corpus: named habits that a talking style can be learned from.

An actor is independent of voices: any of them may speak with any voice. Every number is a habit
that can be seen: change one and watch the face. Amplitudes are relative to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from .errors import MaterialError

SMILES: Final = ("cheeks", "lips", "crooked", "dimples", "open", "pressed")
BEATS: Final = ("raise", "inner", "left", "right", "lower")


@dataclass(frozen=True)
class Actor:
    """One performer.

    Attributes:
        name: the style's name, as users will choose it. note: in words.
        brow, eye, cheek, mouth: amplitude of expression in each region (nose goes with cheek).
        articulation: how far the lips go for speech. jaw: how far the jaw goes.
        asymmetry: share by which the left side is stronger (negative: the right), expression.
        speech_asymmetry: the same for speech.
        onset: time factor of expressions (below 1 is quick).
        waver: how much expressions rise and fall over a line.
        blink_rate: blinks a minute at rest. blink_close, blink_open: seconds.
        half_blinks: share that does not shut the eye. double_blinks: share followed by another.
        beats: share of prominent syllables with a brow beat. beat: one of `BEATS`.
        beat_height: usual height of a beat.
        smile: one of `SMILES`: what comes with AU12.
        head: amplitude of head motion. head_pace: above 1 is brisk. nod: amplitude on stress.
        tilt: radians of habitual roll, positive to the right shoulder.
        fixation: usual length of a fixation in seconds. aversion: share of looks away.
        fidget: level of small motion in the whole face.
        rest: AU -> intensity of the resting face.
    """

    name: str
    note: str
    brow: float = 1.0
    eye: float = 1.0
    cheek: float = 1.0
    mouth: float = 1.0
    articulation: float = 1.0
    jaw: float = 1.0
    asymmetry: float = 0.0
    speech_asymmetry: float = 0.0
    onset: float = 1.0
    waver: float = 1.0
    blink_rate: float = 28.0
    blink_close: float = 0.07
    blink_open: float = 0.14
    half_blinks: float = 0.1
    double_blinks: float = 0.08
    beats: float = 0.4
    beat: str = "raise"
    beat_height: float = 0.16
    smile: str = "cheeks"
    head: float = 1.0
    head_pace: float = 1.0
    nod: float = 1.0
    tilt: float = 0.0
    fixation: float = 0.55
    aversion: float = 0.35
    fidget: float = 1.0
    rest: Mapping[str, float] = field(default_factory=dict)


ACTORS: Final[tuple[Actor, ...]] = (
    Actor("Ada", "even, clear, the middle of everything"),
    Actor("Bruno", "broad: a big jaw, big brows, quick", brow=1.25, mouth=1.2, articulation=1.15,
          jaw=1.3, onset=0.75, beats=0.6, beat_height=0.24, head=1.4, nod=1.4, smile="open"),
    Actor("Clara", "still and minimal, looks straight at you", brow=0.65, eye=0.8, cheek=0.7,
          mouth=0.7, articulation=0.85, waver=0.6, blink_rate=14, beats=0.12, head=0.4, nod=0.4,
          fixation=1.04, aversion=0.12, fidget=0.5, smile="lips"),
    Actor("Dov", "mumbles, brows do the talking", brow=1.3, articulation=0.7, jaw=0.7, beats=0.65,
          beat_height=0.22, mouth=0.85, smile="pressed"),
    Actor("Elin", "lopsided smile to the left, tilted head", asymmetry=0.35, speech_asymmetry=0.12,
          smile="crooked", tilt=-0.07, beat="left", aversion=0.4),
    Actor("Farid", "intense: lids tight, brows low, few blinks", eye=1.25, brow=1.1,
          blink_rate=10, blink_close=0.06, onset=0.85, beat="lower", beats=0.4, head=0.8,
          fixation=0.88, aversion=0.15, smile="lips", rest={"AU4": 0.08, "AU7": 0.1}),
    Actor("Greta", "warm: cheeks and crow's feet, nods", cheek=1.3, mouth=1.1, eye=1.1, nod=1.5,
          head=1.15, smile="cheeks", rest={"AU12": 0.07, "AU6": 0.04}, beats=0.45),
    Actor("Hugo", "nervous: fast blinks, darting eyes, restless", blink_rate=48,
          double_blinks=0.2, fixation=0.32, aversion=0.55, fidget=1.9, head_pace=1.6, onset=0.8,
          waver=1.4, beat="inner", rest={"AU1": 0.06}),
    Actor("Ines", "precise lips, lively mouth, calm brows", articulation=1.25, jaw=0.95,
          mouth=1.15, brow=0.75, beats=0.2, smile="dimples", head=0.8),
    Actor("Jonas", "slow and heavy-lidded", onset=1.6, eye=0.8, blink_rate=19, blink_close=0.11,
          blink_open=0.24, half_blinks=0.25, head_pace=0.6, nod=0.7, fixation=0.88, beats=0.25,
          rest={"AU41": 0.2}, articulation=0.9),
    Actor("Keiko", "quick inner brows, small mouth, soft", brow=1.15, mouth=0.75, jaw=0.8,
          articulation=0.95, beat="inner", beats=0.5, beat_height=0.19, smile="lips", nod=1.3),
    Actor("Lars", "right-sided: right brow up, right corner", asymmetry=-0.35,
          speech_asymmetry=-0.1, beat="right", beats=0.5, beat_height=0.21, smile="crooked",
          tilt=0.05),
    Actor("Mina", "theatrical: everything large, long holds", brow=1.35, eye=1.3, cheek=1.25,
          mouth=1.35, articulation=1.2, jaw=1.15, onset=0.9, waver=1.3, beats=0.7,
          beat_height=0.27, head=1.7, nod=1.6, smile="open", blink_rate=30),
    Actor("Nils", "dry: flat mouth, dimples, raised chin", mouth=0.75, cheek=0.75, smile="dimples",
          brow=1.05, beat="right", beats=0.3, head=0.7, rest={"AU14": 0.08}, blink_rate=18),
    Actor("Olga", "stern resting face, mouth corners low", rest={"AU15": 0.1, "AU4": 0.06},
          mouth=1.05, brow=1.1, beat="lower", beats=0.35, smile="pressed", head=0.75, onset=1.15),
    Actor("Paul", "looks away while thinking, drawls", fixation=0.64, aversion=0.65, onset=1.3,
          waver=1.2, articulation=0.95, jaw=1.1, tilt=0.03, blink_rate=32, smile="cheeks"),
    Actor("Quinn", "bouncy: head and brows on every stress", head=1.5, head_pace=1.3, nod=2.0,
          beats=0.8, beat_height=0.18, onset=0.7, mouth=1.1, smile="open", double_blinks=0.14),
    Actor("Rosa", "wide eyes, breathy, lips apart", eye=1.35, rest={"AU5": 0.1, "AU25": 0.15},
          blink_rate=22, beat="raise", beats=0.45, articulation=1.05, smile="cheeks"),
)  # fmt: skip

ACTOR_NAMES: Final[tuple[str, ...]] = tuple(actor.name for actor in ACTORS)
_BY_NAME: Final[dict[str, Actor]] = {actor.name: actor for actor in ACTORS}


def actor_named(name: str) -> Actor:
    """Return an actor.

    Raises:
        MaterialError: there is none of this name.
    """
    if name not in _BY_NAME:
        raise MaterialError(f"no actor '{name}'; known: {', '.join(ACTOR_NAMES)}")
    return _BY_NAME[name]
