"""A line as a folder that Unreal can run: script, data and sound, nothing else needed.

The script is `unreal_run`, copied as it is; the data beside it holds curves for an AnimSequence,
values for the face board, and the settings. Nothing of this was tried in Unreal itself: tests run
the script against a stand-in that behaves as the editor's Python is documented.
"""

from __future__ import annotations

import json
import re
import shutil
import wave
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..clip import ArkitClip
from ..errors import ExportError
from ..retime import resample
from ..saving import replacing
from .metahuman import OLD_CONTROLS, MetaHumanOptions, board_values, clip_curves
from .metahuman_tables import BOARD
from .report import ExportReport, check_clip
from .timecode import frame_rate

STEPS: Final[tuple[str, ...]] = ("anim_sequence", "face_board", "audio")
_FORMAT: Final = "soliloquy-unreal/1"

_TWO_AXIS_CONTROLS: Final = frozenset(axis.control for axis in BOARD if axis.axis == "x")

_SKELETONS: Final[tuple[str, ...]] = (
    "/Game/MetaHumans/Common/Face/Face_Archetype_Skeleton",
    "/MetaHumanCharacter/Face/Face_Archetype_Skeleton",
)
"""Where MetaHuman's face skeleton lies: in the project, or in the plugin of newer editors."""


@dataclass(frozen=True)
class AudioSamples:
    """The sound of a line: float32 [S], -1..1, mono, from the clip's first frame on."""

    samples: NDArray[np.float32]
    sample_rate: int


@dataclass(frozen=True)
class UnrealOptions:
    """What the script does in Unreal.

    Attributes:
        steps: any of `STEPS`; audio is left out where there is none.
        folder: content folder for the assets.
        level_sequence: asset path, or "" for the Level Sequence that is open.
        start_seconds: where the line begins in the Level Sequence.
        fps: resample to this rate first; None keeps the clip's.
        metahuman: names and sides of the curves.
        skeletons: asset paths of the face skeleton, the first that exists is used.
        face_rig: part of the control rig's name.
    """

    steps: tuple[str, ...] = STEPS
    folder: str = "/Game/Soliloquy"
    level_sequence: str = ""
    start_seconds: float = 0.0
    fps: float | None = None
    metahuman: MetaHumanOptions = field(default_factory=MetaHumanOptions)
    skeletons: tuple[str, ...] = _SKELETONS
    face_rig: str = "Face_ControlBoard_CtrlRig"

    def __post_init__(self) -> None:
        """Refuse what Unreal would refuse later.

        Raises:
            ExportError: an unknown step, a folder outside /Game, a start that is no time.
        """
        unknown = set(self.steps) - set(STEPS)
        if unknown or not self.steps:
            raise ExportError(f"the Unreal steps are {', '.join(STEPS)}; got {self.steps}")
        if not re.fullmatch(r"/Game(/[A-Za-z0-9_]+)+", self.folder):
            raise ExportError(f"'{self.folder}' is no content folder; write /Game/Soliloquy")
        if not np.isfinite(self.start_seconds):
            raise ExportError(f"the start must be a time in seconds, got {self.start_seconds}")


