"""`soliloquy keys FOLDER`: who may reach this server from other machines."""

from __future__ import annotations

import argparse
from pathlib import Path

from server.commands.output import say, say_json
from server.keys import (
    allow_client,
    allowed_clients,
    load_server_keys,
    make_client_keys,
    make_server_keys,
    revoke_client,
)

HELP = "make keys for clients on other machines, list and revoke them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", type=Path, help="where the keys are kept; made if need be")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--client", metavar="NAME", help="make keys for a new client and let it in")
    what.add_argument(
        "--allow", type=Path, metavar="FILE", help="let in a client by its public key file"
    )
    what.add_argument("--revoke", metavar="NAME", help="let a client in no more")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(args: argparse.Namespace) -> int:
    """Make the server's keys if there are none, do what was asked, list who may come in."""
    said: list[str] = []
    if not (args.folder / "server.key").exists():
        said.append(f"made the server's keys in {args.folder}")
        make_server_keys(args.folder)
    if args.client:
        target = make_client_keys(args.folder, args.client)
        said.append(f"hand {target} to '{args.client}', over a safe channel: it holds a secret")
    elif args.allow:
        said.append(f"'{allow_client(args.folder, args.allow)}' may come in")
    elif args.revoke:
        revoke_client(args.folder, args.revoke)
        said.append(f"'{args.revoke}' may come in no more")
    allowed = allowed_clients(args.folder)
    public = load_server_keys(args.folder)[0].decode()
    if args.json:
        about = {"folder": str(args.folder), "allowed": allowed, "done": said}
        say_json({**about, "server_key": public})
        return 0
    for line in said:
        say(line)
    say(f"allowed: {', '.join(allowed) or 'nobody yet; add one with --client NAME'}")
    say(f"server's key, for Blender's preferences: {public}")
    say(
        f"a running server reads this at its start: soliloquy serve --keys {args.folder} --bind ..."
    )
    return 0
