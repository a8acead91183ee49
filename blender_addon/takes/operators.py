"""Operators of the Takes panel."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty

from ..character.meshes import active_character
from ..core.errors import CharacterError, TakeError
from ..reporting import ReportsErrors
from .baking import LAYERS, apply_layers
from .blending import blend_takes
from .storage import delete_take, is_flame_take, load_clip, use_take


class SOLILOQUY_OT_use_take(ReportsErrors, bpy.types.Operator):
    """Play a take on the character."""

    bl_idname = "soliloquy.use_take"
    bl_label = "Use Take"
    bl_description = "Play this take on the character; the others stay in the file"
    bl_options = {"REGISTER", "UNDO"}

    index: IntProperty(name="Take", description="Number of the take in the list", min=0)

    def execute(self, context):
        """Switch every mesh to its action."""
        character = active_character(context.scene)
        if character is None:
            raise CharacterError("There is no character yet.")
        notes = use_take(character, self.index)
        for note in notes:
            self.report({"WARNING"}, note)
        return {"FINISHED"}


def _chosen_take(context):
    character = active_character(context.scene)
    if character is None or not 0 <= character.take_index < len(character.takes):
        return None, None
    return character, character.takes[character.take_index]


class SOLILOQUY_OT_delete_take(ReportsErrors, bpy.types.Operator):
    """Delete the chosen take."""

    bl_idname = "soliloquy.delete_take"
    bl_label = "Delete Take"
    bl_description = "Delete the chosen take and its actions; earlier animation cannot be deleted"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """Earlier animation is the user's own."""
        _, take = _chosen_take(context)
        if take is None:
            cls.poll_message_set("No take is chosen.")
        elif take.is_original:
            cls.poll_message_set("This is your own animation, not a take.")
        return take is not None and not take.is_original

    def execute(self, context):
        """Delete it; what it played on is left at rest or with another take."""
        character, _ = _chosen_take(context)
        delete_take(character, character.take_index)
        return {"FINISHED"}


class SOLILOQUY_OT_apply_layers(ReportsErrors, bpy.types.Operator):
    """Bake the layer weights of the chosen take into its keys."""

    bl_idname = "soliloquy.apply_layers"
    bl_label = "Apply Layers"
    bl_description = (
        "Bake the take again with these layer weights; your own edits of its keys are kept"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """The weights must differ from what is baked."""
        _, take = _chosen_take(context)
        if take is None or take.is_original:
            cls.poll_message_set("Choose a generated take.")
            return False
        if is_flame_take(take):
            cls.poll_message_set("The take of a FLAME head has no layers.")
            return False
        weights = [getattr(take, name) for name in LAYERS]
        if all(abs(w - b) < 1e-6 for w, b in zip(weights, take.baked, strict=True)):
            cls.poll_message_set("The weights are as they were baked.")
            return False
        return True

    def execute(self, context):
        """Bake."""
        character, take = _chosen_take(context)
        apply_layers(context.scene, character, take, load_clip(take))
        return {"FINISHED"}


def other_takes(character):
    """The generated takes that the chosen one can be blended with."""
    if character is None or not 0 <= character.take_index < len(character.takes):
        return []
    chosen = character.takes[character.take_index]
    return [take for take in character.takes if not take.is_original and take != chosen]


def _other_items(_operator, context):
    found = other_takes(active_character(context.scene))
    _items[:] = [(take.uid, take.name, take.direction) for take in found]
    return _items or [("NONE", "None", "There is no other take")]


_items = []  # Blender keeps no reference to dynamic items


class SOLILOQUY_OT_blend_takes(ReportsErrors, bpy.types.Operator):
    """Make a take between two others."""

    bl_idname = "soliloquy.blend_takes"
    bl_label = "Blend Takes"
    bl_description = (
        "Make a new take between the chosen one and another of the same line; both stay as they "
        "are, and your own edits of their keys are blended along"
    )
    bl_options = {"REGISTER", "UNDO"}

    other: EnumProperty(name="With", description="The other take", items=_other_items)
    factor: FloatProperty(
        name="Blend", description="0 is the chosen take, 1 is the other one", default=0.5, min=0.0,
        max=1.0, subtype="FACTOR",
    )  # fmt: skip

    @classmethod
    def poll(cls, context):
        """Two generated takes are needed."""
        _, take = _chosen_take(context)
        if take is None or take.is_original:
            cls.poll_message_set("Choose a generated take.")
            return False
        if is_flame_take(take):
            cls.poll_message_set("Takes of a FLAME head cannot be blended.")
            return False
        if not other_takes(active_character(context.scene)):
            cls.poll_message_set("There is no other take to blend with. Generate one.")
            return False
        return True

    def invoke(self, context, _event):
        """Ask which, and how much."""
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context):
        """Blend them."""
        character, take = _chosen_take(context)
        other = next((t for t in character.takes if t.uid == self.other), None)
        if other is None:
            raise TakeError("The other take is gone. Choose another one.")
        made = blend_takes(context.scene, character, take, other, self.factor)
        for note in filter(None, made.notes.split("\n")):
            self.report({"INFO"}, note)
        return {"FINISHED"}


CLASSES = (
    SOLILOQUY_OT_use_take,
    SOLILOQUY_OT_delete_take,
    SOLILOQUY_OT_apply_layers,
    SOLILOQUY_OT_blend_takes,
)
