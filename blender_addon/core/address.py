"""Addresses of servers."""

from __future__ import annotations

import re
import socket
from typing import Final

DEFAULT_ADDRESS: Final = "tcp://127.0.0.1:5557"

_TCP = re.compile(r"^tcp://(?P<host>\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):(?P<port>\d{1,5})$")


def is_valid(address: str) -> bool:
    """Whether it is a TCP address with a host and a port, as tcp://127.0.0.1:5557."""
    found = _TCP.match(address)
    return found is not None and 0 < int(found["port"]) <= 65535


def is_local(address: str) -> bool:
    """Whether the server is on this computer."""
    found = _TCP.match(address)
    host = found["host"].strip("[]").lower() if found else ""
    return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def port_is_taken(address: str) -> bool:
    """Whether anything listens at an address of this computer. Does not wait."""
    found = _TCP.match(address)
    if found is None or not is_local(address):
        return False
    host = found["host"].strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, int(found["port"]))) == 0
