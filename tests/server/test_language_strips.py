"""Directions that change over time become strips in order."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.strips import render_strips
from server.language.errors import LanguageError
from server.language.strips import stages_of, strips_from_text


def spans(text: str, seconds: float = 4.0) -> list[tuple[str, float, float]]:
    return [(s.text, round(s.start, 2), round(s.end, 2)) for s in stages_of(text, seconds)]


def test_first_then_share_the_time() -> None:
    assert spans("first angry, then a bitter little smile") == [
        ("angry", 0.0, 2.0),
        ("a bitter little smile", 2.0, 4.0),
    ]


def test_the_end_comes_last_even_when_it_is_said_first() -> None:
    names = [text for text, _, _ in spans("At the end she cries. First calm, then worried")]
    assert names == ["calm", "worried", "she cries"]


def test_a_time_word_after_its_words_counts() -> None:
    assert [t for t, _, _ in spans("he smiles at first but ends in tears")] == [
        "he smiles",
        "in tears",
    ]


def test_said_times_are_obeyed() -> None:
    assert spans("from 1 to 2 seconds raise the brows") == [("raise the brows", 1.0, 2.0)]
    assert spans("happy for the first 2 seconds, then sad")[0] == ("happy", 0.0, 2.0)
    assert spans("at 1.5 seconds wink with the left eye, at 3s frown")[1] == ("frown", 3.0, 4.0)


def test_a_moment_is_short() -> None:
    (_, start, end), rest = spans("surprised for a moment, then happy")
    assert end - start <= 0.5
    assert rest[2] == 4.0


def test_throughout_lasts_the_whole_line() -> None:
    assert ("a worried look", 0.0, 4.0) in spans("a worried look throughout, finally a sigh")


def test_no_length_is_refused() -> None:
    with pytest.raises(LanguageError, match="above 0"):
        stages_of("smile", 0.0)


def test_strips_follow_the_stages_and_stay_inside_the_line() -> None:
    strips = strips_from_text("first furrow the brows, then smile", 3.0)
    brow = next(s for s in strips if s.au == "AU4")
    smile = next(s for s in strips if s.au == "AU12")
    assert brow.end <= smile.start + 1e-6
    assert smile.end == pytest.approx(3.0)
    assert np.isfinite(render_strips(strips, np.linspace(0, 3, 90))).all()


def test_an_action_that_goes_on_is_one_strip_with_keys() -> None:
    strips = strips_from_text("smile slightly, then smile broadly", 2.0)
    smiles = [s for s in strips if s.au == "AU12"]
    assert len(smiles) == 1
    assert smiles[0].keys[0][1] < smiles[0].keys[-1][1]


def test_nothing_understood_gives_no_strip() -> None:
    assert strips_from_text("", 2.0) == []
    assert strips_from_text("qwrtz plmkn", 2.0) == []


def test_a_short_stage_may_leave_out_its_verb() -> None:
    strips = strips_from_text("look left, then right, finally up", 3.0)
    assert [strip.au for strip in strips] == ["AU61", "AU62", "AU63"]


def test_until_a_time_ends_a_stage_there() -> None:
    strips = strips_from_text("neutral until 2 seconds, then disgusted", 3.0)
    assert {strip.start for strip in strips} == {2.0}


def test_a_comma_after_a_time_begins_another_stage() -> None:
    found = spans("smile from 0.5 to 1.5 seconds, brows up at 2 seconds", 3.0)
    assert found == [("smile", 0.5, 1.5), ("brows up", 2.0, 3.0)]


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("from two seconds on a smile", [("a smile", 2.0, 4.0)]),
        (
            "smile for the first second, frown from 2 seconds on",
            [("smile", 0.0, 1.0), ("frown", 2.0, 4.0)],
        ),
        (
            "calm for two and a half seconds, then angry",
            [("calm", 0.0, 2.5), ("angry", 2.5, 4.0)],
        ),
        ("between one and two seconds the nose wrinkles", [("the nose wrinkles", 1.0, 2.0)]),
        (
            "smile after 2 seconds and at three seconds wink",
            [("smile", 2.0, 3.0), ("wink", 3.0, 4.0)],
        ),
        ("in the last half second the brows go up", [("the brows go up", 3.5, 4.0)]),
        ("in the second half frown", [("frown", 2.0, 4.0)]),
        ("smile on the last word", [("smile", 3.5, 4.0)]),
        ("0-1s: calm; 1s-2s: angry", [("calm", 0.0, 1.0), ("angry", 1.0, 2.0)]),
        ("blink once at about 0:03", [("blink once", 3.0, 4.0)]),
        (
            "smile the whole time, wink at the 2 second mark",
            [("smile", 0.0, 4.0), ("wink", 2.0, 4.0)],
        ),
    ],
)
def test_times_in_words_are_obeyed(text: str, stages: list[tuple[str, float, float]]) -> None:
    assert spans(text) == stages


def test_half_of_the_mouth_and_half_a_smile_are_no_times() -> None:
    assert spans("smile with the right half of the mouth") == [
        ("smile with the right half of the mouth", 0.0, 4.0)
    ]
