"""What is in Blender before the add-on is switched on, and after it was used and switched off."""

from __future__ import annotations

import threading
from typing import Any

import bpy

from . import tools

_HOSTS = (
    "Scene", "WindowManager", "Object", "Mesh", "Key", "Action", "Screen", "Strip", "Sequence",
    "Sound", "Workspace", "Preferences",
)  # fmt: skip


def _state() -> dict[str, Any]:
    """Everything that an add-on can leave behind."""
    hosts = [getattr(bpy.types, name) for name in _HOSTS if hasattr(bpy.types, name)]
    types = {
        name
        for name in dir(bpy.types)
        if name.startswith("SOLILOQUY") or name.startswith("Soliloquy")
    }
    handlers = {
        name: [f"{h.__module__}.{h.__qualname__}" for h in found]
        for name in dir(bpy.app.handlers)
        if isinstance(found := getattr(bpy.app.handlers, name), list)
    }
    return {
        "types": types,
        "operators": set(dir(bpy.ops.soliloquy)) if "soliloquy" in dir(bpy.ops) else set(),
        "properties": {host.__name__: sorted(host.bl_rna.properties.keys()) for host in hosts},
        "handlers": handlers,
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "menus": _menu_entries(),
        "previews": _previews(),
        "key maps": _key_map_items(),
        "subscribers": sorted(addon.module for addon in bpy.context.preferences.addons),
    }


def _menu_entries() -> dict[str, list[str]]:
    found = {}
    for name in dir(bpy.types):
        draw = getattr(getattr(bpy.types, name), "draw", None)
        functions = getattr(draw, "_draw_funcs", None)
        if functions:
            found[name] = sorted(f"{f.__module__}.{f.__qualname__}" for f in functions)
    own = {
        name: [f for f in functions if "blender_addon" in f] for name, functions in found.items()
    }
    return {name: functions for name, functions in own.items() if functions}


def _previews() -> list[str]:
    import bpy.utils.previews

    return sorted(map(str, getattr(bpy.utils.previews, "_collections", [])))


def _key_map_items() -> int:
    configs = bpy.context.window_manager.keyconfigs
    if configs.addon is None:
        return 0
    return sum(len(key_map.keymap_items) for key_map in configs.addon.keymaps)


def ten_times_on_used_and_off(address: str, wav: str) -> None:
    import addon_utils

    addon_utils.disable(tools.MODULE, default_set=True)
    before = _state()
    assert not before["types"] and not before["menus"]
    timers = _watched_timers()
    for number in range(10):
        tools.enable()
        tools.file_line(tools.character_of(tools.arkit_face(f"Face {number}")), wav)
        tools.use_server(address)
        tools.generate()
        assert len(tools.active().takes) > number
        addon_utils.disable(tools.MODULE, default_set=True)
        after = _state()
        for what, found in before.items():
            assert after[what] == found, (number, what, after[what], found)
    left = [timer for timer in timers if bpy.app.timers.is_registered(timer)]
    assert not left, left
    assert len([a for a in bpy.data.actions if a.name.startswith("Soliloquy")]) >= 10


def _watched_timers() -> list[Any]:
    """Every function that is given to Blender as a timer from now on."""
    given: list[Any] = []
    register = bpy.app.timers.register

    def noting(function: Any, **arguments: Any) -> None:
        given.append(function)
        register(function, **arguments)

    try:
        bpy.app.timers.register = noting
    except AttributeError:  # read-only: what the modules hold is looked at instead
        from blender_addon import welcome
        from blender_addon.connection import engine
        from blender_addon.generate import timer

        given += [timer._tick, engine._watch, welcome._open_tab]
    return given
