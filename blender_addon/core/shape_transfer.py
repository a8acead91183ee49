"""Carries the shapes of the built-in head over to another head (after Sumner & Popovic 2004).

Each vertex of the target takes the movement of the point of the laid-over built-in head that it
lies on, turned and stretched as the built-in head was there. Upper and lower lip, and upper and
lower lid, are kept apart by the side from which they are reached along the surface. Eyeballs turn,
teeth and tongue follow the jaw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import CharacterError
from .head_fit import (
    QUICK_ROUNDS,
    ROUNDS,
    TEMPLATE_LANDMARKS,
    HeadFit,
    Similarity,
    close_fit,
    coarse_similarity,
    laid_over,
    matched,
    sides,
    similarity_between,
    slit,
)
from .inner_parts import inner_parts, movement_of
from .lids import ball_through, eyeballs, lids_of
from .progress import Progress, part, silent
from .surface import Floats, Ints, Surface, closest_on_surface, nearest
from .template import Template

WORST_RMS: Final = 0.004
"""Metres of the built-in head; a face that is farther off than this is not carried over to."""

MOST_UNMATCHED: Final = 0.25
"""Share of the face that may find nothing to lie on."""

MOST_BENT: Final = 0.009
"""Metres; a ball bends the face by 13 mm, an egg by 10, a head a third wider by 6."""

MOST_BENT_BY_HAND: Final = 0.02
"""The same where the user placed the landmarks: drawn faces are bent more than real ones."""

_REACH: Final = (0.006, 0.03)  # metres: full movement within the first, none beyond the second
_STILL: Final = 2e-5  # metres; a shape that moves a target by less is not one of its shapes
_SMOOTHING: Final = 20  # steps that take out the grain of the built-in head's triangles


def find_landmarks(
    target: Surface, template: Template, progress: Progress = silent
) -> tuple[dict[str, Floats], HeadFit]:
    """Landmarks in the shape of a target, and the fit that they were read from.

    Raises:
        CharacterError: no head is found in it.
    """
    coarsely = part(progress, 0.0, 0.4)
    similarity = coarse_similarity(target, template.skin, template.face, coarsely)
    coarse = {
        name: similarity(np.array(place)[None])[0] for name, place in TEMPLATE_LANDMARKS.items()
    }
    closely = part(progress, 0.4, 0.9)
    fit = fit_head(target, template, coarse, similarity=similarity, quick=True, progress=closely)
    places = {
        name: fit.vertices[nearest(np.array(place)[None], template.skin.vertices)[0][0]]
        for name, place in TEMPLATE_LANDMARKS.items()
        if not name.startswith("eye")
    }
    found = {**_eyes(target, fit, coarse), **places}
    skin = np.isin(target.islands, _skin_islands(target, template, fit.vertices))
    for _ in range(2):  # the sides of the lips are told better once their corners are known
        side = sides(target, found, similarity.scale, skin)
        found |= _slit_corners(target, side, found, similarity.scale)
        found["mouth_middle"] = _lip_meeting(target, side, found, similarity.scale)
    return found, fit


def _eyes(target: Surface, fit: HeadFit, coarse: Mapping[str, Floats]) -> dict[str, Floats]:
    """Middles of eyeballs that are balls of their own, else where the fit puts them."""
    scale = fit.similarity.scale
    balls = sorted(eyeballs(target, scale), key=len)  # the largest counts
    eyes = {name: place for name, place in coarse.items() if name.startswith("eye")}
    for name, place in list(eyes.items()):
        for island in balls:
            middle = ball_through(target.vertices[island])[0]
            if np.linalg.norm(middle - place) < 0.02 * scale:
                eyes[name] = middle
    return eyes


def _slit_corners(
    target: Surface, side: NDArray[np.int_], found: Mapping[str, Floats], scale: float
) -> dict[str, Floats]:
    """Where the slit between the lips ends: the innermost points of the line on the outer skin
    at which the lips hang together."""
    table, _ = target.around
    hang = ((side == 1) & (side[table] == 2).any(axis=1)) | (
        (side == 2) & (side[table] == 1).any(axis=1)
    )
    line = target.vertices[hang & (target.normals[:, 1] < -0.25)]
    corners = {}
    for name in ("mouth_left", "mouth_right"):
        near = line[(np.abs(line - found[name]) < np.array((0.012, 0.006, 0.008)) * scale).all(1)]
        outward = np.abs(near[:, 0] - found["nose"][0])
        corners[name] = near[np.argsort(outward)[:3]].mean(axis=0) if len(near) else found[name]
    return corners


def _lip_meeting(
    target: Surface, side: NDArray[np.int_], found: Mapping[str, Floats], scale: float
) -> Floats:
    """Where the lips touch foremost, on the line half-way between the corners if one is near."""
    middle = found["mouth_middle"].copy()
    middle[0] = (found["mouth_left"][0] + found["mouth_right"][0]) / 2
    line = target.vertices[slit(target, side, scale, reach=0.0015)]
    line = line[(np.abs(line - middle) / scale < (0.004, 0.008, 0.007)).all(axis=1)]
    if not len(line):
        return found["mouth_middle"]
    _, y, z = line[line[:, 1].argmin()]
    return np.array([middle[0], y, z])


def fit_head(
    target: Surface,
    template: Template,
    landmarks: Mapping[str, Floats],
    *,
    similarity: Similarity | None = None,
    quick: bool = False,
    progress: Progress = silent,
) -> HeadFit:
    """Lay the built-in head over a target by landmarks, then closely.

    Args:
        similarity: when it is known already; else found from the landmarks.
        quick: fewer rounds, and lips are not kept apart; to find landmarks.
    """
    places = np.array([TEMPLATE_LANDMARKS[name] for name in landmarks])
    known = similarity or similarity_between(places, np.array(list(landmarks.values())))
    start = laid_over(template.skin.vertices, known, landmarks)
    skin = np.isin(target.islands, _skin_islands(target, template, start))
    outer = Surface(target.vertices, target.triangles[skin[target.triangles].all(axis=1)])
    none = np.zeros(len(start), int), np.zeros(len(target.vertices), int)
    groups = none if quick else _sides(outer, template, landmarks, known.scale, skin)
    rounds = QUICK_ROUNDS if quick else ROUNDS
    vertices, far = close_fit(
        outer, template.skin, start, known.scale, groups, rounds=rounds, progress=progress
    )
    far = far / known.scale
    off = far[template.face]
    near = off < 0.015
    rms = float(np.sqrt((off[near] ** 2).mean())) if near.any() else np.inf
    cut = len(slit(outer, sides(outer, landmarks, known.scale, skin), known.scale)) > 4
    bent = _bent(template.skin.vertices[template.face], vertices[template.face])
    unmatched = float((~near).mean())
    return HeadFit(known, vertices, dict(landmarks), far, rms, unmatched, bent, cut)


def _bent(before: Floats, after: Floats) -> float:
    best = similarity_between(before, after)
    return float(np.sqrt((((best(before) - after) / best.scale) ** 2).sum(axis=1).mean()))


def _sides(
    target: Surface,
    template: Template,
    landmarks: Mapping[str, Floats],
    scale: float,
    skin: NDArray[np.bool_],
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Sides of lips and lids of template and target; 0 where only one of them has both."""
    ours = sides(template.skin, {k: np.array(v) for k, v in TEMPLATE_LANDMARKS.items()}, 1.0)
    theirs = sides(target, landmarks, scale, skin)
    for upper in (1, 3, 5):
        pair = (upper, upper + 1)
        if not all((side == one).any() for side in (ours, theirs) for one in pair):
            ours[np.isin(ours, pair)] = 0
            theirs[np.isin(theirs, pair)] = 0
    return ours, theirs


