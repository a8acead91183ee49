"""The console script `soliloquy`: parse, run one subcommand, turn errors into one sentence.

Exit codes: 0 done, 1 failed, 2 wrong use. The subcommands live in `server.commands`, one file each.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Final

from arkit.errors import ArkitError
from server import __version__
from server.errors import SoliloquyError
from server.wire.errors import WireError

COMMANDS: Final[tuple[str, ...]] = (
    "animate",
    "serve",
    "demo",
    "phones",
    "express",
    "instruct",
    "strips",
    "convert",
    "export",
    "evaluate",
    "doctor",
    "keys",
)
"""In the order of `soliloquy --help`; each is a module of `server.commands`."""

EXIT_DONE, EXIT_FAILED, EXIT_WRONG_USE = 0, 1, 2


def build_parser(commands: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser with a subparser for each of the commands."""
    parser = argparse.ArgumentParser(
        prog="soliloquy", description="Direct a talking face: a recorded line in, keyframes out."
    )
    parser.add_argument("--version", action="version", version=f"soliloquy {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name in commands:
        module = importlib.import_module(f"server.commands.{name}")
        command = subparsers.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; `arguments` are those of the process by default."""
    # OpenBLAS starts with numpy, which the commands import. Our matrices are small: its second
    # thread only waits, spinning, for its share. torch's threads are its own.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # At its end Python looks for garbage in all that torch made; leaving it saves .4 s.
    atexit.register(gc.freeze)
    parsed = build_parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except (SoliloquyError, ArkitError, WireError) as error:
        print(f"soliloquy: {error}", file=sys.stderr)
        return EXIT_WRONG_USE if getattr(error, "code", "") == "bad_request" else EXIT_FAILED
    except OSError as error:
        print(f"soliloquy: {_about_file(error)}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print("soliloquy: stopped", file=sys.stderr)
        return EXIT_FAILED


def _about_file(error: OSError) -> str:
    """Return one sentence on a file that the system refuses: a full disk, a folder it may not."""
    if error.filename is None:
        return f"A file cannot be read or written: {error.strerror or error}."
    return f"'{error.filename}' cannot be read or written: {error.strerror}."


if __name__ == "__main__":
    sys.exit(main())
