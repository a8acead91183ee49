"""What belongs to this computer and not to a .blend: where the server is, and its engine."""

from __future__ import annotations

from typing import Any

import bpy

from .core.address import DEFAULT_ADDRESS


def preferences() -> Any | None:
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
