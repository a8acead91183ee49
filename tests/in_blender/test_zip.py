"""The extension zips: built and validated by Blender's tool, installed as a user does."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from blender_runner import RunCase

ROOT = Path(__file__).resolve().parents[2]


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
    wheels = [name for name in names if name.startswith("wheels/")]
    assert len(wheels) == 3 and all(edition in name for name in wheels)
    assert all(f"./{name}" in manifest for name in wheels)
    assert {"LICENSE", "_vendor/LICENSE", "assets/soliloquy_head.npz"} <= set(names)
    assert not [name for name in names if "__pycache__" in name or "test" in name]
    assert ('version_max = "5.1.0"' in manifest) == (edition == "cp311")


@pytest.mark.network
@pytest.mark.parametrize("edition", ["cp311", "abi3"])
def test_a_zip_carries_the_server_that_the_engine_is_made_of(
    zips: dict[str, Path], edition: str
) -> None:
    with zipfile.ZipFile(zips[edition]) as archive:
        inside = [name for name in archive.namelist() if name.startswith("engine/")]
        wheel = next(name for name in inside if name.endswith(".whl"))
        tested = archive.read("engine/constraints.txt").decode()
        assert wheel not in archive.read("blender_manifest.toml").decode()
        assert archive.read(wheel) == zips["server"].read_bytes()
    assert "torch==" in tested and "numpy==" not in tested


@pytest.mark.network
def test_the_servers_wheel_has_weights_and_nothing_that_only_trains(zips: dict[str, Path]) -> None:
    with zipfile.ZipFile(zips["server"]) as archive:
        names = archive.namelist()
        about = archive.read(next(n for n in names if n.endswith("METADATA"))).decode()
    weights = sorted((ROOT / "server" / "weights").glob("*.safetensors"))
    wanted = {f"server/weights/{w.name}" for w in weights if "-research" not in w.name}
    assert wanted == {name for name in names if name.endswith(".safetensors")} != set()
    assert {name.partition("/")[0] for name in names} == {
        "arkit", "flame", "server", about_folder(names),
    }  # fmt: skip
    for unwanted in ("test", "training/", "evaluation/", "blender_addon", "-research"):
        assert not [name for name in names if unwanted in name]
    assert "License-Expression: Apache-2.0\n" in about


def about_folder(names: list[str]) -> str:
    return next(n.partition("/")[0] for n in names if ".dist-info/" in n)
