"""Which engine a computer gets, from where, and what the panel says when versions differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from blender_addon.core.engine_machine import Machine, this_machine
from blender_addon.core.engine_plan import (
    Engine,
    EnginePlan,
    check_room,
    engine_python,
    find_server_wheel,
    folder_for,
    read_engine,
    torch_build,
    version_note,
    write_engine,
)
from blender_addon.core.errors import EngineError

LINUX = Machine("Linux", "x86_64")
WINDOWS = Machine("Windows", "AMD64")


def with_gpu(machine: Machine, cuda: tuple[int, int], capability: tuple[int, int]) -> Machine:
    return replace(machine, cuda=cuda, capability=capability)


@pytest.mark.parametrize("machine", [LINUX, WINDOWS])
def test_without_a_gpu_the_processor_s_build_is_taken_and_said(machine: Machine) -> None:
    build = torch_build(machine)
    assert build.name == "cpu" and build.index.endswith("/whl/cpu")
    assert "No NVIDIA GPU" in build.why


@pytest.mark.parametrize("machine", [LINUX, WINDOWS])
@pytest.mark.parametrize(
    ("cuda", "capability", "build"),
    [
        ((13, 0), (8, 6), "cu130"),  # RTX 3090, driver 580
        ((13, 2), (12, 0), "cu130"),  # RTX 5090
        ((12, 8), (8, 6), "cu126"),
        ((12, 0), (7, 5), "cu126"),
        ((13, 0), (6, 1), "cu126"),  # GTX 1080: CUDA 13 has no code for it
        ((11, 8), (8, 6), "cpu"),
        ((12, 8), (12, 0), "cpu"),  # RTX 5090 with a driver for CUDA 12
        ((12, 8), (3, 5), "cpu"),
    ],
)
def test_driver_and_gpu_decide_the_cuda_build(
    machine: Machine, cuda: tuple[int, int], capability: tuple[int, int], build: str
) -> None:
    assert torch_build(with_gpu(machine, cuda, capability)).name == build


def test_an_old_driver_is_named_as_the_reason() -> None:
    assert "Update the driver" in torch_build(with_gpu(LINUX, (11, 8), (8, 6))).why
    assert "too old for PyTorch" in torch_build(with_gpu(LINUX, (12, 8), (3, 5))).why


def test_a_mac_needs_apple_silicon_and_the_usual_index() -> None:
    build = torch_build(Machine("Darwin", "arm64"))
    assert (build.name, build.index) == ("apple", "")
    with pytest.raises(EngineError, match="Apple silicon"):
        torch_build(Machine("Darwin", "x86_64"))


def test_other_processors_are_refused_with_another_way() -> None:
    with pytest.raises(EngineError, match=r"Linux on aarch64\. Use a server on another computer"):
        torch_build(Machine("Linux", "aarch64"))


def test_this_computer_can_be_asked() -> None:
    machine = this_machine()
    assert machine.system in ("Linux", "Windows", "Darwin")
    assert (machine.cuda is None) == (machine.capability is None)


@pytest.fixture
def plan(tmp_path: Path) -> EnginePlan:
    wheel = tmp_path / "soliloquy-1.2.3-py3-none-any.whl"
    wheel.touch()
    folder = tmp_path / "a folder with spaces"
    return EnginePlan(folder, Path("/python"), wheel, torch_build(LINUX))


def test_torch_comes_from_its_own_index_and_the_server_from_its_wheel(plan: EnginePlan) -> None:
    make, torch, server, check = plan.steps()
    assert make.command[:4] == ("/python", "-I", "-m", "venv")
    assert torch.command[-3:] == ("--index-url", plan.build.index, "torch")
    assert "--index-url" not in server.command
    assert server.command[-1] == f"soliloquy[server] @ {plan.wheel.as_uri()}"
    assert check.command[0] == str(engine_python(plan.folder)) == torch.command[0]
    assert sum(step.share for step in plan.steps()) == pytest.approx(1.0)


def test_nothing_is_ever_compiled_and_downloads_stay_in_the_folder(plan: EnginePlan) -> None:
    for step in plan.steps()[1:3]:
        command = " ".join(step.command)
        assert "--only-binary :all:" in command and f"--cache-dir {plan.folder}" in command


def test_a_wheel_folder_replaces_every_index(plan: EnginePlan, tmp_path: Path) -> None:
    for step in replace(plan, wheel_folder=tmp_path).steps()[1:3]:
        command = " ".join(step.command)
        assert f"--no-index --find-links {tmp_path}" in command and "https" not in command


def test_a_full_disk_is_refused_before_anything_is_done(plan: EnginePlan) -> None:
    check_room(plan.build.room_bytes, plan)
    with pytest.raises(EngineError, match=r"needs 2\.0 GB, and 1\.0 GB are free"):
        check_room(10**9, plan)


def test_the_newest_wheel_of_the_first_folder_is_taken(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
    with pytest.raises(EngineError, match="was not found"):
        find_server_wheel([first, second, tmp_path / "none"])
    (second / "soliloquy-9.0.0-py3-none-any.whl").touch()
    assert find_server_wheel([first, second]).parent == second
    for name in ("0.9.0", "0.10.0"):
        (first / f"soliloquy-{name}-py3-none-any.whl").touch()
    (first / "soliloquy_other-99-py3-none-any.whl").touch()
    assert find_server_wheel([first, second]).name.startswith("soliloquy-0.10.0")


def test_an_engine_counts_only_with_its_note_and_its_python(tmp_path: Path) -> None:
    assert read_engine(tmp_path) is None
    engine = Engine("0.1.0", "cpu", "/python")
    write_engine(tmp_path, engine)
    assert read_engine(tmp_path) is None
    engine_python(tmp_path).parent.mkdir(parents=True)
    engine_python(tmp_path).touch()
    assert read_engine(tmp_path) == engine
    (tmp_path / "engine.json").write_text("{broken")
    assert read_engine(tmp_path) is None


def test_a_difference_in_versions_says_what_to_update() -> None:
    assert version_note("0.1.0", "0.1.0", is_local=True) == ""
    assert version_note("", "0.1.0", is_local=True) == ""
    assert version_note("0.9.0", "0.10.0", is_local=True).endswith("Update the engine.")
    assert version_note("0.9.0", "0.10.0", is_local=False).endswith("on its computer.")
    assert version_note("0.10.0", "0.9.0", is_local=True).endswith("Install the newer add-on zip.")


def test_windows_gets_a_short_folder_when_blender_s_is_deep() -> None:
    deep = Path("C:/Users/somebody/AppData/Roaming/Blender Foundation/Blender/5.2/extensions/.user")
    local = "C:/Users/somebody/AppData/Local"
    assert folder_for("Windows", deep, local, "5.2") == Path(local) / "Soliloquy" / "5.2"
    assert folder_for("Windows", Path("C:/b"), local, "5.2") == Path("C:/b/engine")
    assert folder_for("Linux", deep, "", "5.2") == deep / "engine"
