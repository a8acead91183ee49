"""What *Set Up Engine* will do: which torch, from where, how much room, which commands.

The engine is a private Python environment with the server in it. Nothing is run here.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .engine_machine import Machine
from .errors import EngineError

_PYTORCH: Final = "https://download.pytorch.org/whl/"
_GIGABYTE: Final = 10**9
_WHEEL: Final = re.compile(r"soliloquy-(?P<version>\d+(?:\.\d+)*)-py3-none-any\.whl")


@dataclass(frozen=True)
class TorchBuild:
    """One build of torch.

    Attributes:
        name: "cpu", "apple", or a CUDA version as PyTorch writes it, "cu130".
        index: package index that has it, "" for the usual one.
        download_bytes: about how much is fetched, torch and all the rest.
        room_bytes: free disk space that the set-up needs, downloads included.
        why: a sentence for the panel.
    """

    name: str
    index: str
    download_bytes: int
    room_bytes: int
    why: str


_CPU_BYTES: Final = (int(0.35 * _GIGABYTE), int(2.0 * _GIGABYTE))
_CUDA_BYTES: Final = (int(2.8 * _GIGABYTE), 10 * _GIGABYTE)


def torch_build(machine: Machine) -> TorchBuild:
    """The build of torch that suits a computer.

    CUDA 13 builds need a driver for CUDA 13 and a GPU from Turing on (compute capability 7.5);
    CUDA 12.6 builds run with any driver for CUDA 12, on Maxwell (5.0) to Hopper (9.0).

    Raises:
        EngineError: there is no torch for it.
    """
    processor = machine.processor.lower()
    if machine.system == "Darwin":
        if processor != "arm64":
            raise EngineError(
                "The engine needs a Mac with Apple silicon: PyTorch is no longer made for Intel. "
                "Use a server on another computer."
            )
        return TorchBuild("apple", "", *_CPU_BYTES, "This Mac's own build of PyTorch.")
    if machine.system not in ("Windows", "Linux") or processor not in ("x86_64", "amd64"):
        raise EngineError(
            "There is no engine for {machine.system} on {machine.processor}. Use a server on "
            "another computer.",
            machine=machine,
        )
    if machine.cuda is None or machine.capability is None:
        return _cpu("No NVIDIA GPU was found: lines are made on the processor.")
    cuda, capability = machine.cuda, machine.capability
    if cuda >= (13, 0) and capability >= (7, 5):
        return _cuda("cu130")
    if cuda >= (12, 0) and (5, 0) <= capability < (10, 0):
        return _cuda("cu126")
    if capability < (5, 0):
        return _cpu("The NVIDIA GPU is too old for PyTorch: lines are made on the processor.")
    return _cpu(
        "The NVIDIA driver is too old for this GPU: lines are made on the processor. Update the "
        "driver to 580 or newer, then set up the engine again."
    )


def _cpu(why: str) -> TorchBuild:
    return TorchBuild("cpu", f"{_PYTORCH}cpu", *_CPU_BYTES, why)


def _cuda(name: str) -> TorchBuild:
    return TorchBuild(name, f"{_PYTORCH}{name}", *_CUDA_BYTES, "For the NVIDIA GPU.")


@dataclass(frozen=True)
class Step:
    """One command of the set-up.

    Attributes:
        label: what the panel shows.
        share: of the whole bar, 0..1; all steps make 1.
    """

    label: str
    share: float
    command: tuple[str, ...]


@dataclass(frozen=True)
class EnginePlan:
    """Everything that a set-up needs to know.

    Attributes:
        folder: where the engine will be. base_python: makes the environment.
        wheel: the server. constraints: versions that were tested, or None.
        wheel_folder: wheels on this disk instead of a package index, or None.
    """

    folder: Path
    base_python: Path
    wheel: Path
    build: TorchBuild
    constraints: Path | None = None
    wheel_folder: Path | None = None

    @property
    def environment(self) -> Path:
        return self.folder / "env"

    def steps(self) -> tuple[Step, ...]:
        """The commands, in order."""
        python = str(engine_python(self.folder))
        server = f"soliloquy[server] @ {self.wheel.absolute().as_uri()}"
        return (
            Step("Making a Python environment", 0.05,
                 (str(self.base_python), "-I", "-m", "venv", str(self.environment))),
            Step("PyTorch", 0.65, (python, *self._pip(self.build.index), "torch")),
            Step("Server", 0.25, (python, *self._pip(""), server)),
            Step("Checking", 0.05, (python, "-I", "-m", "server.cli", "doctor", "--json")),
        )  # fmt: skip

    def _pip(self, index: str) -> tuple[str, ...]:
        arguments = ["-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        arguments += ["--progress-bar", "off", "--no-warn-script-location"]
        arguments += ["--only-binary", ":all:", "--cache-dir", str(self.folder / "downloads")]
        if self.constraints is not None:
            arguments += ["--constraint", str(self.constraints)]
        if self.wheel_folder is not None:
            arguments += ["--no-index", "--find-links", str(self.wheel_folder)]
        elif index:
            arguments += ["--index-url", index]
        return tuple(arguments)


@dataclass(frozen=True)
class Engine:
    """An engine that is set up.

    Attributes:
        version: of the server in it. build: name of its torch build.
        base_python: the Python that it was made with; without it the engine does not run.
    """

    version: str
    build: str
    base_python: str


def engine_python(folder: Path) -> Path:
    """The Python of the environment in an engine's folder."""
    if sys.platform == "win32":
        return folder / "env" / "Scripts" / "python.exe"
    return folder / "env" / "bin" / "python"


