"""A rig's shape-key names -> ARKit blendshapes, across all its meshes, with a report.

Names are matched by spelling family (see `aliases`); one blendshape may drive several keys and
several blendshapes one key. What only looks right is offered as doubtful and never matched;
the user's overrides win, and are kept in a preset.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .aliases import (
    BY_NORMALISED,
    PART_ALIASES,
    WHOLE_ALIASES,
    doubtful_names,
    metahuman_drives,
    normalise,
    without_prefix_words,
)
from .errors import MatchError
from .names import ARKIT_NAMES, INDEX

_PRESET_FORMAT: Final = "soliloquy-match-preset/1"
_RESTING_KEYS: Final = frozenset({"basis", "neutral"})

_WHAT_IS_LOST: Final[dict[str, str]] = {
    "jawOpen": "the mouth will not open",
    "mouthClose": "the lips will stay apart at p, b and m",
    "eyeBlinkLeft": "the left eye will not blink",
    "eyeBlinkRight": "the right eye will not blink",
}


class Target(NamedTuple):
    """A shape key that a blendshape drives, with a weight."""

    mesh: str
    key: str
    weight: float


@dataclass(frozen=True)
class Override:
    """What the user decided about a shape key.

    Attributes:
        key: the shape key's name.
        drives: ARKit name -> weight; empty leaves the key alone.
        mesh: the mesh it belongs to, or "" for every mesh that has such a key.
    """

    key: str
    drives: Mapping[str, float]
    mesh: str = ""

    def __post_init__(self) -> None:
        """Refuse names and weights without meaning.

        Raises:
            MatchError: not an ARKit blendshape, or a weight that is not a number.
        """
        for name, weight in self.drives.items():
            if name not in INDEX:
                raise MatchError(f"'{name}', set for shape key '{self.key}', is not an ARKit name")
            if not np.isfinite(weight):
                raise MatchError(f"the weight of {name} on shape key '{self.key}' is not a number")


@dataclass(frozen=True)
class Doubt:
    """A shape key that may mean some blendshapes; only the user can tell."""

    mesh: str
    key: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Duplicate:
    """A shape key left alone because another of its mesh is the same blendshape already."""

    mesh: str
    key: str
    name: str
    used: str


Drives = Mapping[str, Mapping[str, float]]
"""Shape key -> ARKit name -> weight, for one mesh."""


@dataclass(frozen=True)
class MatchReport:
    """Which shape keys a clip will move, and what is missing, doubtful or left alone.

    Attributes:
        drives: mesh -> shape key -> ARKit name -> weight; every mesh is listed, if only empty.
        doubtful: offers for the user; nothing of it is matched.
        duplicates: keys left alone because their blendshape is taken on the same mesh.
        unused: mesh -> keys that are no ARKit blendshape.
        stale: overrides for keys that no mesh has.
    """

    drives: Mapping[str, Drives]
    doubtful: tuple[Doubt, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    unused: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stale: tuple[Override, ...] = ()

    @property
    def matched(self) -> tuple[str, ...]:
        """The blendshapes that move something, in ARKit order."""
        found = {name for keys in self.drives.values() for names in keys.values() for name in names}
        return tuple(name for name in ARKIT_NAMES if name in found)

    @property
    def missing(self) -> tuple[str, ...]:
        """The blendshapes that move nothing on any mesh, in ARKit order."""
        matched = set(self.matched)
        return tuple(name for name in ARKIT_NAMES if name not in matched)

    def targets(self, name: str) -> tuple[Target, ...]:
        """Return every shape key that a blendshape drives, on all meshes."""
        return tuple(
            Target(mesh, key, names[name])
            for mesh, keys in self.drives.items()
            for key, names in keys.items()
            if name in names
        )

    def key_values(
        self, mesh: str, coefficients: NDArray[np.floating]
    ) -> tuple[tuple[str, ...], NDArray[np.float32]]:
        """Return the shape keys of a mesh and their values, float32 [T, K], clamped to 0..1.

        Args:
            mesh: a mesh of this report.
            coefficients: [T, 52] in `ARKIT_NAMES` order.
        """
        keys = self.drives[mesh]
        matrix = np.zeros((len(ARKIT_NAMES), len(keys)), np.float32)
        for column, names in enumerate(keys.values()):
            for name, weight in names.items():
                matrix[INDEX[name], column] = weight
        values = np.asarray(coefficients, np.float32) @ matrix
        return tuple(keys), np.clip(values, 0.0, 1.0)

    def summary(self) -> str:
        """Return the result in one sentence."""
        used = [mesh for mesh, keys in self.drives.items() if keys]
        if not self.drives:
            return "No mesh is selected; select the meshes of the face."
        if not used:
            return self._nothing_matched()
        where = used[0] if len(used) == 1 else f"{len(used)} meshes"
        if not self.missing:
            return f"All 52 blendshapes are matched on {where}."
        if len(self.missing) <= 3:
            return f"All blendshapes but {_listed(self.missing)} are matched on {where}."
        return f"{len(self.matched)} of 52 blendshapes are matched on {where}."

    def _nothing_matched(self) -> str:
        names = _listed(tuple(self.drives))
        if not any(self.unused.values()):
            return (
                f"{names} has no shape keys, so nothing can move; add the 52 ARKit shape keys "
                "(jawOpen, mouthClose, eyeBlinkLeft ...) or select the mesh that has them."
            )
        n_keys = sum(map(len, self.unused.values()))
        return (
            f"None of the {n_keys} shape keys of {names} is an ARKit blendshape such as jawOpen; "
            "select the mesh of the face or set the names by hand."
        )

    def sentences(self) -> tuple[str, ...]:
        """Return the whole report as sentences for the user, the summary first."""
        lines = [self.summary()]
        if self.matched and self.missing:
            lost = [_WHAT_IS_LOST[name] for name in self.missing if name in _WHAT_IS_LOST]
            because = f": {', '.join(lost)}" if lost else ""
            lines.append(f"Missing: {', '.join(self.missing)}{because}.")
        lines += [
            f"Doubtful: {d.key} on {d.mesh} may be {_listed(d.names)}; set it by hand if so."
            for d in self.doubtful
        ]
        lines += [
            f"{d.key} on {d.mesh} is left alone: {d.used} is {d.name} already."
            for d in self.duplicates
        ]
        lines += [
            f"The preset sets {o.key}{f' on {o.mesh}' if o.mesh else ''}, which is not there."
            for o in self.stale
        ]
        return tuple(lines)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "Nothing"


class _Claim(NamedTuple):
    """What a key's name says: whole blendshapes have rank 0..2, parts and raw shapes 3."""

    key: str
    rank: int
    drives: Mapping[str, float]
    part: str = ""


