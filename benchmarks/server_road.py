"""How long a line takes from request to its last frame, and what memory an hour costs.

    python benchmarks/server_road.py LINE.wav [--seconds 30] [--repeat 3] [--generator articulate]

The recording is repeated or cut to the length asked for, the server runs in a process of its own,
and its memory is read from /proc (Linux), so that the client's whole take is not counted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from server.wire.assemble import TakeAssembler
from server.wire.client import Client
from server.wire.messages import AudioInfo, Chunk, Failed, GenerateRequest, Result

SERVE = (
    "from server.settings import Settings; from server.transport import serve;"
    "serve(Settings(bind='tcp://127.0.0.1:*'), lambda a: print(a, flush=True))"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("line", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--fps", type=float, default=60.0)
    parser.add_argument("--generator", default="articulate")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "line.flac"
        lengthen(args.line, path, args.seconds)
        with subprocess.Popen(
            [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            try:
                measure(address, path, args, process.pid)
            finally:
                process.terminate()


def measure(address: str, path: Path, args: argparse.Namespace, pid: int) -> None:
    """Send the line `repeat` times after one short line that loads everything."""
    with Client(address) as client:
        short = path.with_name("short.flac")
        lengthen(path, short, min(5.0, args.seconds))
        perform(client, short, args, "warm")
        before = memory(pid, "VmRSS")
        print(f"server after a short line: {before:.0f} MB resident")
        for i in range(args.repeat):
            cpu = cpu_seconds(pid)
            seconds, first, frames, timings = perform(client, path, args, f"r{i}")
            print(
                f"{args.seconds:g} s line, {frames} frames: all {seconds:.2f} s, "
                f"first frames {first:.2f} s, {cpu_seconds(pid) - cpu:.2f} s of processor; "
                + ", ".join(f"{stage} {value:.2f}" for stage, value in timings.items())
            )
        print(
            f"server: peak {memory(pid, 'VmHWM'):.0f} MB, now {memory(pid, 'VmRSS'):.0f} MB "
            f"({memory(pid, 'VmHWM') - before:+.0f} MB at the peak)"
        )


def perform(
    client: Client, path: Path, args: argparse.Namespace, request_id: str
) -> tuple[float, float, int, dict[str, float]]:
    """Return seconds to the result, seconds to the first chunk, frames, the server's timings."""
    request = GenerateRequest(
        request_id, generator=args.generator, audio=AudioInfo(filename=path.name), fps=args.fps
    )
    assembler = TakeAssembler()
    started, first = time.perf_counter(), 0.0
    for event in client.perform(request, path):
        if isinstance(event, Failed):
            raise SystemExit(f"{event.message} {event.hint}")
        if isinstance(event, Chunk):
            first = first or time.perf_counter() - started
            assembler.add(event)
        if isinstance(event, Result):
            take = assembler.finish(event)
            return (
                time.perf_counter() - started,
                first,
                len(take.coefficients),
                dict(event.timings),
            )
    raise SystemExit("no result came")


def lengthen(source: Path, target: Path, seconds: float) -> None:
    """Write `source`, repeated or cut, with `seconds` of length."""
    samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    left = round(seconds * rate)
    with soundfile.SoundFile(target, "w", rate, samples.shape[1], format="FLAC") as out:
        while left > 0:
            out.write(np.asarray(samples[:left]))
            left -= min(left, len(samples))


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process: on a shared machine it tells more than the clock."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> float:
    """Return a memory figure of a process in MB, 0 where /proc does not tell."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
