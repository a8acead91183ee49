"""The server that this Blender started; it ends with the add-on and with Blender."""

from __future__ import annotations

import atexit
from pathlib import Path

import bpy

from ..character.flame_head import flame_files
from ..core.address import is_local
from ..core.errors import ServerError
from ..core.server_process import ServerProcess, server_command
from ..preferences import server_address, server_key, server_python
from .engine import ready_python

_processes: list[ServerProcess] = []


def own_server() -> ServerProcess:
    """The process of this Blender; made, but not started, when first asked for."""
    if not _processes:
        _processes.append(ServerProcess(Path(bpy.app.tempdir) / "soliloquy_server.log"))
        atexit.register(stop_own_server)
    return _processes[0]


def own_command() -> list[str]:
    """The command that would start a server, which knows the FLAME heads of the open file.

    Raises:
        ServerError: the address is elsewhere, or no server is installed.
    """
    address = server_address()
    if not is_local(address):
        raise ServerError(f"{address} is not on this computer: start the server there.")
    if server_key():
        raise ServerError(
            "A server's key is entered, so that server is not started from here. Clear the key in "
            "Preferences > Add-ons > Soliloquy to use this computer."
        )
    python = bpy.path.abspath(server_python()) or ready_python()
    return server_command(python, address, flame_files())


def stop_own_server() -> None:
    """End it, if there is one."""
    while _processes:
        _processes.pop().stop()
    atexit.unregister(stop_own_server)