def match(meshes: Mapping[str, Iterable[str]], overrides: Iterable[Override] = ()) -> MatchReport:
    """Match the shape keys of all meshes of a character.

    Args:
        meshes: mesh name -> its shape-key names, the basis may be among them.
        overrides: the user's decisions; they win over names, and free the blendshape they give
            away from being matched again on that mesh.
    """
    overrides = tuple(overrides)
    drives: dict[str, Drives] = {}
    unused: dict[str, tuple[str, ...]] = {}
    doubtful: list[Doubt] = []
    duplicates: list[Duplicate] = []
    met: set[int] = set()
    for mesh, names in meshes.items():
        keys = [key for key in names if key.casefold() not in _RESTING_KEYS]
        fixed = {}
        for i, override in enumerate(overrides):
            if override.key in keys and override.mesh in ("", mesh):
                fixed[override.key] = dict(override.drives)
                met.add(i)
        found, left, doubled = _match_mesh(mesh, keys, fixed)
        drives[mesh] = found
        duplicates += doubled
        taken = {name for names in found.values() for name in names}
        offers = [Doubt(mesh, key, doubtful_names(key)) for key in left if key not in fixed]
        doubtful += [o for o in offers if o.names and not taken.issuperset(o.names)]
        unused[mesh] = tuple(left)
    return MatchReport(
        drives=drives,
        doubtful=tuple(doubtful),
        duplicates=tuple(duplicates),
        unused=unused,
        stale=tuple(o for i, o in enumerate(overrides) if i not in met),
    )


