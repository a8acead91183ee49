"""Operators that ask the server about a line: From the Voice, As AU Strips."""

from __future__ import annotations

import bpy

from ..character.meshes import active_character
from ..core.errors import SoliloquyError
from ..preferences import server_address
from ..takes import undo_step
from ..ui import redraw
from .instructing import Asked, hear, read_out
from .operators import AsksServer
from .request import why_not_heard
from .session import session


class _Asks(AsksServer):
    """What both share: a question instead of a job."""

    def modal(self, context, event):
        """Keep the status bar true, and cancel on Esc."""
        undo_step.push_before(event.type)
        if self._awaits_server:
            return self._await_server(context, event)
        running = session()
        if event.type == "ESC":
            running.cancel_question()
        if not running.is_asking and not undo_step.is_waiting():
            self._end(context)
            return {"FINISHED"}
        asked = running.question
        if event.type == "TIMER" and asked is not None:
            context.workspace.status_text_set(
                f"Soliloquy: {asked.text} {asked.fraction:.0%}   (Esc cancels)"
            )
        return {"RUNNING_MODAL"} if event.type == "ESC" else {"PASS_THROUGH"}

    def execute(self, context):
        """In background and from scripts: returns when the answer is there."""
        if not self._wait_for_server() or not self._start(context):
            return {"CANCELLED"}
        session().wait()
        asked = session().question
        if asked is None or asked.state.name != "DONE":
            self.report({"ERROR"}, asked.text if asked is not None else "The question was dropped.")
            return {"CANCELLED"}
        self.report({"INFO"}, asked.text)
        return {"FINISHED"}

    def question(self, context) -> Asked:
        """What is asked.

        Raises:
            SoliloquyError: something is missing.
        """
        raise NotImplementedError

    def _start(self, context) -> bool:
        try:
            asked = self.question(context)
            session().ask(server_address(), asked.request, asked.audio, asked.on_answer)
        except SoliloquyError as error:
            self.report({"ERROR"}, str(error))
            return False
        return True

    def _end(self, context) -> None:
        self._leave(context)
        asked = session().question
        if asked is not None and asked.is_over:
            self.report({"ERROR" if asked.state.name == "FAILED" else "INFO"}, asked.text)
        redraw()


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


class SOLILOQUY_OT_cancel_question(bpy.types.Operator):
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
