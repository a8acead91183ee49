"""Generate and Cancel."""

from __future__ import annotations

import bpy

from ..core.errors import CharacterError
from ..preferences import server_address
from ..reporting import ReportsErrors
from ..takes import undo_step
from ..ui import redraw
from .asking import AsksServer
from .request import build_order, build_regeneration, why_not, why_not_regenerate
from .session import session


def _written() -> None:
    """After a take was written outside an operator: an undo step of its own, and a redraw."""
    if bpy.app.background:
        return
    undo_step.push_soon("Soliloquy take")
    redraw()


class _Performs(AsksServer):
    """What makes takes: the order is a job. A subclass has `order(context)`."""

    def _asked(self):
        return session().job

    def _send(self, context) -> None:
        session().start(server_address(), self.order(context), on_written=_written)

    def _stop(self) -> None:
        session().cancel()


class SOLILOQUY_OT_generate(_Performs, bpy.types.Operator):
    """Perform the line: new takes on the character, as ordinary keyframes."""

    bl_idname = "soliloquy.generate"
    bl_label = "Generate"
    bl_description = (
        "Perform the line on the character. Keyframes go into new actions; "
        "what is animated now is kept as a take of its own"
    )

    @classmethod
    def poll(cls, context):
        """Say why it is greyed."""
        reason = why_not(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def order(self, context):
        """The whole line."""
        return build_order(context)


class SOLILOQUY_OT_regenerate(_Performs, bpy.types.Operator):
    """Make a part of the chosen take anew; the rest stays as it is."""

    bl_idname = "soliloquy.regenerate"
    bl_label = "Regenerate"
    bl_description = (
        "A new take that differs from the chosen one only in the preview range and in the chosen "
        "regions of the face; your own edits elsewhere are kept"
    )

    @classmethod
    def poll(cls, context):
        """Say why it is greyed."""
        reason = why_not_regenerate(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def order(self, context):
        """A part of the line."""
        return build_regeneration(context)


class SOLILOQUY_OT_cancel(ReportsErrors, bpy.types.Operator):
    """Stop the generation that runs."""

    bl_idname = "soliloquy.cancel"
    bl_label = "Cancel"
    bl_description = "Stop at once; takes that were complete are kept"

    @classmethod
    def poll(cls, _context):
        """Only while something runs."""
        if not session().is_busy:
            cls.poll_message_set("Nothing is being generated.")
        return session().is_busy

    def execute(self, _context):
        """Stop."""
        session().cancel()
        redraw()
        return {"FINISHED"}


class SOLILOQUY_OT_new_seed(ReportsErrors, bpy.types.Operator):
    """Another seed, for a different performance of the same line."""

    bl_idname = "soliloquy.new_seed"
    bl_label = "New Seed"
    bl_description = "Choose another seed, for a different performance of the same line"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        """Advance the seed past the takes that used it."""
        from ..character.meshes import active_character

        character = active_character(context.scene)
        if character is None:
            raise CharacterError("There is no character yet.")
        used = [take.seed for take in character.takes if not take.is_original]
        settings = character.generation
        settings.seed = max([settings.seed, *used]) + 1
        return {"FINISHED"}


CLASSES = (
    SOLILOQUY_OT_generate,
    SOLILOQUY_OT_regenerate,
    SOLILOQUY_OT_cancel,
    SOLILOQUY_OT_new_seed,
)
