"""A second Live Link CSV reader, written from the rules of Unreal's importer and nothing of ours.

Rules: at least two lines; a header of three columns or more whose first two are Timecode and
BlendShapeCount in any case; empty fields vanish when a line is split; a row that then has another
number of fields ends the import; four parts in a timecode, the last counted in 1/60 s whatever
the rate; properties are named by the header; keys land at absolute time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass
class Imported:
    """Keys of one Live Link track: property -> [(seconds, value)]."""

    keys: dict[str, list[tuple[float, float]]]
    times: list[float]


def read_as_unreal_does(text: str) -> Imported:
    lines = text.replace("\r\n", "\n").split("\n")
    lines = [line for line in lines if line]
    assert len(lines) >= 2, "rejected: no frame"
    header = [field for field in lines[0].split(",") if field]
    assert len(header) >= 3, "rejected: too few columns"
    assert header[0].lower() == "timecode", "rejected: first column"
    assert header[1].lower() == "blendshapecount", "rejected: second column"
    properties = header[2:]
    imported = Imported({name: [] for name in properties}, [])
    for line in lines[1:]:
        fields = [field for field in line.split(",") if field]
        if len(fields) != len(header):
            break
        parts = fields[0].split(":")
        assert len(parts) == 4, "row is mis-read"
        hours, minutes, seconds, sixtieths = parts
        t = 3600.0 * int(hours) + 60.0 * int(minutes) + int(seconds) + float(sixtieths) / 60.0
        imported.times.append(t)
        for name, field in zip(properties, fields[2:], strict=True):
            imported.keys[name].append((t, float(field)))
    return imported


@pytest.fixture(scope="session")
def import_csv() -> Callable[[str], Imported]:
    """The reader, as a fixture, so that tests need no import path."""
    return read_as_unreal_does
