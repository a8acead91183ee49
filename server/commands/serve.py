"""`soliloquy serve`: hold the generators and answer requests until stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

from server.commands.ears_option import add_ears_option, recogniser_of
from server.commands.output import say
from server.settings import DEFAULT_ADDRESS, Settings

HELP = "hold the generators on this machine's device and answer requests"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--bind", default=DEFAULT_ADDRESS, help="address (default: %(default)s)")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    add_ears_option(parser)
    parser.add_argument(
        "--keys", type=Path, help="folder made by `soliloquy keys`; needed off this machine"
    )
    parser.add_argument(
        "--flame", type=Path, action="append", default=[], metavar="MODEL",
        help="a FLAME file that takes are made for; may be given several times",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    from server.transport import serve

    serve(
        Settings(
            bind=args.bind,
            device=args.device,
            ears=recogniser_of(args.ears),
            keys=args.keys,
            flame=tuple(args.flame),
            warm_up=True,
        ),
        on_ready=lambda address: say(f"Ready at {address} (Ctrl-C ends it)."),
    )
    return 0
