"""What carrying over would do, shown before anything is written.

The built-in face lies over the character as an overlay coloured by its distance, and beside the
character stands a copy of its head that can play the new shape keys. All of that is kept in a
collection of its own, the keys on the copy, so that undo, saving and reloading are safe. Accepting
takes the keys from the copy; cancelling removes the collection, and the character was never
touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import bpy
import numpy as np

from ..core.errors import CharacterError
from .landmarks import mark_landmarks
from .meshes import is_in_file
from .transfer import (
    CARRIED,
    Joined,
    LaidOver,
    add_keys,
    fit_notes,
    new_key,
    played_names,
    rest_points,
)

PREVIEW: Final = "soliloquy_preview"
"""Custom property of everything that a preview made: the kind of it."""

_ORIGINAL: Final = "soliloquy_original"  # of a copy: the object that it is a copy of
_NEW_KEYS: Final = "soliloquy_new_keys"  # of a copy: names of the keys that it was given, as JSON
_NOTES: Final = "soliloquy_notes"
_TROUBLE: Final = "soliloquy_trouble"

OVERLAY_COLOURS: Final = (
    (0.001, "Soliloquy fit below 1 mm", (0.10, 0.60, 0.20, 0.45)),
    (0.0025, "Soliloquy fit below 2.5 mm", (0.90, 0.65, 0.05, 0.55)),
    (np.inf, "Soliloquy fit off", (0.90, 0.08, 0.05, 0.65)),
)
"""Distances in metres of the built-in head up to which a colour goes, and the material's name."""

_NECK: Final = 0.07  # metres below the chin at which the copied head ends
_GAP: Final = 1.25  # widths of the head between a head and its copy
_HEAD_GROUP: Final = "Soliloquy head"


def preview_of(scene: Any) -> Any | None:
    """The collection of a scene's preview, None when there is none."""
    return next((c for c in scene.collection.children if c.get(PREVIEW) == "collection"), None)


def notes_of(preview: Any) -> tuple[list[str], str]:
    """What is to be known of the fit, and why it cannot be accepted; empty when it can."""
    return json.loads(preview[_NOTES]), preview[_TROUBLE]


def make_preview(context: Any, character: Any, laid: LaidOver) -> str:
    """Show the fit, and the new keys on a copy; returns why it cannot be accepted, or "".

    Raises:
        CharacterError: a mesh was changed since; nothing is made then.
    """
    meshes = laid.joined.meshes()
    remove_preview(context.scene)
    preview = bpy.data.collections.new("Soliloquy Preview")
    preview[PREVIEW] = "collection"
    preview[_NOTES] = json.dumps(fit_notes(laid.fit))
    preview[_TROUBLE] = str(laid.trouble or "")
    context.scene.collection.children.link(preview)
    for mark in mark_landmarks(context, laid.landmarks, laid.fit.similarity.scale):
        mark[PREVIEW] = "landmark"
    _link(preview, _overlay(laid), "overlay")
    if laid.trouble is None:
        _copies(preview, laid, meshes, played_names(character))
    context.view_layer.update()
    return preview[_TROUBLE]


def _link(preview: Any, item: Any, kind: str) -> None:
    item[PREVIEW] = kind
    item.hide_render = item.hide_select = True
    preview.objects.link(item)


def _overlay(laid: LaidOver) -> Any:
    """The built-in face as it was laid over, each quad in the colour of its distance."""
    quads = laid.template.head.parts[0].quads
    quads = quads[np.isin(quads, laid.template.face).all(axis=1)]
    used, corners = np.unique(quads, return_inverse=True)
    mesh = bpy.data.meshes.new("Soliloquy Overlay")
    points = laid.fit.vertices[used] @ laid.joined.turn
    mesh.from_pydata(points.tolist(), [], corners.reshape(quads.shape).tolist())
    for _, name, colour in OVERLAY_COLOURS:
        mesh.materials.append(_material(name, colour))
    off = laid.fit.off[quads].max(axis=1)
    which = np.searchsorted([most for most, *_ in OVERLAY_COLOURS[:-1]], off)
    mesh.polygons.foreach_set("material_index", which.astype(np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(quads), bool))
    mesh.update()
    item = bpy.data.objects.new("Soliloquy Overlay", mesh)
    item.show_in_front = True
    return item


def _material(name: str, colour: tuple[float, float, float, float]) -> Any:
    material = bpy.data.materials.get(name) or bpy.data.materials.new(name)
    material[PREVIEW] = "material"
    material.diffuse_color = colour
    return material


def _copies(
    preview: Any, laid: LaidOver, meshes: Sequence[Any], played: Mapping[str, set[str]]
) -> None:
    shift = _aside(laid.joined, laid.fit.landmarks["chin"], laid.fit.similarity.scale)
    for item, rows in zip(meshes, laid.joined.rows, strict=True):
        copy = _copy(item)
        keys = add_keys(copy, rows, laid.joined.turn, laid.movements, played.get(item.name, set()))
        copy[_ORIGINAL], copy[_NEW_KEYS] = item, json.dumps(keys)
        height = laid.joined.surface.vertices[rows, 2]
        _only_the_head(copy, height > _neck(laid))
        copy.location = np.array(copy.location) + shift
        _link(preview, copy, "copy")


