"""CURVE keys for servers that are reached from other machines.

    keys/server.key, server.key_secret     the server's pair
    keys/allowed/NAME.key                  clients that may come in
    keys/clients/NAME/                     what is handed to a client: its pair and server.key

Secret files are readable by their owner only. A server reads `allowed` at its start.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from .errors import BadRequest, Unavailable

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def make_server_keys(folder: Path) -> Path:
    """Make the server's key pair; return the file with its public key.

    Raises:
        BadRequest: the pair exists already; making another would lock all clients out.
    """
    public = folder / "server.key"
    if public.exists():
        raise BadRequest(f"{public} exists already.", "Remove it to make new keys.")
    (folder / "allowed").mkdir(parents=True, exist_ok=True)
    _make_pair(folder, "server")
    return public


def make_client_keys(folder: Path, name: str) -> Path:
    """Make a client's pair, allow it, and return the folder to hand over.

    Raises:
        BadRequest: the name cannot be a file name, or is taken.
        Unavailable: the server has no keys yet.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest(f"'{name}' cannot name a client.", "Use letters, digits, '-' and '_'.")
    if not (folder / "server.key").exists():
        raise Unavailable(f"{folder} holds no server keys.", "Make them first.")
    target = folder / "clients" / name
    if target.exists() or (folder / "allowed" / f"{name}.key").exists():
        raise BadRequest(f"A client '{name}' exists already.", "Choose another name.")
    target.mkdir(parents=True, mode=0o700)
    _make_pair(target, name)
    shutil.copy(target / f"{name}.key", folder / "allowed" / f"{name}.key")
    shutil.copy(folder / "server.key", target / "server.key")
    return target


def allow_client(folder: Path, public_key: Path) -> str:
    """Let a client in whose public key file was sent by its user; return its name.

    Raises:
        BadRequest: the file holds no public key.
    """
    import zmq.auth

    try:
        zmq.auth.load_certificate(public_key)
    except (OSError, ValueError) as error:
        raise BadRequest(f"{public_key} holds no public key: {error}.") from error
    (folder / "allowed").mkdir(parents=True, exist_ok=True)
    shutil.copy(public_key, folder / "allowed" / f"{public_key.stem}.key")
    return public_key.stem


def revoke_client(folder: Path, name: str) -> None:
    """Let a client in no more, from the server's next start on.

    Raises:
        BadRequest: no such client is allowed.
    """
    path = folder / "allowed" / f"{name}.key"
    if not _NAME.fullmatch(name) or not path.exists():
        known = ", ".join(allowed_clients(folder)) or "none"
        raise BadRequest(f"No client '{name}' is allowed.", f"Allowed are: {known}.")
    path.unlink()


def allowed_clients(folder: Path) -> tuple[str, ...]:
    """Return the names of the clients that may come in."""
    return tuple(sorted(path.stem for path in (folder / "allowed").glob("*.key")))


def load_server_keys(folder: Path) -> tuple[bytes, bytes]:
    """Return the server's public and secret key in Z85.

    Raises:
        Unavailable: the folder holds no such keys.
    """
    import zmq.auth

    path = folder / "server.key_secret"
    try:
        public, secret = zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"The server keys in {folder} cannot be read.", "Make them with `soliloquy keys`."
        ) from error
    if secret is None:
        raise Unavailable(f"{path} holds no secret key.", "Make the keys again.")
    return public, secret


def _make_pair(folder: Path, name: str) -> None:
    import zmq.auth

    _, secret = zmq.auth.create_certificates(folder, name)
    Path(secret).chmod(0o600)