def check_fit(fit: HeadFit, by_hand: bool = False) -> None:
    """Refuse a bad fit.

    Args:
        by_hand: the user placed the landmarks.

    Raises:
        CharacterError: the face is too far off, or was bent too much; the figure is said.
    """
    most = MOST_BENT_BY_HAND if by_hand else MOST_BENT
    if fit.rms <= WORST_RMS and fit.unmatched <= MOST_UNMATCHED and fit.bent <= most:
        return
    raise CharacterError(
        "The built-in head does not fit this mesh: its face had to be bent by {bent:.1f} mm (at "
        "most {most:.0f}), lies {off:.1f} mm off (at most {worst:.0f}), and {unmatched:.0%} of it "
        "lies on nothing (at most {most_unmatched:.0%}). Turn the head to look along -Y with Z up, "
        "or place the landmarks and move them onto eyes, nose, mouth and chin.",
        bent=fit.bent * 1000,
        most=most * 1000,
        off=fit.rms * 1000,
        worst=WORST_RMS * 1000,
        unmatched=fit.unmatched,
        most_unmatched=MOST_UNMATCHED,
    )


def carry_over(
    target: Surface,
    template: Template,
    fit: HeadFit,
    names: Sequence[str],
    progress: Progress = silent,
) -> dict[str, Floats]:
    """Movement of every target vertex for each shape, [V, 3] in scene units.

    Shapes that move nothing on the target are left out (eyeLook without eyeballs or lids).
    """
    scale = fit.similarity.scale
    progress(0.0)
    skin_rows = np.isin(target.islands, _skin_islands(target, template, fit.vertices))
    place = _Placed.on(target, skin_rows, template, fit)
    lids = lids_of(target, place.side, scale)
    turns = _stretches(template.skin, fit.vertices)
    parts, followers = inner_parts(target, template, fit, skin_rows)
    result: dict[str, Floats] = {}
    for number, name in enumerate(names):
        progress(0.3 + 0.7 * number / len(names))
        moved = np.zeros_like(target.vertices)
        delta = template.head.parts[0].shapes.get(name)
        if delta is not None:
            turned = np.einsum("vij,vj->vi", turns, delta.astype(np.float64))
            smooth = target.smoothed(place.of(turned), _SMOOTHING, by_angles=True)
            moved[skin_rows] = smooth[skin_rows]
            for lid in lids:
                lid.settle(moved, name)
        for island in parts:
            moved[island.rows] += island.share[:, None] * movement_of(target, island, name, fit)
        for rows, near in followers:
            moved[rows] = moved[near]
        if followers:
            following = np.concatenate([rows for rows, _ in followers])
            moved[following] = target.smoothed(moved, _SMOOTHING)[following]
        if np.abs(moved).max() > _STILL * scale:
            result[name] = moved
    return result