def _neck(laid: LaidOver) -> float:
    return float(laid.fit.landmarks["chin"][2] - _NECK * laid.fit.similarity.scale)


def _aside(joined: Joined, chin: np.ndarray, scale: float) -> np.ndarray:
    """How far the copies stand from the character, in the world: to its left, beside its head."""
    points = joined.surface.vertices
    head = points[points[:, 2] > chin[2]]
    width = np.ptp(head[:, 0]) if len(head) else 0.2 * scale
    return np.array([_GAP * width, 0.0, 0.0]) @ joined.turn


def _copy(item: Any) -> Any:
    """An object of its own at the same place: no parent, no animation, no armature."""
    mesh = item.data.copy()
    mesh.name = f"Soliloquy {item.data.name}"
    mesh.animation_data_clear()
    if mesh.shape_keys is not None:
        mesh.shape_keys.animation_data_clear()
        for block in mesh.shape_keys.key_blocks[1:]:
            block.value = 0.0
    copy = bpy.data.objects.new(f"Soliloquy {item.name}", mesh)
    copy.matrix_world = item.matrix_world
    for modifier in item.modifiers:
        if modifier.type == "SUBSURF" and modifier.show_viewport:
            copy.modifiers.new("Subdivision", "SUBSURF").levels = modifier.levels
    return copy


def _only_the_head(copy: Any, head: np.ndarray) -> None:
    if head.all():
        return
    group = copy.vertex_groups.new(name=_HEAD_GROUP)
    group.add(np.flatnonzero(head).tolist(), 1.0, "REPLACE")
    mask = copy.modifiers.new("Head", "MASK")
    mask.vertex_group = group.name
    copy.modifiers.move(len(copy.modifiers) - 1, 0)


def copies_of(scene: Any) -> list[Any]:
    """The copies of a scene's preview."""
    preview = preview_of(scene)
    return [i for i in preview.objects if i.get(PREVIEW) == "copy"] if preview else []


def show_on_copies(scene: Any, values: dict[str, float]) -> bool:
    """Show a face on the copies; False when there are none."""
    copies = copies_of(scene)
    for copy in copies:
        keys = copy.data.shape_keys
        for block in keys.key_blocks[1:] if keys is not None else ():
            value = values.get(block.name, 0.0)
            if block.value != value:
                block.value = value
    return bool(copies)


def accept_preview(scene: Any) -> int:
    """Give the new keys of the copies to the character, and remove the preview; returns how many.

    Raises:
        CharacterError: a mesh was changed since, or is gone; nothing is written then.
    """
    copies = copies_of(scene)
    for copy in copies:
        _check_unchanged(copy)
    n_added = 0
    for copy in copies:
        n_added += _hand_over(copy)
    remove_preview(scene)
    return n_added


def _check_unchanged(copy: Any) -> None:
    item = copy.get(_ORIGINAL)
    if not is_in_file(item):
        raise CharacterError("A mesh of the preview was deleted. Cancel the preview.")
    if item.mode == "EDIT":
        raise CharacterError("'{name}' is in Edit Mode. Leave it first (Tab).", name=item.name)
    points, before = rest_points(item), rest_points(copy)
    if points.shape != before.shape or np.abs(points - before).max() > 1e-5 * np.ptp(before):
        raise CharacterError(
            "'{name}' was changed since the preview. Preview it again.", name=item.name
        )


def _hand_over(copy: Any) -> int:
    item, blocks = copy[_ORIGINAL], copy.data.shape_keys
    n_added = 0
    for name in json.loads(copy[_NEW_KEYS]):
        keys = item.data.shape_keys
        if keys is not None and name in keys.key_blocks:
            continue
        points = np.empty(3 * len(copy.data.vertices), np.float32)
        blocks.key_blocks[name].data.foreach_get("co", points)
        new_key(item, name, points)
        n_added += 1
    if n_added:
        item[CARRIED] = True
    item.data.update()
    return n_added


def remove_preview(scene: Any) -> None:
    """Take away everything that the preview made, but landmarks that a user placed or moved."""
    preview = preview_of(scene)
    if preview is None:
        return
    for item in list(preview.objects):
        mesh = item.data
        bpy.data.objects.remove(item)
        if mesh.users == 0:
            bpy.data.meshes.remove(mesh)
    bpy.data.collections.remove(preview)
    for material in [m for m in bpy.data.materials if PREVIEW in m and not m.users]:
        bpy.data.materials.remove(material)


def remove_own_landmarks() -> None:
    """Take away the landmarks that a preview placed."""
    for item in [i for i in bpy.data.objects if i.get(PREVIEW) == "landmark"]:
        bpy.data.objects.remove(item)
