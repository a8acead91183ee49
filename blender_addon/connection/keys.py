"""This computer's own key pair, for servers on other computers. pyzmq is loaded only when asked.

The pair is kept in the add-on's user folder, never in a .blend, and never leaves this computer:
only the public key is handed on.
"""

from __future__ import annotations

import re
import shutil
import socket
from pathlib import Path
from typing import Any, Final

from ..core.errors import ServerError
from ..preferences import preferences, server_key, user_folder
from ..vendor import saving

_NAME: Final = "client"


def keys_folder() -> Path:
    """Where the pair is."""
    return Path(user_folder()) / "keys"


def has_keys() -> bool:
    """Whether this computer has a pair."""
    return (keys_folder() / f"{_NAME}.key_secret").is_file()


def make_keys() -> None:
    """Make a pair.

    Raises:
        ServerError: there is one; another would lock this computer out of its servers.
    """
    import zmq.auth

    if has_keys():
        raise ServerError(f"There is a key pair already, in {keys_folder()}.")
    keys_folder().mkdir(parents=True, exist_ok=True)
    _, secret = zmq.auth.create_certificates(keys_folder(), _NAME)
    Path(secret).chmod(0o600)


def take_keys(secret: Path) -> bool:
    """Use a pair that the server's owner made; whether its folder also held the server's key.

    Args:
        secret: NAME.key_secret in the folder that `soliloquy keys --client NAME` made.

    Raises:
        ServerError: the file holds no secret key, or the server's no key; earlier keys stay.
    """
    _load(secret)
    settings, public = preferences(), secret.parent / "server.key"
    of_server = _load(public)[0] if settings is not None and public.is_file() else ""
    keys_folder().mkdir(parents=True, exist_ok=True)
    kept = keys_folder() / f"{_NAME}.key_secret"
    with saving.replacing(kept) as part:
        part.touch(mode=0o600)
        shutil.copyfile(secret, part)
    kept.chmod(0o600)
    if of_server:
        settings.server_key = of_server
    return bool(of_server)


def save_public_key(path: Path) -> None:
    """Write the public key, for the person who runs the server.

    Raises:
        ServerError: there is no pair, or the file cannot be written.
    """
    public, _ = _load(keys_folder() / f"{_NAME}.key_secret")
    text = (
        "#   Public key of a Soliloquy client. On the server: soliloquy keys FOLDER --allow FILE\n"
        f'\nmetadata\ncurve\n    public-key = "{public}"\n'
    )
    try:
        with saving.replacing(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ServerError(f"'{path}' cannot be written: {error.strerror}.") from error


def public_key_name() -> str:
    """A file name for the public key, after this computer."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", socket.gethostname()).strip("-")[:60] or "blender"


def client_keys() -> Any:
    """The keys with which to greet the server; None when it needs none.

    Raises:
        ServerError: the server's key is no key, or this computer has no pair.
    """
    public_of_server = server_key()
    if not public_of_server:
        return None
    if len(public_of_server) != 40 or not _is_z85(public_of_server):
        raise ServerError(
            "The server's key is not a key: it has 40 characters and stands in the server's file "
            "server.key. Correct it in Preferences > Add-ons > Soliloquy, or clear it for a server "
            "on this computer."
        )
    if not has_keys():
        raise ServerError(
            "This computer has no keys yet. Press Make Keys in Preferences > Add-ons > Soliloquy."
        )
    public, secret = _load(keys_folder() / f"{_NAME}.key_secret")
    from ..vendor import client

    return client.ClientKeys(public, secret, public_of_server)


def _is_z85(text: str) -> bool:
    from zmq.utils import z85

    try:
        return len(z85.decode(text)) == 32
    except (ValueError, KeyError, TypeError, OverflowError):
        return False


def _load(path: Path) -> tuple[str, str]:
    """Public and secret key of a file, the secret "" in a public file."""
    import zmq.auth

    try:
        public, secret = zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise ServerError(f"'{path.name}' holds no key: {error}.") from error
    if secret is None and path.suffix == ".key_secret":
        raise ServerError(f"'{path.name}' holds no secret key.")
    return public.decode(), secret.decode() if secret is not None else ""
