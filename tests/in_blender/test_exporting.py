"""Out of Blender by the Export panel, and into it from files."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from blender_runner import RunCase

RATES = [[24, 1.0], [24, 1.001], [30, 1.0]]


def test_a_file_becomes_a_take_and_its_head_an_empty(
    every_blender: RunCase, tmp_path: Path
) -> None:
    every_blender("exporting", "an_imported_take_is_a_take", folder=str(tmp_path))


@pytest.mark.data
def test_phones_takes_come_out_as_they_went_in(blender: RunCase, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("SOLILOQUY_DATA", root.parent / "shared" / "data"))
    takes = sorted((data / "live_link").glob("*.csv"))
    if not takes:
        pytest.skip("needs live_link under SOLILOQUY_DATA")
    for take in takes:
        folder = tmp_path / take.stem
        folder.mkdir()
        case = "a_phones_take_goes_in_and_out"
        blender("exporting", case, take=str(take), folder=str(folder))


def test_the_panel_warns_writes_and_reports(
    every_blender: RunCase, tmp_path: Path, wav: str
) -> None:
    every_blender("exporting", "the_panel_writes_and_reports", folder=str(tmp_path), wav=wav)


@pytest.mark.parametrize("rate", RATES)
def test_gltf_comes_back_with_names_times_and_weights(
    every_blender: RunCase, tmp_path: Path, rate: list[float]
) -> None:
    every_blender("exporting", "gltf_comes_back", folder=str(tmp_path), rate=rate, built_in=False)


def test_the_built_in_head_comes_back_from_gltf(blender: RunCase, tmp_path: Path) -> None:
    blender("exporting", "gltf_comes_back", folder=str(tmp_path), rate=[24, 1.0], built_in=True)


@pytest.mark.parametrize("rate", RATES[:2])
def test_fbx_comes_back_through_blenders_importer(
    every_blender: RunCase, tmp_path: Path, rate: list[float]
) -> None:
    every_blender("exporting", "fbx_comes_back", folder=str(tmp_path), rate=rate)


@pytest.mark.parametrize("rate", RATES[:2])
def test_usd_comes_back_through_blenders_importer_and_pixars_library(
    every_blender: RunCase, tmp_path: Path, rate: list[float]
) -> None:
    every_blender("exporting", "usd_comes_back", folder=str(tmp_path), rate=rate)
    python = os.environ.get("SOLILOQUY_USD")  # a Python with the package usd-core
    if python:
        reader = Path(__file__).parent / "usd_reader.py"
        subprocess.run([python, str(reader), str(tmp_path), str(rate[0] / rate[1])], check=True)


def test_hidden_parts_are_told(blender: RunCase, tmp_path: Path) -> None:
    blender("exporting", "hidden_parts_are_told", folder=str(tmp_path))


def test_the_panels_draw_what_exists(every_blender: RunCase, tmp_path: Path) -> None:
    every_blender("exporting", "the_panels_draw", folder=str(tmp_path))
