"""Runs one case inside Blender's Python: run_case.py MODULE FUNCTION [JSON arguments]."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Import the case, run it, leave with 0 only if it got to its end."""
    here = Path(__file__).resolve()
    sys.path[:0] = [str(here.parent), str(here.parents[2])]
    module, function, arguments = sys.argv[1:4]
    import bpy

    case = getattr(importlib.import_module(f"cases.{module}"), function)
    bpy.ops.wm.read_factory_settings(use_empty=False)
    if not function.startswith("zip_"):
        from cases.tools import enable

        enable()
    case(**json.loads(arguments))
    print("case passed", flush=True)
    sys.stdout.flush()
    os._exit(0)  # Blender as a module prints leaks, and may crash, at exit


if __name__ == "__main__":
    main()
