"""What belongs to this computer and not to a .blend: where the server is, and its engine."""

import bpy
from bpy.props import BoolProperty, StringProperty

from .core.address import DEFAULT_ADDRESS


class SoliloquyPreferences(bpy.types.AddonPreferences):
    """Preferences of the add-on."""

    bl_idname = __package__

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
        from .connection.preferences_view import draw_preferences

        draw_preferences(self, self.layout, context)


def preferences() -> SoliloquyPreferences | None:
    """The preferences; None when the add-on was registered without being enabled."""
    addon = bpy.context.preferences.addons.get(__package__)
    return addon.preferences if addon is not None else None


def server_address() -> str:
    """Address to use."""
    found = preferences()
    return found.address if found is not None else DEFAULT_ADDRESS


def server_key() -> str:
    """Public key of the server, "" when it needs none."""
    found = preferences()
    return found.server_key.strip() if found is not None else ""


def server_python() -> str:
    """Python of an environment of the user's own, "" when it was not named."""
    found = preferences()
    return found.python if found is not None else ""


def user_folder() -> str:
    """Where the add-on keeps what is this computer's: the engine and the keys."""
    try:
        return bpy.utils.extension_path_user(__package__, create=True)
    except ValueError:  # a checkout on the search path is no extension
        return bpy.utils.user_resource("DATAFILES", path="soliloquy", create=True)


CLASSES = (SoliloquyPreferences,)
