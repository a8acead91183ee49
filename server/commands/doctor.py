"""`soliloquy doctor`: check what a performance needs on this machine, and say what to do."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from server import __version__
from server.commands.native import Problem, blender_problem, preview_problem
from server.commands.output import say, say_json
from server.commands.ports import is_taken
from server.settings import DEFAULT_ADDRESS

HELP = "check Python, device, weights, Blender, server and ports, and say what to do"

_GUESSES: Final = "guessed words"
_WEIGHTS: Final = Path(__file__).resolve().parents[1] / "weights"


@dataclass(frozen=True)
class Finding:
    """One check: what was looked at, whether it is fine, what was seen and what to do."""

    name: str
    ok: bool
    seen: str
    advice: str = ""
    needed: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--address", default=DEFAULT_ADDRESS, help="server to look for")
    parser.add_argument("--json", action="store_true", help="print a JSON object")


def run(args: argparse.Namespace) -> int:
    """Check everything; 1 when something needed is missing."""
    findings = list(examine(args.address))
    healthy = all(f.ok for f in findings if f.needed)
    if args.json:
        say_json({"healthy": healthy, "findings": [asdict(f) for f in findings]})
        return 0 if healthy else 1
    for finding in findings:
        mark = "ok  " if finding.ok else ("MISS" if finding.needed else "-   ")
        say(f"{mark} {finding.name:<22} {finding.seen}")
        if not finding.ok and finding.advice:
            say(f"     {'':<22} -> {finding.advice}")
    say("all that is needed is here" if healthy else "something that is needed is missing")
    return 0 if healthy else 1


def examine(address: str) -> Iterator[Finding]:
    """Yield the findings one by one."""
    yield _python()
    yield from _packages()
    yield _device()
    yield from _weights()
    yield _native("Blender as a module", ".blend without opening Blender", blender_problem())
    yield _native("preview", "mp4 without Blender", preview_problem())
    yield _voice()
    yield _words()
    yield _server(address)


def _python() -> Finding:
    version = platform.python_version()
    return Finding(
        "Python",
        sys.version_info >= (3, 11),
        f"{version}, Soliloquy {__version__}",
        "Python 3.11 or newer is needed",
    )


def _packages() -> Iterator[Finding]:
    needed = ("numpy", "scipy", "zmq", "soundfile", "soxr", "torch", "safetensors")
    for name in needed:
        there = importlib.util.find_spec(name) is not None
        yield Finding(f"package {name}", there, "found" if there else "absent", "pip install "
                      "'soliloquy[server]'")  # fmt: skip


def _device() -> Finding:
    try:
        import torch
    except ImportError:
        return Finding("device", False, "torch is absent", "pip install 'soliloquy[server]'")
    if torch.cuda.is_available():
        return Finding("device", True, f"cuda: {torch.cuda.get_device_name(0)}")
    return Finding("device", True, f"cpu, {torch.get_num_threads()} threads (no GPU was found)")


def _weights() -> Iterator[Finding]:
    files = sorted(_WEIGHTS.glob("*.safetensors"))
    for path in files:
        card = path.with_suffix(".md").is_file()
        size = path.stat().st_size / 1e6
        seen = f"{size:.1f} MB" + ("" if card else ", without a card")
        yield Finding(f"weights {path.stem}", True, seen)
    if not files:
        yield Finding(
            "weights", False, f"none in {_WEIGHTS.name}", "install Soliloquy again: weights belong "
            "to the package", needed=False,
        )  # fmt: skip


def _found(name: str, module: str, use: str, extra: str) -> Finding:
    there = importlib.util.find_spec(module) is not None
    seen = f"{use}" if there else f"absent: no {use}"
    return Finding(name, there, seen, f"pip install 'soliloquy[{extra}]'", needed=False)


def _native(name: str, use: str, problem: Problem | None) -> Finding:
    seen, advice = problem or (f"works: {use}", "")
    return Finding(name, problem is None, seen, advice, needed=False)


def _voice() -> Finding:
    return _found("synthetic voice", "espeakng_loader", "a voice for the demo", "voice")


def _words() -> Finding:
    """Have the words of a moment of sound guessed: that the package is found is not enough."""
    try:
        import numpy as np

        from server.speech import words
    except ImportError as error:
        advice = "pip install 'soliloquy[server]'"
        return Finding(_GUESSES, False, f"{error.name} is absent", advice, needed=False)
    if not words.available():
        seen = "absent: English lines without a transcript are heard by their sounds alone"
        return Finding(_GUESSES, False, seen, words.HOW_TO_INSTALL, needed=False)
    try:
        words.guess_words(np.sin(np.arange(1600, dtype=np.float32)), lambda _seconds: None)
    except words.WordsError as error:
        again = "pip install --force-reinstall pocketsphinx"
        return Finding(_GUESSES, False, error.message, again, needed=False)
    return Finding(_GUESSES, True, "work: English lines without a transcript", needed=False)


def _server(address: str) -> Finding:
    try:
        from server.wire.client import Client
    except ImportError:
        return Finding("server", False, "pyzmq is absent", "pip install 'soliloquy[server]'")
    with Client(address, name="soliloquy doctor") as client:
        welcome = client.hello(timeout=0.7)
    if welcome is not None:
        state = f"warming up ({', '.join(welcome.warming)})" if welcome.warming else "ready"
        seen = f"{address} answers: {welcome.server_version} on {welcome.device}, {state}"
        return Finding("server", True, seen, needed=False)
    if is_taken(address):
        return Finding(
            "server", False, f"{address} is taken by something that is not Soliloquy",
            "stop it, or start with --bind tcp://127.0.0.1:ANOTHER_PORT", needed=False,
        )  # fmt: skip
    return Finding("server", False, f"nobody answers at {address}", "soliloquy serve", needed=False)
