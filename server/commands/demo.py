"""`soliloquy demo [LINE]`: the whole road on one line, through real Blender, and where to look.

Server up in its own process, request over ZeroMQ from the add-on inside headless Blender, keyframed
head saved as .blend, Live Link CSV, and a preview with sound drawn from that CSV.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from server.commands.lines import DemoLine, find_line
from server.commands.native import blender_problem, preview_problem
from server.commands.output import ProgressBar, say
from server.commands.writing import write_take
from server.errors import InternalError, Unavailable

HELP = "perform a line on the built-in head in headless Blender, and say where things are"

_START_SECONDS: Final = 60.0
_PREVIEW_FPS: Final = 30.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("line", nargs="?", help="a recording; without it one is looked for")
    parser.add_argument("--transcript", default=None, help="the words, when known")
    parser.add_argument("--out", type=Path, default=Path("demo_output"))
    parser.add_argument("--generator", default="")
    parser.add_argument("--fps", type=int, default=24, help="of the Blender scene")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> int:
    """Do it, and print where things are and what to do next."""
    problem = blender_problem() or preview_problem()
    if problem is not None:
        raise Unavailable(*problem)
    line = find_line(args.line, args.out)
    say(f"line      {line.about}")
    with _server() as address:
        say(f"server    up at {address}")
        made = _in_blender(args, line, address)
    say(f"Blender   keyframes on {', '.join(made['meshes'])} in {made['seconds']:.1f} s")
    video = _preview(Path(made["csv"]), line, args.out / "soliloquy_demo.mp4")
    say()
    say(f"  {made['blend']}   open it in Blender and press Space")
    say(f"  {video}   the same take as a video with sound")
    say(f"  {made['csv']}   Live Link Face CSV, for Unreal and MetaHuman")
    say()
    say("Next: make demo LINE=your_recording.wav, or `make zip` and install the add-on in Blender.")
    return 0


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """A server in its own process on a free port, gone at the end."""
    from server.wire.client import Client

    address = f"tcp://127.0.0.1:{_free_port()}"
    command = [sys.executable, "-m", "server.cli", "serve", "--bind", address]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # that it is up, we say
    try:
        waited = time.monotonic()
        with Client(address, name="soliloquy demo") as client:
            while client.hello(timeout=0.5) is None:
                if process.poll() is not None or time.monotonic() - waited > _START_SECONDS:
                    raise InternalError("The server did not start.", "Run `soliloquy doctor`.")
        yield address
    finally:
        process.terminate()
        process.wait(10.0)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _in_blender(args: argparse.Namespace, line: DemoLine, address: str) -> dict[str, Any]:
    """Run the add-on in a Blender of its own, and return what it says it made.

    Raises:
        InternalError: Blender ended without a result; the message is its last line.
    """
    transcript = line.transcript if args.transcript is None else args.transcript
    command = [
        sys.executable, "-m", "blender_addon.headless",
        "--line", str(line.path), "--out", str(args.out), "--address", address,
        "--transcript", transcript, "--generator", args.generator,
        "--fps", str(args.fps), "--seed", str(args.seed),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or lines or ["no message"])[-1]
        raise InternalError(f"Blender could not perform the line: {said}")
    return json.loads(next(text for text in reversed(lines) if text.startswith("{")))


def _preview(table: Path, line: DemoLine, video: Path) -> Path:
    """Draw what the CSV holds, so that the file for Unreal is what is seen."""
    from arkit.export.live_link_csv import read_live_link_csv
    from arkit.retime import resample

    bar = ProgressBar()
    clip = resample(read_live_link_csv(table), _PREVIEW_FPS)
    write_take(clip, video, line.path, bar.show)
    bar.close()
    return video
