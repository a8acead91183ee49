"""The acted part of a face: Action Units over a line, from families of feeling and an actor.

Each family's AUs share an envelope with onset, apex and offset that waxes, wanes and bursts over
the line; each AU follows it with a lag, a size and an unsteadiness of its own. The result is data:
AU tracks that can be evaluated at any frame rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from arkit.action_units import ACTION_UNITS
from arkit.names import ARKIT_NAMES, INDEX

from .actors import Actor
from .curves import Array, Keys, keys, waves
from .feelings import PLAIN, Family, shown_aus
from .hearing import Line
from .manners import Manner

_SHAPES: Final = ("hold", "hold", "hold", "wax", "wane", "arch", "late", "early")

_IN_SPEECH: Final[dict[str, float]] = {
    "AU25": 0.4, "AU26": 0.4, "AU27": 0.35, "AU23": 0.55, "AU24": 0.35, "AU28": 0.3, "AU17": 0.55,
    "AU18": 0.5, "AU22": 0.6, "AU12": 0.85, "AU15": 0.9, "AU20": 0.8, "AU14": 0.85, "AU10": 0.85,
}  # fmt: skip
"""How much of a mouth AU remains while the mouth speaks; it blooms in pauses."""

_LAG: Final[dict[str, float]] = {
    "brow": -0.06, "eye": -0.03, "cheek": 0.05, "nose": 0.02, "mouth": 0.03, "jaw": 0.0,
}  # fmt: skip
"""Seconds after the envelope that each region moves."""

_SMILE_WITH: Final[dict[str, dict[str, float]]] = {
    "cheeks": {"AU6": 0.25}, "lips": {}, "crooked": {"AU14": 0.15}, "dimples": {"AU14": 0.35},
    "open": {"AU25": 0.35, "AU10": 0.12}, "pressed": {"AU24": 0.2, "AU17": 0.15},
}  # fmt: skip
"""What each type of smile adds, relative to AU12."""
_LIPS_ONLY: Final = 0.4
"""Share of AU6 in a smile of the type `lips`."""
_CROOKED: Final = 0.3

_AT_HEIGHT: Final[dict[str, dict[str, float]]] = {
    "joy": {"AU25": 0.3, "AU26": 0.15, "AU6": 0.1},
    "sadness": {"AU6": 0.2, "AU7": 0.2, "AU25": 0.2},
    "anger": {"AU9": 0.3, "AU10": 0.35, "AU5": 0.2}, "fear": {"AU26": 0.3, "AU2": 0.2},
    "disgust": {"AU15": 0.3, "AU25": 0.25, "AU6": 0.2}, "surprise": {"AU27": 0.25},
    "contempt": {"AU2L": 0.3, "AU9R": 0.15},
}  # fmt: skip
"""What a plain feeling recruits at its height, where its own AUs have no room left."""
_USUAL_MOUTH: Final = 0.8
_LENT: Final = 0.25
"""Share of an AU that remains in the half of the face that another feeling has."""
_HEIGHT_FROM: Final = 0.65
"""Intensity from which it does."""
_WORD_EXPONENT: Final = 0.6
"""A word of strength 1.5 shows as 1.28: the face has less room than the language."""
_UNSTEADY_PERIODS: Final = np.array([0.61, 1.13, 1.9, 3.1, 5.3])
_TREMOR_PERIODS: Final = np.array([0.105, 0.137, 0.171])
_UNSTEADY: Final = 0.03
"""Standard deviation of an AU around its track, relative to it."""


@dataclass(frozen=True)
class Track:
    """One AU over the line.

    Attributes:
        au: code. size: at an envelope of 1. lag: seconds. family: which envelope it follows.
        in_speech: share left while speaking. unsteady, tremor: standard deviations, relative.
        phases: of the unsteadiness, radians.
    """

    au: str
    size: float
    lag: float
    family: int
    in_speech: float
    unsteady: float
    tremor: float
    phases: tuple[float, ...]


@dataclass(frozen=True)
class Acting:
    """The acted layer as data: envelopes, one a family of feeling, and the tracks on them.

    Attributes:
        strengths: how much of each family there is at an envelope of 1 (intensity x share).
        asymmetry: share by which the left side is stronger.
    """

    envelopes: tuple[Keys, ...]
    strengths: tuple[float, ...]
    tracks: tuple[Track, ...]
    asymmetry: float
    smile_asymmetry: float

    def level(self, times: Array) -> Array:
        """Return how strongly anything is felt, [T], about 0..1."""
        parts = zip(self.envelopes, self.strengths, strict=True)
        total = sum((s * e.at(times) for e, s in parts), np.zeros(len(times)))
        return np.clip(total, 0.0, 1.2)

    def au_curves(self, times: Array, voice: Array) -> dict[str, Array]:
        """Return each AU's intensity over time; `voice` [T] is 1 while speaking."""
        curves: dict[str, Array] = {}
        for track in self.tracks:
            envelope = np.maximum(self.envelopes[track.family].at(times, track.lag), 0.0)
            spoken = 1.0 - (1.0 - track.in_speech) * voice
            curve = track.size * envelope * spoken * self._wobble(track, times)
            before = curves.get(track.au)
            curves[track.au] = curve if before is None else np.maximum(before, curve)
        return {au: np.clip(curve, 0.0, 1.0) for au, curve in curves.items()}

    def _wobble(self, track: Track, times: Array) -> Array:
        phases = np.array(track.phases)
        slow = waves(times, _UNSTEADY_PERIODS, phases[: len(_UNSTEADY_PERIODS)])
        fast = waves(times, _TREMOR_PERIODS, phases[len(_UNSTEADY_PERIODS) :])
        return np.maximum(1.0 + track.unsteady * slow + track.tremor * fast, 0.0)

    def face(self, times: Array, voice: Array) -> Array:
        """Return the acted blendshapes, [T, 52]."""
        face = spread_aus(self.au_curves(times, voice), len(times))
        for name, column in INDEX.items():
            skew = self.smile_asymmetry if "Smile" in name or "Dimple" in name else self.asymmetry
            if name.endswith("Left"):
                face[:, column] *= 1.0 + skew / 2
            elif name.endswith("Right"):
                face[:, column] *= 1.0 - skew / 2
        return np.clip(face, 0.0, 1.0)


