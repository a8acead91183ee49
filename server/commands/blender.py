"""Whether Blender as a Python module works here, tried in a process of its own."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from typing import Final

SYSTEM_LIBRARIES: Final = (
    "libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libxext6 libsm6 libice6 libgl1 "
    "libegl1 libgl1-mesa-dri"
)
"""Debian's packages of the libraries that the bpy and vtk wheels take from the system."""


def blender_problem() -> tuple[str, str] | None:
    """Return what keeps `import bpy` from working and what to do, or None when it works."""
    if importlib.util.find_spec("bpy") is None:
        return "Blender as a Python module (bpy) is not installed.", "pip install bpy==5.0.1"
    done = subprocess.run(
        [sys.executable, "-c", "import bpy"], capture_output=True, text=True, check=False
    )
    if done.returncode == 0:
        return None
    last = (done.stderr.strip().splitlines() or ["it ended without a message"])[-1]
    missing = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open", last)
    if missing is None:
        return f"Blender as a Python module does not start: {last}", "Install bpy again."
    return (
        f"Blender as a Python module needs {missing[1]}, which this system lacks.",
        f"On Debian or Ubuntu: apt-get install {SYSTEM_LIBRARIES}",
    )
