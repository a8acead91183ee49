"""What is not skin on a head that shapes are carried over to: eyes, teeth, gums, tongue, lashes.

Eyeballs turn, teeth and tongue go as the built-in ones, gums partly with each; lashes and brows go
with the skin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .head_file import HeadPart
from .head_fit import HeadFit, laid_over
from .lids import ball_through, eyeballs
from .surface import Floats, Ints, Surface, nearest
from .template import Template

_BEHIND: Final = 0.012  # metres; islands farther from the skin belong to eyes, teeth or tongue
_INSIDE: Final = 0.002  # metres below the skin; lashes and hair lie above it
_GUMS: Final = 600  # vertices from which an island may be gums with both rows of teeth
_UPPER: Final = "Teeth Upper"
_LOWER: Final = "Teeth Lower"
_TOOTH: Final = 0.006  # metres; half a molar and more beside it begins the next one
_EASED: Final = 20  # steps that ease what part of gums goes with what
_ONTO_TEETH: Final = 8  # rounds in which the built-in teeth are moved onto the target's


@dataclass(frozen=True)
class Island:
    """Vertices of the target, `rows` [R], that a built-in part moves.

    Attributes:
        near: the part's nearest vertex for each, [R]. share: of its movement, [R].
    """

    rows: Ints
    part: HeadPart
    near: Ints
    share: Floats


Follower = tuple[Ints, Ints]
"""Rows of the target that go with its skin, and the nearest vertex of the skin for each."""


def inner_parts(
    target: Surface, template: Template, fit: HeadFit, skin_rows: NDArray[np.bool_]
) -> tuple[list[Island], list[Follower]]:
    """Eyeballs, teeth and tongue as built-in parts; lashes and brows go with the skin."""
    scale = fit.similarity.scale
    balls = {int(target.islands[ball[0]]) for ball in eyeballs(target, scale)}
    others = ~skin_rows & ~np.isin(target.islands, list(balls))
    laid = _laid_parts(target.vertices[others], template, fit)
    found: list[Island] = []
    followers: list[Follower] = []
    skin = np.flatnonzero(skin_rows)
    laid_skin = Surface(fit.vertices, template.skin.triangles)
    outer = fit.vertices[template.face], laid_skin.normals[template.face]
    parts = {part.name: part for part in template.head.parts}
    nearest_parts: dict[int, tuple[str, list[str]]] = {}
    for number in np.unique(target.islands[~skin_rows]):
        rows = np.flatnonzero(target.islands == number)
        points = target.vertices[rows]
        sample = points[:: max(1, len(points) // 200)]
        names = [n for n in laid if n.startswith("Eye") == (int(number) in balls)]
        off = {name: float(np.median(nearest(sample, laid[name])[1])) for name in names}
        skin_off = float(np.median(nearest(sample, fit.vertices)[1]))
        best = min(off, key=lambda name: off[name])
        is_inner = int(number) in balls or (
            off[best] < _BEHIND * scale and _height_over(outer, sample) < -_INSIDE * scale
        )
        if not is_inner and skin_off < min(off[best], _BEHIND * scale):
            followers.append((rows, skin[nearest(points, target.vertices[skin])[0]]))
        elif off[best] < 2 * _BEHIND * scale:
            nearest_parts[int(number)] = best, names
    rows_told = _rows_of_teeth(target, {n: best for n, (best, _) in nearest_parts.items()}, scale)
    for number, (_, names) in nearest_parts.items():
        rows = np.flatnonzero(target.islands == number)
        points = target.vertices[rows]
        shares = _shares(target, rows, {name: laid[name] for name in names}, rows_told[number])
        for name, share in shares.items():
            found.append(Island(rows, parts[name], nearest(points, laid[name])[0], share))
    return found, followers


def _rows_of_teeth(target: Surface, best: Mapping[int, str], scale: float) -> dict[int, str]:
    """Part of each island, teeth told by who stands over whom: where the rows of the target are
    farther apart or shorter than the built-in ones, a tooth may lie nearer to the other row's."""
    sizes = np.bincount(target.islands)
    teeth = [n for n, name in best.items() if name in (_UPPER, _LOWER) and sizes[n] < _GUMS]
    told = dict(best)
    if not teeth:
        return told
    middles = [target.vertices[target.islands == n].mean(axis=0) for n in teeth]
    places = np.array(middles) / scale
    apart = places[None] - places[:, None]
    beside = np.linalg.norm(apart[:, :, :2], axis=2) < _TOOTH
    over = (beside & (apart[:, :, 2] > _TOOTH)).any(axis=1)
    under = (beside & (apart[:, :, 2] < -_TOOTH)).any(axis=1)
    for number, has_over, has_under in zip(teeth, over, under, strict=True):
        if has_over != has_under:
            told[number] = _LOWER if has_over else _UPPER
    return told


