"""Opens the Soliloquy tab once after the installation, so that nobody has to look for it."""

from __future__ import annotations

from typing import Final

import bpy

from .preferences import preferences

_TAB: Final = "Soliloquy"
_DELAY: Final = 0.2  # seconds; the tab is there once the sidebar was drawn
_PATIENCE: Final = 25  # looks

_looks = [0]


def _open_tab() -> float | None:
    settings = preferences()
    if settings is None or settings.is_welcomed:
        return None
    _looks[0] += 1
    opened = [_open_in(area) for window in _windows() for area in window.screen.areas]
    if not any(opened) and _looks[0] < _PATIENCE:
        return _DELAY
    settings.is_welcomed = True
    bpy.context.preferences.is_dirty = True
    return None


def _windows() -> list[bpy.types.Window]:
    manager = bpy.context.window_manager
    return list(manager.windows) if manager is not None else []


def _open_in(area: bpy.types.Area) -> bool:
    """Show the tab in a 3D View; whether it is shown."""
    if area.type != "VIEW_3D":
        return False
    area.spaces.active.show_region_ui = True
    side = next(region for region in area.regions if region.type == "UI")
    try:
        side.active_panel_category = _TAB
    except (AttributeError, TypeError):  # not drawn yet, or read-only in this version
        area.tag_redraw()
        return False
    area.tag_redraw()
    return side.active_panel_category == _TAB


def register() -> None:
    """In a window, look for a 3D View."""
    _looks[0] = 0
    if not bpy.app.background:
        bpy.app.timers.register(_open_tab, first_interval=_DELAY)


def unregister() -> None:
    """Leave no timer."""
    if bpy.app.timers.is_registered(_open_tab):
        bpy.app.timers.unregister(_open_tab)
