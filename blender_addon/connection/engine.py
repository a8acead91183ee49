"""The engine of this Blender: the private environment that *Set Up Engine* makes."""

from __future__ import annotations

import os
import platform
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import bpy

from ..core.engine_machine import Machine, this_machine
from ..core.engine_plan import (
    Engine,
    EnginePlan,
    engine_python,
    find_server_wheel,
    folder_for,
    read_engine,
    torch_build,
    wheel_version,
)
from ..core.engine_setup import EngineSetup
from ..core.errors import EngineError
from ..preferences import preferences, user_folder
from ..ui import redraw_sidebars

_PACKAGE_FOLDER: Final = Path(__file__).resolve().parents[1]
_INTERVAL: Final = 0.25  # seconds between two looks at a set-up
_FRESH: Final = 1.0  # seconds for which what was read from the disk is believed

_setups: list[EngineSetup] = []
_afterwards: list[Callable[[], None]] = []
_machine: list[Machine] = []
_read: list[tuple[float, Engine | None]] = []


def engine_folder() -> Path:
    """Where this Blender's engine is, or will be."""
    version = f"{bpy.app.version[0]}.{bpy.app.version[1]}"
    local = os.environ.get("LOCALAPPDATA", "")
    return folder_for(platform.system(), Path(user_folder()), local, version)


def engine() -> Engine | None:
    """The engine that is set up; None when there is none. Cheap enough for a panel."""
    if not _read or time.monotonic() - _read[0][0] > _FRESH:
        _read[:] = [(time.monotonic(), read_engine(engine_folder()))]
    return _read[0][1]


def ready_python() -> str:
    """The Python of the engine, "" when there is none or its base is gone."""
    found = engine()
    if found is None or not Path(found.base_python).exists():
        return ""
    return str(engine_python(engine_folder()))


def outdated() -> str:
    """Why the engine must be set up again; empty when it need not, or when there is none."""
    found = engine()
    if found is None:
        return ""
    if not Path(found.base_python).exists():
        return "Blender has moved since the engine was set up. Set it up again."
    try:
        newest = wheel_version(find_server_wheel(_wheel_folders()))
    except EngineError:
        return ""
    if newest != found.version:
        return f"The engine is version {found.version}, the add-on brings {newest}. Update it."
    return ""


def addon_version() -> str:
    """Version of this add-on, from its manifest."""
    manifest = _PACKAGE_FOLDER / "blender_manifest.toml"
    return str(tomllib.loads(manifest.read_text(encoding="utf-8"))["version"])


def engine_plan() -> EnginePlan:
    """What a set-up on this computer would do.

    Raises:
        EngineError: there is no engine for this computer, or no wheel of the server.
    """
    if not _machine:
        _machine.append(this_machine())
    constraints = _PACKAGE_FOLDER / "engine" / "constraints.txt"
    return EnginePlan(
        folder=engine_folder(),
        base_python=Path(sys.executable),
        wheel=find_server_wheel(_wheel_folders()),
        build=torch_build(_machine[0]),
        constraints=constraints if constraints.is_file() else None,
        wheel_folder=_wheel_folder(),
    )


def may_download() -> bool:
    """Whether a set-up can get its packages: a wheel folder, or Blender's online access."""
    return _wheel_folder() is not None or bpy.app.online_access


def _wheel_folder() -> Path | None:
    settings = preferences()
    named = settings.wheel_folder if settings is not None else ""
    return Path(bpy.path.abspath(named)) if named else None


def _wheel_folders() -> list[Path]:
    own = _wheel_folder()
    folders = [_PACKAGE_FOLDER / "engine", *([own] if own is not None else [])]
    return [*folders, _PACKAGE_FOLDER.parent / "dist"]


def setup() -> EngineSetup | None:
    """The set-up that runs, or the last one."""
    return _setups[0] if _setups else None


def is_setting_up() -> bool:
    """Whether a set-up runs."""
    return bool(_setups) and _setups[0].is_running


def begin_setup(afterwards: Callable[[], None] | None = None) -> None:
    """Begin to make the engine; `afterwards` is called when it is complete.

    Raises:
        EngineError: it cannot be made here, or one is being made.
    """
    if is_setting_up():
        raise EngineError("The engine is being set up already.")
    if not may_download():
        raise EngineError(
            "Blender's online access is off. Allow it in Preferences > System > Network, or name "
            "a wheel folder in Preferences > Add-ons > Soliloquy."
        )
    made = EngineSetup(engine_plan())
    made.start()
    _setups[:] = [made]
    _afterwards[:] = [afterwards] if afterwards is not None else []
    _read.clear()
    if not bpy.app.background:
        bpy.app.timers.register(_watch, first_interval=_INTERVAL, persistent=True)


def _watch() -> float | None:
    redraw_sidebars()
    if is_setting_up():
        return _INTERVAL
    _read.clear()
    found = setup()
    if found is not None and found.is_complete:
        while _afterwards:
            _afterwards.pop()()
    return None


def close_setup() -> None:
    """Stop a set-up that runs; it goes on when it is begun again."""
    while _setups:
        running = _setups.pop()
        running.cancel()
        running.wait(10.0)
    _afterwards.clear()
    _read.clear()
    if bpy.app.timers.is_registered(_watch):
        bpy.app.timers.unregister(_watch)
