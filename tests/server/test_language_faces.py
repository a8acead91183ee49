"""Arithmetic on AU intensities, and the tables behind it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.names import ARKIT_NAMES
from server.language import faces, feelings, tables
from server.language.errors import TableError

unit = st.floats(0.01, 0.95)


@given(unit, st.floats(0.15, 2.8), st.floats(0.05, 1.0))
def test_a_higher_degree_is_always_stronger_and_never_past_one(
    value: float, degree: float, more: float
) -> None:
    weak = faces.scaled({"AU4L": value}, degree)["AU4L"]
    strong = faces.scaled({"AU4L": value}, degree + more)["AU4L"]
    assert weak <= strong <= 1.0
    assert weak < strong or strong > 0.99


def test_plain_degree_changes_nothing() -> None:
    assert faces.scaled({"AU4L": 0.37}, 1.0)["AU4L"] == pytest.approx(0.37)


def test_expanding_and_joining_is_the_identity() -> None:
    aus = {"AU1": 0.4, "AU12": 0.7, "AU14R": 0.3}
    assert faces.compact(faces.expand(aus)) == aus


def test_a_side_drops_the_other_and_weakens_the_middle() -> None:
    kept = faces.sided(faces.expand({"AU1": 0.6, "AU2": 0.8}), "L")
    assert kept["AU2L"] == 0.8 and "AU2R" not in kept
    assert kept["AU1"] < 0.3


def test_a_default_side_turns_to_the_side_that_is_asked_for() -> None:
    assert faces.sided({"AU12R": 0.7}, "L") == {"AU12L": 0.7}


def test_the_weaker_of_two_opposed_muscles_gives_way() -> None:
    settled = faces.settle({"AU12L": 0.8, "AU15L": 0.4, "AU15R": 0.4})
    assert settled["AU15L"] < 0.1 and settled["AU15R"] == 0.4


def test_an_explicit_closed_mouth_drives_out_a_feelings_jaw_drop() -> None:
    felt = faces.expand({"AU26": 0.6, "AU5": 0.7})
    left = faces.overruled(felt, faces.expand({"AU24": 0.3}))
    assert left["AU26"] == 0.0 and left["AU5L"] == 0.7


def test_denying_an_open_mouth_denies_every_size_of_it() -> None:
    assert faces.denied(faces.expand({"AU27": 0.9, "AU25": 0.5, "AU1": 0.4}), ["AU26"]) == {
        "AU1": 0.4
    }


def test_all_52_blendshapes_come_back_in_range() -> None:
    shapes = faces.blendshapes(faces.expand({"AU12": 1.0, "AU6": 1.0, "AU7": 1.0}))
    assert tuple(shapes) == ARKIT_NAMES
    assert all(0.0 <= value <= 1.0 for value in shapes.values())


def test_every_family_is_nearest_to_itself_or_looks_the_same() -> None:
    for name in tables.families():
        face = feelings.family_face(name)
        if face:
            best, cosine = feelings.nearest_families(face)[0]
            assert best == name or cosine > 0.97


def test_denied_joy_is_a_little_sad_and_denied_sorrow_is_nothing() -> None:
    assert feelings.denial_face("joy").keys() >= {"AU15L", "AU15R"}
    assert feelings.denial_face("grief") == {}


def test_two_feelings_at_once_both_show() -> None:
    mixed = feelings.mixed_face([feelings.family_face("joy"), feelings.family_face("sadness")])
    assert mixed["AU12L"] > 0.5 and mixed["AU1"] > 0.5


def test_the_tables_are_broad_and_well_formed() -> None:
    assert len(tables.feeling_words()) >= 400
    assert len(tables.situations()) >= 600
    assert {family.emotion for family in tables.families().values()} == set(tables.EMOTIONS)
    parts = {part.name for part in tables.parts()}
    motions = {motion.name for motion in tables.motions()}
    for part, motion in tables.action_rules():
        assert part in parts and motion in motions


def test_a_wrong_au_in_a_table_names_its_line() -> None:
    with pytest.raises(TableError, match="line 3"):
        tables.read_aus("AU99=.5", "families.tsv line 3")
    with pytest.raises(TableError, match=r"0\.\.1"):
        tables.read_aus("AU12=1.5", "families.tsv line 4")
