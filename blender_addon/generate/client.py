"""Opens the client of the wire; pyzmq is loaded only here, when a server will soon be needed."""

from __future__ import annotations

import contextlib
from threading import Thread
from typing import Any

import bpy

from ..connection.keys import client_keys
from ..core.address import is_local, is_valid
from ..core.errors import ServerError


def endpoint(address: str) -> tuple[str, Any]:
    """The address with the keys for it, None when it needs none.

    Raises:
        ServerError: the server's key is no key, or this computer has no keys yet.
    """
    return address, client_keys()


def load_soon() -> Thread:
    """Load pyzmq in a thread: the first press of Generate should not have to wait for it."""
    thread = Thread(target=_load, name="soliloquy-load", daemon=True)
    thread.start()
    return thread


def _load() -> None:
    with contextlib.suppress(ImportError):  # `open_client` says so when it matters
        from ..vendor import client  # noqa: F401


def open_client(address: str, keys: Any = None) -> Any:
    """A client for `address`, in its own thread.

    Raises:
        ServerError: online access is off and the address is elsewhere, the address makes no
            sense, or pyzmq is missing.
    """
    if not is_valid(address):
        raise ServerError(
            f"'{address}' is not a server's address. It looks like tcp://127.0.0.1:5557; change it "
            "in Server."
        )
    if not is_local(address) and not bpy.app.online_access:
        raise ServerError(
            f"The server {address} is not on this computer, and Blender's online access is off. "
            "Allow it in Preferences > System > Network, or use a server on this computer."
        )
    try:
        from ..vendor import client
    except ImportError as error:
        raise ServerError(
            f"pyzmq cannot be loaded ({error}). Install Soliloquy's zip for this Blender version."
        ) from error
    return client.Client(address, keys, name=f"Blender {bpy.app.version_string}")
