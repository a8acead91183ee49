"""Runs the set-up of the engine in a thread: progress, log, cancel, and going on after a break.

A step that was finished is not done again. An environment that was left half-made is thrown away;
what was downloaded for it is kept until the engine is complete.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, TextIO

from .engine_plan import Engine, EnginePlan, Step, check_room, wheel_version, write_engine
from .errors import EngineError

_PATIENCE: Final = 5.0  # seconds that a cancelled step gets to end by itself
_DOWNLOADING: Final = re.compile(
    r"Downloading (?:\S*/)?(?P<name>[A-Za-z0-9_.]+)-\S+ \((?P<size>[\d.]+) (?P<unit>[kMG]?B)\)"
)
_UNITS: Final = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}
_OFFLINE_SIGNS: Final = (
    "NewConnectionError", "NameResolutionError", "Temporary failure in name resolution",
    "ConnectTimeoutError", "Max retries exceeded", "getaddrinfo failed",
)  # fmt: skip


def clean_environment() -> dict[str, str]:
    """The environment of this process without what makes another Python take Blender's modules."""
    unwanted = ("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__")
    return {key: value for key, value in os.environ.items() if key not in unwanted}


class EngineSetup:
    """One run of a plan.

    Attributes:
        log: everything that the steps said.
        error: why it ended without an engine, "" while it runs and when it succeeded.
    """

    def __init__(self, plan: EnginePlan) -> None:
        self.plan = plan
        self.log = plan.folder / "setup.log"
        self.error = ""
        self.cancelled = False
        self.is_complete = False
        self._done = 0.0
        self._shown = 0.0
        self._label = "Starting"
        self._share = 0.0
        self._file = ("", 0.0)  # what is being downloaded, bytes
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="soliloquy-engine", daemon=True)

    def start(self) -> None:
        """Begin; returns at once.

        Raises:
            EngineError: there is not enough room, or the folder cannot be made.
        """
        try:
            self.plan.folder.mkdir(parents=True, exist_ok=True)
            check_room(shutil.disk_usage(self.plan.folder).free, self.plan)
        except OSError as error:
            raise EngineError(
                "{folder} cannot be used: {error}.", folder=self.plan.folder, error=error
            ) from error
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    @property
    def progress(self) -> tuple[float, str]:
        """How much is done, 0..1, and what is going on; the first never goes back."""
        name, size = self._file
        text, of_step = self._label, 0.75 if self._label.startswith("Installing") else 0.1
        if size:
            got = min(self._fetched_bytes(), size)
            text = f"Downloading {name}: {got / 1e6:.0f} of {size / 1e6:.0f} MB"
            of_step += 0.6 * got / size
        self._shown = max(self._shown, self._done + self._share * of_step)
        return self._shown, text

    def cancel(self) -> None:
        """Stop now; setting up again goes on from here."""
        self.cancelled = True
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                _end(self._process)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end; whether the engine is complete. For background mode and tests."""
        self._thread.join(seconds)
        return self.is_complete

    def last_words(self, n_lines: int = 12) -> list[str]:
        """The end of the log."""
        try:
            return self.log.read_text(errors="replace").strip().splitlines()[-n_lines:]
        except OSError:
            return []

    def _run(self) -> None:
        try:
            self._make()
        except EngineError as error:
            self.error = error.sentence  # Blender, which translates, has no place in a thread
        except OSError as error:
            self.error = f"Setting up the engine failed: {error}. Try again."
        finally:
            shutil.rmtree(self._scratch, ignore_errors=True)
        if self.cancelled and not self.is_complete:
            self.error = "Cancelled. What was downloaded is kept; setting up again goes on from it."

    def _make(self) -> None:
        plan = self.plan
        (plan.folder / "engine.json").unlink(missing_ok=True)
        finished = self._finished_steps()
        if not finished:
            shutil.rmtree(plan.environment, ignore_errors=True)
        steps = plan.steps()
        with self.log.open("w", encoding="utf-8") as log:
            for number, step in enumerate(steps):
                if number >= finished or number == len(steps) - 1:
                    self._do(step, log)
                    self._note_finished(number + 1)
                self._done, self._share = self._done + step.share, 0.0
        version = wheel_version(plan.wheel)
        write_engine(plan.folder, Engine(version, plan.build.name, str(plan.base_python)))
        self._note.unlink(missing_ok=True)
        shutil.rmtree(plan.folder / "downloads", ignore_errors=True)
        self._label, self.is_complete = "The engine is ready", True

    def _do(self, step: Step, log: TextIO) -> None:
        self._label, self._share, self._file = step.label, step.share, ("", 0.0)
        self._scratch.mkdir(parents=True, exist_ok=True)
        environment = clean_environment() | {
            "TMPDIR": str(self._scratch), "TEMP": str(self._scratch), "TMP": str(self._scratch),
            "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8",
        }  # fmt: skip
        with self._lock:
            if self.cancelled:
                raise EngineError("Cancelled.")
            self._process = _begin(step, environment)
        said: list[str] = []
        with self._process as process:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                log.flush()
                said.append(line)
                self._listen(line)
        if process.returncode != 0:
            if not (self.cancelled or self._file[0]):  # whatever is wrong: begin anew next time
                self._note_finished(0)
            raise EngineError(_reason(step, said, self.plan))

    def _listen(self, line: str) -> None:
        found = _DOWNLOADING.search(line)
        if found is not None:
            self._file = found["name"], float(found["size"]) * _UNITS[found["unit"]]
        elif line.startswith("Installing collected packages"):
            self._file, self._label = ("", 0.0), f"Installing {self._label}"
            self._note_finished(0)  # what is left half-installed cannot be told from the whole

    @property
    def _scratch(self) -> Path:
        return self.plan.folder / "tmp"

    def _fetched_bytes(self) -> int:
        sizes = 0
        for path in self._scratch.glob("pip-unpack-*/*"):
            with suppress(OSError):
                sizes = max(sizes, path.stat().st_size)
        return sizes

    @property
    def _note(self) -> Path:
        return self.plan.folder / "unfinished.json"

    def _plan_mark(self) -> list[str]:
        """What a half-made environment must agree with, to be gone on with."""
        return [str(self.plan.base_python), self.plan.build.name]

    def _finished_steps(self) -> int:
        """Steps that need not be done again: none, unless PyTorch is completely there."""
        try:
            noted = json.loads(self._note.read_text(encoding="utf-8"))
            finished = int(noted["finished"]) if noted["mark"] == self._plan_mark() else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0
        return 2 if finished >= 2 else 0

    def _note_finished(self, n_steps: int) -> None:
        text = json.dumps({"mark": self._plan_mark(), "finished": n_steps})
        self._note.write_text(text, encoding="utf-8")


def _begin(step: Step, environment: dict[str, str]) -> subprocess.Popen[str]:
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0) if sys.platform == "win32" else 0
    return subprocess.Popen(
        step.command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        env=environment, text=True, encoding="utf-8", errors="replace", creationflags=hidden,
        start_new_session=sys.platform != "win32",
    )  # fmt: skip


def _end(process: subprocess.Popen[str]) -> None:
    """End a step with everything that it started."""
    if sys.platform == "win32":
        command = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(command, check=False, capture_output=True)
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _reason(step: Step, said: list[str], plan: EnginePlan) -> str:
    """Why a step failed, in one sentence."""
    text = "".join(said)
    if "No space left" in text:
        return f"The disk is full. Make {plan.build.room_bytes / 1e9:.1f} GB free and try again."
    if "ensurepip" in text:
        return (
            f"The Python at {plan.base_python} cannot make environments (ensurepip is missing). "
            "Use Blender from blender.org, or install python3-venv."
        )
    missing = re.search(r"No matching distribution found for ([^\s;(]+)", text)
    if missing is not None and plan.wheel_folder is not None:
        return f"{plan.wheel_folder} has no wheel of {missing[1]} for this Python. Add it there."
    if any(sign in text for sign in _OFFLINE_SIGNS):
        where = plan.build.index or "https://pypi.org"
        return (
            f"{where.split('/')[2]} cannot be reached. Check the network, or fill a wheel folder "
            "in Preferences > Add-ons > Soliloquy; then try again."
        )
    if missing is not None:
        where = "pypi.org" if step.label != "PyTorch" else plan.build.index or "pypi.org"
        return (
            f"{where.removeprefix('https://').split('/')[0]} has no {missing[1]} for Python "
            f"{sys.version_info.major}.{sys.version_info.minor}, which this Blender has. Use "
            "another Blender, or name a Python of your own that has the server in Preferences > "
            "Add-ons > Soliloquy."
        )
    last = next((line.strip() for line in reversed(said) if line.strip()), "nothing")
    return f"{step.label} failed: {last[:200]} See the log."
