"""Builds an export job from the scene: the take that plays, its names, its sound and times."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .. import compat
from ..character.meshes import active_character
from ..core.errors import ExportError, LineError
from ..core.export_names import placed, plain, subject_name
from ..core.timing import scene_rate
from ..line.reading import read_line
from ..takes.storage import playing_take
from ..vendor import live_link_csv, presets, unreal_script
from .blender_formats import Span, take_span, writers
from .reading import clip_as_animated


@dataclass(frozen=True)
class Export:
    """A job, what it is written as, and what a user should know before.

    Attributes:
        job: the clip with names. formats: in the order of the panel.
        folder: absolute. span: frames that Blender's exporters sample.
        warnings: sentences. character: whose take it is.
    """

    job: presets.ExportJob
    formats: tuple[str, ...]
    folder: Path
    span: Span
    warnings: tuple[str, ...]
    character: Any

    def write(self, context: Any) -> tuple[str, ...]:
        """Write everything; returns the report as sentences.

        Raises:
            SoliloquyError, ArkitError: it cannot be written.
        """
        by_blender = writers(context, self.character, self.span)
        report = presets.export(self.job, self.folder, self.formats, by_blender)
        notes = [note for note in self.warnings if note not in report.notes]
        return (*report.sentences(), *notes, f"Folder: {self.folder}")


def why_not(context: Any) -> str:
    """Why nothing can be exported now; empty when something can."""
    character = active_character(context.scene)
    if character is None:
        return "There is no character yet."
    index = playing_take(character)
    if index < 0 or character.takes[index].is_original:
        return "No take plays on this character. Generate one, or choose one in Takes."
    return ""


def why_not_to_folder(context: Any) -> str:
    """As `why_not`, for an export into the panel's folder."""
    settings = context.scene.soliloquy.export
    if not settings.formats:
        return "No format is chosen."
    if settings.folder.startswith("//") and not bpy.data.filepath:
        return "Save the .blend first, or choose a folder that does not begin with //."
    return why_not(context)


def build_export(context: Any) -> Export:
    """Read the take that plays and the panel's settings.

    Raises:
        SoliloquyError, ArkitError: nothing plays, or a name or time cannot be used.
    """
    reason = why_not_to_folder(context)
    if reason:
        raise ExportError(reason)
    scene, settings = context.scene, context.scene.soliloquy.export
    character = active_character(scene)
    index = playing_take(character)
    take = character.takes[index]
    clip = clip_as_animated(scene, character, index)
    sound, warnings = _sound(context, character, take)
    start = _start_seconds(scene, take, settings)
    job = presets.ExportJob(
        clip,
        name=plain(take.name, "take"),
        subject=subject_name(character.subject, character.name),
        take=take_number(character, index),
        audio=sound,
        csv=live_link_csv.CsvOptions(
            rows_per_second=_rows(settings),
            start_seconds=start,
            swap_mouth_sides=settings.swap_mouth_sides,
        ),
        unreal=unreal_script.UnrealOptions(start_seconds=start),
        slate=settings.slate,
    )
    formats = tuple(name for name in presets.FORMAT_LABELS if name in settings.formats)
    span = take_span(scene, take.start_frame, clip, settings.start == "ZERO")
    warnings = warnings if "unreal_script" in formats else []
    warnings += [*presets.validate(job, formats), *_sampling(scene, clip, formats)]
    if "live_link_csv" in formats:
        job.csv_name()  # refuses a slate or subject that Unreal would misread
    folder = Path(bpy.path.abspath(settings.folder))
    return Export(job, formats, folder, span, tuple(warnings), character)


def take_number(character: Any, index: int) -> int:
    """Number of a take in a slate: 1 for the first that was generated or imported."""
    return 1 + sum(1 for take in character.takes[:index] if not take.is_original)


def _rows(settings: Any) -> float | None:
    return {"TAKE": None, "SIXTY": 60.0, "CUSTOM": settings.rows_per_second}[settings.rows]


def _start_seconds(scene: Any, take: Any, settings: Any) -> float:
    if settings.start == "ZERO":
        return 0.0
    start = take.start_frame / scene_rate(scene.render.fps, scene.render.fps_base)
    if start < 0.0:
        raise ExportError(
            f"The take starts at frame {take.start_frame:g}, and no timecode is negative. Move the "
            "line, or export with Start: At Zero."
        )
    return start


def _sampling(scene: Any, clip: Any, formats: tuple[str, ...]) -> list[str]:
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    sampled = [presets.FORMAT_LABELS[n] for n in formats if n in presets.BLENDER_FORMATS]
    if not sampled or clip.fps <= rate * 1.001:
        return []
    return [
        f"{' and '.join(sampled)}: one key a scene frame ({rate:g} per second), of the take's "
        f"{clip.fps:g}."
    ]


def _sound(context: Any, character: Any, take: Any) -> tuple[Any, list[str]]:
    """The line's sound from the take's first frame on; None with a reason where there is none."""
    try:
        line = read_line(character.line, context)
    except LineError as error:
        return None, [f"The line's sound is left out: {error}"]
    if not compat.HAS_AUDIO or isinstance(line.audio, bytes):
        return None, [
            "The line's sound is left out: this Blender cannot read it. Unpack it to a file."
        ]
    import aud

    try:
        sound = aud.Sound(str(line.audio))
        rate = int(sound.specs[0])
        if line.trim_start or line.trim_end is not None:
            sound = sound.limit(line.trim_start, line.trim_end or 1e9)
        samples = sound.data().mean(axis=1)
    except aud.error as error:
        return None, [f"The line's sound is left out: '{line.filename}' cannot be read ({error})."]
    scene = context.scene
    offset = line.start_frame - take.start_frame
    offset /= scene_rate(scene.render.fps, scene.render.fps_base)
    heard = unreal_script.AudioSamples(
        placed(samples, round(rate * line.playback_rate), offset), round(rate * line.playback_rate)
    )
    retimed = abs(line.playback_rate - 1.0) > 1e-6
    return heard, ["The retimed sound is written with its pitch changed."] if retimed else []
