"""The Server panel."""

from __future__ import annotations

import bpy

from ..generate.session import session
from ..preferences import preferences, server_address
from ..ui import wrapped
from .process import own_server


class SOLILOQUY_PT_server(bpy.types.Panel):
    """Where the work is done."""

    bl_idname = "SOLILOQUY_PT_server"
    bl_label = "Server"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Soliloquy"
    bl_order = 6
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        """Address and status."""
        layout = self.layout
        settings = preferences()
        if settings is not None:
            layout.prop(settings, "address", text="")
        running = session()
        row = layout.row(align=True)
        if own_server().is_running:
            row.operator("soliloquy.stop_server", icon="CANCEL")
        elif not running.connected:
            row.operator("soliloquy.start_server", icon="PLAY")
        row.operator("soliloquy.check_server", icon="FILE_REFRESH")
        welcome = running.welcome
        if running.connected and welcome is not None:
            text = f"Connected: Soliloquy {welcome.server_version} on {welcome.device}."
            wrapped(layout, context, text, "CHECKMARK")
            wrapped(layout, context, f"It offers {', '.join(welcome.generators)}.")
        elif own_server().is_running:
            wrapped(layout, context, "The server is starting.", "TIME")
        elif own_server().ended:
            wrapped(layout, context, own_server().ended, "ERROR")
        elif running.was_asked:
            wrapped(layout, context, running.silence(server_address()), "ERROR")
        else:
            wrapped(layout, context, "Not asked yet; Generate connects by itself.", "INFO")


CLASSES = (SOLILOQUY_PT_server,)
