"""Whether Generate can begin now, or has to start or even make a server first."""

from __future__ import annotations

from enum import Enum

from ..core.address import is_local, port_is_taken
from ..generate.session import session
from ..preferences import server_address, server_key, server_python
from .engine import is_setting_up, ready_python
from .process import own_command, own_server


class Readiness(Enum):
    """What stands between the button and the server."""

    READY = "The server can be asked"
    STARTING = "Starting the engine"
    SETTING_UP = "Setting up the engine"
    NO_ENGINE = "The engine is not set up"
    FAILED = "The engine does not start"


def readiness() -> Readiness:
    """How things stand. Nothing is started, and nothing waits."""
    running = session()
    if server_key() or not is_local(server_address()) or running.connected:
        return Readiness.READY
    if own_server().is_running:
        return Readiness.STARTING
    if is_setting_up():
        return Readiness.SETTING_UP
    if port_is_taken(server_address()):
        return Readiness.READY
    if own_server().ended:
        return Readiness.FAILED
    return Readiness.NO_ENGINE


def prepare_server() -> Readiness:
    """Start the engine where it is set up and nobody serves; returns at once.

    Raises:
        ServerError: it cannot be started, or the address cannot be used.
    """
    found = readiness()
    if found not in (Readiness.NO_ENGINE, Readiness.FAILED):
        return found
    if not (server_python() or ready_python()):
        return Readiness.NO_ENGINE
    start_own_server()
    return Readiness.STARTING


def start_own_server() -> None:
    """Start it and greet it as soon as it answers.

    Raises:
        ServerError: as `prepare_server`; nothing runs then.
    """
    command = own_command()
    session().connect(server_address())
    own_server().start(command)