def spread_aus(curves: Mapping[str, Array], n_frames: int) -> Array:
    """Return blendshapes [T, 52] for AU curves [T]; AUs of one muscle count once."""
    families: dict[str, Array] = {}
    for au, curve in curves.items():
        unit = ACTION_UNITS[au]
        family = families.setdefault(unit.family, np.zeros((n_frames, len(ARKIT_NAMES))))
        for name, weight in unit.blendshapes.items():
            column = family[:, INDEX[name]]
            np.maximum(column, weight * curve, out=column)
    return sum(families.values(), start=np.zeros((n_frames, len(ARKIT_NAMES))))


def strength_of(intensity: float) -> float:
    """Return the factor on a family's AUs at an intensity; 1 at `PLAIN`, growing slower above."""
    return (intensity / PLAIN) ** 0.85 if intensity <= PLAIN else (intensity / PLAIN) ** 0.7


def act(
    line: Line,
    actor: Actor,
    parts: Sequence[tuple[Family, Manner, float]],
    *,
    word_strengths: Sequence[float],
    intensity: float,
    in_turn: bool,
    rng: np.random.Generator,
) -> Acting:
    """Lay out the expression of a line.

    Args:
        parts: families with their manners and shares (0..1).
        word_strengths: of the word that names each family, 1 = plain.
        intensity: 0..1 of the whole.
        in_turn: the second family takes over from the first during the line.
    """
    envelopes = [envelope(line, actor, manner, rng) for _, manner, _ in parts]
    if in_turn and len(parts) == 2:
        envelopes = _handed_over(envelopes[0], envelopes[1], line, rng)
    tracks: list[Track] = []
    owners = {} if in_turn else _owners([family for family, _, _ in parts], rng)
    for i, (family, manner, share) in enumerate(parts):
        strength = share * strength_of(intensity) * word_strengths[i] ** _WORD_EXPONENT
        for au, size in _sizes(family, actor, intensity, strength, rng).items():
            kept = size if owners.get(_half(au), i) == i else _LENT * size
            track = _track(
                au, kept, family=i, actor=actor, manner=manner, intensity=intensity, rng=rng
            )
            tracks.append(track)
    crooked = np.copysign(_CROOKED, actor.asymmetry or 1.0) if actor.smile == "crooked" else 0.0
    return Acting(
        envelopes=tuple(envelopes),
        strengths=tuple(share * intensity for _, _, share in parts),
        tracks=tuple(tracks),
        asymmetry=actor.asymmetry + float(rng.normal(0, 0.06)),
        smile_asymmetry=actor.asymmetry + crooked + float(rng.normal(0, 0.06)),
    )


