"""Runs cases in Blender modules of several versions, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from acting import Formula, formula_service

RUNNER = Path(__file__).parent / "run_case.py"
INTERPRETERS = {
    "5.0": sys.executable if importlib.util.find_spec("bpy") else "",
    "4.5": os.environ.get("SOLILOQUY_BPY45", ""),
    "4.2": os.environ.get("SOLILOQUY_BPY42", ""),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs Blender."""
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.blender)


def run_in_blender(version: str, module: str, function: str, **arguments: Any) -> str:
    """Run a case and return what it printed; a failing case fails the test."""
    command = [INTERPRETERS[version], str(RUNNER), module, function, json.dumps(arguments)]
    with tempfile.TemporaryDirectory() as resources:
        environment = {"PYTHONDONTWRITEBYTECODE": "1", "BLENDER_USER_RESOURCES": resources}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=300, check=False,
            env={**os.environ, **environment},
        )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "case passed" in done.stdout, said[-6000:]
    return said


def _needs(version: str) -> None:
    if not INTERPRETERS[version]:
        name = f"SOLILOQUY_BPY{version.replace('.', '')}"
        where = "the bpy package" if version == "5.0" else f"{name}, a Python with bpy {version}"
        pytest.skip(f"needs {where}")


@dataclass(frozen=True)
class RunCase:
    """Runs a case in one version of Blender: `run("module", "function", argument=value)`."""

    version: str

    def __call__(self, module: str, function: str, **arguments: Any) -> str:
        return run_in_blender(self.version, module, function, **arguments)


def with_audio(run: RunCase) -> None:
    """Skip where the bpy package is built without sound strips."""
    if run.version == "4.2":
        pytest.skip("the bpy 4.2 package is built without audio")


@pytest.fixture
def blender() -> RunCase:
    """Runs a case in the newest module."""
    _needs("5.0")
    return RunCase("5.0")


@pytest.fixture(params=sorted(INTERPRETERS))
def every_blender(request: pytest.FixtureRequest) -> RunCase:
    """Runs a case in every version that is at hand."""
    _needs(request.param)
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
