"""Operators of the Server panel."""

from __future__ import annotations

import bpy

from ..core.errors import SoliloquyError
from ..generate.session import session
from ..generate.timer import ensure_timer
from ..preferences import server_address


class SOLILOQUY_OT_check_server(bpy.types.Operator):
    """Ask whether the server is there."""

    bl_idname = "soliloquy.check_server"
    bl_label = "Check Server"
    bl_description = "Ask the server what it is and what it can do"

    def execute(self, _context):
        """Greet it; the answer shows in the panel."""
        try:
            session().connect(server_address())
        except SoliloquyError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if bpy.app.background:
            return self._wait()
        ensure_timer(greeting=True)
        return {"FINISHED"}

    def _wait(self):
        if not session().greet(2.0):
            self.report({"ERROR"}, session().silence(server_address()))
            return {"CANCELLED"}
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_check_server,)