def _half(au: str) -> str:
    return "upper" if ACTION_UNITS[au].region in {"brow", "eye"} else "lower"


def _owners(felt: Sequence[Family], rng: np.random.Generator) -> dict[str, int]:
    """Return which of two feelings held together has which half of the face.

    A mixed feeling is read from halves that disagree (a smile under sad brows); both feelings in
    one mouth give a grimace that is neither. Mostly the feeling that lives in the mouth has it.
    """
    if len(felt) != 2:
        return {}
    mouth = int(_lowness(felt[1]) > _lowness(felt[0]))
    if rng.random() > _USUAL_MOUTH:
        mouth = 1 - mouth
    return {"lower": mouth, "upper": 1 - mouth}


def _lowness(family: Family) -> float:
    """Return the share of a family's AUs that is in the lower face; a half where it has none."""
    aus = shown_aus(family)
    lower = sum(size for au, size in aus.items() if _half(au) == "lower")
    return lower / sum(aus.values()) if aus else 0.5


def _sizes(
    family: Family, actor: Actor, intensity: float, strength: float, rng: np.random.Generator
) -> dict[str, float]:
    """Return a variant of a family's AUs at a strength, with what it recruits at its height."""
    sizes = {au: size * strength for au, size in _aus(family, actor, rng).items()}
    height = max(0.0, (intensity - _HEIGHT_FROM) / (1.0 - _HEIGHT_FROM))
    for au, size in _AT_HEIGHT.get(family.name, {}).items():
        sizes[au] = max(sizes.get(au, 0.0), size * height * min(strength, 1.0))
    return sizes


def _aus(family: Family, actor: Actor, rng: np.random.Generator) -> dict[str, float]:
    """Return a variant of a family's AUs as this actor shows them."""
    aus = dict(shown_aus(family))
    if len(aus) > 3 and rng.random() < 0.3:  # people leave out what matters least
        weakest = min(aus, key=lambda code: aus[code])
        aus[weakest] *= 0.3
    smile = aus.get("AU12", 0.0)
    if smile:
        if actor.smile == "lips" and "AU6" in aus:
            aus["AU6"] *= _LIPS_ONLY
        for code, share in _SMILE_WITH[actor.smile].items():
            aus[code] = max(aus.get(code, 0.0), 0.0) + share * smile
    return {code: size * float(np.exp(rng.normal(0, 0.13))) for code, size in aus.items()}


def _track(
    au: str,
    size: float,
    *,
    family: int,
    actor: Actor,
    manner: Manner,
    intensity: float,
    rng: np.random.Generator,
) -> Track:
    unit = ACTION_UNITS[au]
    region = unit.region if unit.region in _LAG else "mouth"
    gain = {"brow": actor.brow, "eye": actor.eye, "cheek": actor.cheek, "nose": actor.cheek}
    lag = _LAG[region] * actor.onset + float(rng.normal(0, 0.03))
    n_phases = len(_UNSTEADY_PERIODS) + len(_TREMOR_PERIODS)
    return Track(
        au=au,
        size=min(1.0, size * gain.get(region, actor.mouth)),
        lag=lag,
        family=family,
        in_speech=_IN_SPEECH.get(unit.family, 1.0),
        unsteady=_UNSTEADY * actor.fidget,
        tremor=manner.tremor * intensity,
        phases=tuple(rng.uniform(0, 2 * np.pi, n_phases).tolist()),
    )


