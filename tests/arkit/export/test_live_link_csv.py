"""Live Link CSV to the letter, judged by a second reader and by real iPhone takes."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.clip import ArkitClip
from arkit.errors import ClipReadError, ExportError
from arkit.export.live_link_csv import (
    HEADER,
    CsvOptions,
    format_live_link_csv,
    live_link_file_name,
    parse_live_link_csv,
    read_live_link_csv,
    subject_from_file_name,
    write_live_link_csv,
)
from arkit.export.timecode import timecode_seconds
from arkit.names import ARKIT_NAMES, INDEX

Importer = Callable[[str], Any]

RATES = (23.976, 24000 / 1001, 24.0, 25.0, 29.97, 30.0, 60.0, 120.0)


def make_clip(n_frames: int = 40, fps: float = 30.0, seed: int = 0) -> ArkitClip:
    rng = np.random.default_rng(seed)
    return ArkitClip(
        coefficients=rng.uniform(0, 1, (n_frames, 52)).astype(np.float32),
        fps=fps,
        head=rng.normal(0, 0.2, (n_frames, 3)).astype(np.float32),
        eyes=rng.normal(0, 0.2, (n_frames, 2, 3)).astype(np.float32),
    )


def pascal(name: str) -> str:
    return name[0].upper() + name[1:]


def test_the_header_is_the_iphones() -> None:
    assert len(HEADER) == 63
    assert HEADER[:3] == ("Timecode", "BlendShapeCount", "EyeBlinkLeft")
    assert HEADER.index("JawRight") == HEADER.index("JawLeft") - 1
    assert HEADER.index("MouthRight") == HEADER.index("MouthLeft") - 1
    assert HEADER[-10:] == (
        "TongueOut", "HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch",
        "LeftEyeRoll", "RightEyeYaw", "RightEyePitch", "RightEyeRoll",
    )  # fmt: skip


@given(st.sampled_from(RATES), st.integers(0, 5), st.integers(1, 90))
def test_the_importer_finds_every_value_at_its_time(
    import_csv: Importer, fps: float, seed: int, n_frames: int
) -> None:
    clip = make_clip(n_frames, fps, seed)
    imported = import_csv(format_live_link_csv(clip))
    assert len(imported.times) == n_frames
    assert imported.times == pytest.approx(clip.times.tolist(), abs=1e-5)
    for name in ARKIT_NAMES:
        values = [value for _, value in imported.keys[pascal(name)]]
        assert values == pytest.approx(clip.curve(name).tolist(), abs=1e-9)


def test_the_head_is_in_degrees_by_fifty(import_csv: Importer) -> None:
    clip = ArkitClip(coefficients=np.zeros((1, 52)), fps=30, head=np.radians([[50.0, -25.0, 5.0]]))
    keys = import_csv(format_live_link_csv(clip)).keys
    assert [keys[f"Head{axis}"][0][1] for axis in ("Yaw", "Pitch", "Roll")] == pytest.approx(
        [1.0, -0.5, 0.1]
    )
    keys = import_csv(format_live_link_csv(clip, CsvOptions(angle_unit="radians"))).keys
    assert keys["HeadYaw"][0][1] == pytest.approx(np.radians(50))


def test_the_file_is_plain_ascii_without_a_bom_or_an_empty_cell(tmp_path: Path) -> None:
    path = tmp_path / live_link_file_name("Hero", "Scene", 3)
    report = write_live_link_csv(make_clip(5), path)
    raw = path.read_bytes()
    assert raw.startswith(b"Timecode,BlendShapeCount,") and b"\r" not in raw
    lines = raw.decode("ascii").splitlines()
    assert len(lines) == 6
    for line in lines[1:]:
        cells = line.split(",")
        assert len(cells) == 63 and all(cells) and cells[1] == "61"
        assert all(len(cell.split(".")[1]) == 10 for cell in cells[2:])
        assert "-0.0000000000" not in cells
    assert report.n_rows == 5 and report.files == (path,)
    assert any("'Hero'" in note for note in report.notes)


def test_rows_start_where_they_are_told(tmp_path: Path) -> None:
    text = format_live_link_csv(make_clip(3, 24), CsvOptions(start_seconds=3600.5))
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == [
        "01:00:00:30.000", "01:00:00:32.500", "01:00:00:35.000",
    ]  # fmt: skip


def test_rows_at_sixty_a_second_keep_the_time(import_csv: Importer, tmp_path: Path) -> None:
    clip = make_clip(48, 24)
    report = write_live_link_csv(clip, tmp_path / "a.csv", CsvOptions(rows_per_second=60))
    imported = import_csv((tmp_path / "a.csv").read_text())
    assert report.n_rows == len(imported.times) == 120
    at_one_second = dict(imported.keys["JawOpen"])[1.0]
    assert at_one_second == pytest.approx(clip.curve("jawOpen")[24], abs=1e-6)


def test_a_rate_that_sixtieths_do_not_fit_is_said(tmp_path: Path) -> None:
    notes = write_live_link_csv(make_clip(5, 23.976), tmp_path / "a.csv").notes
    assert any("23.976 fps: rows of the CSV are placed by time" in note for note in notes)
    assert not any(
        "placed by time" in n for n in write_live_link_csv(make_clip(), tmp_path / "b.csv").notes
    )


def test_mouth_sides_are_swapped_on_demand(import_csv: Importer) -> None:
    clip = make_clip(4)
    keys = import_csv(format_live_link_csv(clip, CsvOptions(swap_mouth_sides=True))).keys
    left = [value for _, value in keys["MouthLeft"]]
    assert left == pytest.approx(clip.curve("mouthRight").tolist(), abs=1e-9)
    jaw = [value for _, value in keys["JawLeft"]]
    assert jaw == pytest.approx(clip.curve("jawLeft").tolist(), abs=1e-9)
    back = parse_live_link_csv(
        format_live_link_csv(clip, CsvOptions(swap_mouth_sides=True)), swap_mouth_sides=True
    )
    assert back.coefficients == pytest.approx(clip.coefficients, abs=1e-6)


@given(st.sampled_from(RATES), st.integers(0, 5), st.integers(2, 90))
def test_writing_and_reading_gives_the_clip_back(fps: float, seed: int, n_frames: int) -> None:
    clip = make_clip(n_frames, fps, seed)
    again = parse_live_link_csv(format_live_link_csv(clip))
    assert again.n_frames == n_frames
    assert again.fps == pytest.approx(fps, rel=2e-3 if n_frames < 20 else 1e-4)
    assert again.coefficients == pytest.approx(clip.coefficients, abs=1e-6)
    assert again.head == pytest.approx(clip.head, abs=1e-6)
    assert again.eyes == pytest.approx(clip.eyes, abs=1e-6)


def test_ten_minutes_end_on_time(import_csv: Importer) -> None:
    clip = ArkitClip(coefficients=np.zeros((600 * 24 + 1, 52), np.float32), fps=23.976)
    times = import_csv(format_live_link_csv(clip)).times
    assert times[-1] == pytest.approx(600 * 24 / 23.976, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("MySlate_1_Hero_cal.csv", "Hero"),
        ("MySlate_12_Old_Man_raw.csv", "Old_Man"),
        ("Hero.csv", "Hero"),
        ("a_b_c.csv", "a_b_c"),
    ],
)
def test_subjects_are_read_from_file_names_as_unreal_does(name: str, subject: str) -> None:
    assert subject_from_file_name(name) == subject


@given(
    st.from_regex(r"[A-Za-z][A-Za-z0-9\-]{0,8}", fullmatch=True),
    st.from_regex(r"[A-Za-z][A-Za-z0-9\-]{0,8}", fullmatch=True),
    st.integers(0, 999),
)
def test_unreal_finds_the_subject_in_our_file_names(subject: str, slate: str, take: int) -> None:
    if subject.lower() in {"cal", "raw", "neutral"}:
        return
    assert subject_from_file_name(live_link_file_name(subject, slate, take)) == subject


@pytest.mark.parametrize(
    ("subject", "slate", "take"),
    [("", "S", 1), ("a b", "S", 1), ("Ö", "S", 1), ("Hero", "Shot_12", 1), ("Hero", "S", -1),
     ("Hero_cal", "S", 1)],
)  # fmt: skip
def test_names_that_unreal_would_misread_are_refused(subject: str, slate: str, take: int) -> None:
    with pytest.raises(ExportError):
        live_link_file_name(subject, slate, take)


def test_what_cannot_be_written_is_refused_before_a_file_appears(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    bad = make_clip(3)
    bad.coefficients[1, INDEX["jawOpen"]] = np.nan
    empty = ArkitClip(coefficients=np.zeros((0, 52)), fps=30)
    for clip, options, reason in (
        (bad, CsvOptions(), "jawOpen is not a number at frame 1"),
        (empty, CsvOptions(), "no frame"),
        (make_clip(), CsvOptions(start_seconds=-1), "within a day"),
        (make_clip(), CsvOptions(start_seconds=float("nan")), "time in seconds"),
        (make_clip(), CsvOptions(rows_per_second=-5), "positive"),
    ):
        with pytest.raises(ExportError, match=reason):
            write_live_link_csv(clip, path, options)
        assert not path.exists()
    with pytest.raises(ExportError, match="cannot be written"):
        write_live_link_csv(make_clip(), tmp_path / "none" / "a.csv")


def rows_of(clip: ArkitClip) -> list[str]:
    return format_live_link_csv(clip).splitlines()


def test_both_spellings_of_the_header_a_bom_and_crlf_are_read(tmp_path: Path) -> None:
    clip = make_clip(5)
    text = format_live_link_csv(clip).replace("BlendShapeCount", "BlendshapeCount")
    path = tmp_path / "S_1_Hero_cal.csv"
    path.write_bytes(("\ufeff" + text.replace("\n", "\r\n")).encode())
    again = read_live_link_csv(path)
    assert again.coefficients == pytest.approx(clip.coefficients, abs=1e-6)
    assert again.provenance["subject"] == "Hero"


def test_dropped_frames_are_filled_in_between_and_the_rest_stays_exact() -> None:
    clip = make_clip(30, 60)
    lines = rows_of(clip)
    del lines[13], lines[20]
    again = parse_live_link_csv("\n".join(lines))
    assert again.n_frames == 30 and any("2 missing rows" in note for note in again.notes)
    kept = [i for i in range(30) if i not in (12, 20)]
    assert again.coefficients[kept] == pytest.approx(clip.coefficients[kept], abs=1e-6)
    low = np.minimum(clip.coefficients[11], clip.coefficients[13]) - 1e-6
    assert (again.coefficients[12] >= low).all()


def test_uneven_times_are_resampled() -> None:
    header = ",".join(HEADER)
    times = [0.0, 0.02, 0.035, 0.06, 0.064, 0.1, 0.111, 0.14]
    rows = [
        f"00:00:00:{60 * t:06.3f},61," + ",".join(f"{t:.10f}" for _ in range(61)) for t in times
    ]
    clip = parse_live_link_csv("\n".join([header, *rows]))
    assert any("uneven" in note for note in clip.notes)
    inside = clip.times <= times[-1]
    assert clip.curve("jawOpen")[inside] == pytest.approx(clip.times[inside], abs=1e-3)


def test_repeated_rows_are_dropped_and_midnight_is_passed() -> None:
    lines = rows_of(make_clip(4, 60))
    doubled = [*lines[:3], lines[2], *lines[3:]]
    assert parse_live_link_csv("\n".join(doubled)).n_frames == 4
    late = format_live_link_csv(make_clip(60, 30), CsvOptions(start_seconds=86_399))
    over = "\n".join(line.replace("24:00:00", "00:00:00") for line in late.splitlines())
    clip = parse_live_link_csv(over)
    assert clip.n_frames == 60 and clip.fps == pytest.approx(30)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a Live Link Face CSV"),
        ("a,b,c\n1,2,3", "not a Live Link Face CSV"),
        (",".join(HEADER), "no frame"),
        (",".join(HEADER) + "\n00:00:00:00.000,61,0.5", "line 2 has 3 fields"),
        (",".join(HEADER) + "\n00:00:00:00.000,61" + ",x" * 61, "line 2"),
        (",".join(HEADER) + "\n00:00:00:00.000,61" + ",nan" * 61, "not a number"),
        (",".join(HEADER) + "\nnoon,61" + ",0" * 61, "not a timecode"),
        ("Timecode,BlendShapeCount,A,B\n00:00:00:00.000,2,0,0", "of the 61"),
    ],
)
def test_what_is_no_live_link_csv_is_refused_in_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(ClipReadError, match=reason):
        parse_live_link_csv(text)


def test_a_binary_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "take.csv"
    path.write_bytes(b"\xff\xfe\x00RIFF")
    with pytest.raises(ClipReadError, match=r"take\.csv"):
        read_live_link_csv(path)


def live_link_takes() -> list[Path]:
    data = Path(os.environ.get("SOLILOQUY_DATA", Path(__file__).parents[4] / "shared" / "data"))
    return sorted((data / "live_link").glob("*.csv"))


@pytest.mark.data
def test_iphone_takes_keep_every_value_through_import_and_export(import_csv: Importer) -> None:
    takes = live_link_takes()
    if not takes:
        pytest.skip("no recordings: set SOLILOQUY_DATA")
    for path in takes:
        clip = read_live_link_csv(path)
        start = clip.provenance["start_seconds"]
        imported = import_csv(format_live_link_csv(clip, CsvOptions(start_seconds=start)))
        with path.open(newline="") as file:
            header, *rows = list(csv.reader(file))
        times = np.array([float(timecode_seconds(row[0])) for row in rows])
        written = np.array(imported.times)
        nearest = [int(np.abs(written - t).argmin()) for t in times]
        assert len(set(nearest)) == len(rows)
        assert np.abs(written[nearest] - times).max() < 1e-4
        for column, name in enumerate(header[2:], start=2):
            original = np.array([float(row[column]) for row in rows])
            ours = np.array([value for _, value in imported.keys[name]])[nearest]
            assert np.abs(ours - original).max() < 1e-6, (path.name, name)
