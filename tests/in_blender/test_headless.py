"""The scripted way through the add-on, as the demo takes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from acting import Formula
from blender_runner import RunCase

from arkit.export.live_link_csv import read_live_link_csv

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "blender_addon.headless", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_line_becomes_a_blend_and_a_csv(
    blender: RunCase, address: str, wav: str, tmp_path: Path, actor: Formula
) -> None:
    options = ("--seed", "3", "--no-guess-words")
    done = run("--line", wav, "--out", str(tmp_path), "--address", address, *options)
    assert done.returncode == 0, done.stderr
    assert [(request.seed, request.guess_words) for request in actor.requests] == [(3, False)]
    said = done.stdout.splitlines()
    made = json.loads(next(line for line in reversed(said) if line.startswith("{")))
    assert {"Head", "Tongue", "Teeth Lower", "Eye Left"} <= set(made["meshes"])
    assert Path(made["blend"]).stat().st_size > 1e6
    assert read_live_link_csv(Path(made["csv"])).n_frames == 120
    blender("keeping", "the_demo_file_opens_with_its_take", path=made["blend"])


def test_a_server_that_is_not_there_is_one_sentence(wav: str, tmp_path: Path) -> None:
    done = run("--line", wav, "--out", str(tmp_path), "--address", "tcp://127.0.0.1:9")
    assert done.returncode == 1
    assert "No server answers at tcp://127.0.0.1:9" in done.stderr.strip().splitlines()[-1]
