"""Whether anybody listens at an address: known at once, without a client that waits."""

from __future__ import annotations

import socket
from typing import Final

_TCP: Final = "tcp://"


def is_taken(address: str) -> bool:
    """Whether a TCP address takes connections; True for what is not TCP and cannot be told."""
    if not address.startswith(_TCP):
        return True
    host, _, port = address.removeprefix(_TCP).rpartition(":")
    if not port.isdigit():
        return False
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=0.5).close()
    except OSError:
        return False
    return True
