"""The set-up as it runs: real processes that stand in for pip's, real files."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from blender_addon.core.engine_machine import Machine
from blender_addon.core.engine_plan import (
    EnginePlan,
    Step,
    engine_python,
    read_engine,
    torch_build,
)
from blender_addon.core.engine_setup import EngineSetup
from blender_addon.core.errors import EngineError

MAKE = "import sys, pathlib; p = pathlib.Path(sys.argv[1]); p.parent.mkdir(parents=True); p.touch()"


@dataclass(frozen=True)
class Rehearsal(EnginePlan):
    """A plan whose steps are small scripts; each notes that it ran."""

    scripts: tuple[str, str, str] = ("", "", "")

    def steps(self) -> tuple[Step, ...]:
        notes = str(self.folder / "ran.txt")
        labels = ("Making a Python environment", "PyTorch", "Server", "Checking")
        made = str(engine_python(self.folder))
        return tuple(
            Step(label, 0.25, (sys.executable, "-c", _noting(script), made, notes, label))
            for label, script in zip(labels, (MAKE, *self.scripts), strict=True)
        )


def _noting(script: str) -> str:
    return f"{script}\nimport sys; open(sys.argv[2], 'a').write(sys.argv[3] + '\\n')"


@pytest.fixture
def plan(tmp_path: Path) -> Rehearsal:
    wheel = tmp_path / "soliloquy-1.2.3-py3-none-any.whl"
    build = replace(torch_build(Machine("Linux", "x86_64")), room_bytes=1)
    return Rehearsal(tmp_path / "engine", Path(sys.executable), wheel, build)


def ran(plan: EnginePlan) -> list[str]:
    return (plan.folder / "ran.txt").read_text().splitlines()


def finished(plan: EnginePlan) -> EngineSetup:
    setup = EngineSetup(plan)
    setup.start()
    setup.wait(30.0)
    assert not setup.is_running
    return setup


def until(condition) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_every_step_is_done_once_and_the_engine_is_noted(plan: Rehearsal) -> None:
    setup = finished(plan)
    assert setup.is_complete and setup.error == "" and setup.progress[0] == pytest.approx(1.0)
    assert len(ran(plan)) == 4
    engine = read_engine(plan.folder)
    assert engine is not None and (engine.version, engine.build) == ("1.2.3", "cpu")
    assert not (plan.folder / "downloads").exists() and not (plan.folder / "tmp").exists()


def test_a_cancelled_step_ends_at_once_with_its_children_and_the_next_run_goes_on(
    plan: Rehearsal, tmp_path: Path
) -> None:
    child = "import time, sys, pathlib; time.sleep(5); pathlib.Path(sys.argv[1]).touch()"
    survivor = tmp_path / "survivor"
    long = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}, "
        f"{str(survivor)!r}])"
    )
    setup = EngineSetup(replace(plan, scripts=("", long, "")))
    setup.start()
    until(lambda: setup.progress[1] == "Server")
    time.sleep(0.3)
    begun = time.monotonic()
    setup.cancel()
    assert not setup.wait(10.0) and time.monotonic() - begun < 4.0
    assert "What was downloaded is kept" in setup.error and read_engine(plan.folder) is None
    assert finished(plan).is_complete
    assert ran(plan).count("PyTorch") == 1, "what was finished is not done again"
    time.sleep(max(0.0, begun + 5.5 - time.monotonic()))
    assert not survivor.exists(), "nothing that it started lives on"


def test_what_was_left_half_installed_is_thrown_away(plan: Rehearsal) -> None:
    halfway = "print('Installing collected packages: a, b', flush=True); import time; time.sleep(9)"
    setup = EngineSetup(replace(plan, scripts=("", halfway, "")))
    setup.start()
    until(lambda: setup.progress[1].startswith("Installing"))
    setup.cancel()
    setup.wait(10.0)
    rubbish = plan.environment / "half-installed"
    rubbish.touch()
    assert finished(plan).is_complete and not rubbish.exists()
    assert ran(plan).count("PyTorch") == 2


def test_another_build_of_torch_begins_anew(plan: Rehearsal) -> None:
    assert not finished(replace(plan, scripts=("", "raise SystemExit(1)", ""))).is_complete
    (plan.folder / "unfinished.json").write_text(
        json.dumps({"mark": [str(plan.base_python), "cu130"], "finished": 2})
    )
    assert finished(plan).is_complete and ran(plan).count("PyTorch") == 2


def test_the_bar_follows_the_file_that_is_downloaded(plan: Rehearsal) -> None:
    download = (
        "import os, pathlib, time; d = pathlib.Path(os.environ['TMPDIR'], 'pip-unpack-x'); "
        "d.mkdir(); print('  Downloading torch-2.13.0-cp311.whl (4.0 MB)', flush=True); "
        "f = (d / 'torch.whl').open('wb')\n"
        "for _ in range(4): f.write(bytes(10**6)); f.flush(); time.sleep(0.2)"
    )
    setup = EngineSetup(replace(plan, scripts=(download, "", "")))
    setup.start()
    seen = []
    while setup.is_running:
        seen.append(setup.progress)
        time.sleep(0.02)
    assert setup.is_complete
    texts = {text for _, text in seen}
    assert any("Downloading torch: 2 of 4 MB" in text for text in texts), texts
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions), "it never goes back"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: No space left on device", "The disk is full"),
        ("No module named ensurepip", "Use Blender from blender.org"),
        ("urllib3 NewConnectionError: x", "download.pytorch.org cannot be reached"),
        ("ERROR: No matching distribution found for torch", "has no torch for Python 3."),
        ("something odd", "Server failed: something odd See the log."),
    ],
)
def test_a_failed_step_is_one_sentence_and_a_log(plan: Rehearsal, said: str, sentence: str) -> None:
    setup = finished(replace(plan, scripts=("", f"raise SystemExit({said!r})", "")))
    assert not setup.is_complete and sentence in setup.error
    assert said in setup.log.read_text() and setup.last_words()[-1] == said


def test_a_missing_wheel_in_a_wheel_folder_is_named(plan: Rehearsal, tmp_path: Path) -> None:
    fails = "raise SystemExit('ERROR: No matching distribution found for soxr>=0.5')"
    setup = finished(replace(plan, wheel_folder=tmp_path, scripts=("", fails, "")))
    assert setup.error == f"{tmp_path} has no wheel of soxr>=0.5 for this Python. Add it there."


def test_a_full_disk_or_an_impossible_folder_is_refused_at_once(
    plan: Rehearsal, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match="are free at"):
        EngineSetup(replace(plan, build=replace(plan.build, room_bytes=10**18))).start()
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="cannot be used"):
        EngineSetup(replace(plan, folder=tmp_path / "file")).start()
