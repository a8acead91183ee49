"""What belongs to this computer and not to a .blend: where the server is."""

import bpy
from bpy.props import StringProperty

from .core.address import DEFAULT_ADDRESS


class SoliloquyPreferences(bpy.types.AddonPreferences):
    """Preferences of the add-on."""

    bl_idname = __package__

    address: StringProperty(
        name="Server",
        description="Address of the Soliloquy server; on this computer it needs no keys",
        default=DEFAULT_ADDRESS,
    )
    python: StringProperty(
        name="Server's Python",
        description=(
            "The Python of the environment where Soliloquy's server is installed, as "
            ".venv/bin/python; empty looks for the program soliloquy"
        ),
        subtype="FILE_PATH",
    )

    def draw(self, _context):
        """Show the preferences."""
        self.layout.prop(self, "address")
        self.layout.prop(self, "python")


def preferences() -> SoliloquyPreferences | None:
    """The preferences; None when the add-on was registered without being enabled."""
    addon = bpy.context.preferences.addons.get(__package__)
    return addon.preferences if addon is not None else None


def server_address() -> str:
    """Address to use."""
    found = preferences()
    return found.address if found is not None else DEFAULT_ADDRESS


def server_python() -> str:
    """Python of the server's environment, "" when it was not named."""
    found = preferences()
    return found.python if found is not None else ""


CLASSES = (SoliloquyPreferences,)
