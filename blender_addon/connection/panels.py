"""The Server panel, and the state of the engine where another panel waits for it."""

from __future__ import annotations

from typing import Any

import bpy

from ..core.address import is_local
from ..core.engine_plan import version_note
from ..generate.session import session
from ..preferences import preferences, server_address, server_key, server_python
from ..ui import tr, wrapped
from .engine import addon_version, is_setting_up, outdated, ready_python, setup
from .process import own_server
from .readiness import Readiness


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
        """Address, engine and status."""
        layout = self.layout
        settings = preferences()
        if settings is not None:
            layout.prop(settings, "address", text="")
        if is_local(server_address()) and not server_key():
            draw_engine(layout, context)
        _buttons(layout)
        _status(layout, context)


def draw_engine(layout: Any, context: Any) -> bool:
    """The engine, unless it is ready; whether there was anything to show."""
    running = setup()
    if running is not None and is_setting_up():
        fraction, text = running.progress
        row = layout.row(align=True)
        row.progress(factor=fraction, text=text)
        row.operator("soliloquy.cancel_set_up", text="", icon="CANCEL")
        return True
    if running is not None and running.error:
        wrapped(layout, context, running.error, "INFO" if running.cancelled else "ERROR")
        row = layout.row(align=True)
        row.operator("soliloquy.set_up_engine", text="Go On with Set-Up", icon="IMPORT")
        row.operator("soliloquy.show_log", text="", icon="TEXT").path = str(running.log)
        return True
    stale = outdated()
    if stale:
        wrapped(layout, context, stale, "INFO")
        layout.operator("soliloquy.set_up_engine", text="Update Engine", icon="FILE_REFRESH")
        return True
    if ready_python() or server_python() or session().connected:
        return False
    layout.operator("soliloquy.set_up_engine", icon="IMPORT")
    return True


def draw_waiting(layout: Any, context: Any) -> bool:
    """For Generate: what it waits for, or why the engine is not there; whether it waits."""
    running = setup()
    if running is not None and (is_setting_up() or running.error):
        draw_engine(layout, context)
    if is_setting_up():
        return True
    if own_server().is_running and not session().connected:
        layout.progress(factor=0.0, text=f"{tr(Readiness.STARTING.value)} ...")
        return True
    return False


def _buttons(layout: Any) -> None:
    row = layout.row(align=True)
    if own_server().is_running:
        row.operator("soliloquy.stop_server", icon="CANCEL")
    elif not session().connected:
        row.operator("soliloquy.start_server", icon="PLAY")
    row.operator("soliloquy.check_server", icon="FILE_REFRESH")


def _status(layout: Any, context: Any) -> None:
    running, address = session(), server_address()
    welcome = running.welcome
    if running.connected and welcome is not None:
        text = tr("Connected: Soliloquy {version} on {device}.")
        told = text.format(version=welcome.server_version, device=welcome.device)
        wrapped(layout, context, told, "CHECKMARK")
        note = version_note(welcome.server_version, addon_version(), is_local(address))
        if note:
            wrapped(layout, context, note, "ERROR")
        if welcome.warming:
            wrapped(
                layout, context, "It is warming up, so the first take may wait a moment.", "TIME"
            )
        text = tr("It offers {generators}.")
        wrapped(layout, context, text.format(generators=", ".join(welcome.generators)))
    elif own_server().is_running:
        wrapped(layout, context, "The server is starting.", "TIME")
    elif own_server().ended:
        wrapped(layout, context, own_server().ended, "ERROR")
        row = layout.row()
        row.operator("soliloquy.show_log", icon="TEXT").path = str(own_server().log)
    elif running.was_asked:
        wrapped(layout, context, running.silence(address), "ERROR")
    else:
        wrapped(layout, context, "Not asked yet; Generate starts it by itself.", "INFO")


CLASSES = (SOLILOQUY_PT_server,)
