"""The undo step of a take that was written outside an operator.

About many new keys Blender does two things: it evaluates them, and it copies them for undo. After
a long line both at once are noticed, so the step is pushed when Blender's loop has gone round once
more. What the user does in between must not become part of that step: whoever sees their events
first pushes it before it lets them through.
"""

from __future__ import annotations

from typing import Final

import bpy

from ..core.warm_memory import WarmMemory

_PASSIVE: Final = frozenset({"NONE", "MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "WINDOW_DEACTIVATE"})
"""Events that change nothing; so do those whose name begins with TIMER."""

_waiting: list[str] = []
_memory: Final = WarmMemory()


def warm(n_bytes: int) -> None:
    """Have memory for a step with so many new bytes, or for a little more of them than before."""
    if not bpy.app.background:
        _memory.want(n_bytes)


def cool() -> None:
    """Give the memory back, unless a step is waited for."""
    if not _waiting:
        _memory.give_back()


def push_soon(message: str) -> None:
    """Ask for an undo step; there is none in background mode."""
    if not bpy.app.background:
        _waiting[:] = [message]


def is_waiting() -> bool:
    """Whether a step was asked for and is not pushed yet."""
    return bool(_waiting)


def push_now() -> bool:
    """Push the step that was asked for; returns whether there was one."""
    if not _waiting:
        return False
    message = _waiting.pop()
    cool()
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.ed.undo_push(message=message)
    return True


def push_before(event_type: str) -> None:
    """Push the step before the user's doing, when this event may be some."""
    if event_type not in _PASSIVE and not event_type.startswith("TIMER"):
        push_now()


def forget() -> None:
    """Another file is loaded: there is nothing to go back to."""
    _waiting.clear()
    cool()
