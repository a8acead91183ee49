"""Whether Blender as a module and the preview work here, each tried in a process of its own.

Both wheels take libraries from the system; without these one fails to load and the other can end
its process, so neither is tried inside ours.
"""

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

_HINT: Final = f"On Debian or Ubuntu: apt-get install {SYSTEM_LIBRARIES}"
_DRAW: Final = (
    "from flame.head import built_in_head; from flame.preview import render_frame; "
    "head = built_in_head(); render_frame(head, head.vertices, (16, 16))"
)

Problem = tuple[str, str]
"""What happened, and what to do."""


def blender_problem() -> Problem | None:
    """Return what keeps `import bpy` from working, or None when it works."""
    if importlib.util.find_spec("bpy") is None:
        return "Blender as a Python module (bpy) is not installed.", "pip install bpy==5.0.1"
    return _problem("Blender as a Python module", "import bpy")


def preview_problem() -> Problem | None:
    """Return what keeps the off-screen preview from drawing, or None when it works."""
    if importlib.util.find_spec("pyvista") is None:
        return "The preview (pyvista) is not installed.", "pip install 'soliloquy[preview]'"
    return _problem("The off-screen preview", _DRAW)


def _problem(what: str, code: str) -> Problem | None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    last = (done.stderr.strip().splitlines() or ["it ended without a message"])[-1]
    missing = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open", last)
    if missing is not None:
        return f"{what} needs {missing[1]}, which this system lacks.", _HINT
    if done.returncode < 0:
        return f"{what} finds no way to draw on this system (signal {-done.returncode}).", _HINT
    return f"{what} does not work here: {last}", _HINT
