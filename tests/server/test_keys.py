"""Keys: who is listed comes in, who is not stays out, and secrets stay with their owner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_transport import SILENT, assembled, until
from toy_generator import toy_service

from server.errors import BadRequest, Unavailable
from server.keys import (
    allow_client,
    allowed_clients,
    load_server_keys,
    make_client_keys,
    make_server_keys,
    revoke_client,
)
from server.transport import ServerThread
from server.wire.client import Client, ClientKeys
from server.wire.errors import WireError
from server.wire.messages import Failed


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    make_server_keys(tmp_path / "keys")
    return tmp_path / "keys"


def client_keys(handed_over: Path) -> ClientKeys:
    secret = next(handed_over.glob("*.key_secret"))
    return ClientKeys.from_files(secret, handed_over / "server.key")


def test_a_listed_client_reaches_a_server_that_other_machines_can_reach(keys: Path) -> None:
    mine = client_keys(make_client_keys(keys, "studio-1"))
    service = toy_service(bind="tcp://0.0.0.0:*", keys=keys)
    with ServerThread(service=service) as server:
        address = server.address.replace("0.0.0.0", "127.0.0.1")
        with Client(address, mine) as client:
            assert assembled(list(client.perform(SILENT))).result.n_frames == 60


def test_strangers_with_other_keys_or_none_are_refused(keys: Path, tmp_path: Path) -> None:
    make_client_keys(keys, "listed")
    stranger = client_keys(make_client_keys(keys, "stranger"))
    revoke_client(keys, "stranger")
    service = toy_service(bind="tcp://127.0.0.1:*", keys=keys)
    with ServerThread(service=service) as server:
        for its_keys in (stranger, None):
            with Client(server.address, its_keys, connect_timeout=0.5) as client:
                assert client.hello(0.3) is None
                client.submit(SILENT)
                failed = until(lambda c=client: [e for e in c.poll() if isinstance(e, Failed)])[0]
                assert failed.code == "lost"
                if its_keys is not None:
                    assert "refused these keys" in failed.message
        assert server.n_clients == 0


def test_a_client_that_made_its_own_pair_can_be_let_in(keys: Path, tmp_path: Path) -> None:
    import zmq.auth

    public, secret = zmq.auth.create_certificates(tmp_path, "laptop")
    assert allow_client(keys, Path(public)) == "laptop"
    mine = ClientKeys.from_files(Path(secret), keys / "server.key")
    service = toy_service(bind="tcp://127.0.0.1:*", keys=keys)
    with ServerThread(service=service) as server, Client(server.address, mine) as client:
        assert client.hello() is not None


def test_the_list_of_clients_is_what_was_allowed_and_not_revoked(keys: Path) -> None:
    make_client_keys(keys, "b")
    make_client_keys(keys, "a")
    assert allowed_clients(keys) == ("a", "b")
    revoke_client(keys, "a")
    assert allowed_clients(keys) == ("b",)
    with pytest.raises(BadRequest, match="Allowed are: b"):
        revoke_client(keys, "a")


def test_secret_files_are_for_their_owner_only_and_not_handed_to_the_server_list(
    keys: Path,
) -> None:
    handed = make_client_keys(keys, "a")
    for path in keys.rglob("*.key_secret"):
        assert path.stat().st_mode & 0o077 == 0
    assert {p.name for p in handed.iterdir()} == {"a.key", "a.key_secret", "server.key"}
    assert {p.name for p in (keys / "allowed").iterdir()} == {"a.key"}
    assert "secret-key" not in (handed / "server.key").read_text()


def test_keys_are_never_overwritten_and_names_are_file_names(keys: Path) -> None:
    make_client_keys(keys, "a")
    with pytest.raises(BadRequest, match="exists already"):
        make_server_keys(keys)
    with pytest.raises(BadRequest, match="exists already"):
        make_client_keys(keys, "a")
    for name in ("", "../x", "a/b", "x" * 65):
        with pytest.raises(BadRequest, match="cannot name"):
            make_client_keys(keys, name)


def test_missing_or_broken_keys_say_what_to_do(tmp_path: Path, keys: Path) -> None:
    with pytest.raises(Unavailable, match="Make them with `soliloquy keys`"):
        load_server_keys(tmp_path)
    with pytest.raises(Unavailable, match="no server keys"):
        make_client_keys(tmp_path, "a")
    (tmp_path / "text.key").write_text("hello")
    with pytest.raises(BadRequest, match="no public key"):
        allow_client(keys, tmp_path / "text.key")
    with pytest.raises(WireError, match="cannot be read"):
        ClientKeys.from_files(tmp_path / "none", keys / "server.key")


def test_a_key_does_not_show_when_printed(keys: Path) -> None:
    mine = client_keys(make_client_keys(keys, "a"))
    assert mine.secret not in repr(mine)


def test_the_command_makes_allows_revokes_and_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from server.cli import main

    folder = str(tmp_path / "keys")
    assert main(["keys", folder, "--client", "studio"]) == 0
    assert "allowed: studio" in capsys.readouterr().out
    assert main(["keys", folder, "--revoke", "studio", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["allowed"] == []
    assert main(["keys", folder, "--revoke", "studio"]) == 2
    assert "No client 'studio' is allowed" in capsys.readouterr().err
