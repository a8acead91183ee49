"""The frozen directions are well formed and unchanged, and their scorer counts as it says."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping

import pytest
from frozen_directions import (
    FROZEN_PATH,
    Direction,
    Rate,
    load_frozen,
    score,
    wilson_interval,
)

from arkit.names import INDEX

FROZEN_SHA256 = "08001fdce257de0818ebeea47ae3705c2afa4f85e3e1c60a391e9936e09e6b2f"

FROZEN = load_frozen()


def _obedient_faces() -> dict[str, dict[str, float]]:
    """Give each text a face that moves the first group each demand allows and nothing else."""
    faces: dict[str, dict[str, float]] = {}
    for direction in FROZEN.directions:
        if direction.is_pair:
            members = [n for g in direction.degree_groups for n in FROZEN.groups[g]]
            faces[direction.weaker_text] = dict.fromkeys(members, 0.3)
            faces[direction.text] = dict.fromkeys(members, 0.6)
        else:
            faces[direction.text] = {
                name: 0.5 for demand in direction.must_move for name in FROZEN.groups[demand[0]]
            }
    return faces


def _failed(express_face: Mapping[str, float]) -> set[str]:
    report = score(lambda _: express_face)
    return {outcome.direction.id for outcome in report.outcomes if not outcome.right}


def test_the_file_is_frozen() -> None:
    # Unix line ends, so that a checkout on Windows passes too.
    content = FROZEN_PATH.read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(content).hexdigest() == FROZEN_SHA256


def test_sixty_of_each_kind_and_twenty_of_each_subkind() -> None:
    assert len(FROZEN.directions) == 300
    assert Counter(d.kind for d in FROZEN.directions) == dict.fromkeys(
        ("emotion_word", "situation", "au_description", "negation_degree_side", "mixed"), 60
    )
    subkinds = Counter(d.subkind for d in FROZEN.directions if d.kind == "negation_degree_side")
    assert subkinds == {"negation": 20, "degree": 20, "side": 20}


def test_ids_and_texts_are_unique_and_free_of_au_codes() -> None:
    assert len({d.id for d in FROZEN.directions}) == 300
    texts = [d.text for d in FROZEN.directions]
    texts += [d.weaker_text for d in FROZEN.directions if d.is_pair]
    assert len({re.sub(r"\W+", " ", text.casefold()).strip() for text in texts}) == 320
    assert not [text for text in texts if re.search(r"\bAU ?\d", text, re.IGNORECASE)]


def test_groups_hold_arkit_names() -> None:
    for members in FROZEN.groups.values():
        assert members
        assert set(members) <= set(INDEX)


def test_every_demand_names_known_groups_and_stays_small() -> None:
    for direction in FROZEN.directions:
        named = [group for demand in direction.must_move for group in demand]
        named += [*direction.must_not_move, *direction.degree_groups]
        assert set(named) <= set(FROZEN.groups), direction.id
        assert len(direction.must_move) + len(direction.must_not_move) >= 1, direction.id
        assert len(direction.must_move) <= 3, direction.id
        assert len(direction.must_not_move) <= 3, direction.id


@pytest.mark.parametrize("direction", [d for d in FROZEN.directions if d.subkind == "degree"])
def test_degree_pairs_are_complete(direction: Direction) -> None:
    assert direction.is_pair
    assert direction.weaker_text
    assert direction.stronger_text == direction.text
    assert direction.weaker_text != direction.stronger_text


def test_one_sided_directions_hold_the_other_side_still() -> None:
    for direction in FROZEN.directions:
        if direction.subkind == "side":
            moving = {n for demand in direction.must_move for g in demand for n in FROZEN.groups[g]}
            still = {n for g in direction.must_not_move for n in FROZEN.groups[g]}
            assert still, direction.id
            assert not moving & still, direction.id


def test_an_obedient_face_scores_full_marks() -> None:
    report = score(_obedient_faces().__getitem__)
    assert [o.problems for o in report.outcomes if not o.right] == []
    assert report.overall == Rate(300, 300)
    assert set(report.by_kind.values()) == {Rate(60, 60)}
    assert report.negation == report.degree_order == report.side == Rate(20, 20)


def test_a_still_face_only_passes_pure_negations() -> None:
    report = score(lambda _: {})
    assert {o.direction.id for o in report.outcomes if o.right} == {
        d.id for d in FROZEN.directions if not d.must_move
    }
    assert report.overall.right == report.negation.right == 10
    assert report.degree_order == Rate(0, 20)


def test_a_face_that_moves_everything_passes_only_what_forbids_nothing() -> None:
    passed = {d.id for d in FROZEN.directions} - _failed(dict.fromkeys(INDEX, 1.0))
    assert passed == set()


@pytest.mark.parametrize("name", ["mouthSmileLeft", "browInnerUp", "browDownRight", "eyeWideLeft"])
def test_no_single_shape_goes_far(name: str) -> None:
    assert len(_failed({name: 0.5})) > 200


def test_mirrored_faces_fail_every_side() -> None:
    faces = _obedient_faces()

    def mirrored(text: str) -> dict[str, float]:
        swap = {"Left": "Right", "Right": "Left"}
        return {
            re.sub(r"(Left|Right)$", lambda m: swap[m.group()], name): value
            for name, value in faces[text].items()
        }

    report = score(mirrored)
    # Gaze, jaw and mouth shifts mirror as well: eyeLookOutLeft becomes eyeLookOutRight.
    assert report.side == Rate(0, 20)


def test_degree_order_is_counted_apart_from_the_stronger_face() -> None:
    faces = _obedient_faces()
    report = score(lambda text: {name: value * 0.3 for name, value in faces[text].items()})
    assert report.degree_order == Rate(20, 20)
    assert report.rate(subkind="degree") == Rate(0, 20)


def test_values_between_the_thresholds_neither_move_nor_rest() -> None:
    between = dict.fromkeys(INDEX, 0.17)
    assert len(_failed(between)) == 300


def test_names_outside_arkit_are_ignored_and_nan_is_refused() -> None:
    assert score(lambda _: {"headYaw": 1.0}).overall == score(lambda _: {}).overall
    with pytest.raises(ValueError, match="not finite"):
        score(lambda _: {"jawOpen": float("nan")})


def test_wilson_interval_against_published_values() -> None:
    # Newcombe 1998, table I: 81/263 and 0/20.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_the_report_reads_as_a_table() -> None:
    lines = str(score(lambda _: {})).splitlines()
    assert len(lines) == 9
    assert lines[0].startswith("overall") and "10/300" in lines[0]
