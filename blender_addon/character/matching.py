"""Reads the shape keys of a character for `core.match_plan`."""

from __future__ import annotations

from typing import Any

from ..core.keyframes import Weights
from ..core.match_plan import CharacterMatch, Fix, MeshKeys, plan_match
from ..vendor import names
from .meshes import ShapedMesh, is_in_file, shaped_meshes


def character_match(character: Any) -> CharacterMatch:
    """How the shape keys of a character match; also says what meshes without any lack."""
    shaped = [
        MeshKeys(mesh.object.name, mesh.shape_keys, mesh.driven, mesh.muted)
        for mesh in shaped_meshes(character)
    ]
    bare = [
        MeshKeys(item.object.name, ())
        for item in character.meshes
        if is_in_file(item.object) and item.object.data.shape_keys is None
    ]
    fixes = tuple(Fix(fix.shape_key, fix.blendshape) for fix in character.fixes)
    return plan_match((*shaped, *bare), fixes)


def matched_weights(character: Any, mesh: ShapedMesh) -> dict[str, Weights]:
    """Shape key -> blendshape -> weight for one mesh."""
    return dict(character_match(character).weights.get(mesh.object.name, {}))


def blendshape_choices() -> list[tuple[str, str, str]]:
    """Items of a choice of blendshapes, with "none" first."""
    none = ("NONE", "None", "This shape key is left alone")
    return [none, *((name, name, f"Plays {name}") for name in names.ARKIT_NAMES)]
