"""Lays the built-in head over another head: landmarks found in its shape, then a close fit.

Axes are Blender's for a character that looks along -Y: X to its left, Z up. Units are the scene's;
`scale` makes metres of the built-in head into them. The user may move any landmark.

The fit: a similarity from bounding shapes, iterated closest points (Besl & McKay 1992), a thin-
plate spline through the landmarks (Bookstein 1989), then displacements towards the closest points
with fitting normals, smoothed less and less (after Amberg et al. 2007, without their system).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import CharacterError
from .progress import Progress, silent
from .surface import Floats, Ints, Surface, closest_on_surface, distance_along, nearest

LANDMARKS: Final[tuple[str, ...]] = (
    "eye_left", "eye_right", "nose", "mouth_left", "mouth_right", "mouth_middle", "chin",
)  # fmt: skip
"""Points that a user may move: middles of the eyeballs, tip of the nose, corners and middle of the
line between the lips, tip of the chin. Left is the character's left."""

TEMPLATE_LANDMARKS: Final[Mapping[str, tuple[float, float, float]]] = {
    "eye_left": (0.0312, -0.0740, 0.0),
    "eye_right": (-0.0312, -0.0740, 0.0),
    "nose": (0.0, -0.11874, -0.03846),
    "mouth_left": (0.0240, -0.0902, -0.0676),
    "mouth_right": (-0.0240, -0.0902, -0.0676),
    "mouth_middle": (0.0, -0.0990, -0.06838),
    "chin": (0.0, -0.0960, -0.1050),
}
"""Where they are on the built-in head, in metres; `chin` is its foremost point below the lips."""

_NORMAL_WEIGHT: Final = 0.012  # metres that a right angle between normals counts for
_LONGEST: Final = 0.015  # metres; closest points farther away are no match
ROUNDS: Final = ((160, 1.0), (80, 1.0), (40, 0.8), (20, 0.6), (12, 0.5), (8, 0.5), (6, 0.4))
"""Smoothing steps of the displacement and the share of it that is taken, round by round."""

QUICK_ROUNDS: Final = ((160, 1.0), (40, 0.8), (12, 0.6))
"""The same, to find landmarks."""


@dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + offset."""

    scale: float
    rotation: Floats
    offset: Floats

    def __call__(self, points: Floats) -> Floats:
        return self.scale * points @ self.rotation.T + self.offset


def similarity_between(source: Floats, target: Floats) -> Similarity:
    """Least-squares similarity from points [N, 3] to points [N, 3] (Umeyama 1991)."""
    a, b = source.mean(axis=0), target.mean(axis=0)
    u, size, vt = np.linalg.svd((target - b).T @ (source - a))
    flip = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u * flip @ vt
    scale = float((size * flip).sum() / ((source - a) ** 2).sum())
    return Similarity(scale, rotation, b - scale * rotation @ a)


def thin_plate(source: Floats, target: Floats, points: Floats, give: float = 1e-4) -> Floats:
    """Points moved by the thin-plate spline in space (kernel r) that takes source to target.

    Args:
        give: how far it may miss the targets, in units of the distances.
    """
    n = len(source)
    kernel = np.linalg.norm(source[:, None] - source[None], axis=2)
    flat = np.concatenate([np.ones((n, 1)), source], axis=1)
    system = np.block([[kernel - give * np.eye(n), flat], [flat.T, np.zeros((4, 4))]])
    solved = np.linalg.lstsq(system, np.concatenate([target, np.zeros((4, 3))]), rcond=None)[0]
    near = np.linalg.norm(points[:, None] - source[None], axis=2)
    spread = np.concatenate([np.ones((len(points), 1)), points], axis=1)
    return near @ solved[:n] + spread @ solved[n:]


@dataclass(frozen=True)
class HeadFit:
    """The built-in head laid over a target.

    Attributes:
        similarity: of the whole; its scale is scene units per metre.
        vertices: of the built-in head as laid over, [V, 3]. landmarks: found or given, by name.
        off: of each vertex to the target when it was last drawn to it, [V], in metres of the
            built-in head; not finite where nothing is near.
        rms: of the face to the target, in the same metres.
        unmatched: share of the face that found nothing near to lie on.
        bent: how far the face was moved beyond turning and scaling it, rms in the same metres.
        lips_are_cut: whether the target's lips can part.
    """

    similarity: Similarity
    vertices: Floats
    landmarks: Mapping[str, Floats]
    off: Floats
    rms: float
    unmatched: float
    bent: float
    lips_are_cut: bool


def coarse_similarity(
    target: Surface, template: Surface, face: Ints, progress: Progress = silent
) -> Similarity:
    """Lay the built-in head over the top of a target by size, then by closest points.

    Raises:
        CharacterError: the mesh is too small or too flat to be a head.
    """
    points = target.vertices
    if len(points) < 200:
        raise CharacterError(
            "The mesh has {n} vertices, too few for a face. Choose the head's mesh.",
            n=len(points),
        )
    low, high = _head_box(points)
    width = high[0] - low[0]
    ours = template.vertices
    our_width = ours[:, 0].max() - ours[:, 0].min()
    scale = width / our_width
    if not width > 0 or (high - low)[1] < 0.3 * width:
        raise CharacterError("The mesh is flat, so no head can be found in it.")
    tip = _foremost(points, low, high)
    start = Similarity(scale, np.eye(3), tip - scale * np.array(TEMPLATE_LANDMARKS["nose"]))
    return _closest_similarity(target, template, face, start, progress)


def _head_box(points: Floats) -> tuple[Floats, Floats]:
    """Bounds of the head: from the top down to where, below its widest, it is narrowest."""
    top, bottom = points[:, 2].max(), points[:, 2].min()
    slices = np.linspace(top, bottom, 61)
    widths = []
    for high, low in pairwise(slices):
        inside = points[(points[:, 2] <= high) & (points[:, 2] > low)]
        widths.append(np.ptp(inside[:, 0]) if len(inside) else 0.0)
    wide = np.array(widths)
    end, widest = len(wide), 0.0
    for i, width in enumerate(wide):
        drop = (top - slices[i + 1]) / max(widest, 1e-9)
        if widest and width < 0.75 * widest and 1.0 < drop < 2.2:
            end = i + 1
            break
        if drop < 1.2 or not widest:
            widest = max(widest, float(width))
    head = points[points[:, 2] >= slices[end]]
    return head.min(axis=0), head.max(axis=0)


def _foremost(points: Floats, low: Floats, high: Floats) -> Floats:
    """The tip of the nose: the foremost point near the middle, at half the head's height."""
    middle, size = (low + high) / 2, high - low
    near = np.abs(points[:, 0] - middle[0]) < 0.12 * size[0]
    near &= (points[:, 2] > low[2] + 0.2 * size[2]) & (points[:, 2] < low[2] + 0.75 * size[2])
    if not near.any():
        raise CharacterError("No nose is found: the head must look along -Y, with Z up.")
    found = points[near]
    return found[found[:, 1].argmin()]


def _features(surface: Surface, scale: float) -> Floats:
    return np.concatenate([surface.vertices, _NORMAL_WEIGHT * scale * surface.normals], axis=1)


