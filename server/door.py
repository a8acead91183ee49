"""The server's door: a bound ROUTER, and who may come in through it.

Loopback needs no keys. Any other address demands CURVE keys, and ZAP refuses clients that are not
listed.
"""

from __future__ import annotations

import contextlib
import ipaddress
from dataclasses import dataclass
from typing import Final

import zmq
from zmq.auth.thread import ThreadAuthenticator

from .errors import BadRequest, Unavailable
from .keys import load_server_keys
from .settings import Settings

_HARD_LIMIT: Final = 64 << 20  # bytes of one frame; beyond it ZeroMQ itself hangs up
_SEND_AHEAD: Final = 32  # messages per client inside ZeroMQ
_ZAP_DOMAIN: Final = "soliloquy"


@dataclass(frozen=True)
class Door:
    """A bound socket.

    Attributes:
        address: where clients connect, with the port that was really taken.
        authenticator: the thread that looks at keys, when there are any.
    """

    router: zmq.Socket[bytes]
    address: str
    authenticator: ThreadAuthenticator | None

    def close(self) -> None:
        """Close the socket without lingering and stop looking at keys."""
        self.router.close(0)
        if self.authenticator is not None:
            self.authenticator.stop()


def open_door(context: zmq.Context[zmq.Socket[bytes]], settings: Settings) -> Door:
    """Bind a ROUTER as the settings say.

    Raises:
        BadRequest: it is no address, it needs keys and there are none, or it cannot be bound.
        Unavailable: the keys cannot be read.
    """
    if "://" not in settings.bind:
        raise BadRequest(f"'{settings.bind}' is no address.", "It looks like tcp://127.0.0.1:5557.")
    if settings.keys is None and not is_loopback(settings.bind):
        raise BadRequest(
            f"The address {settings.bind} can be reached from other machines, and there are no "
            "keys.",
            "Make keys with `soliloquy keys`, or bind to 127.0.0.1.",
        )
    router: zmq.Socket[bytes] = context.socket(zmq.ROUTER)
    router.linger = 0
    router.router_mandatory = True
    router.sndhwm = _SEND_AHEAD
    router.rcvhwm = 1000
    router.maxmsgsize = _HARD_LIMIT
    authenticator = None
    try:
        if settings.keys is not None:
            authenticator = _lock(context, router, settings)
        router.bind(settings.bind)
    except zmq.ZMQError as error:
        Door(router, "", authenticator).close()
        raise BadRequest(
            f"The address {settings.bind} cannot be used: {error.strerror}.",
            "Is a server running already? Choose another port with --bind.",
        ) from error
    endpoint = bytes(router.getsockopt(zmq.LAST_ENDPOINT))  # type: ignore[arg-type]
    return Door(router, endpoint.decode().rstrip("\0"), authenticator)


def _lock(
    context: zmq.Context[zmq.Socket[bytes]], router: zmq.Socket[bytes], settings: Settings
) -> ThreadAuthenticator:
    """Demand keys of every client, and let in the listed ones only."""
    assert settings.keys is not None
    public, secret = load_server_keys(settings.keys)
    allowed = settings.keys / "allowed"
    if not allowed.is_dir():
        raise Unavailable(f"The folder '{allowed}' is missing.", "Make client keys first.")
    authenticator = ThreadAuthenticator(context)
    authenticator.start()
    authenticator.configure_curve(domain=_ZAP_DOMAIN, location=str(allowed))
    router.curve_server = True
    router.curve_publickey, router.curve_secretkey = public, secret
    router.zap_domain = _ZAP_DOMAIN.encode()
    return authenticator


def is_loopback(address: str) -> bool:
    """Whether a ZeroMQ address can be reached from this machine only."""
    transport, _, rest = address.partition("://")
    if transport in ("inproc", "ipc"):
        return True
    host = rest.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
