"""No circle of imports in the add-on, late imports inside of functions counted."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

ADDON = Path(__file__).resolve().parents[2] / "blender_addon"


def _modules() -> dict[str, Path]:
    files = (path for path in ADDON.rglob("*.py") if "_vendor" not in path.parts)
    return {".".join(p.relative_to(ADDON).with_suffix("").parts): p for p in files}


def _imported(name: str, path: Path, modules: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        parts = name.split(".")
        source = [*parts[: len(parts) - node.level], *(node.module or "").split(".")]
        for alias in node.names:
            whole = [*source, alias.name]
            for target in (whole, [*whole, "__init__"], source, [*source, "__init__"]):
                dotted = ".".join(part for part in target if part)
                if dotted in modules:
                    found.add(dotted)
                    break
    return found - {name}


def test_no_file_of_the_add_on_imports_itself_through_others() -> None:
    modules = _modules()
    graph = {name: _imported(name, path, modules) for name, path in modules.items()}
    assert sum(map(len, graph.values())) > 300, "imports are found"
    TopologicalSorter(graph).prepare()  # says the circle, where there is one
