"""Builds the extension zips: one for Blender's Python 3.11 (up to 5.0), one for 3.13 and later.

Each carries the add-on, copies of `arkit`, `server.wire` and of what reads and skins FLAME heads,
the built-in head, pyzmq's wheels for Windows, macOS and Linux, and the server's wheel, from which
*Set Up Engine* makes the engine. That wheel is also put beside the zips, for servers on other
computers. Blender's own extension tool, which the bpy package contains, builds and validates the
zips.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from blender_addon.core.head_file import head_of, save_head  # noqa: E402
from flame.built_in import built_in_flame_model  # noqa: E402
from flame.head import built_in_head  # noqa: E402
from flame.model_files import write_flame_model  # noqa: E402
from tools.server_wheel import build_server_wheel, engine_constraints  # noqa: E402

PYZMQ: Final = "pyzmq==27.3.0"
PLATFORMS: Final = ("win_amd64", "macosx_10_15_universal2", "manylinux_2_28_x86_64")
BLENDER_PLATFORMS: Final = ("windows-x64", "macos-x64", "macos-arm64", "linux-x64")
FLAME_MODULES: Final = (
    "__init__", "errors", "pickle_names", "pickles", "reading", "skinning", "model",
    "model_files", "clip",
)  # fmt: skip
"""What of `flame` needs numpy alone, and Blender has no more."""
_UNWANTED: Final = shutil.ignore_patterns("__pycache__", "*.pyc", "_vendor", "assets")


@dataclass(frozen=True)
class Edition:
    """One zip.

    Attributes:
        name: ends the file name.
        python, abi: of the wheels.
        blender_min, blender_max: versions that may install it; the maximum is exclusive.
    """

    name: str
    python: str
    abi: str
    blender_min: str
    blender_max: str | None


# A zip with both kinds of wheel would be refused by Python 3.12 and later.
EDITIONS: Final = (
    Edition("blender-4.2-to-5.0", "3.11", "cp311", "4.2.0", "5.1.0"),
    Edition("blender-5.1-and-later", "3.12", "abi3", "5.1.0", None),
)


def download_wheels(edition: Edition, folder: Path) -> list[Path]:
    """Get the wheels of pyzmq for an edition, or take those that are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    found = sorted(folder.glob(f"{PYZMQ.replace('==', '-')}-*{edition.abi}*.whl"))
    if len(found) == len(PLATFORMS):
        return found
    for platform in PLATFORMS:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--only-binary=:all:", "--implementation", "cp", "--abi", edition.abi]
        command += ["--python-version", edition.python, "--platform", platform]
        subprocess.run([*command, "--dest", str(folder), PYZMQ], check=True)
    return sorted(folder.glob(f"{PYZMQ.replace('==', '-')}-*{edition.abi}*.whl"))


def stage(folder: Path, edition: Edition, wheels: list[Path], head: Path, server: Path) -> None:
    """Lay out the sources of a zip."""
    shutil.copytree(ROOT / "blender_addon", folder, ignore=_UNWANTED)
    vendor = folder / "_vendor"
    shutil.copytree(ROOT / "arkit", vendor / "arkit", ignore=_UNWANTED)
    shutil.copytree(ROOT / "server" / "wire", vendor / "wire", ignore=_UNWANTED)
    (vendor / "flame").mkdir()
    for name in FLAME_MODULES:
        shutil.copy(ROOT / "flame" / f"{name}.py", vendor / "flame")
    (vendor / "__init__.py").write_text('"""Copies of the packages that the add-on needs."""\n')
    shutil.copy(ROOT / "LICENSE", vendor / "LICENSE")
    (folder / "assets").mkdir()
    shutil.copy(head, folder / "assets" / "soliloquy_head.npz")
    write_flame_model(built_in_flame_model(), folder / "assets" / "soliloquy_flame.npz", half=True)
    (folder / "engine").mkdir()
    shutil.copy(server, folder / "engine")
    tested = engine_constraints((ROOT / "constraints.txt").read_text())
    (folder / "engine" / "constraints.txt").write_text(tested)
    (folder / "wheels").mkdir()
    for wheel in wheels:
        shutil.copy(wheel, folder / "wheels")
    manifest = folder / "blender_manifest.toml"
    manifest.write_text(manifest_of(manifest.read_text(), edition, [w.name for w in wheels]))


def manifest_of(template: str, edition: Edition, wheels: list[str]) -> str:
    """Fill version range, platforms and wheels into the manifest of the source tree."""
    lines = [f'blender_version_min = "{edition.blender_min}"']
    if edition.blender_max is not None:
        lines.append(f'blender_version_max = "{edition.blender_max}"')
    lines.append(f"platforms = {json.dumps(BLENDER_PLATFORMS)}")
    lines += ["wheels = [", *(f'  "./wheels/{name}",' for name in wheels), "]"]
    filled, n_places = re.subn(r"(?m)^blender_version_min = .*$", "\n".join(lines), template)
    if n_places != 1:
        raise ValueError("the manifest must have one line with blender_version_min")
    return re.sub(r"(?m)^#.*\n", "", filled)


def extension_tool() -> Path:
    """Blender's extension tool, from the bpy package.

    Raises:
        FileNotFoundError: bpy is not installed here.
    """
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("The zips are built by Blender's own tool: pip install bpy")
    pattern = "*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
    return next(Path(spec.origin).parent.glob(pattern))


def build(output: Path, cache: Path) -> list[Path]:
    """Build the server's wheel and build and validate all editions; returns the files."""
    tool = extension_tool()
    server = build_server_wheel(output)
    made = [server]
    with tempfile.TemporaryDirectory() as temporary:
        head = Path(temporary) / "head.npz"
        save_head(head_of(built_in_head()), head)
        for edition in EDITIONS:
            source = Path(temporary) / edition.name
            stage(source, edition, download_wheels(edition, cache), head, server)
            target = output / f"soliloquy-{version()}-{edition.name}.zip"
            run = [sys.executable, str(tool)]
            build_args = ["build", "--source-dir", str(source), "--output-filepath", str(target)]
            subprocess.run([*run, *build_args], check=True)
            subprocess.run([*run, "validate", str(target)], check=True)
            made.append(target)
    return made


def version() -> str:
    """Version of the add-on, from its manifest."""
    manifest = (ROOT / "blender_addon" / "blender_manifest.toml").read_text()
    found = re.search(r'(?m)^version = "(.+)"$', manifest)
    if found is None:
        raise ValueError("the manifest has no version")
    return found[1]


def main() -> None:
    """Build from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "dist")
    parser.add_argument("--cache", type=Path, default=ROOT / ".build" / "wheels")
    options = parser.parse_args()
    for path in build(options.output, options.cache):
        sys.stdout.write(f"{path}  {path.stat().st_size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
