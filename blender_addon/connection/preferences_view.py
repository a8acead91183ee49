"""How the preferences of the add-on are drawn."""

from __future__ import annotations

from typing import Any

from ..core.address import is_local
from .engine import engine, engine_folder
from .keys import has_keys
from .panels import draw_engine


def draw_preferences(settings: Any, layout: Any, context: Any) -> None:
    """The engine on this computer, then a server on another one."""
    layout.use_property_split = True
    box = layout.box()
    box.label(text="Engine on this computer", icon="DESKTOP")
    found = engine()
    if found is not None:
        box.label(text=f"Soliloquy {found.version}, PyTorch build {found.build}", icon="CHECKMARK")
        box.label(text=str(engine_folder()), icon="BLANK1")
    draw_engine(box, context)
    box.prop(settings, "wheel_folder")
    box.prop(settings, "python")
    box = layout.box()
    box.label(text="Server", icon="NETWORK_DRIVE")
    box.prop(settings, "address")
    box.prop(settings, "server_key")
    if settings.server_key or not is_local(settings.address):
        _draw_keys(box)


def _draw_keys(box: Any) -> None:
    row = box.row(align=True)
    row.operator("soliloquy.make_keys", icon="KEYINGSET")
    row.operator("soliloquy.save_public_key", icon="EXPORT")
    row.operator("soliloquy.take_keys", icon="IMPORT")
    text = "Give the public key to the server's owner." if has_keys() else "No keys here yet."
    box.label(text=text, icon="INFO")
