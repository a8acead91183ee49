"""Laws of the FACS table: coverage, sides, names, and what ARKit cannot do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.action_units import (
    ACTION_UNITS,
    AU_CODES,
    TWO_SIDED_AU_CODES,
    au_blendshapes,
    combine_aus,
    limitation,
    parse_au,
)
from arkit.errors import (
    ActionUnitError,
    NoBlendshapeError,
    OneSidedError,
    UnknownActionUnitError,
)
from arkit.names import INDEX, mirror_name

CAFE_TALK = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)
OPEN_GRAPH_AU = (
    1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 25, 26, 27, 32,
    38, 39,
)  # fmt: skip
INSTRUCT_AVATAR_EMOTIONS = (
    "Inner Brow Raiser", "Jaw Drop", "Upper Lid Raiser", "Outer Brow Raiser", "Cheek Raiser",
    "Lip Corner Puller", "Lid Tightener", "Chin Raiser", "Brow Lowerer", "Lip Corner Depressor",
    "Nose Wrinkler", "lips_part", "upper_lip_raiser",
)  # fmt: skip


def test_at_least_41_entries_can_be_shown() -> None:
    assert len(AU_CODES) >= 41
    assert len(TWO_SIDED_AU_CODES) >= 36


@pytest.mark.parametrize("number", CAFE_TALK + OPEN_GRAPH_AU + (43, 46, 61, 62, 63, 64))
def test_the_papers_numbers_are_in_the_table(number: int) -> None:
    assert any(unit.family == f"AU{number}" for unit in ACTION_UNITS.values())


@pytest.mark.parametrize("name", INSTRUCT_AVATAR_EMOTIONS)
def test_the_papers_names_are_understood(name: str) -> None:
    assert parse_au(name).expressible


@pytest.mark.parametrize("code", AU_CODES)
def test_blendshapes_exist_and_own_channels_are_among_them(code: str) -> None:
    unit = ACTION_UNITS[code]
    assert set(unit.blendshapes) <= set(INDEX)
    assert unit.own_channels
    assert set(unit.own_channels) <= set(unit.blendshapes)
    assert all(0 < weight <= 1 for weight in unit.blendshapes.values())


@pytest.mark.parametrize("code", [c for c in AU_CODES if c.endswith("L")])
def test_left_and_right_are_mirrors(code: str) -> None:
    left, right = ACTION_UNITS[code], ACTION_UNITS[code[:-1] + "R"]
    assert {mirror_name(n): w for n, w in left.blendshapes.items()} == dict(right.blendshapes)
    assert all(name.endswith("Left") for name in left.blendshapes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AU12", "AU12"), ("au 12", "AU12"), ("12", "AU12"), ("AU04", "AU4"), ("AU12L", "AU12L"),
        ("AU12_R", "AU12R"), ("AUL12", "AU12L"), ("smile", "AU12"), ("left smile", "AU12L"),
        ("lip corner puller left", "AU12L"), ("wink left", "AU46L"), ("cheek raiser", "AU6"),
        ("Inner Brow Raiser", "AU1"), ("lip_corner_puller", "AU12"), ("AU28B", "AU28B"),
        ("jaw left", "AU30L"), ("AUMR", "AUMR"), ("mouth right", "AUMR"), ("look left", "AU61"),
    ],
)  # fmt: skip
def test_codes_and_names_are_read(text: str, code: str) -> None:
    assert parse_au(text).code == code


@given(st.sampled_from(AU_CODES))
def test_every_code_and_name_finds_itself(code: str) -> None:
    unit = ACTION_UNITS[code]
    assert parse_au(code) is unit
    assert parse_au(code.lower()) is unit
    assert parse_au(unit.name) is unit


@pytest.mark.parametrize("code", ["AU1L", "AU17L", "AU18R", "AU22L", "AU26L", "AU34L", "AU28BL"])
def test_what_arkit_cannot_show_on_one_side_is_said(code: str) -> None:
    with pytest.raises(OneSidedError, match="cannot be shown on one side"):
        parse_au(code)
    assert "one side" in limitation(code)


@pytest.mark.parametrize("text", ["AU30", "AU46", "wink", "AUM", "jaw sideways"])
def test_an_au_that_needs_a_side_asks_for_it(text: str) -> None:
    with pytest.raises(OneSidedError, match="needs a side"):
        parse_au(text)


@pytest.mark.parametrize("number", [11, 13, 21, 31, 38, 39])
def test_an_au_without_a_blendshape_says_so(number: int) -> None:
    with pytest.raises(NoBlendshapeError, match="no blendshape"):
        au_blendshapes(f"AU{number}")
    assert "no blendshape" in limitation(f"AU{number}")


@pytest.mark.parametrize("text", ["AU99", "", "AU", "happiness", "AU12X", "AU-12L-R"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(UnknownActionUnitError, match="not an Action Unit"):
        parse_au(text)


@given(st.sampled_from(AU_CODES), st.floats(0, 1))
def test_coefficients_scale_with_intensity(code: str, intensity: float) -> None:
    full, part = au_blendshapes(code), au_blendshapes(code, intensity)
    assert part == {name: weight * intensity for name, weight in full.items()}


@pytest.mark.parametrize("intensity", [-0.1, 1.1, float("nan")])
def test_intensity_outside_0_to_1_is_refused(intensity: float) -> None:
    with pytest.raises(ActionUnitError, match="between 0 and 1"):
        au_blendshapes("AU12", intensity)


def test_both_sides_and_one_side_of_an_au_count_once() -> None:
    face = combine_aus({"AU12": 0.4, "AU12L": 0.9})
    assert face == {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.4}


def test_different_aus_on_one_blendshape_add_up_and_stop_at_one() -> None:
    assert combine_aus({"AU23": 1.0, "AU24": 1.0})["mouthPressLeft"] == 1.0
    assert combine_aus({"AU6": 1.0, "AU7": 0.5})["eyeSquintLeft"] == pytest.approx(0.8)
