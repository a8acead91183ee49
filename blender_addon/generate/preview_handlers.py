"""When the preview shows itself, and when it makes way: frames, undo, files and renders."""

from __future__ import annotations

from typing import Any, Final

import bpy
from bpy.app.handlers import persistent

from .preview import Preview, rest_all
from .session import session


def _running() -> Preview | None:
    return session().preview


@persistent
def _on_frame(_scene: Any, _depsgraph: Any = None) -> None:
    preview = _running()
    if preview is not None:
        preview.show()


@persistent
def _on_undo(*_: object) -> None:
    preview = _running()
    if preview is None:
        rest_all()
    else:
        preview.forget_values()
        preview.show()


@persistent
def _on_load(*_: object) -> None:
    rest_all()


@persistent
def _pause(*_: object) -> None:
    """Files and renders get the user's own animation."""
    preview = _running()
    if preview is not None:
        preview.rest()
        preview.is_paused = True


@persistent
def _resume(*_: object) -> None:
    preview = _running()
    if preview is not None:
        preview.is_paused = False
        preview.show()


_HANDLERS: Final = {
    "frame_change_post": _on_frame,
    "undo_post": _on_undo,
    "redo_post": _on_undo,
    "load_post": _on_load,
    "save_pre": _pause,
    "save_post": _resume,
    "save_post_fail": _resume,
    "render_init": _pause,
    "render_complete": _resume,
    "render_cancel": _resume,
}


def register() -> None:
    """Watch frames, undo, files and renders."""
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Leave no handler."""
    for name, handler in _HANDLERS.items():
        handlers = getattr(bpy.app.handlers, name)
        if handler in handlers:
            handlers.remove(handler)
