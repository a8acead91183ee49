"""Where a line is going, and what has to be written for it: the presets of the export panel.

A preset names formats; those that need Blender (glTF, FBX, USD) are written by whoever has one at
hand and passes its writers to `export`, the others here. `validate` says before anything is written
what a user should know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ..clip import ArkitClip
from ..errors import ExportError
from ..names import INDEX
from .clip_json import write_clip_json
from .files import write_npz
from .live_link_csv import CsvOptions, live_link_file_name, write_live_link_csv
from .metahuman import lips_together, write_rig_mapper_csv
from .report import ExportReport, check_clip
from .timecode import frame_rate
from .unreal_script import AudioSamples, UnrealOptions, write_unreal_script
from .visemes import write_viseme_cues

BLENDER_FORMATS: Final[frozenset[str]] = frozenset({"gltf", "fbx", "usd"})
"""Formats that Blender's own exporters write."""

FORMAT_LABELS: Final[Mapping[str, str]] = {
    "live_link_csv": "Live Link Face CSV",
    "unreal_script": "Unreal script",
    "rig_mapper_csv": "RigMapper CSV (Unreal 5.8)",
    "gltf": "glTF (.glb)",
    "fbx": "FBX",
    "usd": "USD",
    "json": "JSON",
    "npz": "npz",
    "viseme_vtt": "Visemes, WebVTT",
    "viseme_tsv": "Visemes, Rhubarb TSV",
}
"""Every format, as panels show it."""


@dataclass(frozen=True)
class Preset:
    """A destination.

    Attributes:
        label: as the panel shows it.
        formats: what is written, in the order in which a user needs it.
        hint: what to do with the files.
    """

    label: str
    formats: tuple[str, ...]
    hint: str


PRESETS: Final[Mapping[str, Preset]] = {
    "metahuman": Preset(
        "MetaHuman",
        ("unreal_script", "live_link_csv"),
        "In Unreal: Tools > Execute Python Script; see docs/unreal.md.",
    ),
    "unreal_arkit": Preset(
        "ARKit mesh in Unreal",
        ("fbx", "live_link_csv"),
        "Import the .fbx with Import Morph Targets; curves bind to morph targets by name.",
    ),
    "unity": Preset(
        "Unity", ("fbx", "json"), "Import the .fbx with Blend Shapes; the clip is inside."
    ),
    "web": Preset(
        "Web", ("gltf", "viseme_vtt"), "The .glb holds mesh, morph targets and animation."
    ),
    "raw": Preset("Raw data", ("json", "npz"), "Names are inside both files."),
}


@dataclass(frozen=True)
class ExportJob:
    """What is exported, under which names.

    Attributes:
        clip: the take.
        name: of the line; letters, digits and _, because Unreal names assets after it.
        subject: Live Link subject, by default the name.
        take: take number, for slates.
        audio: the line's sound from the clip's first frame on.
        csv: how Live Link CSV is written.
        unreal: what the Unreal script does.
        slate: first part of the Live Link file's name.
    """

    clip: ArkitClip
    name: str
    subject: str = ""
    take: int = 1
    audio: Path | AudioSamples | None = None
    csv: CsvOptions = field(default_factory=CsvOptions)
    unreal: UnrealOptions = field(default_factory=UnrealOptions)
    slate: str = "Soliloquy"

    def __post_init__(self) -> None:
        """Refuse names that a destination would misread.

        Raises:
            ExportError: the name is not letters, digits and _, or the take number is negative.
        """
        if not re.fullmatch(r"[A-Za-z0-9_]+", self.name):
            raise ExportError(f"'{self.name}' cannot name files and assets; use letters, digits, _")
        if self.take < 0:
            raise ExportError(f"the take number must be 0 or more, got {self.take}")

    def csv_name(self) -> str:
        """File name from which Unreal reads the subject."""
        return live_link_file_name(self.subject or self.name, self.slate, self.take)


def _csv(job: ExportJob, folder: Path) -> ExportReport:
    return write_live_link_csv(job.clip, folder / job.csv_name(), job.csv)


def _unreal(job: ExportJob, folder: Path) -> ExportReport:
    return write_unreal_script(job.clip, folder, job.name, job.audio, job.unreal)


def _rig_mapper(job: ExportJob, folder: Path) -> ExportReport:
    path = folder / f"{job.name}_rig_mapper.csv"
    return write_rig_mapper_csv(job.clip, path, job.unreal.metahuman)


Writer = Callable[[ExportJob, Path], ExportReport]
"""Writes one format of a job into a folder."""