def write_unreal_script(
    clip: ArkitClip,
    folder: Path,
    name: str,
    audio: Path | AudioSamples | None = None,
    options: UnrealOptions | None = None,
) -> ExportReport:
    """Write `soliloquy_<name>.py`, `.json` and `.wav` into a folder, and report.

    Args:
        audio: the line's sound from the clip's first frame on: a 16-bit .wav, or samples.

    Raises:
        ExportError: a name that Unreal refuses, nothing to write, a sound that Unreal cannot
            import, or a folder that cannot be written.
    """
    options = options or UnrealOptions()
    if not re.fullmatch(r"[A-Za-z0-9_]+", name):
        raise ExportError(f"'{name}' cannot name an Unreal asset; use letters, digits and _")
    notes = list(check_clip(clip))
    if options.fps is not None:
        clip = resample(clip, options.fps)
    stem = folder / f"soliloquy_{name}"
    script, data_path, sound = (stem.with_suffix(s) for s in (".py", ".json", ".wav"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        audio_about = None
        if audio is not None:
            seconds = _put_sound(audio, sound)
            audio_about = {"file": sound.name, "seconds": round(seconds, 6)}
            notes += _length_notes(seconds, clip)
        data = unreal_data(clip, name, options, audio_about)
        with replacing(data_path) as part:
            part.write_text(json.dumps(data), encoding="utf-8")
        with replacing(script) as part:
            part.write_text(_script_source(), encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{folder} cannot be written: {error.strerror or error}") from error
    files = (script, data_path, sound) if audio is not None else (script, data_path)
    notes.append(f"In Unreal: Tools > Execute Python Script, and choose {script.name}.")
    return ExportReport(files, clip.n_frames, clip.seconds, clip.fps, tuple(notes))


def unreal_data(
    clip: ArkitClip, name: str, options: UnrealOptions, audio: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return what the script reads: plain numbers, strings, lists and dicts."""
    rate = frame_rate(clip.fps)
    steps = [step for step in options.steps if step != "audio" or audio is not None]
    return {
        "format": _FORMAT,
        "name": name,
        "rate": [rate.numerator, rate.denominator],
        "n_frames": clip.n_frames,
        "settings": {
            "steps": steps,
            "folder": options.folder,
            "level_sequence": options.level_sequence,
            "start_seconds": options.start_seconds,
            "skeletons": list(options.skeletons),
            "face_rig": options.face_rig,
        },
        "curves": {
            curve: _rounded(values)
            for curve, values in clip_curves(clip, options.metahuman).items()
        },
        "board": _board(clip, options.metahuman),
        "audio": audio,
        "provenance": {key: str(value) for key, value in clip.provenance.items()},
    }


def _rounded(values: NDArray[np.float32]) -> list[float]:
    return [round(value, 5) + 0.0 for value in values.tolist()]


def _board(clip: ArkitClip, options: MetaHumanOptions) -> dict[str, dict[str, Any]]:
    """Return control -> its names (newest first) and its values, or pairs on two-axis controls."""
    axes = {
        key: _rounded(values) for key, values in board_values(clip.coefficients, options).items()
    }
    still = [0.0] * clip.n_frames
    board: dict[str, dict[str, Any]] = {}
    for control in dict.fromkeys(key.rpartition(".")[0] for key in axes):
        names = [control, OLD_CONTROLS[control]] if control in OLD_CONTROLS else [control]
        x, y = axes.get(f"{control}.x", still), axes.get(f"{control}.y", still)
        if control in _TWO_AXIS_CONTROLS:
            board[control] = {
                "names": names,
                "pairs": [list(pair) for pair in zip(x, y, strict=True)],
            }
        else:
            board[control] = {"names": names, "values": y}
    return board


def _script_source() -> str:
    return Path(__file__).with_name("unreal_run.py").read_text(encoding="utf-8")


def _put_sound(audio: Path | AudioSamples, target: Path) -> float:
    """Write or copy the sound as 16-bit .wav; return its length in seconds."""
    if isinstance(audio, AudioSamples):
        return write_wav(target, audio)
    try:
        with wave.open(str(audio), "rb") as sound:
            bits, seconds = 8 * sound.getsampwidth(), sound.getnframes() / sound.getframerate()
    except (wave.Error, EOFError, FileNotFoundError) as error:
        raise ExportError(
            f"{audio.name} is not a plain .wav that Unreal imports ({error}); give 16-bit PCM .wav"
        ) from error
    if bits != 16:
        raise ExportError(f"{audio.name} has {bits} bits a sample; Unreal imports 16-bit .wav")
    if audio.resolve() != target.resolve():
        with replacing(target) as part:
            shutil.copyfile(audio, part)
    return seconds


def write_wav(path: Path, audio: AudioSamples) -> float:
    """Write samples as 16-bit mono .wav and return the length in seconds.

    Raises:
        ExportError: no samples, samples that are not numbers, or a rate that is not positive.
    """
    samples = np.asarray(audio.samples, np.float64)
    if samples.ndim != 1 or not len(samples) or not np.isfinite(samples).all():
        raise ExportError(f"the sound must be finite samples [S], got {list(samples.shape)}")
    if audio.sample_rate <= 0:
        raise ExportError(f"the sample rate must be positive, got {audio.sample_rate}")
    with replacing(path) as part, wave.open(str(part), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(audio.sample_rate)
        scaled = np.rint(np.clip(samples, -1.0, 1.0) * 32767.0)
        sound.writeframes(scaled.astype("<i2").tobytes())
    return len(samples) / audio.sample_rate


def _length_notes(seconds: float, clip: ArkitClip) -> list[str]:
    if abs(seconds - clip.seconds) <= 0.5:
        return []
    return [
        f"The sound lasts {seconds:.2f} s and the motion {clip.seconds:.2f} s: give the sound from "
        "the line's first audible moment on."
    ]
