"""Live Link Face CSV, written and read: what iPhone takes are, and what Unreal imports.

Columns go by name (jaw and mouth have right before left here), times by timecode in sixtieths.
Convention for the head and eye columns: degrees / 50, because a MetaHuman turns its head by the
column times 50 degrees; reading applies the same, so a take keeps its values. MetaHumans take
their gaze from the EyeLook shapes and ignore the eye columns.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..clip import ArkitClip
from ..errors import ClipReadError, ExportError
from ..names import ARKIT_NAMES, HEAD_AND_EYE_NAMES, INDEX, LIVE_LINK_CSV_NAMES
from ..retime import monotone_interpolate, resample
from ..saving import replacing
from .report import ExportReport, check_clip
from .timecode import exact_rate, timecode, timecode_seconds

AngleUnit = Literal["metahuman", "radians"]
"""Unit of the head and eye columns: degrees / 50, or radians."""

N_VALUES: Final = 61


def _column(name: str) -> str:
    return name[0].upper() + name[1:]


VALUE_COLUMNS: Final[tuple[str, ...]] = tuple(
    _column(name) for name in (*LIVE_LINK_CSV_NAMES, *HEAD_AND_EYE_NAMES)
)
HEADER: Final[tuple[str, ...]] = ("Timecode", "BlendShapeCount", *VALUE_COLUMNS)

_SWAP_MOUTH: Final[dict[str, str]] = {"mouthLeft": "mouthRight", "mouthRight": "mouthLeft"}
_DAY: Final = 24 * 3600


@dataclass(frozen=True)
class CsvOptions:
    """How a Live Link CSV is written.

    Attributes:
        rows_per_second: resample to this rate first; None writes one row a frame.
        start_seconds: time of the first row; 0 unless scene timecode is wanted, because Unreal
            places keys at absolute time.
        angle_unit: unit of the head and eye columns.
        swap_mouth_sides: exchange MouthLeft and MouthRight, for data whose mouth sides are the
            observer's (measured on iPhones); ours are the character's.
    """

    rows_per_second: float | None = None
    start_seconds: float | Fraction = 0
    angle_unit: AngleUnit = "metahuman"
    swap_mouth_sides: bool = False


def live_link_file_name(subject: str, slate: str = "Soliloquy", take: int = 1) -> str:
    """Return a file name from which Unreal's importer reads the subject: `Slate_1_Subject_cal.csv`.

    Raises:
        ExportError: a part that the importer would read as something else.
    """
    for label, text in (("subject", subject), ("slate", slate)):
        if not re.fullmatch(r"[A-Za-z0-9_\-]+", text):
            raise ExportError(
                f"the {label} '{text}' must be letters, digits, - and _ to name a Live Link file"
            )
    if any(token.isdigit() for token in slate.split("_")):
        raise ExportError(
            f"the slate '{slate}' has a number between underscores, which Unreal would take for "
            "the take; write it together with a word, such as Shot12"
        )
    if subject.endswith(("_cal", "_raw", "_neutral")):
        raise ExportError(f"the subject '{subject}' ends in a word that Unreal drops; rename it")
    if take < 0:
        raise ExportError(f"the take must be 0 or more, got {take}")
    return f"{slate}_{take}_{subject}_cal.csv"


def subject_from_file_name(name: str) -> str:
    """Return the subject that Unreal's importer reads from a file name."""
    stem = Path(name).stem
    tokens = stem.split("_")
    bare = tokens[:-1] if tokens[-1].lower() in {"cal", "raw", "neutral"} else tokens
    if len(tokens) <= 3:
        return stem
    numeric = next((i for i, token in enumerate(bare) if token.isdigit()), None)
    return "_".join(bare if numeric is None else bare[numeric + 1 :])


def format_live_link_csv(clip: ArkitClip, options: CsvOptions | None = None) -> str:
    """Return a clip as Live Link CSV text with LF line ends.

    Raises:
        ExportError: nothing to write, values that are not numbers, or a rate or start time that
            no timecode can show.
    """
    return "".join(_lines(clip, options or CsvOptions()))


def _lines(clip: ArkitClip, options: CsvOptions) -> Iterator[str]:
    """Check everything, then return the lines one by one: an hour is never in memory as text."""
    check_clip(clip)
    rate = exact_rate(options.rows_per_second or clip.fps)
    start = _checked_start(options.start_seconds)
    if options.rows_per_second is not None:
        clip = resample(clip, options.rows_per_second)
    values = _columns_of(clip, options)
    row_format = "%s,61," + ",".join(["%.10f"] * N_VALUES) + "\n"

    def lines() -> Iterator[str]:
        yield ",".join(HEADER) + "\n"
        for frame, row in enumerate(values):
            yield row_format % (timecode(frame, rate, start), *row.tolist())

    return lines()


