"""Arithmetic on AU intensities: degree, side, union, conflict, denial. Pure functions.

Inside, a face is a map from one-sided codes ("AU12L", "AU12R") and central ones ("AU1") to 0..1;
`compact` joins equal sides for the outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from arkit.action_units import ACTION_UNITS, combine_aus
from arkit.names import ARKIT_NAMES

Face = dict[str, float]

_SIDES: Final = ("L", "R")
_CEILING: Final = 0.995
_CENTRAL_SHARE: Final = 0.35
"""What a one-sided action leaves of a central AU, which would move both sides."""

_LESSER_SIDE: Final = 0.5
"""What the other side does where one is said to do more."""

_CONFLICTS: Final[tuple[tuple[frozenset[str], frozenset[str]], ...]] = (
    (frozenset({"AU12"}), frozenset({"AU15"})),
    (frozenset({"AU5"}), frozenset({"AU41", "AU42", "AU43", "AU45"})),
    (frozenset({"AU23", "AU24", "AU28", "AU8"}), frozenset({"AU25", "AU26", "AU27", "AU19"})),
    (frozenset({"AU63"}), frozenset({"AU64"})),
    (frozenset({"AU61"}), frozenset({"AU62"})),
    (frozenset({"AU18", "AU22"}), frozenset({"AU20"})),
    (frozenset({"AU30"}), frozenset({"AU29"})),
)
"""Muscles that pull one spot two ways: the weaker gives way."""

_EXPLICIT_CONFLICTS: Final = (
    *_CONFLICTS,
    (frozenset({"AU4"}), frozenset({"AU1", "AU2"})),
    (frozenset({"AU16", "AU10"}), frozenset({"AU24", "AU23"})),
)
"""What an action named in so many words drives out of a feeling's face."""

_KIN: Final[tuple[frozenset[str], ...]] = (
    frozenset({"AU25", "AU26", "AU27"}),
    frozenset({"AU23", "AU24"}),
    frozenset({"AU41", "AU42", "AU43", "AU45"}),
    frozenset({"AU7", "AU44", "AU42"}),
    frozenset({"AU18", "AU22"}),
    frozenset({"AU28", "AU28B", "AU28T", "AU32"}),
    frozenset({"AU33", "AU34"}),
)
"""Denying one of these denies its kin: a mouth that is not open has no jaw drop of any size."""


def family_of(code: str) -> str:
    """The code without its side: "AU12L" -> "AU12"."""
    return ACTION_UNITS[code].family


def expand(aus: Mapping[str, float]) -> Face:
    """Give every two-sided AU its left and right entry."""
    face: Face = {}
    for code, value in aus.items():
        sides = [code + side for side in _SIDES if code + side in ACTION_UNITS]
        for name in sides or [code]:
            face[name] = max(face.get(name, 0.0), value)
    return face


def compact(face: Mapping[str, float], least: float = 0.02) -> Face:
    """Join equal sides into one code; drop what is under `least`; table order."""
    joined: Face = {}
    for code, value in face.items():
        family = family_of(code)
        left, right = face.get(family + "L"), face.get(family + "R")
        both = left is not None and right is not None and abs(left - right) < 1e-6
        name = family if both and family in ACTION_UNITS else code
        if value >= least:
            joined[name] = round(float(value), 4)
    return {code: joined[code] for code in ACTION_UNITS if code in joined}


def scaled(face: Mapping[str, float], degree: float) -> Face:
    """Apply a degree: v -> 1 - (1 - v)^degree. Strictly rising in both, never past 1."""
    return {
        code: min(_CEILING, 1.0 - (1.0 - min(value, 0.98)) ** degree)
        for code, value in face.items()
    }


def set_strength(face: Mapping[str, float], strength: float) -> Face:
    """Scale a face so that its strongest AU has the given intensity."""
    top = max(face.values(), default=0.0)
    return {code: value * strength / top for code, value in face.items()} if top else {}


def sided(face: Mapping[str, float], side: str) -> Face:
    """Keep a face on one side; central AUs stay weakly."""
    if not side:
        return dict(face)
    kept: Face = {}
    for code, value in face.items():
        unit = ACTION_UNITS[code]
        one_side = unit.family + side
        if one_side in ACTION_UNITS:
            kept[one_side] = max(kept.get(one_side, 0.0), value)
        else:
            kept[code] = max(kept.get(code, 0.0), _CENTRAL_SHARE * value)
    return kept


def leaning(face: Mapping[str, float], side: str) -> Face:
    """Let the side that is not `side` do less; "" changes nothing."""
    share = _LESSER_SIDE if side else 1.0
    return {
        c: v * (share if ACTION_UNITS[c].side not in ("", side) else 1.0) for c, v in face.items()
    }


def union(faces: Iterable[Mapping[str, float]]) -> Face:
    """The stronger of each AU."""
    total: Face = {}
    for face in faces:
        for code, value in face.items():
            total[code] = max(total.get(code, 0.0), value)
    return total


def _of(face: Mapping[str, float], group: frozenset[str], side: str) -> list[str]:
    return [
        code for code in face if family_of(code) in group and ACTION_UNITS[code].side in ("", side)
    ]


def settle(face: Mapping[str, float], give: float = 0.12) -> Face:
    """Let the weaker of two opposed muscles give way to `give`, on each side by itself."""
    result = dict(face)
    for side in _SIDES:
        for first, second in _CONFLICTS:
            ours, theirs = _of(result, first, side), _of(result, second, side)
            if not ours or not theirs:
                continue
            stronger = max(result[code] for code in ours) >= max(result[code] for code in theirs)
            for code in theirs if stronger else ours:
                result[code] *= give
    return result


def overruled(face: Mapping[str, float], explicit: Mapping[str, float]) -> Face:
    """A feeling's face without what the explicit actions contradict."""
    result = dict(face)
    for side in _SIDES:
        for pair in _EXPLICIT_CONFLICTS:
            for ours, theirs in (pair, pair[::-1]):
                if not any(explicit[code] >= 0.15 for code in _of(explicit, ours, side)):
                    continue
                for code in _of(result, theirs, side):
                    if code not in explicit:
                        result[code] = 0.0
    return result


def denied(face: Mapping[str, float], codes: Iterable[str]) -> Face:
    """A face without the given AUs and their kin, on the sides given."""
    gone: set[str] = set()
    for code in codes:
        side = ACTION_UNITS[code].side
        family = family_of(code)
        kin = frozenset({family}).union(*(group for group in _KIN if family in group))
        gone.update(kin if not side else {name + side for name in kin} | {family})
        if not side:
            gone.update(name + letter for name in kin for letter in _SIDES)
    return {code: value for code, value in face.items() if code not in gone}


def blendshapes(face: Mapping[str, float]) -> dict[str, float]:
    """All 52 blendshapes of a face; AUs that ARKit cannot show add nothing."""
    shown = {code: value for code, value in face.items() if ACTION_UNITS[code].expressible}
    values = combine_aus(compact(shown, least=0.0))
    return {name: round(values.get(name, 0.0), 4) for name in ARKIT_NAMES}
