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

    def draw(self, _context):
        """Show the preferences."""
        self.layout.prop(self, "address")


def preferences() -> SoliloquyPreferences | None:
    """The preferences; None when the add-on was registered without being enabled."""
    addon = bpy.context.preferences.addons.get(__package__)
    return addon.preferences if addon is not None else None


def server_address() -> str:
    """Address to use."""
    found = preferences()
    return found.address if found is not None else DEFAULT_ADDRESS


CLASSES = (SoliloquyPreferences,)