def _checked_start(start: float | Fraction) -> Fraction:
    try:
        seconds = Fraction(start)
    except (ValueError, OverflowError) as error:
        raise ExportError(f"the start must be a time in seconds, got {start}") from error
    if not 0 <= seconds < _DAY:
        raise ExportError(
            f"the start must lie within a day of timecode, got {float(seconds):g} s; "
            "use 0 to start at 00:00:00:00"
        )
    return seconds


def _columns_of(clip: ArkitClip, options: CsvOptions) -> NDArray[np.float64]:
    """Return [T, 61] in the order of the header."""
    names = LIVE_LINK_CSV_NAMES
    if options.swap_mouth_sides:
        names = tuple(_SWAP_MOUTH.get(name, name) for name in names)
    shapes = clip.coefficients.astype(np.float64)
    head, eyes = np.asarray(clip.head, np.float64), np.asarray(clip.eyes, np.float64)
    angles = np.concatenate([head, eyes.reshape(len(eyes), 6)], axis=1)
    angles = angles * (np.degrees(1.0) / 50.0 if options.angle_unit == "metahuman" else 1.0)
    # A rounded negative zero would print as -0.0000000000.
    return np.concatenate([shapes[:, [INDEX[name] for name in names]], angles], axis=1) + 0.0


def write_live_link_csv(
    clip: ArkitClip, path: Path, options: CsvOptions | None = None
) -> ExportReport:
    """Write a clip as Live Link Face CSV and report.

    Coefficients above 1, which iPhones send for extreme gaze, are written as they are.

    Raises:
        ExportError: see `format_live_link_csv`; or the file cannot be written.
    """
    options = options or CsvOptions()
    lines = _lines(clip, options)
    n_rows = -1  # the header is no row
    try:
        with replacing(path) as part, part.open("w", encoding="ascii", newline="") as file:
            for line in lines:
                file.write(line)
                n_rows += 1
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror or error}") from error
    fps = options.rows_per_second or clip.fps
    last = timecode(n_rows - 1, exact_rate(fps), Fraction(options.start_seconds))
    notes = (
        *check_clip(clip, "were written as they are"),
        *_rate_notes(fps),
        f"Timecode runs from {timecode(0, 1, Fraction(options.start_seconds))} to {last}.",
        f"Unreal will call the subject '{subject_from_file_name(path.name)}'.",
    )
    return ExportReport((path,), n_rows, n_rows / fps, fps, notes)


def _rate_notes(fps: float) -> tuple[str, ...]:
    if 60 % exact_rate(fps) == 0:
        return ()
    return (f"{fps:g} fps: rows of the CSV are placed by time.",)


def read_live_link_csv(
    path: Path, fps: float | None = None, *, angle_unit: AngleUnit = "metahuman",
    swap_mouth_sides: bool = False,
) -> ArkitClip:  # fmt: skip
    """Read a Live Link Face CSV, such as an iPhone take, as a clip that starts at 0.

    Rows at a steady rate keep their values exactly; rows missing among them are filled in, and
    rows at uneven times are resampled. `provenance` keeps the start time and the subject.

    Args:
        fps: rate of the clip; None keeps the take's own.
        angle_unit: unit of the head and eye columns; see the module.
        swap_mouth_sides: exchange MouthLeft and MouthRight, which iPhones name as the observer
            sees them.

    Raises:
        ClipReadError: not a Live Link CSV, or a row that cannot be read; the row is named.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ClipReadError(f"{path.name} cannot be read as text: {error}") from error
    try:
        clip = parse_live_link_csv(text, angle_unit=angle_unit, swap_mouth_sides=swap_mouth_sides)
    except ClipReadError as error:
        raise ClipReadError(f"{path.name}: {error}") from error
    subject = subject_from_file_name(path.name)
    clip = replace(clip, provenance={**clip.provenance, "subject": subject})
    return clip if fps is None else resample(clip, fps)


def parse_live_link_csv(
    text: str, *, angle_unit: AngleUnit = "metahuman", swap_mouth_sides: bool = False
) -> ArkitClip:
    """Read Live Link CSV text; see `read_live_link_csv`.

    Raises:
        ClipReadError: not a Live Link CSV, or a row that cannot be read.
    """
    times, values = _parse_rows(list(csv.reader(io.StringIO(text))))
    columns, notes = _from_csv_order(values, swap_mouth_sides)
    grid_times, columns, fps, timing_notes = _on_a_grid(times, columns)
    angles = columns[:, len(ARKIT_NAMES) :]
    angles = angles * (np.radians(50.0) if angle_unit == "metahuman" else 1.0)
    return ArkitClip(
        coefficients=columns[:, : len(ARKIT_NAMES)].astype(np.float32),
        fps=fps,
        head=angles[:, :3].astype(np.float32),
        eyes=angles[:, 3:].reshape(-1, 2, 3).astype(np.float32),
        notes=(*notes, *timing_notes),
        provenance={"source": "Live Link Face CSV", "start_seconds": float(grid_times)},
    )


def _parse_rows(
    rows: Sequence[Sequence[str]],
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Return times [T] and column name in lower case -> values [T]."""
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    header = [cell.strip().lower() for cell in rows[0]] if rows else []
    if header[:2] != ["timecode", "blendshapecount"]:
        raise ClipReadError(
            "not a Live Link Face CSV: the first columns must be Timecode,BlendShapeCount"
        )
    if len(rows) < 2:
        raise ClipReadError("there is a header but no frame")
    times = np.empty(len(rows) - 1)
    values = np.empty((len(rows) - 1, len(header) - 2))
    days = 0
    for i, row in enumerate(rows[1:]):
        if len(row) != len(header):
            raise ClipReadError(f"line {i + 2} has {len(row)} fields, the header {len(header)}")
        try:
            values[i] = [float(cell) for cell in row[2:]]
        except ValueError as error:
            raise ClipReadError(f"line {i + 2}: {error}") from error
        seconds = float(timecode_seconds(row[0]))
        if i and seconds + days * _DAY < times[i - 1] - _DAY / 2:
            days += 1  # the take runs over midnight
        times[i] = seconds + days * _DAY
    if not np.isfinite(values).all():
        line = int(np.argwhere(~np.isfinite(values))[0][0]) + 2
        raise ClipReadError(f"line {line} has a value that is not a number")
    return times, dict(zip(header[2:], values.T, strict=True))


