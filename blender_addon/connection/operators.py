"""Operators of the Server panel."""

from __future__ import annotations

import bpy

from ..core.errors import ServerError
from ..generate.session import session
from ..generate.timer import ensure_timer
from ..preferences import server_address
from ..reporting import ReportsErrors
from .process import own_server, stop_own_server
from .readiness import start_own_server


class SOLILOQUY_OT_check_server(ReportsErrors, bpy.types.Operator):
    """Ask whether the server is there."""

    bl_idname = "soliloquy.check_server"
    bl_label = "Check Server"
    bl_description = "Ask the server what it is and what it can do"

    def execute(self, _context):
        """Greet it; the answer shows in the panel."""
        session().connect(server_address())
        if bpy.app.background:
            return self._wait()
        ensure_timer(greeting=True)
        return {"FINISHED"}

    def _wait(self):
        if not session().greet(2.0):
            raise ServerError(session().silence(server_address()))
        return {"FINISHED"}


class SOLILOQUY_OT_start_server(ReportsErrors, bpy.types.Operator):
    """Start a server on this computer."""

    bl_idname = "soliloquy.start_server"
    bl_label = "Start Server"
    bl_description = "Start Soliloquy's server on this computer; it ends with Blender"

    @classmethod
    def poll(cls, _context):
        """Not twice."""
        if own_server().is_running:
            cls.poll_message_set("It is running.")
            return False
        return True

    def execute(self, _context):
        """Start it, and wait for it in the background."""
        start_own_server()
        if not bpy.app.background:
            ensure_timer(greeting=True)
        return {"FINISHED"}


class SOLILOQUY_OT_stop_server(ReportsErrors, bpy.types.Operator):
    """Stop the server that this Blender started."""

    bl_idname = "soliloquy.stop_server"
    bl_label = "Stop Server"
    bl_description = "Stop the server that this Blender started"

    @classmethod
    def poll(cls, _context):
        """Only our own."""
        if not own_server().is_running:
            cls.poll_message_set("This Blender has not started a server.")
            return False
        return True

    def execute(self, _context):
        """Stop it."""
        session().cancel()
        stop_own_server()
        return {"FINISHED"}


CLASSES = (SOLILOQUY_OT_check_server, SOLILOQUY_OT_start_server, SOLILOQUY_OT_stop_server)