def envelope(line: Line, actor: Actor, manner: Manner, rng: np.random.Generator) -> Keys:
    """Return how a feeling rises, holds, wavers, bursts and falls over a line, apex about 1."""
    seconds = max(line.seconds, 0.2)
    rise = max(0.12, manner.onset * actor.onset * float(rng.uniform(0.7, 1.4)))
    points = _course(str(rng.choice(_SHAPES)), seconds, rise, rng)
    base = keys(points)
    waver = manner.waver * actor.waver
    steps = np.arange(float(rng.uniform(0.5, 1.5)), seconds, float(rng.uniform(0.8, 1.6)))
    if len(steps):
        levels = base.at(steps) * np.clip(1 + waver * rng.standard_normal(len(steps)), 0.45, 1.3)
        points += zip(steps.tolist(), levels.tolist(), strict=True)
    return _with_bursts(keys(points), line, manner, rng)


def _course(
    shape: str, seconds: float, rise: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return the coarse keys of one of `_SHAPES`."""
    start = float(rng.uniform(0.0, min(0.5, 0.2 * seconds)))
    high, low = float(rng.uniform(0.9, 1.05)), float(rng.uniform(0.3, 0.55))
    late, early = (float(rng.uniform(*span)) * seconds for span in ((0.25, 0.5), (0.5, 0.75)))
    if shape == "hold" and rng.random() < 0.45:  # the camera starts on a face that feels already
        return [(0.0, high), (seconds, high)]
    courses = {
        "hold": [(0.0, 0.1), (start, 0.1), (start + rise, high), (seconds, 0.95 * high)],
        "wax": [(0.0, low), (start + rise, 1.2 * low), (0.85 * seconds, high), (seconds, high)],
        "wane": [(0.0, high), (0.25 * seconds, high), (seconds, low)],
        "arch": [(0.0, low), (0.5 * seconds, high), (seconds, low)],
        "late": [(0.0, 0.15), (late, 0.2), (late + rise, high), (seconds, high)],
        "early": [(0.0, high), (early, high), (early + 1.5 * rise, low), (seconds, low)],
    }
    return courses[shape]


def _with_bursts(base: Keys, line: Line, manner: Manner, rng: np.random.Generator) -> Keys:
    chance = min(0.9, manner.bursts * line.seconds / max(len(line.prominent), 1))
    points = list(zip(base.times, base.values, strict=True))
    for when, strength in line.prominent:
        if rng.random() > chance:
            continue
        level = float(base.at(np.array([when]))[0])
        size, rise, fall = (
            0.2 + 0.3 * strength,
            0.14 + 0.14 * rng.random(),
            0.4 + 0.4 * rng.random(),
        )
        points = [(t, v) for t, v in points if not when - rise < t < when + fall]
        points += [(when - rise, level), (when, level * (1 + size)), (when + fall, level)]
    return keys((max(t, 0.0), v) for t, v in points)


def _handed_over(first: Keys, second: Keys, line: Line, rng: np.random.Generator) -> list[Keys]:
    """Return the first envelope falling and the second rising somewhere in the middle."""
    turn, width = float(rng.uniform(0.35, 0.6)) * line.seconds, float(rng.uniform(0.25, 0.6))
    grid = np.arange(0.0, line.seconds + 0.1, 0.1)
    share = np.clip((grid - turn) / width + 0.5, 0.0, 1.0)
    before, after = first.at(grid) * (1 - share), second.at(grid) * share
    return [
        keys(zip(grid.tolist(), before.tolist(), strict=True)),
        keys(zip(grid.tolist(), after.tolist(), strict=True)),
    ]


def expression_triplets(
    acting: Acting, line: Line, threshold: float = 0.15, fps: float = 25.0
) -> list[tuple[str, float, float, float]]:
    """Return (au, start, end, peak) of each span in which an acted AU is up: labels for AUs.

    Source: Cafe-Talk reads its AU sequences from the motion by a threshold in the same way.
    """
    times = np.arange(0.0, max(line.seconds, 1 / fps), 1 / fps)
    found: list[tuple[str, float, float, float]] = []
    for au, curve in acting.au_curves(times, line.voice(times)).items():
        edges = np.flatnonzero(np.diff(np.concatenate([[0], curve > threshold, [0]])))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if last - first >= 5:  # a fifth of a second, the shortest expression that is noticed
                peak = float(curve[first:last].max())
                found.append((au, round(first / fps, 3), round(last / fps, 3), round(peak, 3)))
    return found