def _height_over(outer: tuple[Floats, Floats], points: Floats) -> float:
    """Median height of points over vertices with normals; negative is inside the head."""
    vertices, normals = outer
    index, _ = nearest(points, vertices)
    return float(np.median(((points - vertices[index]) * normals[index]).sum(axis=1)))


def _laid_parts(inner: Floats, template: Template, fit: HeadFit) -> dict[str, Floats]:
    """Vertices of eyes, teeth and tongue as laid over; teeth and tongue moved onto those of the
    target among `inner` [N, 3], which need not stand at the built-in height."""
    scale = fit.similarity.scale
    laid = {
        part.name: laid_over(part.vertices.astype(np.float64), fit.similarity, fit.landmarks)
        for part in template.head.parts[1:]
        if part.name not in {"Hair", "Brows", "Lashes"}
    }
    mouth = [name for name in laid if not name.startswith("Eye")]
    sample = np.concatenate([laid[name] for name in mouth])[::5]
    if not len(inner):
        return laid
    shift = np.zeros(3)
    for _ in range(_ONTO_TEETH):
        index, far = nearest(sample + shift, inner)
        close = far < 2 * _BEHIND * scale
        if close.mean() < 0.5:  # no teeth in there
            return laid
        shift += (inner[index] - sample - shift)[close].mean(axis=0)
    return {name: points + shift * (name in mouth) for name, points in laid.items()}


def _shares(
    target: Surface, rows: Ints, laid: Mapping[str, Floats], best: str
) -> dict[str, Floats]:
    """How much each part moves each vertex of an island, [R]; gums may go with several parts."""
    points = target.vertices[rows]
    names = list(laid)
    which = np.argmin([nearest(points, laid[name])[1] for name in names], axis=0)
    counts = np.bincount(which, minlength=len(names))
    if len(rows) < _GUMS or np.sort(counts)[-2:][0] < 0.15 * len(rows):
        return {best: np.ones(len(rows))}
    owned = np.zeros((len(target.vertices), len(names)))
    owned[rows, which] = 1.0
    owned = target.smoothed(owned, _EASED)[rows]
    return {name: owned[:, k] for k, name in enumerate(names) if owned[:, k].any()}


def movement_of(target: Surface, island: Island, name: str, fit: HeadFit) -> Floats:
    """Movement of an island: a turn for eyes, that of the nearest vertex for the others."""
    part = island.part
    delta = part.shapes.get(name)
    if delta is None:
        return np.zeros((len(island.rows), 3))
    turn = fit.similarity.rotation
    points = target.vertices[island.rows]
    if not part.name.startswith("Eye"):
        return fit.similarity.scale * delta[island.near].astype(np.float64) @ turn.T
    before = part.vertices.astype(np.float64)
    middle = ball_through(before)[0]
    u, _, vt = np.linalg.svd((before + delta - middle).T @ (before - middle))
    rotation = turn @ (u * np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt) @ turn.T
    centre = ball_through(points)[0]
    return (points - centre) @ rotation.T + centre - points
