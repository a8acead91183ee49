"""Which shape keys of a character a take will move, and what the user is told about the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..vendor import matching
from .keyframes import Weights


@dataclass(frozen=True)
class MeshKeys:
    """What Blender says about the shape keys of one mesh.

    Attributes:
        mesh: name of the mesh object.
        keys: names of its shape keys, without the reference key.
        driven: those whose value a driver sets, so that keyframes would have no effect.
        muted: those that are switched off.
    """

    mesh: str
    keys: tuple[str, ...]
    driven: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fix:
    """A shape key matched by hand; an empty blendshape leaves it alone."""

    shape_key: str
    blendshape: str


@dataclass(frozen=True)
class CharacterMatch:
    """The match of all meshes of a character.

    Attributes:
        report: as `arkit.matching` makes it.
        weights: mesh -> shape key -> blendshape -> weight, of the keys that can be keyed.
        warnings: sentences about driven and muted keys.
    """

    report: matching.MatchReport
    weights: Mapping[str, Mapping[str, Weights]]
    warnings: tuple[str, ...]

    @property
    def is_usable(self) -> bool:
        """Whether anything would move."""
        return any(self.weights.values())

    @property
    def is_complete(self) -> bool:
        return not self.report.missing and not self.warnings

    @property
    def sentences(self) -> tuple[str, ...]:
        """The whole report, the summary first; doubtful keys have rows of their own."""
        doubts = len(self.report.doubtful)
        lines = [line for line in self.report.sentences() if not line.startswith("Doubtful:")]
        if doubts:
            lines.append(f"{doubts} shape keys are doubtful; set them by hand if they fit.")
        return (*lines, *self.warnings)


@lru_cache(maxsize=32)
def plan_match(meshes: tuple[MeshKeys, ...], fixes: tuple[Fix, ...] = ()) -> CharacterMatch:
    """Match the shape keys of a character; remembered, as panels ask at every redraw."""
    overrides = [
        matching.Override(fix.shape_key, {fix.blendshape: 1.0} if fix.blendshape else {})
        for fix in fixes
    ]
    report = matching.match({mesh.mesh: mesh.keys for mesh in meshes}, overrides)
    weights = {
        mesh.mesh: {
            key: drives
            for key, drives in report.drives[mesh.mesh].items()
            if key not in mesh.driven
        }
        for mesh in meshes
    }
    warnings = [w for mesh in meshes for w in _warnings(mesh, report.drives[mesh.mesh])]
    return CharacterMatch(report, weights, tuple(warnings))


def _warnings(mesh: MeshKeys, drives: Mapping[str, Weights]) -> list[str]:
    lines = []
    driven = [key for key in mesh.keys if key in mesh.driven and key in drives]
    if driven:
        lines.append(
            f"Drivers move {_some(driven)} of '{mesh.mesh}', so they get no keys. Delete the "
            "drivers, or animate what drives them."
        )
    muted = [key for key in mesh.keys if key in mesh.muted and key in drives]
    if muted:
        lines.append(f"{_some(muted)} of '{mesh.mesh}' are muted and will not show.")
    return lines


def _some(keys: list[str], most: int = 3) -> str:
    listed = ", ".join(keys[:most])
    return listed if len(keys) <= most else f"{listed} and {len(keys) - most} more"


def needed_range(weights: Weights) -> tuple[float, float]:
    """Values that a shape key reaches when each of its blendshapes goes from 0 to 1 alone.

    Several at once may reach further; that is told after generating, where it happens.
    """
    return min(0.0, *weights.values()), max(0.0, *weights.values())
