"""Presets name formats that exist, warn before writing, and report after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from arkit.clip import ArkitClip, Contact, Phone
from arkit.errors import ExportError
from arkit.export.files import read_clip
from arkit.export.live_link_csv import CsvOptions
from arkit.export.presets import (
    BLENDER_FORMATS,
    FORMAT_LABELS,
    FORMATS,
    PRESETS,
    ExportJob,
    export,
    find_preset,
    validate,
)
from arkit.export.report import ExportReport
from arkit.export.unreal_script import AudioSamples
from arkit.names import INDEX

SOUND = AudioSamples(np.zeros(16000, np.float32), 16000)


def make_clip(fps: float = 30.0, **values: float) -> ArkitClip:
    face = np.zeros((30, 52), np.float32)
    for name, value in values.items():
        face[:, INDEX[name]] = value
    return ArkitClip(
        coefficients=face,
        fps=fps,
        contacts=(Contact("lips", 0.2, 0.4),),
        phones=(Phone("m", 0.2, 0.4),),
    )


def test_every_format_of_every_preset_can_be_written_by_someone() -> None:
    for preset in PRESETS.values():
        assert set(preset.formats) <= set(FORMATS) | BLENDER_FORMATS
        assert preset.label and preset.hint
    assert set(FORMAT_LABELS) == set(FORMATS) | BLENDER_FORMATS


def test_a_metahuman_gets_script_data_sound_and_csv(tmp_path: Path) -> None:
    job = ExportJob(make_clip(jawOpen=0.3, mouthClose=0.29), "line_1", "Hero", 2, SOUND)
    report = export(job, tmp_path / "out", find_preset("metahuman").formats)
    assert [path.name for path in report.files] == [
        "soliloquy_line_1.py", "soliloquy_line_1.json", "soliloquy_line_1.wav",
        "Soliloquy_2_Hero_cal.csv",
    ]  # fmt: skip
    assert all(path.is_file() for path in report.files)
    assert any("'Hero'" in note for note in report.notes)


def test_raw_data_comes_back(tmp_path: Path) -> None:
    clip = make_clip(jawOpen=0.3)
    report = export(ExportJob(clip, "a"), tmp_path, find_preset("raw").formats)
    for path in report.files:
        assert read_clip(path).coefficients == pytest.approx(clip.coefficients, abs=1e-6)


def test_all_formats_of_this_package_write_together(tmp_path: Path) -> None:
    report = export(ExportJob(make_clip(), "a", audio=SOUND), tmp_path, tuple(FORMATS))
    assert len({path.name for path in report.files}) == len(report.files) == 9


@pytest.mark.parametrize(
    ("clip", "formats", "said"),
    [
        (make_clip(23.976), ("live_link_csv",), "23.976 fps: rows of the CSV are placed by time"),
        (make_clip(jawOpen=0.5), ("unreal_script",), "mouthClose never moves"),
        (make_clip(jawOpen=0.5, mouthClose=0.2), ("unreal_script",), "not together in 7 of 7"),
        (make_clip(59.904), ("unreal_script",), "59.904 fps is no usual rate"),
        (make_clip(tongueOut=0.5), ("unreal_script",), "tongueOut is approximate"),
        (make_clip(jawOpen=1.5), ("json",), "outside 0..1"),
    ],
)
def test_what_a_user_should_know_is_said_before_writing(
    clip: ArkitClip, formats: tuple[str, ...], said: str
) -> None:
    assert any(said in warning for warning in validate(ExportJob(clip, "a"), formats))


def test_a_sound_clip_has_nothing_to_say() -> None:
    job = ExportJob(make_clip(jawOpen=0.3, mouthClose=0.29), "a", audio=SOUND)
    assert validate(job, tuple(FORMATS)) == ()


def test_the_rate_of_the_rows_counts_not_the_rate_of_the_take() -> None:
    job = ExportJob(make_clip(23.976), "a", csv=CsvOptions(rows_per_second=60.0))
    assert validate(job, ("live_link_csv",)) == ()


def test_slate_and_timecode_are_as_asked(tmp_path: Path) -> None:
    job = ExportJob(
        make_clip(24.0), "a", "Hero", 3, slate="Shot12", csv=CsvOptions(start_seconds=10)
    )
    report = export(job, tmp_path, ("live_link_csv",))
    assert report.files[0].name == "Shot12_3_Hero_cal.csv"
    assert "Timecode runs from 00:00:10:00.000 to 00:00:11:12.500." in report.notes


def test_formats_of_blender_are_written_by_who_brings_a_writer(tmp_path: Path) -> None:
    def write(job: ExportJob, folder: Path) -> ExportReport:
        path = folder / f"{job.name}.glb"
        return ExportReport((path,), 30, 1.0, 30.0, ("from Blender",))

    report = export(ExportJob(make_clip(), "a"), tmp_path, ("gltf", "json"), {"gltf": write})
    assert [path.name for path in report.files] == ["a.glb", "a.json"]
    assert "from Blender" in report.notes


def test_visemes_without_phones_are_left_out_and_noted(tmp_path: Path) -> None:
    mute = ArkitClip(coefficients=np.zeros((3, 52)), fps=30)
    report = export(ExportJob(mute, "a"), tmp_path, ("viseme_vtt", "json"))
    assert [path.name for path in report.files] == ["a.json"]
    assert any("no phones" in note for note in report.notes)


def test_what_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    job = ExportJob(make_clip(), "a")
    with pytest.raises(ExportError, match="written by Blender"):
        export(job, tmp_path, ("gltf",))
    with pytest.raises(ExportError, match="no format"):
        export(job, tmp_path, ("abc",))
    with pytest.raises(ExportError, match="no export preset"):
        find_preset("maya")
    with pytest.raises(ExportError, match="cannot name files"):
        ExportJob(make_clip(), "my line")
    with pytest.raises(ExportError, match="no frame"):
        export(
            ExportJob(ArkitClip(coefficients=np.zeros((0, 52)), fps=30), "a"), tmp_path, ("npz",)
        )