@dataclass(frozen=True)
class _Placed:
    """Where each target vertex lies on the template: corners [V, 3], weights [V, 3], share [V].

    `side` [V] is what `sides` says of the target.
    """

    corners: Ints
    weights: Floats
    share: Floats
    side: NDArray[np.int_]

    @classmethod
    def on(
        cls, target: Surface, rows: NDArray[np.bool_], template: Template, fit: HeadFit
    ) -> _Placed:
        scale = fit.similarity.scale
        surface = Surface(fit.vertices, template.skin.triangles)
        ours, theirs = _sides(target, template, fit.landmarks, scale, rows)
        index = matched(target, surface, scale, (theirs, ours))
        triangle, weights, far = closest_on_surface(target.vertices, surface, index)
        corners = template.skin.triangles[triangle]
        off = np.clip((far / scale - _REACH[0]) / (_REACH[1] - _REACH[0]), 0.0, 1.0)
        share = 1.0 - off * off * (3.0 - 2.0 * off)
        share[theirs > 0] = 1.0  # the bag behind the lips goes with them, however deep it is
        return cls(corners, weights, np.where(rows, share, 0.0), theirs)

    def of(self, movement: Floats) -> Floats:
        """Movement [V, 3] of the target from that of the template."""
        mixed = (movement[self.corners] * self.weights[:, :, None]).sum(axis=1)
        return mixed * self.share[:, None]


def _skin_islands(target: Surface, template: Template, laid: Floats) -> Ints:
    """Islands that most of the laid-over face [V, 3] lies on."""
    index, _ = nearest(laid[template.face], target.vertices)
    counts = np.bincount(target.islands[index], minlength=target.islands.max() + 1)
    return np.flatnonzero(counts > 0.15 * len(template.face))


def _stretches(skin: Surface, laid: Floats) -> Floats:
    """How the template was turned and stretched at each vertex, [V, 3, 3], least squares."""
    table, counts = skin.around
    before = skin.vertices[table] - skin.vertices[:, None]
    after = laid[table] - laid[:, None]
    size = np.linalg.norm(before, axis=2).sum(axis=1) / np.maximum(counts, 1)
    moved = Surface(laid, skin.triangles)
    new_size = np.linalg.norm(after, axis=2).sum(axis=1) / np.maximum(counts, 1)
    before = np.concatenate([before, (size[:, None] * skin.normals)[:, None]], axis=1)
    after = np.concatenate([after, (new_size[:, None] * moved.normals)[:, None]], axis=1)
    squares = np.einsum("vki,vkj->vij", before, before) + 1e-12 * np.eye(3)
    mixed = np.einsum("vki,vkj->vij", after, before)
    matrices = mixed @ np.linalg.inv(squares)
    matrices = skin.smoothed(matrices, 15)
    u, stretch, vt = np.linalg.svd(matrices)
    usual = np.median(stretch)
    held = np.clip(stretch, 0.6 * usual, 1.6 * usual)
    return np.einsum("vij,vj,vjk->vik", u, held, vt)