def _match_mesh(
    mesh: str, keys: Sequence[str], fixed: Mapping[str, Mapping[str, float]]
) -> tuple[Drives, list[str], list[Duplicate]]:
    """Return what drives each key, the keys that are no blendshape, and the doubled ones."""
    given = {name for names in fixed.values() for name in names}
    claims = [claim for key in keys if key not in fixed for claim in _claims(key)]
    best: dict[str, _Claim] = {}
    for claim in sorted(claims, key=lambda claim: claim.rank):
        for name in claim.drives:
            best.setdefault(name, claim)
    found: dict[str, dict[str, float]] = {}
    parts: dict[tuple[str, str], str] = {}
    duplicates: list[Duplicate] = []
    for claim in claims:
        for name, weight in claim.drives.items():
            winner = best[name]
            if name in given:
                used = next(key for key, names in fixed.items() if name in names)
            elif claim.rank == winner.rank == 3:
                used = parts.setdefault((name, claim.part), claim.key)
            else:
                used = winner.key
            if used == claim.key:
                found.setdefault(claim.key, {})[name] = weight
            else:
                duplicates.append(Duplicate(mesh, claim.key, name, used))
    found |= {key: dict(names) for key, names in fixed.items() if names}
    in_order = {key: found[key] for key in keys if key in found}
    claimed = {claim.key for claim in claims} | {key for key, names in fixed.items() if names}
    return in_order, [key for key in keys if key not in claimed], duplicates


def _claims(key: str) -> list[_Claim]:
    """Read one name; the families are tried from the surest to the loosest."""
    raw = metahuman_drives(key)
    if raw:
        return [_Claim(key, 3, raw, normalise(key))]
    if key in INDEX:
        return [_Claim(key, 0, {key: 1.0})]
    for rank, joined in ((1, normalise(key)), (2, without_prefix_words(key))):
        if joined in BY_NORMALISED:
            return [_Claim(key, rank, {BY_NORMALISED[joined]: 1.0})]
        if joined in WHOLE_ALIASES:
            return [_Claim(key, 2, {WHOLE_ALIASES[joined]: 1.0})]
        if joined in PART_ALIASES:
            return [_Claim(key, 3, {PART_ALIASES[joined]: 1.0}, joined)]
    return []


@dataclass(frozen=True)
class MatchPreset:
    """A named set of overrides that can be kept in a file and used on the next character."""

    name: str
    overrides: tuple[Override, ...]

    def to_json(self) -> str:
        """Return the preset as JSON text."""
        content = {
            "format": _PRESET_FORMAT,
            "name": self.name,
            "overrides": [
                {"key": o.key, "mesh": o.mesh, "drives": dict(o.drives)} for o in self.overrides
            ],
        }
        return json.dumps(content, indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> MatchPreset:
        """Read a preset.

        Raises:
            MatchError: not such a preset, or it names blendshapes that do not exist.
        """
        try:
            content: dict[str, Any] = json.loads(text)
            if content["format"] != _PRESET_FORMAT:
                raise MatchError(
                    f"the preset has format {content['format']!r}, expected {_PRESET_FORMAT!r}"
                )
            overrides = tuple(
                Override(str(o["key"]), {n: float(w) for n, w in o["drives"].items()}, o["mesh"])
                for o in content["overrides"]
            )
            return cls(str(content["name"]), overrides)
        except MatchError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MatchError(f"this is not a matching preset: {error!r}") from error

    @classmethod
    def from_report(cls, name: str, report: MatchReport) -> MatchPreset:
        """Return a preset that repeats everything a report matched, whatever the meshes' names."""
        merged: dict[str, Mapping[str, float]] = {}
        for keys in report.drives.values():
            merged |= keys
        return cls(name, tuple(Override(key, dict(names)) for key, names in merged.items()))
