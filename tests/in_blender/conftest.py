"""Recordings, a server, and Blender in the versions that are at hand."""

from __future__ import annotations

import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import Formula, OldServer, formula_service
from blender_runner import INTERPRETERS, RunCase, needs

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs Blender."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.blender)


@pytest.fixture
def blender() -> RunCase:
    """Runs a case in the newest module."""
    needs("5.0")
    return RunCase("5.0")


@pytest.fixture(params=sorted(INTERPRETERS))
def every_blender(request: pytest.FixtureRequest) -> RunCase:
    """Runs a case in every version that is at hand."""
    needs(request.param)
    return RunCase(request.param)


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A recording of exactly two seconds."""
    path = tmp_path_factory.mktemp("sound") / "hello line.wav"
    tone = (8000 * np.sin(np.arange(32000) * 0.2)).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16000)
        sound.writeframes(tone.tobytes())
    return str(path)


@pytest.fixture
def actor() -> Formula:
    """The generator of `address`."""
    return Formula()


@pytest.fixture
def address(actor: Formula) -> Iterator[str]:
    """Address of a real server whose generator is a formula."""
    transport = pytest.importorskip("server.transport")
    with transport.ServerThread(service=formula_service(actor)) as server:
        yield server.address


@pytest.fixture
def old_address(actor: Formula) -> Iterator[str]:
    """Address of a server that does not know yet that words can be guessed."""
    transport = pytest.importorskip("server.transport")
    with transport.ServerThread(service=formula_service(actor, OldServer)) as server:
        yield server.address


@pytest.fixture(scope="session")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both editions, by the kind of their wheels, and the server's wheel."""
    output = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "build_zip.py"), "--output", str(output)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "pip" in done.stderr and "download" in done.stderr:
        pytest.skip("needs the package index for pyzmq's wheels")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("Success parsing TOML") == 2
    return {
        "cp311": next(output.glob("*4.2-to-5.0.zip")),
        "abi3": next(output.glob("*5.1-and-later.zip")),
        "server": next(output.glob("*.whl")),
    }