FORMATS: Final[Mapping[str, Writer]] = {
    "live_link_csv": _csv,
    "unreal_script": _unreal,
    "rig_mapper_csv": _rig_mapper,
    "json": lambda job, folder: write_clip_json(job.clip, folder / f"{job.name}.json"),
    "npz": lambda job, folder: write_npz(job.clip, folder / f"{job.name}.npz"),
    "viseme_vtt": lambda job, folder: write_viseme_cues(job.clip, folder / f"{job.name}.vtt"),
    "viseme_tsv": lambda job, folder: write_viseme_cues(job.clip, folder / f"{job.name}.tsv"),
}
"""Format -> writer into a folder; the formats of `BLENDER_FORMATS` are the add-on's."""


def find_preset(name: str) -> Preset:
    """Return a preset by its key.

    Raises:
        ExportError: there is none; the known ones are named.
    """
    if name not in PRESETS:
        raise ExportError(f"'{name}' is no export preset; use one of {', '.join(PRESETS)}")
    return PRESETS[name]


def validate(job: ExportJob, formats: tuple[str, ...]) -> tuple[str, ...]:
    """Return what a user should know before these formats are written; empty when all is well.

    Raises:
        ExportError: what cannot be written at all (no frame, values that are not numbers).
    """
    clip, warnings = job.clip, list(check_clip(job.clip, "will be clamped where a format needs it"))
    rate = frame_rate(clip.fps)
    rows = frame_rate(job.csv.rows_per_second) if job.csv.rows_per_second else rate
    if "live_link_csv" in formats and 60 % rows:
        warnings.append(f"{float(rows):g} fps: rows of the CSV are placed by time.")
    if "unreal_script" in formats:
        warnings += _metahuman_warnings(job)
    if {"viseme_vtt", "viseme_tsv"} & set(formats) and not clip.phones:
        warnings.append("This take carries no phones: there will be no viseme cues.")
    return tuple(warnings)


def _metahuman_warnings(job: ExportJob) -> list[str]:
    clip, warnings = job.clip, []
    if job.audio is None:
        warnings.append("No sound is given: the Unreal script will place none.")
    rate = frame_rate(job.unreal.fps or clip.fps)
    if rate.denominator not in {1, 1001}:
        warnings.append(
            f"{float(rate):g} fps is no usual rate: resample to 60 for Unreal (the option fps)."
        )
    jaw, close = clip.curve("jawOpen"), clip.curve("mouthClose")
    if float(np.max(jaw)) > 0.1 and not np.any(close > 0):
        warnings.append("mouthClose never moves: a MetaHuman's lips will stay apart at p, b and m.")
    times = clip.times
    inside = np.zeros(clip.n_frames, bool)
    for contact in clip.contacts:
        if contact.kind == "lips":
            inside |= (times >= contact.start) & (times <= contact.end)
    apart = inside & (jaw > 0.02) & (lips_together(clip.coefficients) < 0.9)
    if apart.any():
        warnings.append(
            f"The lips are not together in {int(apart.sum())} of {int(inside.sum())} frames of "
            "closures; impose the contacts again."
        )
    if np.any(clip.coefficients[:, INDEX["tongueOut"]] > 0):
        warnings.append("tongueOut is approximate on a MetaHuman: its rigs bend the tongue apart.")
    return warnings


def export(
    job: ExportJob,
    folder: Path,
    formats: tuple[str, ...],
    blender_writers: Mapping[str, Writer] | None = None,
) -> ExportReport:
    """Write formats into a folder and return one report over all files.

    A format whose material is lacking (viseme cues without phones) is left out and noted.

    Args:
        blender_writers: writers of `BLENDER_FORMATS`, of a caller that has Blender.

    Raises:
        ExportError: an unknown format, one without a writer here, or what a format raises.
    """
    writers = {**FORMATS, **(blender_writers or {})}
    for name in formats:
        if name in BLENDER_FORMATS - set(writers):
            raise ExportError(f"{name} is written by Blender: export it from the add-on's panel")
        if name not in writers:
            raise ExportError(f"'{name}' is no format; use one of {', '.join(FORMAT_LABELS)}")
    notes = list(validate(job, formats))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"{folder} cannot be made: {error.strerror or error}") from error
    files: list[Path] = []
    for name in formats:
        if name.startswith("viseme") and not job.clip.phones:
            continue
        report = writers[name](job, folder)
        files += report.files
        notes += [note for note in report.notes if note not in notes]
    clip = job.clip
    return ExportReport(tuple(files), clip.n_frames, clip.seconds, clip.fps, tuple(notes))
