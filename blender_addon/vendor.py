"""The one place that knows where `arkit`, `server.wire` and FLAME's own arithmetic are.

An installed extension carries copies under `_vendor`; a checkout uses the originals beside it.
Each module is imported when it is first asked for, so that pyzmq is loaded only for a connection.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arkit import action_units, clip, matching, names, retime, saving, splicing
    from arkit import errors as arkit_errors
    from arkit.export import (
        files,
        live_link_csv,
        live_link_udp,
        presets,
        report,
        unreal_script,
    )
    from flame import clip as flame_clip
    from flame import errors as flame_errors
    from flame import model as flame_model
    from flame import model_files as flame_model_files
    from flame import skinning as flame_skinning
    from server.wire import assemble, client, messages
    from server.wire import errors as wire_errors

    __all__ = [
        "action_units",
        "arkit_errors",
        "assemble",
        "client",
        "clip",
        "files",
        "flame_clip",
        "flame_errors",
        "flame_model",
        "flame_model_files",
        "flame_skinning",
        "live_link_csv",
        "live_link_udp",
        "matching",
        "messages",
        "names",
        "presets",
        "report",
        "retime",
        "saving",
        "splicing",
        "unreal_script",
        "wire_errors",
    ]

if (Path(__file__).parent / "_vendor").is_dir():
    _ARKIT, _WIRE = f"{__package__}._vendor.arkit", f"{__package__}._vendor.wire"
    _FLAME = f"{__package__}._vendor.flame"
else:
    _ARKIT, _WIRE, _FLAME = "arkit", "server.wire", "flame"

_MODULES = {
    "arkit_errors": f"{_ARKIT}.errors",
    "action_units": f"{_ARKIT}.action_units",
    "clip": f"{_ARKIT}.clip",
    "files": f"{_ARKIT}.export.files",
    "live_link_csv": f"{_ARKIT}.export.live_link_csv",
    "live_link_udp": f"{_ARKIT}.export.live_link_udp",
    "presets": f"{_ARKIT}.export.presets",
    "report": f"{_ARKIT}.export.report",
    "unreal_script": f"{_ARKIT}.export.unreal_script",
    "matching": f"{_ARKIT}.matching",
    "names": f"{_ARKIT}.names",
    "retime": f"{_ARKIT}.retime",
    "saving": f"{_ARKIT}.saving",
    "splicing": f"{_ARKIT}.splicing",
    "flame_clip": f"{_FLAME}.clip",
    "flame_errors": f"{_FLAME}.errors",
    "flame_model": f"{_FLAME}.model",
    "flame_model_files": f"{_FLAME}.model_files",
    "flame_skinning": f"{_FLAME}.skinning",
    "assemble": f"{_WIRE}.assemble",
    "client": f"{_WIRE}.client",
    "messages": f"{_WIRE}.messages",
    "wire_errors": f"{_WIRE}.errors",
}


def __getattr__(name: str) -> Any:
    """Import a module of the table.

    Raises:
        AttributeError: it is not in the table.
    """
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(_MODULES[name])
