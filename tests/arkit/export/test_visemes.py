"""Viseme cues cover every phone, leave no gap, keep every closure, and read back."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.clip import ArkitClip, Phone
from arkit.errors import ExportError
from arkit.export.visemes import (
    VISEME_PHONES,
    Cue,
    format_rhubarb_tsv,
    format_webvtt,
    viseme_cues,
    write_viseme_cues,
)
from server.speech.phones import BILABIALS, LABIODENTALS, PHONES

HELLO = (
    Phone("sil", 0.0, 0.2), Phone("h", 0.2, 0.26), Phone("ɛ", 0.26, 0.33), Phone("l", 0.33, 0.4),
    Phone("o", 0.4, 0.55), Phone("ʊ", 0.55, 0.65), Phone("m", 0.65, 0.68), Phone("a", 0.68, 0.9),
    Phone("f", 0.9, 1.0),
)  # fmt: skip

speech = st.lists(
    st.tuples(st.sampled_from(sorted(VISEME_PHONES)), st.floats(0.005, 0.4)),
    min_size=1,
    max_size=30,
).map(lambda rows: timed(rows))  # noqa: PLW0108 - defined below


def timed(rows: list[tuple[str, float]]) -> tuple[Phone, ...]:
    ends = np.cumsum([seconds for _, seconds in rows]).tolist()
    begins = [0.0, *ends[:-1]][: len(ends)]
    return tuple(
        Phone(symbol, begin, end)
        for (symbol, _), begin, end in zip(rows, begins, ends, strict=True)
    )


def test_every_phone_of_the_recogniser_has_a_shape() -> None:
    assert frozenset(PHONES) == VISEME_PHONES
    for shapes, lips, teeth in (("rhubarb", "A", "G"), ("oculus", "PP", "FF")):
        for phone in PHONES:
            (cue,) = viseme_cues([Phone(phone, 0, 1)], shapes)
            assert (cue.shape == lips) == (phone in BILABIALS)
            assert (cue.shape == teeth) == (phone in LABIODENTALS)


def test_a_word_becomes_the_shapes_one_expects() -> None:
    assert [cue.shape for cue in viseme_cues(HELLO)] == list("XCHEFADG")
    assert [cue.shape for cue in viseme_cues(HELLO, "oculus")] == [
        "sil", "kk", "E", "nn", "oh", "ou", "PP", "aa", "FF",
    ]  # fmt: skip


@given(speech, st.sampled_from(["rhubarb", "oculus"]))
def test_cues_are_whole_ordered_and_long_enough(phones: tuple[Phone, ...], shapes: str) -> None:
    cues = viseme_cues(phones, shapes)
    assert cues[0].start == phones[0].start
    assert cues[-1].end == pytest.approx(phones[-1].end)
    for one, two in pairwise(cues):
        assert one.end == two.start and one.shape != two.shape
    assert all(cue.end > cue.start for cue in cues)


@given(speech)
def test_no_closure_is_lost(phones: tuple[Phone, ...]) -> None:
    roomy = [p for p in phones if p.phone not in BILABIALS | LABIODENTALS or p.end - p.start > 0.02]
    phones = timed([(p.phone, p.end - p.start) for p in roomy])
    cues = viseme_cues(phones) if phones else ()
    for phone in phones:
        if phone.phone in BILABIALS:
            middle = (phone.start + phone.end) / 2
            assert any(c.shape == "A" and c.start <= middle <= c.end for c in cues)


def test_a_short_closure_is_widened_and_a_short_vowel_gives_way() -> None:
    phones = timed([("a", 0.2), ("p", 0.01), ("a", 0.2), ("i", 0.01), ("u", 0.2)])
    cues = viseme_cues(phones)
    assert [cue.shape for cue in cues] == ["D", "A", "D", "F"]
    assert cues[1].end - cues[1].start == pytest.approx(0.04)


def test_gaps_are_rest() -> None:
    cues = viseme_cues([Phone("a", 0.5, 1.0), Phone("a", 2.0, 2.5)])
    assert cues == (
        Cue(0.0, 0.5, "X"), Cue(0.5, 1.0, "D"), Cue(1.0, 2.0, "X"), Cue(2.0, 2.5, "D"),
    )  # fmt: skip


def read_webvtt(text: str) -> list[tuple[float, float, str]]:
    header, *blocks = text.strip().split("\n\n")
    assert header == "WEBVTT"
    cues = []
    for block in blocks:
        _, times, shape = block.split("\n")
        found = re.fullmatch(
            r"(\d\d):(\d\d):(\d\d)\.(\d{3}) --> (\d\d):(\d\d):(\d\d)\.(\d{3})", times
        )
        assert found is not None
        h, m, s, ms, h2, m2, s2, ms2 = map(int, found.groups())
        cues.append((h * 3600 + m * 60 + s + ms / 1e3, h2 * 3600 + m2 * 60 + s2 + ms2 / 1e3, shape))
    return cues


def read_tsv(text: str) -> list[tuple[float, float, str]]:
    rows = [line.split("\t") for line in text.splitlines()]
    starts = [float(start) for start, _ in rows]
    assert rows[-1][1] == "X"
    return [
        (start, end, shape)
        for (_, shape), start, end in zip(rows[:-1], starts, starts[1:], strict=False)
    ]


@given(speech)
def test_files_read_back_to_the_precision_of_their_format(phones: tuple[Phone, ...]) -> None:
    cues = viseme_cues(phones)
    for read, precision in (
        (read_webvtt(format_webvtt(cues)), 6e-4),
        (read_tsv(format_rhubarb_tsv(cues)), 6e-3),
    ):
        assert [shape for _, _, shape in read] == [cue.shape for cue in cues]
        assert [row[:2] for row in read] == [
            pytest.approx((cue.start, cue.end), abs=precision) for cue in cues
        ]


def test_cues_past_an_hour_keep_their_time() -> None:
    assert "01:00:00.500 --> 01:01:01.999" in format_webvtt([Cue(3600.5, 3661.9991, "A")])


def test_a_clip_writes_by_suffix(tmp_path: Path) -> None:
    clip = ArkitClip(coefficients=np.zeros((30, 52)), fps=30, phones=HELLO)
    report = write_viseme_cues(clip, tmp_path / "line.tsv")
    assert report.n_rows == 8 and report.seconds == 1.0
    assert (tmp_path / "line.tsv").read_text().startswith("0.00\tX\n0.20\tC\n")
    write_viseme_cues(clip, tmp_path / "line.vtt")
    assert "\nPP\n" in (tmp_path / "line.vtt").read_text()


def test_what_has_no_shapes_is_refused(tmp_path: Path) -> None:
    mute = ArkitClip(coefficients=np.zeros((1, 52)), fps=30)
    spoken = ArkitClip(coefficients=np.zeros((1, 52)), fps=30, phones=HELLO)
    with pytest.raises(ExportError, match="no phones"):
        write_viseme_cues(mute, tmp_path / "a.tsv")
    with pytest.raises(ExportError, match=r"\.vtt or \.tsv"):
        write_viseme_cues(spoken, tmp_path / "a.txt")
    with pytest.raises(ExportError, match="only Rhubarb's"):
        write_viseme_cues(spoken, tmp_path / "a.tsv", "oculus")
    with pytest.raises(ExportError, match="no mouth shape"):
        viseme_cues([Phone("PH", 0, 1)])
    with pytest.raises(ExportError, match="out of order"):
        viseme_cues([Phone("a", 1, 2), Phone("a", 0, 1)])
