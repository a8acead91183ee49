"""The walls between the parts (docs/design.md, section 1), read from the imports themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = frozenset({"arkit", "flame", "server", "blender_addon", "tests", "benchmarks"})
FLAME_MODULES = (
    "__init__", "errors", "pickle_names", "pickles", "reading", "skinning", "model",
    "model_files", "clip",
)  # fmt: skip
STDLIB = frozenset(sys.stdlib_module_names)


def modules(folder: str) -> list[Path]:
    return [p for p in sorted((ROOT / folder).rglob("*.py")) if "_vendor" not in p.parts]


def absolute_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def relative_depths(path: Path) -> set[int]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.level for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level}


def outside(path: Path, allowed: set[str]) -> set[str]:
    tops = {name.partition(".")[0] for name in absolute_imports(path)}
    return {top for top in tops if top not in STDLIB and top not in allowed}


def is_inside(path: Path, *folders: str) -> bool:
    return any(path.is_relative_to(ROOT / folder) for folder in folders)


@pytest.mark.parametrize("path", modules("arkit"), ids=str)
def test_arkit_imports_numpy_alone_and_relatively(path: Path) -> None:
    assert outside(path, {"numpy"}) == set()
    depth = len(path.relative_to(ROOT / "arkit").parts)
    assert all(level <= depth for level in relative_depths(path))


@pytest.mark.parametrize("path", modules("server/wire"), ids=str)
def test_wire_imports_numpy_and_the_socket_alone_and_relatively(path: Path) -> None:
    assert outside(path, {"numpy", "zmq"}) == set()
    depth = len(path.relative_to(ROOT / "server/wire").parts)
    assert all(level <= depth for level in relative_depths(path))


@pytest.mark.parametrize("name", FLAME_MODULES)
def test_what_blender_carries_of_flame_imports_numpy_alone_and_relatively(name: str) -> None:
    path = ROOT / "flame" / f"{name}.py"
    # torch stands inside the one class that needs it, which Blender never makes.
    assert outside(path, {"numpy"}) <= ({"torch"} if name == "model" else set())
    assert relative_depths(path) <= {1}


@pytest.mark.parametrize("path", modules("flame"), ids=str)
def test_flame_imports_arkit_but_no_server_and_no_blender(path: Path) -> None:
    ours = {name.partition(".")[0] for name in absolute_imports(path)} & OURS
    assert ours <= {"arkit", "flame"}
    if path.name != "model.py":
        assert "torch" not in outside(path, set())


@pytest.mark.parametrize("path", modules("server"), ids=str)
def test_serving_code_imports_neither_training_nor_evaluation(path: Path) -> None:
    tops = {name.partition(".")[0] for name in absolute_imports(path)}
    assert "blender_addon" not in tops
    if is_inside(path, "server/training", "server/evaluation", "server/commands"):
        return
    if path == ROOT / "server" / "cli.py":
        return
    heavy = {
        n for n in absolute_imports(path) if n.startswith(("server.training", "server.evaluation"))
    }
    assert heavy == set()


@pytest.mark.parametrize("path", modules("blender_addon"), ids=str)
def test_the_addon_imports_arkit_and_the_wire_alone(path: Path) -> None:
    ours = {n for n in absolute_imports(path) if n.partition(".")[0] in OURS}
    allowed = ("arkit", "server.wire", "blender_addon")
    if path.name == "vendor.py":
        allowed += ("flame",)  # the modules of `FLAME_MODULES`
    assert {n for n in ours if not n.startswith(allowed)} == set()


@pytest.mark.parametrize("path", modules("blender_addon/core"), ids=str)
def test_the_addon_core_knows_no_bpy(path: Path) -> None:
    assert not {"bpy", "mathutils", "gpu"} & {n.partition(".")[0] for n in absolute_imports(path)}


@pytest.mark.parametrize(
    "path", [p for f in ("arkit", "flame", "server") for p in modules(f)], ids=str
)
def test_blender_is_imported_only_by_the_addon(path: Path) -> None:
    assert "bpy" not in {n.partition(".")[0] for n in absolute_imports(path)}


def test_arkit_and_wire_load_neither_torch_nor_blender() -> None:
    code = (
        "import sys, arkit.clip, server.wire.messages; "
        "print(sorted({'torch', 'bpy', 'scipy', 'librosa'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
