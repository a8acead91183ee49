"""Operators that ask the server about a line: From the Voice, As AU Strips."""

from __future__ import annotations

import bpy

from ..character.meshes import active_character
from ..preferences import server_address
from ..reporting import ReportsErrors
from ..ui import redraw
from .asking import AsksServer
from .instructing import hear, read_out
from .request import why_not_heard
from .session import session


class _Asks(AsksServer):
    """What asks in place of making: a question. A subclass has `question(context)`."""

    def _asked(self):
        return session().question

    def _send(self, context) -> None:
        asked = self.question(context)
        session().ask(server_address(), asked.request, asked.audio, asked.on_answer)

    def _stop(self) -> None:
        session().cancel_question()


class SOLILOQUY_OT_hear_direction(_Asks, bpy.types.Operator):
    """Fill the direction with what the voice says."""

    bl_idname = "soliloquy.hear_direction"
    bl_label = "From the Voice"
    bl_description = (
        "Listen to the recording, and write into Direction how it is played; edit it as you like"
    )

    @classmethod
    def poll(cls, context):
        """There must be a line."""
        why = why_not_heard(context)
        if why:
            cls.poll_message_set(why)
        return not why

    def question(self, context):
        """The voice."""
        return hear(context)


class SOLILOQUY_OT_lay_direction(_Asks, bpy.types.Operator):
    """Turn the direction into AU strips over the line."""

    bl_idname = "soliloquy.lay_direction"
    bl_label = "As AU Strips"
    bl_description = (
        "Lay the Action Units that the direction asks for over the line, as strips for this "
        "character; the direction stays as it is"
    )

    @classmethod
    def poll(cls, context):
        """There must be a direction and a line."""
        why = why_not_heard(context)
        character = active_character(context.scene)
        if not why and character is not None and not character.generation.direction.strip():
            why = "The direction is empty."
        if why:
            cls.poll_message_set(why)
        return not why

    def question(self, context):
        """The words."""
        return read_out(context)


class SOLILOQUY_OT_cancel_question(ReportsErrors, bpy.types.Operator):
    """Stop asking the server."""

    bl_idname = "soliloquy.cancel_question"
    bl_label = "Stop Listening"
    bl_description = "Stop listening to the voice; the direction stays as it is"

    @classmethod
    def poll(cls, _context):
        """Only while something is asked."""
        if not session().is_asking:
            cls.poll_message_set("Nothing is being asked.")
        return session().is_asking

    def execute(self, _context):
        """Stop."""
        session().cancel_question()
        redraw()
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_hear_direction, SOLILOQUY_OT_lay_direction, SOLILOQUY_OT_cancel_question)
