"""Shape keys of the built-in head carried over to a character that has none: Blender's side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np

from ..core.errors import CharacterError
from ..core.head_file import load_head
from ..core.head_fit import LANDMARKS
from ..core.shape_transfer import (
    Template,
    carry_over,
    check_fit,
    find_landmarks,
    fit_head,
    problems,
)
from ..core.surface import Surface, triangles_of_polygons
from ..vendor import names
from .matching import matched_weights
from .meshes import is_in_file, shaped_meshes

LANDMARK: Final = "soliloquy_landmark"
"""Custom property of an empty that marks a point of the face."""

CARRIED: Final = "soliloquy_carried"
"""Custom property of a mesh object that was given shape keys here."""

TURNS: Final = {"-Y": 0.0, "+X": -math.pi / 2, "+Y": math.pi, "-X": math.pi / 2}
"""How a head that looks along an axis is turned about Z to look along -Y."""


@dataclass(frozen=True)
class _Joined:
    """Meshes as one surface, turned to look along -Y, and the rows of each."""

    surface: Surface
    meshes: tuple[Any, ...]
    rows: tuple[slice, ...]
    turn: np.ndarray


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


def _joined(meshes: list[Any], facing: str) -> _Joined:
    angle = TURNS[facing]
    turn = np.array([[math.cos(angle), -math.sin(angle), 0.0],
                     [math.sin(angle), math.cos(angle), 0.0], [0.0, 0.0, 1.0]])  # fmt: skip
    vertices, triangles, rows, first = [], [], [], 0
    for item in meshes:
        points = rest_points(item)
        world = np.array(item.matrix_world, np.float64)
        vertices.append((points @ world[:3, :3].T + world[:3, 3]) @ turn.T)
        triangles.append(_triangles(item.data) + first)
        rows.append(slice(first, first + len(points)))
        first += len(points)
    surface = Surface(np.concatenate(vertices), np.concatenate(triangles))
    return _Joined(surface, tuple(meshes), tuple(rows), turn)


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


def placed_landmarks() -> dict[str, Any]:
    """The empties that mark points of the face, by name."""
    empties = (item for item in bpy.data.objects if is_in_file(item) and LANDMARK in item)
    return {item[LANDMARK]: item for item in empties}


def place_landmarks(context: Any, character: Any, facing: str) -> list[str]:
    """Find the landmarks of a character and mark each by an empty; returns notes.

    Raises:
        CharacterError: no head is found.
    """
    joined = _joined(meshes_to_carry(character), facing)
    found, fit = find_landmarks(joined.surface, Template.of(load_head()))
    there = placed_landmarks()
    for name in LANDMARKS:
        empty = there.get(name)
        if empty is None:
            empty = bpy.data.objects.new(f"Soliloquy {name.replace('_', ' ')}", None)
            empty[LANDMARK] = name
            empty.empty_display_type = "SPHERE"
            empty.show_in_front = empty.show_name = True
            context.scene.collection.objects.link(empty)
        empty.empty_display_size = 0.003 * fit.similarity.scale
        empty.location = found[name] @ joined.turn  # back from -Y
    return [f"{len(LANDMARKS)} landmarks are placed. Move those that are off, then carry over."]


def remove_landmarks() -> None:
    """Take the empties away."""
    for empty in placed_landmarks().values():
        bpy.data.objects.remove(empty)


def carry_over_keys(character: Any, facing: str) -> list[str]:
    """Add the shape keys that are missing on the character's meshes; returns notes.

    Raises:
        CharacterError: no head is found, or the fit is bad; nothing is changed then.
    """
    joined = _joined(meshes_to_carry(character), facing)
    template = Template.of(load_head())
    given = placed_landmarks()
    by_hand = set(given) == set(LANDMARKS)
    if by_hand:
        points = np.array([given[name].matrix_world.translation for name in LANDMARKS])
        places = dict(zip(LANDMARKS, points @ joined.turn.T, strict=True))
    else:
        places, _ = find_landmarks(joined.surface, template)
    fit = fit_head(joined.surface, template, places)
    check_fit(fit, by_hand)
    moved = carry_over(joined.surface, template, fit, names.ARKIT_NAMES)
    played = _played(character)
    n_added = 0
    for item, rows in zip(joined.meshes, joined.rows, strict=True):
        n_added += _add_keys(item, rows, joined.turn, moved, played.get(item.name, set()))
    return [f"{n_added} shape keys were added.", *problems(fit)]


def has_carried_keys(character: Any) -> bool:
    """Whether a mesh of the character was given shape keys here."""
    return any(is_in_file(m.object) and CARRIED in m.object for m in character.meshes)


def _played(character: Any) -> dict[str, set[str]]:
    """Blendshapes that shape keys of each mesh play already."""
    return {
        mesh.object.name: {
            name for drives in matched_weights(character, mesh).values() for name in drives
        }
        for mesh in shaped_meshes(character)
    }


def _add_keys(
    item: Any, rows: slice, turn: np.ndarray, moved: Mapping[str, np.ndarray], played: set[str]
) -> int:
    points = rest_points(item)
    back = np.linalg.inv(np.array(item.matrix_world, np.float64)[:3, :3])
    size = np.ptp(points, axis=0).max()
    n_added = 0
    for name, movement in moved.items():
        local = movement[rows] @ turn @ back.T
        if name in played or np.abs(local).max() < 1e-4 * size:
            continue
        if item.data.shape_keys is None:
            item.shape_key_add(name="Basis", from_mix=False)
        key = item.shape_key_add(name=name, from_mix=False)
        key.value = 0.0  # Blender 5.0 adds keys with the value 1
        key.data.foreach_set("co", (points + local).astype(np.float32).ravel())
        n_added += 1
    item.data.update()
    if n_added:
        item[CARRIED] = True
    return n_added
