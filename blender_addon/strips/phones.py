"""Shows what was heard of a take as strips that can be corrected; the next Generate obeys them."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat
from ..character.meshes import active_character
from ..core.errors import StripError
from ..core.phone_plan import lay_phones
from ..core.timing import scene_rate
from ..reporting import ReportsErrors
from ..takes.storage import load_clip
from ..ui import tr
from .adding import add_phones, free_the_render, prepared_editor
from .reading import strips_by_kind

MOST = 4000
"""Strips in one go: with more, the Sequencer itself gets slow."""


def phone_strips(context: Any, owner: str) -> list[Any]:
    """The phone strips of a character."""
    return [s for s in strips_by_kind(context)["phone"] if s.soliloquy_owner == owner]


def show_phones(context: Any, character: Any, take: Any) -> list[Any]:
    """Lay one strip for each phone that was heard of a take, in the place of earlier ones.

    Raises:
        TakeError: the take has no stored clip.
        StripError: nothing was heard, or too much.
    """
    phones = load_clip(take).phones
    if not phones:
        raise StripError(f"'{take.name}' carries no phones: nothing was heard of its line.")
    if len(phones) > MOST:
        raise StripError(
            f"'{take.name}' has {len(phones)} phones; the Sequencer takes {MOST} strips at most. "
            "Cut the recording into shorter lines."
        )
    scene, editor = prepared_editor(context)
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    laid = lay_phones(phones, take.start_frame, rate)
    remove_phones(context, character)
    return add_phones(editor, laid, character.uid)


def remove_phones(context: Any, character: Any) -> int:
    """Remove the phone strips of a character; returns how many there were."""
    strips = phone_strips(context, character.uid)
    editor = compat.sequencer_scene(context).sequence_editor
    for strip in strips:
        compat.strips_of(editor).remove(strip)
    return len(strips)


class SOLILOQUY_OT_show_phones(ReportsErrors, bpy.types.Operator):
    """Show what was heard of the chosen take."""

    bl_idname = "soliloquy.show_phones"
    bl_label = "Show Phones"
    bl_description = (
        "Lay one strip for each speech sound that was heard of the chosen take. Rename, move, cut "
        "or delete them: the next Generate obeys"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """A generated take must be chosen."""
        character = active_character(context.scene)
        if character is None or not 0 <= character.take_index < len(character.takes):
            cls.poll_message_set("Generate a take first: its phones are shown.")
            return False
        if character.takes[character.take_index].is_original:
            cls.poll_message_set("This is your own animation; choose a generated take in Takes.")
            return False
        return True

    def execute(self, context):
        """Lay them."""
        character = active_character(context.scene)
        strips = show_phones(context, character, character.takes[character.take_index])
        told = free_the_render(compat.sequencer_scene(context))
        said = tr("{n} phones.").format(n=len(strips))
        self.report({"WARNING"} if told else {"INFO"}, f"{said} {tr(told) if told else ''}".strip())
        return {"FINISHED"}


class SOLILOQUY_OT_remove_phones(ReportsErrors, bpy.types.Operator):
    """Remove the phone strips of this character."""

    bl_idname = "soliloquy.remove_phones"
    bl_label = "Remove Phones"
    bl_description = "Remove this character's phone strips: the next Generate listens again"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        """There must be some."""
        character = active_character(context.scene)
        if character is None or not phone_strips(context, character.uid):
            cls.poll_message_set("This character has no phone strips.")
            return False
        return True

    def execute(self, context):
        """Remove them."""
        number = remove_phones(context, active_character(context.scene))
        self.report({"INFO"}, tr("{n} phone strips removed.").format(n=number))
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_show_phones, SOLILOQUY_OT_remove_phones)
