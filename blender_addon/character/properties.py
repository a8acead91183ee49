"""Characters as they are stored in the scene."""

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..export.properties import SoliloquyExport
from ..generate.properties import SoliloquyGeneration
from ..line.properties import SoliloquyLine
from ..takes.properties import SoliloquyTake


class SoliloquyMesh(bpy.types.PropertyGroup):
    """A mesh of a character."""

    object: PointerProperty(
        name="Mesh",
        description="A mesh with shape keys: head, teeth, tongue, lashes",
        type=bpy.types.Object,
        poll=lambda _self, item: item.type == "MESH",
    )


class SoliloquyMatchFix(bpy.types.PropertyGroup):
    """A match made by hand: this shape key plays that blendshape."""

    shape_key: StringProperty(name="Shape Key")
    blendshape: StringProperty(name="Blendshape")


class SoliloquyCharacter(bpy.types.PropertyGroup):
    """Someone who speaks: meshes, the line, how it is made, and the takes."""

    name: StringProperty(name="Name", description="Name of the character", default="Character")
    uid: StringProperty(name="Identifier")
    meshes: CollectionProperty(type=SoliloquyMesh)
    mesh_index: IntProperty(name="Active Mesh")
    fixes: CollectionProperty(type=SoliloquyMatchFix)
    line: PointerProperty(type=SoliloquyLine)
    generation: PointerProperty(type=SoliloquyGeneration)
    takes: CollectionProperty(type=SoliloquyTake)
    take_index: IntProperty(name="Active Take")
    subject: StringProperty(
        name="Subject",
        description="Name in Unreal's Live Link; empty takes the character's",
    )
    is_streamed: BoolProperty(
        name="Send", description="Live Link sends this character", default=True
    )


class SoliloquySettings(bpy.types.PropertyGroup):
    """All that Soliloquy keeps in a scene."""

    characters: CollectionProperty(type=SoliloquyCharacter)
    character_index: IntProperty(name="Active Character")
    strip_index: IntProperty(name="Active Strip")
    expression_search: StringProperty(
        name="Search",
        description="Show the expressions with these words in their names or muscles",
        options={"SKIP_SAVE", "TEXTEDIT_UPDATE"},
    )
    export: PointerProperty(type=SoliloquyExport)


CLASSES = (SoliloquyMesh, SoliloquyMatchFix, SoliloquyCharacter, SoliloquySettings)
