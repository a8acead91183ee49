"""Shape keys of the built-in head carried over to a character that has none: Blender's side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..core.errors import CharacterError
from ..core.head_file import load_head
from ..core.head_fit import LANDMARKS, HeadFit
from ..core.progress import Progress, part, silent
from ..core.shape_transfer import Template, carry_over, check_fit, find_landmarks, fit_head
from ..core.surface import Surface, triangles_of_polygons
from ..ui import tr
from ..vendor import names
from .landmarks import given_landmarks, mark_landmarks
from .matching import matched_weights
from .meshes import is_in_file, object_by_uid, shaped_meshes

CARRIED: Final = "soliloquy_carried"
"""Custom property of a mesh object that was given shape keys here."""

TURNS: Final = {"-Y": 0.0, "+X": -math.pi / 2, "+Y": math.pi, "-X": math.pi / 2}
"""How a head that looks along an axis is turned about Z to look along -Y."""

_FINDING: Final = (0.0, 0.2)
_FITTING: Final = (0.2, 0.35)
_CARRYING: Final = (0.35, 1.0)
"""Shares of the time that laying over takes, as measured on the built-in head itself."""


@dataclass(frozen=True)
class Joined:
    """Meshes as one surface, turned to look along -Y, and the rows of each.

    Attributes:
        objects: session identifier and name of each; objects themselves do not outlive an undo.
    """

    surface: Surface
    objects: tuple[tuple[int, str], ...]
    rows: tuple[slice, ...]
    turn: np.ndarray

    def meshes(self) -> list[Any]:
        """The objects, where they are now.

        Raises:
            CharacterError: one is gone, or was changed since.
        """
        found = [object_by_uid(*known) for known in self.objects]
        for item, rows, (_, name) in zip(found, self.rows, self.objects, strict=True):
            before = self.surface.vertices[rows]
            now = _turned(item, self.turn) if item is not None else before[:0]
            if now.shape != before.shape or np.abs(now - before).max() > 1e-6 * np.ptp(before):
                raise CharacterError("'{name}' was changed meanwhile. Try again.", name=name)
        return found


def _turned(item: Any, turn: np.ndarray) -> np.ndarray:
    """Vertices of a mesh at rest in the world, [V, 3], turned."""
    world = np.array(item.matrix_world, np.float64)
    return (rest_points(item) @ world[:3, :3].T + world[:3, 3]) @ turn.T


def meshes_to_carry(character: Any) -> list[Any]:
    """The character's meshes that are in a scene and can be changed.

    Raises:
        CharacterError: there is none, or one is linked from another file.
    """
    found = [item.object for item in character.meshes if is_in_file(item.object)]
    if not found:
        raise CharacterError("The character has no meshes. Select the head and press +.")
    for item in found:
        if item.data.library is not None or item.library is not None:
            raise CharacterError(
                f"'{item.name}' is linked from another file: append it, or make it local."
            )
        if item.mode == "EDIT":
            raise CharacterError(f"'{item.name}' is in Edit Mode. Leave it first (Tab).")
    return found


def _joined(meshes: list[Any], facing: str) -> Joined:
    angle = TURNS[facing]
    turn = np.array([[math.cos(angle), -math.sin(angle), 0.0],
                     [math.sin(angle), math.cos(angle), 0.0], [0.0, 0.0, 1.0]])  # fmt: skip
    vertices, triangles, rows, first = [], [], [], 0
    for item in meshes:
        vertices.append(_turned(item, turn))
        triangles.append(_triangles(item.data) + first)
        rows.append(slice(first, first + len(vertices[-1])))
        first += len(vertices[-1])
    surface = Surface(np.concatenate(vertices), np.concatenate(triangles))
    objects = tuple((item.session_uid, item.name) for item in meshes)
    return Joined(surface, objects, tuple(rows), turn)


def rest_points(item: Any) -> np.ndarray:
    """Vertices of a mesh at rest, [V, 3], in its own space."""
    keys = item.data.shape_keys
    source = keys.reference_key.data if keys is not None else item.data.vertices
    flat = np.empty(3 * len(item.data.vertices), np.float32)
    source.foreach_get("co", flat)
    return flat.reshape(-1, 3).astype(np.float64)


def _triangles(mesh: Any) -> np.ndarray:
    arrays = []
    for collection, name in ((mesh.polygons, "loop_start"), (mesh.polygons, "loop_total"),
                             (mesh.loops, "vertex_index")):  # fmt: skip
        array = np.empty(len(collection), np.int32)
        collection.foreach_get(name, array)
        arrays.append(array.astype(np.intp))
    starts, totals, corners = arrays
    return triangles_of_polygons(starts, totals, corners)


@dataclass(frozen=True)
class LaidOver:
    """The built-in head laid over a character's meshes.

    Attributes:
        trouble: why nothing can be carried over, None when it can.
        movements: of every vertex for each blendshape, [V, 3], as `joined` is turned; empty where
            nothing can be carried over.
    """

    joined: Joined
    template: Template
    fit: HeadFit
    trouble: CharacterError | None
    movements: Mapping[str, np.ndarray]

    @property
    def landmarks(self) -> dict[str, np.ndarray]:
        """Places in the world that the fit was made by."""
        return {name: place @ self.joined.turn for name, place in self.fit.landmarks.items()}


@dataclass(frozen=True)
class Reading:
    """What is read of a character before the built-in head is laid over it.

    Its methods touch nothing of Blender's, so that they may run in a thread.

    Attributes:
        given: places in the world of the user's landmarks, empty without.
        by_hand: whether the user has moved one.
    """

    joined: Joined
    given: Mapping[str, np.ndarray]
    by_hand: bool

    def find(self, progress: Progress = silent) -> tuple[dict[str, np.ndarray], float]:
        """Landmarks found in the shape, in the world, and scene units per metre of our head.

        Raises:
            CharacterError: no head is found.
        """
        template = Template.of(load_head())
        found, fit = find_landmarks(self.joined.surface, template, progress)
        places = {name: place @ self.joined.turn for name, place in found.items()}
        return places, fit.similarity.scale

    def lay_over(self, progress: Progress = silent) -> LaidOver:
        """Fit the built-in head, by the user's landmarks where there are any.

        Raises:
            CharacterError: no head is found.
        """
        joined, template = self.joined, Template.of(load_head())
        if self.given:
            places = {name: place @ joined.turn.T for name, place in self.given.items()}
        else:
            places, _ = find_landmarks(joined.surface, template, part(progress, *_FINDING))
        fit = fit_head(joined.surface, template, places, progress=part(progress, *_FITTING))
        try:
            check_fit(fit, self.by_hand)
        except CharacterError as error:
            return LaidOver(joined, template, fit, error, {})
        carrying = part(progress, *_CARRYING)
        moved = carry_over(joined.surface, template, fit, names.ARKIT_NAMES, carrying)
        return LaidOver(joined, template, fit, None, moved)


def read_head(character: Any, facing: str) -> Reading:
    """Read the meshes of a character and the landmarks.

    Raises:
        CharacterError: there is no mesh to fit to, or one that cannot be changed.
    """
    given, by_hand = given_landmarks()
    return Reading(_joined(meshes_to_carry(character), facing), given, by_hand)


def show_landmarks(context: Any, places: Mapping[str, np.ndarray], scale: float) -> list[str]:
    """Mark what `Reading.find` found by empties; returns notes."""
    mark_landmarks(context, places, scale)
    told = tr("{n} landmarks are placed. Move those that are off, then carry over.")
    return [told.format(n=len(LANDMARKS))]


def write_keys(character: Any, laid: LaidOver) -> list[str]:
    """Add the shape keys that are missing on the character's meshes; returns notes.

    Raises:
        CharacterError: the fit is bad, or a mesh was changed since; nothing is changed then.
    """
    if laid.trouble is not None:
        raise laid.trouble
    meshes, played = laid.joined.meshes(), played_names(character)
    added = [
        add_keys(item, rows, laid.joined.turn, laid.movements, played.get(item.name, set()))
        for item, rows in zip(meshes, laid.joined.rows, strict=True)
    ]
    for item, keys in zip(meshes, added, strict=True):
        if keys:
            item[CARRIED] = True
    return [tr("{n} shape keys were added.").format(n=sum(map(len, added))), *fit_notes(laid.fit)]


def fit_notes(fit: HeadFit) -> list[str]:
    """What a user should know of a fit."""
    told = tr("The built-in face was bent by {bent:.1f} mm and lies {off:.1f} mm off this one.")
    notes = [told.format(bent=fit.bent * 1000, off=fit.rms * 1000)]
    if not fit.lips_are_cut:
        notes.append(tr("No slit is found between the lips: they will stretch rather than part."))
    return notes


def has_carried_keys(character: Any) -> bool:
    """Whether a mesh of the character was given shape keys here."""
    return any(is_in_file(m.object) and CARRIED in m.object for m in character.meshes)


def played_names(character: Any) -> dict[str, set[str]]:
    """Blendshapes that shape keys of each mesh play already."""
    return {
        mesh.object.name: {
            name for drives in matched_weights(character, mesh).values() for name in drives
        }
        for mesh in shaped_meshes(character)
    }


def add_keys(
    item: Any, rows: slice, turn: np.ndarray, moved: Mapping[str, np.ndarray], played: set[str]
) -> list[str]:
    """Add a shape key for each movement that an object lacks; returns their names.

    Args:
        rows: of the movements, those of this object. turn: as `Joined` has it.
        played: blendshapes that it has already.
    """
    points = rest_points(item)
    back = np.linalg.inv(np.array(item.matrix_world, np.float64)[:3, :3])
    size = np.ptp(points, axis=0).max()
    added = []
    for name, movement in moved.items():
        local = movement[rows] @ turn @ back.T
        if name in played or np.abs(local).max() < 1e-4 * size:
            continue
        new_key(item, name, points + local)
        added.append(name)
    item.data.update()
    return added


def new_key(item: Any, name: str, points: np.ndarray) -> None:
    """Add a shape key with these vertices [V, 3], at rest."""
    if item.data.shape_keys is None:
        item.shape_key_add(name="Basis", from_mix=False)
    key = item.shape_key_add(name=name, from_mix=False)
    key.value = 0.0  # Blender 5.0 adds keys with the value 1
    key.data.foreach_set("co", points.astype(np.float32).ravel())
