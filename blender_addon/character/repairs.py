"""What on a mesh would keep a take from being seen, each with the one click that puts it right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from ..core.errors import CharacterError
from ..core.match_plan import needed_range
from ..reporting import ReportsErrors
from .matching import character_match
from .meshes import ShapedMesh, active_character, shaped_meshes

KINDS = (
    ("UNMUTE", "Unmute", "Switch the muted shape keys on that takes move", 0),
    ("WIDEN", "Widen", "Widen the sliders of shape keys that takes move beyond their ends", 1),
    ("UNPIN", "Unpin", "Show all shape keys of the mesh, not the active one alone", 2),
    ("RELATIVE", "Make Relative", "Make the shape keys relative, so that they have values", 3),
)


@dataclass(frozen=True)
class Repair:
    """Something that can be put right.

    Attributes:
        kind: one of `KINDS`. mesh: name of the object. sentence: what is wrong.
    """

    kind: str
    mesh: str
    sentence: str


def repairs(character: Any) -> list[Repair]:
    """Everything on the meshes of a character that a click can put right."""
    weights = character_match(character).weights
    return [
        Repair(kind, mesh.object.name, sentence)
        for mesh in shaped_meshes(character)
        for kind, sentence in _wrong(mesh, weights.get(mesh.object.name, {}))
    ]


def _wrong(mesh: ShapedMesh, drives: Any) -> Iterator[tuple[str, str]]:
    name = mesh.object.name
    off = mesh.muted
    muted = [key for key in drives if key in off]
    if muted:
        yield "UNMUTE", f"{len(muted)} shape keys of '{name}' are muted."
    narrow = _narrow(mesh, drives)
    if narrow:
        yield "WIDEN", f"{len(narrow)} sliders of '{name}' are too narrow, as '{narrow[0]}'."
    if mesh.object.show_only_shape_key:
        yield "UNPIN", f"'{name}' is pinned to its active shape key."
    if not mesh.key.use_relative:
        yield "RELATIVE", f"The shape keys of '{name}' are absolute."


def _narrow(mesh: ShapedMesh, drives: Any) -> list[str]:
    ranges = mesh.ranges
    wanted = {key: needed_range(weights) for key, weights in drives.items()}
    return [
        key for key, (low, high) in wanted.items()
        if ranges[key][0] > low + 1e-4 or ranges[key][1] < high - 1e-4
    ]  # fmt: skip


class SOLILOQUY_OT_repair_mesh(ReportsErrors, bpy.types.Operator):
    """Put right what keeps a take from being seen."""

    bl_idname = "soliloquy.repair_mesh"
    bl_label = "Repair"
    bl_description = "Put this right, so that takes are seen on the mesh"
    bl_options = {"REGISTER", "UNDO"}

    kind: EnumProperty(name="What", description="What to put right", items=KINDS)
    mesh: StringProperty(name="Mesh", description="Name of the mesh")

    @classmethod
    def description(cls, _context, properties):
        """What this button does."""
        return next(text for kind, _, text, _ in KINDS if kind == properties.kind)

    def execute(self, context):
        """Repair."""
        character = active_character(context.scene)
        meshes = shaped_meshes(character) if character is not None else []
        mesh = next((m for m in meshes if m.object.name == self.mesh), None)
        if mesh is None:
            raise CharacterError(f"'{self.mesh}' is not a mesh of the character.")
        if not mesh.key.is_editable:
            raise CharacterError(f"'{self.mesh}' is linked; make a library override first.")
        drives = character_match(character).weights.get(self.mesh, {})
        if self.kind == "UNMUTE":
            for key in mesh.muted.intersection(drives):
                mesh.key.key_blocks[key].mute = False
        elif self.kind == "WIDEN":
            for key in _narrow(mesh, drives):
                low, high = needed_range(drives[key])
                block = mesh.key.key_blocks[key]
                block.slider_min = min(block.slider_min, low)
                block.slider_max = max(block.slider_max, high)
        elif self.kind == "UNPIN":
            mesh.object.show_only_shape_key = False
        else:
            mesh.key.use_relative = True
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_repair_mesh,)
