"""Plays faces on the preview's copy while the user looks at it; the scene's frame stays."""

from __future__ import annotations

import time
from typing import Any, Final

import bpy

from ..core.face_poses import played
from .transfer_preview import show_on_copies

_STEP: Final = 1 / 25  # seconds between two faces
_began: dict[str, float] = {}  # name of the scene -> when its playing began


def is_playing() -> bool:
    """Whether faces are played just now."""
    return bpy.app.timers.is_registered(_tick)


def start_playing(scene: Any) -> None:
    """Play on the copies of a scene's preview until they are gone."""
    stop_playing()
    _began[scene.name] = time.monotonic()
    bpy.app.timers.register(_tick)


def stop_playing() -> None:
    """Leave the face as it is; no timer stays."""
    _began.clear()
    if is_playing():
        bpy.app.timers.unregister(_tick)


def _tick() -> float | None:
    shown = False
    for name, began in _began.items():
        scene = bpy.data.scenes.get(name)
        if scene is not None:
            shown |= show_on_copies(scene, played(time.monotonic() - began))
    return _STEP if shown else None
