"""Runs cases in Blender modules of several versions, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).parent / "run_case.py"
INTERPRETERS = {
    "5.0": sys.executable if importlib.util.find_spec("bpy") else "",
    "4.5": os.environ.get("SOLILOQUY_BPY45", ""),
    "4.2": os.environ.get("SOLILOQUY_BPY42", ""),
}


def run_in_blender(
    version: str, module: str, function: str, *, seconds: float = 300, **arguments: Any
) -> str:
    """Run a case and return what it printed; a failing case fails the test."""
    command = [INTERPRETERS[version], str(RUNNER), module, function, json.dumps(arguments)]
    with tempfile.TemporaryDirectory() as resources:
        environment = {"PYTHONDONTWRITEBYTECODE": "1", "BLENDER_USER_RESOURCES": resources}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds, check=False,
            env={**os.environ, **environment},
        )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0 and "case passed" in done.stdout, said[-6000:]
    return said


def needs(version: str) -> None:
    if not INTERPRETERS[version]:
        name = f"SOLILOQUY_BPY{version.replace('.', '')}"
        where = "the bpy package" if version == "5.0" else f"{name}, a Python with bpy {version}"
        pytest.skip(f"needs {where}")


@dataclass(frozen=True)
class RunCase:
    """Runs a case in one version of Blender: `run("module", "function", argument=value)`.

    Attributes:
        seconds: how long a case may take.
    """

    version: str
    seconds: float = 300

    def __call__(self, module: str, function: str, **arguments: Any) -> str:
        return run_in_blender(self.version, module, function, seconds=self.seconds, **arguments)


def with_audio(run: RunCase) -> None:
    """Skip where the bpy package is built without sound strips."""
    if run.version == "4.2":
        pytest.skip("the bpy 4.2 package is built without audio")
