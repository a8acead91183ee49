"""The preferences of the add-on in Blender's window: engine, server, keys."""

from typing import Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ..core.address import DEFAULT_ADDRESS, is_local
from .engine import engine, engine_folder
from .keys import has_keys
from .panels import draw_engine


class SoliloquyPreferences(bpy.types.AddonPreferences):
    """Preferences of the add-on."""

    bl_idname = __package__.rpartition(".")[0]

    address: StringProperty(
        name="Server",
        description="Address of the Soliloquy server; on this computer it needs no keys",
        default=DEFAULT_ADDRESS,
    )
    server_key: StringProperty(
        name="Server's Key",
        description=(
            "Public key of a server on another computer, 40 characters; the person who runs it "
            "finds it in server.key. Empty for a server on this computer"
        ),
    )
    wheel_folder: StringProperty(
        name="Wheel Folder",
        description=(
            "Folder with the wheels of PyTorch and the other packages, for setting up the engine "
            "without a network; empty downloads them"
        ),
        subtype="DIR_PATH",
    )
    python: StringProperty(
        name="Server's Python",
        description=(
            "The Python of an environment of your own where Soliloquy's server is installed, as "
            ".venv/bin/python; empty uses the engine that was set up here"
        ),
        subtype="FILE_PATH",
    )
    is_welcomed: BoolProperty(
        name="Welcomed",
        description="Whether the Soliloquy tab was opened once, after the installation",
        options={"HIDDEN"},
    )

    def draw(self, context):
        """Show the preferences."""
        draw_preferences(self, self.layout, context)


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


CLASSES = (SoliloquyPreferences,)
