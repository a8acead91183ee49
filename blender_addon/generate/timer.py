"""Blender's side of the pump: a timer while a job runs, and the end of a job with its file."""

from __future__ import annotations

from typing import Final

import bpy
from bpy.app.handlers import persistent

from ..takes import undo_step
from ..ui import redraw_sidebars
from . import preview_handlers
from .session import session

_INTERVAL: Final = 0.03  # seconds between two pumps
_GREETING_TICKS: Final = 1000  # how long an answer to a greeting is awaited, in pumps

_greeting = [0]
_shown: list[object] = [None]  # what the sidebars showed last


def _tick() -> float | None:
    if undo_step.push_now():
        return _INTERVAL
    running = session()
    more = running.pump()
    shown = [more, *((w.text, w.fraction) for w in (running.job, running.question) if w)]
    if shown != _shown[0] or _greeting[0]:
        _shown[0] = shown
        redraw_sidebars()
    _greeting[0] = max(_greeting[0] - 1, 0)
    if more or undo_step.is_waiting() or (_greeting[0] and not running.connected):
        return _INTERVAL
    return None


def ensure_timer(greeting: bool = False) -> None:
    """Pump from now on until the job is over, or until a greeted server has answered."""
    if greeting:
        _greeting[0] = _GREETING_TICKS
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_INTERVAL, persistent=True)


@persistent
def _before_load(*_: object) -> None:
    session().forget()
    undo_step.forget()


def register() -> None:
    """Watch for other files being opened."""
    bpy.app.handlers.load_pre.append(_before_load)
    preview_handlers.register()


def unregister() -> None:
    """Leave no handler and no timer."""
    preview_handlers.unregister()
    if _before_load in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_before_load)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    undo_step.forget()
