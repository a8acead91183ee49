"""What operators that ask the server share: it is found or started, and the window stays free."""

from __future__ import annotations

import time

import bpy

from ..connection.process import own_server
from ..connection.readiness import Readiness, prepare_server, readiness
from ..core.errors import ServerError
from ..reporting import ReportsErrors
from ..takes import undo_step
from ..ui import redraw, tr
from .session import session
from .timer import ensure_timer


def _status(told: str) -> str:
    return tr("Soliloquy: {told}   (Esc cancels)").format(told=told)


class AsksServer(ReportsErrors):
    """Modal in a window, waiting in background.

    A subclass says what it asks (`_send`), where that stands (`_asked`, a job or a question: state,
    text, fraction, is_over), and how it is waited for and stopped.
    """

    _timer = None
    _awaits_server = False

    def invoke(self, context, _event):
        """In a window: start, and listen for Esc while it runs."""
        state = prepare_server()
        if state in (Readiness.NO_ENGINE, Readiness.SETTING_UP):
            return self._set_up_first()
        self._awaits_server = state is not Readiness.READY
        if not self._awaits_server:
            self._send(context)
        ensure_timer(greeting=self._awaits_server)
        manager = context.window_manager
        self._timer = manager.event_timer_add(0.1, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Keep the status bar true, and cancel on Esc."""
        undo_step.push_before(event.type)
        if self._awaits_server:
            return self._await_server(context, event)
        asked = self._asked()
        if event.type == "ESC" and asked is not None and not asked.is_over:
            self._stop()
        if (asked is None or asked.is_over) and not undo_step.is_waiting():
            self._end(context)
            return {"FINISHED"}
        if event.type == "TIMER":
            runs = asked is not None and not asked.is_over  # else Blender keeps the undo step
            told = f"{tr(asked.text)} {asked.fraction:.0%}" if runs else ""
            context.workspace.status_text_set(_status(told) if runs else None)
        return {"RUNNING_MODAL"} if event.type == "ESC" else {"PASS_THROUGH"}

    def execute(self, context):
        """In background and from scripts: returns when it has ended."""
        self._wait_for_server()
        self._send(context)
        session().wait()
        asked = self._asked()
        if asked is None or asked.state.name != "DONE":
            raise ServerError(asked.text if asked is not None else "It was dropped.")
        self.report({"INFO"}, asked.text)
        return {"FINISHED"}

    def cancel(self, context):
        """It ended, was refused, the window closes or another file is loaded: listen no longer."""
        context.workspace.status_text_set(None)
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        redraw()

    def _set_up_first(self):
        """Ask for the engine; this button is pressed again when it is ready."""
        if bpy.ops.soliloquy.set_up_engine.poll():
            bpy.ops.soliloquy.set_up_engine("INVOKE_DEFAULT", afterwards=self.bl_idname)
        return {"CANCELLED"}

    def _await_server(self, context, event):
        """Until the engine answers; Esc gives up."""
        state = readiness()
        if event.type == "ESC" or state in (Readiness.FAILED, Readiness.NO_ENGINE):
            if event.type != "ESC":
                raise ServerError(own_server().ended or state.value)
            self.cancel(context)
            return {"CANCELLED"}
        if state is not Readiness.READY:
            context.workspace.status_text_set(_status(tr(state.value)))
            return {"PASS_THROUGH"}
        self._awaits_server = False
        self._send(context)
        ensure_timer()
        return {"PASS_THROUGH"}

    def _wait_for_server(self) -> None:
        """For `execute`: start the engine where there is one, and wait until it answers."""
        if prepare_server() is not Readiness.STARTING:
            return  # a request says what is missing
        while readiness() is Readiness.STARTING:
            time.sleep(0.05)
        if readiness() is not Readiness.READY:
            raise ServerError(own_server().ended)

    def _end(self, context) -> None:
        """Tell how it ended."""
        self.cancel(context)
        asked = self._asked()
        if asked is not None and asked.is_over:
            self.report({"ERROR" if asked.state.name == "FAILED" else "INFO"}, asked.text)
