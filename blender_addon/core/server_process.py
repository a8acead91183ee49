"""A server that the add-on started itself, as a process of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .engine_setup import clean_environment
from .errors import ServerError

_PATIENCE: Final = 5.0  # seconds that a server gets to end by itself
_MODULE: Final = "server.cli"
_PROGRAM: Final = "soliloquy"


def server_command(python: str, address: str, flame: Sequence[str] = ()) -> list[str]:
    """The command that serves at `address`.

    Args:
        python: a Python where Soliloquy's server is installed, or "" to look for `soliloquy`
            on the search path.
        flame: FLAME files of the user's own that takes are made for; those that are gone are
            left out.

    Raises:
        ServerError: there is no such file, or nothing was found.
    """
    serve = ["serve", "--bind", address]
    for file in dict.fromkeys(flame):
        serve += ["--flame", file] if Path(file).is_file() else []
    if python:
        if not Path(python).is_file():
            raise ServerError(
                "The Python '{python}' does not exist. Correct it in Preferences > Add-ons > "
                "Soliloquy.",
                python=python,
            )
        return [python, "-P", "-m", _MODULE, *serve]
    program = shutil.which(_PROGRAM)
    if program is None:
        raise ServerError(
            "There is no engine on this computer yet. Press Set Up Engine in Server, or start "
            "`soliloquy serve` yourself."
        )
    return [program, *serve]


class ServerProcess:
    """At most one server, with what it says in a file."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def ended(self) -> str:
        """What it said last, when it ended by itself; else "" ."""
        if self._process is None or self._process.poll() in (None, 0):
            return ""
        lines = self.log.read_text(errors="replace").strip().splitlines() or ["nothing"]
        return f"The server ended with code {self._process.returncode} and said: {lines[-1]}"

    def start(self, command: list[str]) -> None:
        """Start it; returns at once.

        Raises:
            ServerError: one is running already, or the program cannot be started.
        """
        if self.is_running:
            raise ServerError("The server that Soliloquy started is running already.")
        no_window = getattr(subprocess, "CREATE_NO_WINDOW", 0) if sys.platform == "win32" else 0
        try:
            with self.log.open("wb") as said:
                self._process = subprocess.Popen(
                    command, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                    env=clean_environment(), creationflags=no_window,
                )  # fmt: skip
        except OSError as error:
            raise ServerError(
                "'{program}' cannot be started: {error}", program=command[0], error=error
            ) from error

    def stop(self) -> None:
        """End it, gently first."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