def write_engine(folder: Path, engine: Engine) -> None:
    """Note that the engine is complete."""
    text = json.dumps({"format": 1, **engine.__dict__}, indent=1)
    part = folder / "engine.json.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / "engine.json")


def read_engine(folder: Path) -> Engine | None:
    """The engine in a folder; None when there is none, or none that is complete."""
    try:
        noted = json.loads((folder / "engine.json").read_text(encoding="utf-8"))
        engine = Engine(noted["version"], noted["build"], noted["base_python"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return engine if engine_python(folder).exists() else None


def find_server_wheel(folders: Iterable[Path]) -> Path:
    """The server's wheel: from the first folder that has one, its newest.

    Raises:
        EngineError: none has one.
    """
    for folder in folders:
        found = [path for path in folder.glob("soliloquy-*.whl") if _WHEEL.fullmatch(path.name)]
        if found:
            return max(found, key=lambda path: _numbers(wheel_version(path)))
    raise EngineError(
        "The server's wheel (soliloquy-...-py3-none-any.whl) was not found. Install the zip made "
        "by `make zip`, or put the wheel into the wheel folder of Preferences > Add-ons > "
        "Soliloquy."
    )


def wheel_version(path: Path) -> str:
    """Version in the name of a server's wheel.

    Raises:
        EngineError: it is not such a wheel.
    """
    found = _WHEEL.fullmatch(path.name)
    if found is None:
        raise EngineError("'{name}' is not a wheel of Soliloquy's server.", name=path.name)
    return found["version"]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


def version_note(server: str, addon: str, is_local: bool) -> str:
    """What to update when server and add-on differ in version; empty when they agree."""
    if not server or not addon or _numbers(server) == _numbers(addon):
        return ""
    if _numbers(server) > _numbers(addon):
        todo = "Install the newer add-on zip"
    else:
        todo = "Update the engine" if is_local else "Update the server on its computer"
    return f"The server is Soliloquy {server}, this add-on is {addon}. {todo}."


def folder_for(system: str, user_folder: Path, local_app_data: str, blender: str) -> Path:
    """Where the engine of a Blender version lives.

    Windows refuses paths beyond 260 characters, and torch's own reach 170 below the environment:
    there the short local folder is taken when Blender's would be too deep.
    """
    wanted = user_folder / "engine"
    if system == "Windows" and local_app_data and len(str(wanted)) > 80:
        return Path(local_app_data) / "Soliloquy" / blender
    return wanted


def check_room(free_bytes: int, plan: EnginePlan) -> None:
    """Refuse to fill a disk.

    Raises:
        EngineError: there is not enough room.
    """
    need = plan.build.room_bytes
    if free_bytes < need:
        raise EngineError(
            "The engine needs {need:.1f} GB, and {free:.1f} GB are free at {folder}. Make room, "
            "then set it up again.",
            need=need / _GIGABYTE,
            free=free_bytes / _GIGABYTE,
            folder=plan.folder,
        )
