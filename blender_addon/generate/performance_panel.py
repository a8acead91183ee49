"""The Performance panel: how the line is played, as far as the generator obeys it."""

from __future__ import annotations

from typing import Final

import bpy

from ..character.meshes import active_character
from ..core.directing import pose_sentence
from ..core.expressive import pose_of_text
from ..ui import reason, tr, wrapped
from .properties import generator_label, generator_name
from .session import session

_UNDIRECTED: Final = "articulate"
_CONTROL: Final = {"TEXT": "direction", "POSE": "pose", "IMAGE": "image"}
_FITS: Final = 30
"""Characters that the field shows in a sidebar of usual width; longer words are shown below it."""


class SOLILOQUY_PT_performance(bpy.types.Panel):
    """How the line is played; greyed for a generator that cannot be directed."""

    bl_idname = "SOLILOQUY_PT_performance"
    bl_parent_id = "SOLILOQUY_PT_generate"
    bl_label = "Performance"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"

    @classmethod
    def poll(cls, context):
        """Only with a character."""
        return active_character(context.scene) is not None

    def draw(self, context):
        """Direction, a second one, emotion, intensity, style."""
        settings = active_character(context.scene).generation
        layout = self.layout
        layout.use_property_decorate = False
        if (generator_name(settings) or session().default_generator) == _UNDIRECTED:
            self._nothing(layout, context, settings)
            return
        layout.row(align=True).prop(settings, "directed_by", expand=True)
        layout.use_property_split = True
        facts = session().facts_of(generator_name(settings))
        obeyed = set(facts.controls) if facts is not None else set()
        self._direction(layout, context, settings, obeyed)
        self._second(layout, context, settings, obeyed)
        if not obeyed or "emotion" in obeyed:
            layout.prop(settings, "emotion")
        layout.prop(settings, "intensity")
        if not obeyed or "style" in obeyed:
            layout.prop(settings, "style_source")
            if settings.style_source == "NAME":
                layout.prop(settings, "style")

    def _nothing(self, layout, context, settings):
        """What another generator would obey, greyed, and why it is."""
        column = layout.column()
        column.enabled = False
        column.prop(settings, "direction", text="", placeholder=tr("Direction"))
        column.use_property_split = True
        column.prop(settings, "emotion")
        column.prop(settings, "intensity")
        why = tr(
            "{generator} speaks by the rules of speech and cannot be directed: choose another "
            "generator, or lay AU strips."
        )
        reason(layout, context, why.format(generator=generator_label(settings)))

    def _direction(self, layout, context, settings, obeyed):
        """Words, pose or picture; greyed where the generator has no notion of it."""
        by = settings.directed_by
        column = layout.column()
        column.enabled = not obeyed or _CONTROL[by] in obeyed
        {"TEXT": self._words, "POSE": self._pose, "IMAGE": self._image}[by](
            column, context, settings
        )
        if not column.enabled:
            why = {
                "TEXT": tr("{generator} cannot be directed in words."),
                "POSE": tr("{generator} cannot be directed by a pose."),
                "IMAGE": _why_no_picture(settings),
            }[by]
            reason(layout, context, why.format(generator=generator_label(settings)))

    def _words(self, column, context, settings):
        column.prop(settings, "direction", text="", placeholder=tr("Direction"))
        if len(settings.direction) > _FITS:
            wrapped(column, context, settings.direction)
        if session().is_asking:
            asked = session().question
            row = column.row(align=True)
            row.progress(factor=asked.fraction, text=asked.text)
            row.operator("soliloquy.cancel_question", text="", icon="CANCEL")
            return
        row = column.row(align=True)
        row.operator("soliloquy.hear_direction", icon="SOUND")
        row.operator("soliloquy.lay_direction", icon="SEQ_STRIP_DUPLICATE")
        if settings.heard and settings.direction == settings.heard:
            wrapped(column, context, settings.heard_facts, "SOUND")
        elif settings.heard:
            told = tr("The voice gave: {text}").format(text=settings.heard)
            wrapped(column, context, told, "SOUND")

    def _pose(self, column, context, settings):
        row = column.row(align=True)
        row.operator("soliloquy.take_pose", icon="SHAPEKEY_DATA")
        row.operator("soliloquy.clear_pose", text="", icon="X")
        told = pose_sentence(pose_of_text(settings.pose))
        wrapped(column, context, told or tr("Set the shape keys, then take the pose."))

    def _image(self, column, _context, settings):
        column.prop(settings, "image")

    def _second(self, layout, context, settings, obeyed):
        column = layout.column()
        column.enabled = not obeyed or "blend" in obeyed
        column.prop(settings, "second")
        if settings.second:
            column.prop(settings, "mix", slider=True)
        if not column.enabled:
            why = tr("{generator} cannot mix two directions.")
            reason(layout, context, why.format(generator=generator_label(settings)))


def _why_no_picture(settings) -> str:
    if (generator_name(settings) or session().default_generator) == "expclip":
        return tr(
            "This server cannot read pictures: it needs the weights of CLIP and a trained image "
            "projector. Take a pose instead."
        )
    return tr("{generator} cannot be directed by a picture.")