def _from_csv_order(
    values: dict[str, NDArray[np.float64]], swap_mouth_sides: bool
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return [T, 61] in `ARKIT_NAMES` order and angles, and notes on absent columns."""
    names = [*ARKIT_NAMES, *HEAD_AND_EYE_NAMES]
    absent = [name for name in names if name.lower() not in values]
    if len(absent) > len(names) // 2:
        raise ClipReadError(
            f"only {len(names) - len(absent)} of the 61 Live Link columns are there"
        )
    n_frames = len(next(iter(values.values())))
    still = np.zeros(n_frames)
    sources = [_SWAP_MOUTH.get(n, n) for n in names] if swap_mouth_sides else names
    columns = np.stack([values.get(name.lower(), still) for name in sources], axis=1)
    notes = (f"Columns that the file lacks stay at 0: {', '.join(absent)}.",) if absent else ()
    return columns, notes


def _on_a_grid(
    times: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64], float, tuple[str, ...]]:
    """Place rows on a uniform grid: start in seconds, values [T, 61], rows per second, notes."""
    notes: list[str] = []
    rising = np.concatenate([[True], times[1:] > np.maximum.accumulate(times)[:-1]])
    if not rising.all():
        notes.append(f"{int((~rising).sum())} rows that repeat a time or go back were dropped.")
        times, values = times[rising], values[rising]
    start = float(times[0])
    if len(times) == 1:
        return start, values, 60.0, tuple(notes)
    gaps = np.diff(times)
    slots = np.concatenate([[0.0], np.cumsum(np.maximum(np.rint(gaps / np.median(gaps)), 1.0))])
    # One step is rounded to 1/60000 s; the line through all of them is not.
    step = float(np.polyfit(slots, times - start, 1)[0])
    fps = _tidy_rate(1.0 / step)
    steady = np.abs(slots * step - (times - start)).max() < step / 3
    n_rows = int(slots[-1]) + 1 if steady else int(np.floor((times[-1] - start) * fps)) + 1
    if steady and n_rows == len(times):
        return start, values, fps, tuple(notes)
    filled = monotone_interpolate(times - start, values, np.arange(n_rows) * step)
    if steady:
        notes.append(f"{n_rows - len(times)} missing rows were filled in.")
        filled[slots.astype(int)] = values
    else:
        notes.append(f"The rows stand at uneven times; they were resampled to {fps:g} per second.")
    return start, filled, fps, tuple(notes)


def _tidy_rate(fps: float) -> float:
    """Snap a measured rate that is a nominal one to within timecode rounding."""
    for nominal in (24, 25, 30, 48, 50, 60, 90, 100, 120):
        for rate in (Fraction(nominal), Fraction(nominal * 1000, 1001)):
            if abs(fps / float(rate) - 1) < 2e-5:
                return float(rate)
    return fps
