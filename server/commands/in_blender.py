"""What only Blender writes (.blend, .glb, .fbx, .usdc), by a Blender in a process of its own.

Which one: the option `--blender`, else the variable SOLILOQUY_BLENDER, else the bpy package of
this Python, else the program `blender` on the path. Both kinds do: a Blender program, and a Python
that has the bpy package.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from arkit.clip import ArkitClip
from server.errors import InternalError, Unavailable

SUFFIXES: Final = (".blend", ".glb", ".fbx", ".usdc")
VARIABLE: Final = "SOLILOQUY_BLENDER"

_CODE: Final = """
import os, sys
sys.path[:0] = {paths!r}
import bpy
from blender_addon.onto_head import main
code = main({arguments!r})
sys.stdout.flush(); sys.stderr.flush()
os._exit(code)  # the bpy package prints leaks, and may crash, at exit
"""


def find_blender(named: str = "") -> list[str]:
    """Return the start of a command that runs a line of Python in Blender.

    Raises:
        Unavailable: none is found, or the one that is named does not exist.
    """
    wanted = named or os.environ.get(VARIABLE, "")
    if wanted:
        found = shutil.which(wanted)
        if found is None:
            raise Unavailable(
                f"There is no Blender at '{wanted}'.",
                "Name a Blender program, or a Python that has the bpy package.",
            )
        return _runner(found)
    if importlib.util.find_spec("bpy") is not None:
        return _runner(sys.executable)
    found = shutil.which("blender")
    if found is None:
        raise Unavailable(
            "No Blender is found for this format.",
            f"Say --blender PATH, set {VARIABLE}, or pip install bpy==5.0.1.",
        )
    return _runner(found)


def _runner(program: str) -> list[str]:
    if Path(program).name.lower().startswith("python"):
        return [program, "-c"]
    return [program, "--background", "--factory-startup", "--python-exit-code", "1",
            "--python-expr"]  # fmt: skip


def write_in_blender(
    clip: ArkitClip, paths: list[Path], audio: Path | None, blender: str = ""
) -> tuple[str, ...]:
    """Put a take on the built-in head and write every file; returns notes.

    Raises:
        Unavailable: there is no Blender.
        InternalError: it ended without the files; the message is its last line.
    """
    command = find_blender(blender)
    with tempfile.TemporaryDirectory() as folder:
        take = Path(folder) / f"{paths[0].stem}.npz"
        clip.save(take)
        arguments = [str(take), "--out", *(str(path.resolve()) for path in paths)]
        if audio is not None:
            arguments += ["--audio", str(audio.resolve())]
        code = _CODE.format(paths=_search_path(), arguments=arguments)
        done = subprocess.run([*command, code], capture_output=True, text=True, check=False)
    return tuple(_answer(done)["notes"])


def _search_path() -> list[str]:
    """Folders of our packages, for a Python that is not ours."""
    specs = (importlib.util.find_spec(name) for name in ("blender_addon", "arkit", "flame"))
    roots = (Path(spec.origin).parents[1] for spec in specs if spec and spec.origin)
    return list(dict.fromkeys(str(root) for root in roots))


def _answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    for line in reversed(done.stdout.splitlines()):
        if done.returncode == 0 and line.startswith('{"files"'):
            return json.loads(line)
    said = [*done.stdout.splitlines(), *done.stderr.splitlines()]
    last = next((line for line in reversed(said) if line.strip()), "no message")
    raise InternalError(f"Blender could not write the take: {last.strip()}")
