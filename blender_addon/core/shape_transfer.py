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
from .head_file import Head, HeadPart
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
from .lids import ball_through, eyeballs, lids_of
from .surface import Floats, Ints, Surface, closest_on_surface, nearest

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
_SMOOTHING: Final = 10  # steps that take out the grain of the built-in head's triangles
_BEHIND: Final = 0.012  # metres; islands farther from the skin belong to eyes, teeth or tongue


@dataclass(frozen=True)
class Template:
    """The built-in head's skin as a surface, with its shapes and the part that is its face."""

    head: Head
    skin: Surface
    face: Ints

    @classmethod
    def of(cls, head: Head) -> Template:
        """Take the skin apart; its face is what moves in some shape, without the mouth's bag."""
        part = head.parts[0]
        skin = Surface(part.vertices.astype(np.float64), _halved(part.quads))
        moves = np.max([np.linalg.norm(d, axis=1) for d in part.shapes.values()], axis=0)
        inner = part.quads[np.array(part.materials)[part.material_index] == "mouth"]
        face = (moves > 0.0005) & (skin.vertices[:, 1] < -0.02) & (skin.normals[:, 1] < 0.1)
        face[np.unique(inner)] = False
        return cls(head, skin, np.flatnonzero(face))


def _halved(quads: NDArray[np.int32]) -> Ints:
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.intp)


def find_landmarks(target: Surface, template: Template) -> tuple[dict[str, Floats], HeadFit]:
    """Landmarks in the shape of a target, and the fit that they were read from.

    Raises:
        CharacterError: no head is found in it.
    """
    similarity = coarse_similarity(target, template.skin, template.face)
    coarse = {
        name: similarity(np.array(place)[None])[0] for name, place in TEMPLATE_LANDMARKS.items()
    }
    fit = fit_head(target, template, coarse, similarity=similarity, quick=True)
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
    vertices, far = close_fit(outer, template.skin, start, known.scale, groups, rounds=rounds)
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
    target: Surface, template: Template, fit: HeadFit, names: Sequence[str]
) -> dict[str, Floats]:
    """Movement of every target vertex for each shape, [V, 3] in scene units.

    Shapes that move nothing on the target are left out (eyeLook without eyeballs or lids).
    """
    scale = fit.similarity.scale
    skin_rows = np.isin(target.islands, _skin_islands(target, template, fit.vertices))
    place = _Placed.on(target, skin_rows, template, fit)
    lids = lids_of(target, place.side, scale)
    turns = _stretches(template.skin, fit.vertices)
    parts, followers = _other_islands(target, template, fit, skin_rows)
    result: dict[str, Floats] = {}
    for name in names:
        moved = np.zeros_like(target.vertices)
        delta = template.head.parts[0].shapes.get(name)
        if delta is not None:
            turned = np.einsum("vij,vj->vi", turns, delta.astype(np.float64))
            moved[skin_rows] = target.smoothed(place.of(turned), _SMOOTHING)[skin_rows]
            for lid in lids:
                lid.settle(moved, name)
        for island in parts:
            moved[island[0]] = _of_part(target, island, name, fit)
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


Island = tuple[Ints, HeadPart, Ints]
"""Rows of the target, the built-in part that moves them, and its nearest vertex for each."""

Follower = tuple[Ints, Ints]
"""Rows of the target that go with its skin, and the nearest vertex of the skin for each."""


def _other_islands(
    target: Surface, template: Template, fit: HeadFit, skin_rows: NDArray[np.bool_]
) -> tuple[list[Island], list[Follower]]:
    """Eyeballs, teeth and tongue as built-in parts; lashes and brows go with the skin."""
    scale = fit.similarity.scale
    laid = {
        part.name: laid_over(part.vertices.astype(np.float64), fit.similarity, fit.landmarks)
        for part in template.head.parts[1:]
        if part.name not in {"Hair", "Brows", "Lashes"}
    }
    balls = {int(target.islands[ball[0]]) for ball in eyeballs(target, scale)}
    found: list[Island] = []
    followers: list[Follower] = []
    skin = np.flatnonzero(skin_rows)
    parts = {part.name: part for part in template.head.parts}
    for number in np.unique(target.islands[~skin_rows]):
        rows = np.flatnonzero(target.islands == number)
        points = target.vertices[rows]
        sample = points[:: max(1, len(points) // 200)]
        names = [n for n in laid if n.startswith("Eye") == (int(number) in balls)]
        off = {name: float(np.median(nearest(sample, laid[name])[1])) for name in names}
        skin_off = float(np.median(nearest(sample, fit.vertices)[1]))
        best = min(off, key=lambda name: off[name])
        if int(number) not in balls and skin_off < min(off[best], _BEHIND * scale):
            followers.append((rows, skin[nearest(points, target.vertices[skin])[0]]))
        elif off[best] < 2 * _BEHIND * scale:
            found.append((rows, parts[best], nearest(points, laid[best])[0]))
    return found, followers


def _of_part(target: Surface, island: Island, name: str, fit: HeadFit) -> Floats:
    """Movement of an island: a turn for eyes, that of the nearest vertex for the others."""
    rows, part, near = island
    delta = part.shapes.get(name)
    if delta is None:
        return np.zeros((len(rows), 3))
    turn = fit.similarity.rotation
    points = target.vertices[rows]
    if not part.name.startswith("Eye"):
        return fit.similarity.scale * delta[near].astype(np.float64) @ turn.T
    before = part.vertices.astype(np.float64)
    middle = ball_through(before)[0]
    u, _, vt = np.linalg.svd((before + delta - middle).T @ (before - middle))
    rotation = turn @ (u * np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt) @ turn.T
    centre = ball_through(points)[0]
    return (points - centre) @ rotation.T + centre - points
