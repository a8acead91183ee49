"""The command by which the add-on starts a server of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from blender_addon.core.errors import ServerError
from blender_addon.core.server_process import server_command

ADDRESS = "tcp://127.0.0.1:5557"


def test_it_serves_at_the_address_with_the_python_that_was_named() -> None:
    command = server_command(sys.executable, ADDRESS)
    assert command == [sys.executable, "-P", "-m", "server.cli", "serve", "--bind", ADDRESS]


def test_flame_files_are_named_once_and_those_that_are_gone_are_left_out(tmp_path: Path) -> None:
    mine = tmp_path / "my head.pkl"
    mine.write_bytes(b"")
    files = [str(mine), str(tmp_path / "gone.pkl"), str(mine)]
    assert server_command(sys.executable, ADDRESS, files)[-2:] == ["--flame", str(mine)]
    assert server_command(sys.executable, ADDRESS, files).count("--flame") == 1


def test_a_python_that_is_gone_is_one_sentence() -> None:
    with pytest.raises(ServerError, match="'/no/python' does not exist"):
        server_command("/no/python", ADDRESS)