def _closest_similarity(
    target: Surface, template: Surface, face: Ints, start: Similarity, progress: Progress
) -> Similarity:
    chosen = face[:: max(1, len(face) // 1500)]
    now = start
    among = np.unique(target.triangles)
    for step in range(25):
        progress(step / 25)
        moved = now(template.vertices[chosen])
        turned = template.normals[chosen] @ now.rotation.T
        points = np.concatenate([moved, _NORMAL_WEIGHT * now.scale * turned], axis=1)
        index, _ = nearest(points, _features(target, now.scale)[among])
        found = target.vertices[among[index]]
        far = np.linalg.norm(found - moved, axis=1)
        kept = far <= max(np.quantile(far, 0.8), 1e-12)
        now = similarity_between(template.vertices[chosen][kept], found[kept])
        if step > 5 and far[kept].mean() < 1e-7 * now.scale:
            break
    return now


def laid_over(vertices: Floats, similarity: Similarity, landmarks: Mapping[str, Floats]) -> Floats:
    """The built-in head by its similarity, bent so that its landmarks lie on those given."""
    names = list(landmarks)
    source = similarity(np.array([TEMPLATE_LANDMARKS[name] for name in names]))
    target = np.array([landmarks[name] for name in names])
    return thin_plate(source, target, similarity(vertices), give=1e-3 * similarity.scale)


def close_fit(
    target: Surface,
    template: Surface,
    start: Floats,
    scale: float,
    groups: tuple[NDArray[np.int_], NDArray[np.int_]],
    *,
    rounds: tuple[tuple[int, float], ...] = ROUNDS,
    progress: Progress = silent,
) -> tuple[Floats, Floats]:
    """Draw the template onto the target, smoothly.

    Args:
        start: the template's vertices as laid over, [V, 3]. scale: scene units per metre.
        groups: a number for each vertex of template and target; only equal ones match.
        rounds: smoothing steps of the displacement, and the share of it that is taken.

    Returns:
        Vertices [V, 3] and the distance of each to the target, [V], in scene units.
    """
    now, far = start, np.full(len(start), np.inf)
    for number, (steps, share) in enumerate(rounds):
        progress(number / len(rounds))
        surface = Surface(now, template.triangles)
        found, far, fits = _matches(surface, target, scale, groups)
        pull = np.where(fits[:, None], found - now, 0.0)
        sure = template.smoothed(fits.astype(float)[:, None], steps)
        pull = template.smoothed(pull, steps) / np.maximum(sure, 0.05)
        now = now + share * pull
    return now, far


def _matches(
    surface: Surface,
    target: Surface,
    scale: float,
    groups: tuple[NDArray[np.int_], NDArray[np.int_]],
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Closest points of the target for every vertex, their distance, and which of them count."""
    index = matched(surface, target, scale, groups)
    triangle, weights, far = closest_on_surface(surface.vertices, target, index)
    corners = target.vertices[target.triangles[triangle]]
    found = (weights[:, :, None] * corners).sum(axis=1)
    agree = (surface.normals * target.normals[index]).sum(axis=1) > 0.4
    return found, far, (triangle >= 0) & agree & (far < _LONGEST * scale)


def matched(
    surface: Surface,
    target: Surface,
    scale: float,
    groups: tuple[NDArray[np.int_], NDArray[np.int_]],
) -> Ints:
    """Vertex of the target, of the same group, nearest in place and normal to every vertex."""
    ours, theirs = _features(surface, scale), _features(target, scale)
    on_face = np.zeros(len(theirs), bool)
    on_face[np.unique(target.triangles)] = True
    index = np.zeros(len(ours), np.intp)
    for group in np.unique(groups[0]):
        rows = np.flatnonzero(groups[0] == group)
        among = np.flatnonzero((groups[1] == group) & on_face)
        if not len(among):
            among = np.flatnonzero(on_face)
        index[rows] = among[nearest(ours[rows], theirs[among])[0]]
    return index


@dataclass(frozen=True)
class _Opening:
    """A slit in the skin: around what point, how far it reaches, and where its line runs.

    Attributes:
        middle: in scene units. reach: half the width, half the height and the depth, metres.
        seeds: metres above and below the line from where sides are reached.
        line: height of the line at x, in scene units.
        around: how much longer ways along the line count: lips are thick, and without this the way
            round their corner would be the other lip's to points deep inside.
    """

    middle: Floats
    reach: tuple[float, float, float]
    seeds: tuple[float, float]
    line: Callable[[Floats], Floats]
    around: float = 1.0


def _openings(landmarks: Mapping[str, Floats]) -> list[_Opening]:
    """The mouth, the left and the right eye."""
    corners = (landmarks["mouth_left"] + landmarks["mouth_right"]) / 2
    middle = (landmarks["mouth_middle"] + corners) / 2
    found = [
        _Opening(
            middle, (0.042, 0.034, 0.045), (0.005, 0.022),
            lambda x: _slit_height(x, landmarks), around=3.0,
        )
    ]  # fmt: skip
    for name in ("eye_left", "eye_right"):
        eye = landmarks[name]
        height = float(eye[2])
        found.append(
            _Opening(eye, (0.024, 0.019, 0.03), (0.012, 0.018), lambda x, h=height: 0 * x + h)
        )
    return found


def sides(
    surface: Surface,
    landmarks: Mapping[str, Floats],
    scale: float,
    skin: NDArray[np.bool_] | None = None,
) -> NDArray[np.int_]:
    """Upper and lower lip 1 and 2, lids of the left eye 3 and 4, of the right 5 and 6, else 0.

    A vertex belongs to the side from which the way along the surface is shorter: across a slit the
    way leads round the corner or through the bag behind, however close the lips lie.

    Args:
        skin: the vertices that count, [V]; teeth and gums do not.
    """
    side = np.zeros(len(surface.vertices), int)
    for number, opening in enumerate(_openings(landmarks)):
        upper, lower = _two_sides(surface, opening, scale, skin)
        side[upper], side[lower] = 2 * number + 1, 2 * number + 2
    return side


def _two_sides(
    surface: Surface, opening: _Opening, scale: float, skin: NDArray[np.bool_] | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    place = (surface.vertices - opening.middle) / scale
    wide, high, deep = opening.reach
    within = (np.abs(place[:, 0]) < wide) & (np.abs(place[:, 2]) < high) & (place[:, 1] < deep)
    if skin is not None:
        within &= skin
    height = (surface.vertices[:, 2] - opening.line(surface.vertices[:, 0])) / scale
    outer = within & ((place[:, 1] < -0.004) | (surface.normals[:, 1] < -0.2))
    near, far = opening.seeds
    above = np.flatnonzero(outer & (height > near) & (height < far))
    below = np.flatnonzero(outer & (height < -near) & (height > -far))
    if not len(above) or not len(below):
        return np.zeros(len(place), bool), np.zeros(len(place), bool)
    widened = Surface(surface.vertices * (opening.around, 1.0, 1.0), surface.triangles)
    up = distance_along(widened, above, within)
    down = distance_along(widened, below, within)
    reached = np.isfinite(np.minimum(up, down))
    return reached & (up <= down), reached & (up > down)


def _slit_height(x: Floats, landmarks: Mapping[str, Floats]) -> Floats:
    """Height of the line between the lips: a parabola through corners and middle."""
    left, right, middle = (landmarks[f"mouth_{n}"] for n in ("left", "right", "middle"))
    fit = np.polyfit([right[0], middle[0], left[0]], [right[2], middle[2], left[2]], 2)
    held = np.clip(x, min(right[0], left[0]), max(right[0], left[0]))
    return np.polyval(fit, held)


def slit(surface: Surface, side: NDArray[np.int_], scale: float, reach: float = 0.004) -> Ints:
    """Vertices of the upper lip that lie on the lower one without hanging on it.

    Args:
        reach: how far apart the lips may be, in metres.
    """
    upper, lower = np.flatnonzero(side == 1), np.flatnonzero(side == 2)
    if not len(upper) or not len(lower):
        return np.zeros(0, np.intp)
    index, far = nearest(surface.vertices[upper], surface.vertices[lower])
    facing = (surface.normals[upper] * surface.normals[lower[index]]).sum(axis=1) < 0.3
    table, _ = surface.around
    crossing = (side[table] == 2).any(axis=1)
    near_crossing = crossing[table].any(axis=1)
    return upper[(far < reach * scale) & facing & ~near_crossing[upper]]
