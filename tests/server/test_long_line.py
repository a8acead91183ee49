"""An hour over the wire: memory stays flat in the server, and every frame arrives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from server.wire.client import Client
from server.wire.messages import AudioInfo, Chunk, Failed, GenerateRequest, Result

SERVE = """
from server.service import Service
from server.settings import Settings
from server.speech.ears import Ears
from server.transport import Transport
service = Service(Settings(bind="tcp://127.0.0.1:*"), listen=Ears("babble").listen)
transport = Transport(service)
print(transport.address, flush=True)
transport.run()
"""
HOUR = 3600.0


def peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def speech_like(path: Path, seconds: float) -> Path:
    """Write syllables of noise, four a second, 44.1 kHz stereo."""
    import soundfile

    chance = np.random.default_rng(0)
    t = np.arange(44100) / 44100
    swell = np.maximum(np.sin(2 * np.pi * 4 * t), 0) ** 2 * 0.3
    with soundfile.SoundFile(path, "w", 44100, 2, format="FLAC") as out:
        for _ in range(round(seconds)):
            wave = swell * chance.uniform(-1, 1, 44100)
            out.write(np.stack([wave, wave], axis=1).astype(np.float32))
    return path


def perform(client: Client, path: Path) -> tuple[Result, int]:
    request = GenerateRequest(path.stem, audio=AudioInfo(filename=path.name), fps=30.0)
    n_frames = 0
    for event in client.perform(request, path):
        assert not isinstance(event, Failed), event
        if isinstance(event, Chunk):
            assert event.start_frame == n_frames
            n_frames += len(event.coefficients)
        if isinstance(event, Result):
            return event, n_frames
    raise AssertionError("no result came")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_an_hour_of_speech_costs_the_server_less_than_250_megabytes(tmp_path: Path) -> None:
    pytest.importorskip("server.generators.articulate")
    short = speech_like(tmp_path / "short.flac", 5.0)
    hour = speech_like(tmp_path / "hour.flac", HOUR)
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True) as p:
        assert p.stdout is not None
        try:
            with Client(p.stdout.readline().strip()) as client:
                perform(client, short)
                before = peak_mb(p.pid)
                result, n_frames = perform(client, hour)
                grown = peak_mb(p.pid) - before
        finally:
            p.terminate()
    assert n_frames == result.n_frames == HOUR * 30
    assert grown < 250, f"{grown:.0f} MB"
    print(f"{grown:.0f} MB over {before:.0f} MB; {dict(result.timings)}")  # noqa: T201
