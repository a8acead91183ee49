"""The extension zips: built and validated by Blender's tool, installed as a user does."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from blender_runner import RunCase

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def zips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both editions, by their Python."""
    output = tmp_path_factory.mktemp("dist")
    tool = ROOT / "tools" / "build_zip.py"
    done = subprocess.run(
        [sys.executable, str(tool), "--output", str(output)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "pip" in done.stderr and "download" in done.stderr:
        pytest.skip("needs the package index for pyzmq's wheels")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("Success parsing TOML") == 2
    return {
        "cp311": next(output.glob("*4.2-to-5.0.zip")),
        "abi3": next(output.glob("*5.1-and-later.zip")),
    }


@pytest.mark.network
def test_the_zip_installs_and_speaks_with_the_pyzmq_that_it_brings(
    zips: dict[str, Path], every_blender: RunCase, address: str, wav: str
) -> None:
    zip_path = str(zips["cp311"])
    every_blender("zips", "zip_installs_and_speaks", zip_path=zip_path, address=address, wav=wav)


@pytest.mark.network
@pytest.mark.parametrize("edition", ["cp311", "abi3"])
def test_a_zip_carries_licences_and_one_kind_of_wheel_for_three_systems(
    zips: dict[str, Path], edition: str
) -> None:
    with zipfile.ZipFile(zips[edition]) as archive:
        names = archive.namelist()
        manifest = archive.read("blender_manifest.toml").decode()
    wheels = [name for name in names if name.endswith(".whl")]
    assert len(wheels) == 3 and all(edition in name for name in wheels)
    assert all(f"./{name}" in manifest for name in wheels)
    assert {"LICENSE", "_vendor/LICENSE", "assets/soliloquy_head.npz"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or "test" in name]
    assert ('version_max = "5.1.0"' in manifest) == (edition == "cp311")
