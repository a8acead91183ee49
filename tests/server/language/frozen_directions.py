"""Score a text -> face function on the 300 frozen directions beside this file.

The rules (when a group moves, when it is still, when a pair is in order) are written at the head
of `frozen_directions.json` and applied here as they stand; see README.md for when to run it.
`score(express, load_frozen(SIDES_2_PATH))` judges the second set of sided directions the same way,
`SIDES_3_PATH` the third.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

FROZEN_PATH: Final = Path(__file__).with_name("frozen_directions.json")
SIDES_2_PATH: Final = Path(__file__).with_name("sides_2.json")
SIDES_3_PATH: Final = Path(__file__).with_name("sides_3.json")

Face = Mapping[str, float]
"""Blendshape name to value; a missing name is 0, a name outside the 52 is ignored."""


@dataclass(frozen=True)
class Direction:
    """One frozen direction; `must_move` is an AND of ORs over groups."""

    id: str
    kind: str
    subkind: str
    text: str
    must_move: tuple[tuple[str, ...], ...]
    must_not_move: tuple[str, ...]
    weaker_text: str = ""
    stronger_text: str = ""
    degree_groups: tuple[str, ...] = ()
    even: bool = False
    """Whether both sides of the face must do the same."""

    @property
    def is_pair(self) -> bool:
        """Whether this is a degree pair."""
        return bool(self.degree_groups)


@dataclass(frozen=True)
class FrozenSet:
    """The directions with the groups and thresholds they are read by."""

    groups: Mapping[str, tuple[str, ...]]
    moves_at: float
    still_below: float
    degree_margin: float
    directions: tuple[Direction, ...]
    pairs: tuple[str, ...] = ()
    """Groups of a left and a right member, which an even direction moves alike."""


@dataclass(frozen=True)
class Rate:
    """A count out of a total with its Wilson 95 % interval."""

    right: int
    total: int

    @property
    def accuracy(self) -> float:
        """Share right, NaN for none."""
        return self.right / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson 95 % interval."""
        return wilson_interval(self.right, self.total)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.right}/{self.total} = {self.accuracy:.3f} [{low:.3f}, {high:.3f}]"


@dataclass(frozen=True)
class Outcome:
    """What happened to one direction; right when `problems` is empty."""

    direction: Direction
    problems: tuple[str, ...]
    degree_in_order: bool | None = None

    @property
    def right(self) -> bool:
        """Whether every demand was met."""
        return not self.problems


@dataclass(frozen=True)
class Report:
    """Outcomes of all directions and their rates."""

    outcomes: tuple[Outcome, ...]

    def rate(self, *, kind: str | None = None, subkind: str | None = None) -> Rate:
        """Return the rate over all directions, or over those of a kind or a subkind."""
        return _rate(
            o.right
            for o in self.outcomes
            if kind in (None, o.direction.kind) and subkind in (None, o.direction.subkind)
        )

    @property
    def overall(self) -> Rate:
        """All directions."""
        return self.rate()

    @property
    def by_kind(self) -> dict[str, Rate]:
        """One rate per kind, in file order."""
        kinds = dict.fromkeys(o.direction.kind for o in self.outcomes)
        return {kind: self.rate(kind=kind) for kind in kinds}

    @property
    def negation(self) -> Rate:
        """Negated directions with every demand met."""
        return self.rate(subkind="negation")

    @property
    def side(self) -> Rate:
        """One-sided directions with every demand met."""
        return self.rate(subkind="side")

    @property
    def degree_order(self) -> Rate:
        """Degree pairs in order, whether or not the stronger text also met its demands."""
        return _rate(o.degree_in_order for o in self.outcomes if o.degree_in_order is not None)

    def __str__(self) -> str:
        rates = {
            "overall": self.overall,
            **self.by_kind,
            "negation": self.negation,
            "degree order": self.degree_order,
            "side": self.side,
        }
        return "\n".join(f"{name:22}{rate}" for name, rate in rates.items() if rate.total)


def wilson_interval(right: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion, 95 % by default; (0, 1) for no trials."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    centre = share + z * z / (2 * total)
    half = z * float(np.sqrt(share * (1 - share) / total + z * z / (4 * total * total)))
    scale = 1 + z * z / total
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def load_frozen(path: Path = FROZEN_PATH) -> FrozenSet:
    """Read the frozen set."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return FrozenSet(
        groups={name: tuple(members) for name, members in raw["groups"].items()},
        moves_at=float(raw["moves_at"]),
        still_below=float(raw["still_below"]),
        degree_margin=float(raw["degree_margin"]),
        directions=tuple(_direction(entry) for entry in raw["directions"]),
        pairs=tuple(raw.get("pairs", ())),
    )


def score(express: Callable[[str], Face], frozen: FrozenSet | None = None) -> Report:
    """Ask `express` for a face per text and judge it by the frozen rules.

    Raises:
        ValueError: a face holds a value that is not finite.
    """
    frozen = frozen if frozen is not None else load_frozen()
    return Report(tuple(_judge(direction, express, frozen) for direction in frozen.directions))


def _rate(results: Iterable[bool]) -> Rate:
    counted = list(results)
    return Rate(sum(counted), len(counted))


def _direction(entry: Mapping[str, Any]) -> Direction:
    return Direction(
        id=entry["id"],
        kind=entry["kind"],
        subkind=entry["subkind"],
        text=entry["text"],
        must_move=tuple((m,) if isinstance(m, str) else tuple(m) for m in entry["must_move"]),
        must_not_move=tuple(entry["must_not_move"]),
        weaker_text=entry.get("weaker_text", ""),
        stronger_text=entry.get("stronger_text", ""),
        degree_groups=tuple(entry.get("groups", ())),
        even=bool(entry.get("even", False)),
    )


def _group_maxima(text: str, face: Face, frozen: FrozenSet) -> dict[str, float]:
    maxima = {
        group: float(np.max([face.get(name, 0.0) for name in members]))
        for group, members in frozen.groups.items()
    }
    if not np.isfinite(list(maxima.values())).all():
        raise ValueError(f"the face for {text!r} holds a value that is not finite")
    return maxima


def _spread(face: Face, members: tuple[str, ...]) -> float:
    return float(np.ptp([face.get(name, 0.0) for name in members]))


def _judge(direction: Direction, express: Callable[[str], Face], frozen: FrozenSet) -> Outcome:
    face = express(direction.text)
    moved = _group_maxima(direction.text, face, frozen)
    problems = [
        f"none of {'/'.join(options)} moves"
        for options in direction.must_move
        if all(moved[group] < frozen.moves_at for group in options)
    ]
    problems += [
        f"{group} moves ({moved[group]:.2f})"
        for group in direction.must_not_move
        if moved[group] >= frozen.still_below
    ]
    if direction.even:
        problems += [
            f"{group} is uneven ({spread:.2f})"
            for group in frozen.pairs
            if (spread := _spread(face, frozen.groups[group])) >= frozen.still_below
        ]
    if not direction.is_pair:
        return Outcome(direction, tuple(problems))
    weaker = _group_maxima(direction.weaker_text, express(direction.weaker_text), frozen)
    low, high = (
        float(np.mean([maxima[group] for group in direction.degree_groups]))
        for maxima in (weaker, moved)
    )
    in_order = high > low + frozen.degree_margin
    if not in_order:
        problems.append(f"degree not in order: {low:.2f} then {high:.2f}")
    return Outcome(direction, tuple(problems), in_order)
