"""The second set of sided directions is well formed, unchanged and judged as it says."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import pytest
from frozen_directions import SIDES_2_PATH, Direction, Rate, load_frozen, score

from arkit.names import INDEX

SIDES_2_SHA256 = "8531ce544e3f85fa59eb8560e0919eabe96982d161ce458b10de327508919dc0"

SIDES = load_frozen(SIDES_2_PATH)
SIDED = [d for d in SIDES.directions if d.subkind == "side"]
TRAPS = [d for d in SIDES.directions if d.subkind != "side"]

SWAP = {"Left": "Right", "Right": "Left"}


def _mirrored(face: dict[str, float]) -> dict[str, float]:
    return {
        re.sub(r"(Left|Right)$", lambda m: SWAP[m.group()], name): value
        for name, value in face.items()
    }


def _unsided(face: dict[str, float]) -> dict[str, float]:
    return _mirrored(face) | face


def _obedient(direction: Direction, option: int = 0, value: float = 0.5) -> dict[str, float]:
    """Move one allowed group per demand, the first by default, and nothing else."""
    groups = (demand[min(option, len(demand) - 1)] for demand in direction.must_move)
    return {name: value for group in groups for name in SIDES.groups[group]}


FACES = {d.text: _obedient(d) for d in SIDES.directions}


def _words(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def test_the_file_is_frozen() -> None:
    # Unix line ends, so that a checkout on Windows passes too.
    content = SIDES_2_PATH.read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(content).hexdigest() == SIDES_2_SHA256


def test_there_are_enough_of_either_side_and_of_traps() -> None:
    assert len(SIDES.directions) == 290
    assert Counter(d.subkind for d in SIDES.directions) == {
        "side": 252,
        "trap_word": 31,
        "trap_elsewhere": 7,
    }
    named = Counter(
        name.rsplit("_", 1)[1]
        for d in SIDED
        for name in {group for demand in d.must_move for group in demand[:1]}
        if name.endswith(("_left", "_right"))
    )
    assert named["left"] / named.total() == pytest.approx(0.5, abs=0.02)


def test_groups_and_thresholds_are_those_of_the_first_set() -> None:
    first = load_frozen()
    assert (SIDES.moves_at, SIDES.still_below) == (first.moves_at, first.still_below)
    for name, members in SIDES.groups.items():
        assert members == first.groups.get(name, members), name
        assert set(members) <= set(INDEX), name
    for pair in SIDES.pairs:
        left, right = SIDES.groups[pair]
        assert left.endswith("Left")
        assert left.removesuffix("Left") == right.removesuffix("Right")


def test_ids_and_texts_are_unique_and_none_is_in_the_first_set() -> None:
    assert len({d.id for d in SIDES.directions}) == len(SIDES.directions)
    first = {_words(text) for d in load_frozen().directions for text in (d.text, d.weaker_text)}
    texts = {_words(d.text) for d in SIDES.directions}
    assert len(texts) == len(SIDES.directions)
    assert not texts & first
    assert not [d.id for d in SIDES.directions if re.search(r"\bAU ?\d", d.text, re.IGNORECASE)]


def test_every_demand_names_known_groups() -> None:
    for direction in SIDES.directions:
        named = {group for demand in direction.must_move for group in demand}
        assert direction.must_move, direction.id
        assert named | set(direction.must_not_move) <= set(SIDES.groups), direction.id
        assert not named & set(direction.must_not_move), direction.id
        assert direction.even == (direction in TRAPS), direction.id


@pytest.mark.parametrize("option", [0, 1, 2, 3])
def test_an_obedient_face_is_right_and_its_mirror_image_wrong(option: int) -> None:
    faces = {d.text: _obedient(d, option) for d in SIDES.directions}
    report = score(faces.__getitem__, SIDES)
    assert [(o.direction.id, o.problems) for o in report.outcomes if not o.right] == []
    assert report.side == Rate(252, 252)
    mirrored = score(lambda text: _mirrored(faces[text]), SIDES)
    assert mirrored.side == Rate(0, 252)
    assert mirrored.rate(kind="trap") == Rate(38, 38)


@pytest.mark.parametrize("option", [0, 1, 2, 3])
def test_an_unsided_face_is_wrong_for_every_side_and_right_for_every_trap(option: int) -> None:
    faces = {d.text: _unsided(_obedient(d, option)) for d in SIDES.directions}
    report = score(faces.__getitem__, SIDES)
    assert report.side == Rate(0, 252)
    assert report.rate(kind="trap") == Rate(38, 38)


def test_a_still_face_and_a_face_that_moves_everything_are_wrong() -> None:
    assert score(lambda _: {}, SIDES).overall == Rate(0, 290)
    assert score(lambda _: dict.fromkeys(INDEX, 1.0), SIDES).side == Rate(0, 252)


def test_each_demand_of_a_sided_direction_counts() -> None:
    for dropped in range(3):
        faces = {
            d.text: {
                name: 0.5
                for i, demand in enumerate(d.must_move)
                if i != dropped
                for name in SIDES.groups[demand[0]]
            }
            for d in SIDED
        }
        report = score(lambda text, faces=faces: faces.get(text, {}), SIDES)
        assert not [
            o.direction.id
            for o in report.outcomes
            if o.direction in SIDED and dropped < len(o.direction.must_move) and o.right
        ]


def test_no_unsided_face_can_be_right_for_a_sided_direction() -> None:
    def other_side(group: str) -> str:
        return re.sub(r"(left|right)$", lambda m: SWAP[m.group().title()].lower(), group)

    for direction in SIDED:
        assert any(
            all(other_side(group) in direction.must_not_move for group in demand)
            for demand in direction.must_move
        ), direction.id


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_trap_shown_on_one_side_is_wrong(side: str) -> None:
    def halved(text: str) -> dict[str, float]:
        return {n: v for n, v in FACES[text].items() if not n.endswith(SWAP[side])}

    halves = {
        d.text for d in TRAPS if any(n.endswith(("Left", "Right")) for n in FACES[d.text])
    } - {d.text for d in TRAPS if d.must_move == (("look_up",),)}
    report = score(halved, SIDES)
    assert len(halves) > 20
    assert not [o.direction.id for o in report.outcomes if o.direction.text in halves and o.right]


@pytest.mark.parametrize(
    "name", ["mouthSmileLeft", "eyeBlinkRight", "browOuterUpLeft", "jawRight", "mouthLeft"]
)
def test_a_trap_with_a_sided_movement_on_top_is_wrong(name: str) -> None:
    def skewed(text: str) -> dict[str, float]:
        face = FACES[text]
        return face | {name: face.get(name, 0.0) + 0.4}

    assert score(skewed, SIDES).rate(kind="trap") == Rate(0, 38)


def test_a_difference_too_small_to_see_is_even() -> None:
    def leaning(text: str) -> dict[str, float]:
        return {n: v + 0.1 * n.endswith("Left") for n, v in FACES[text].items()}

    assert score(leaning, SIDES).rate(kind="trap") == Rate(38, 38)


def test_the_report_leaves_out_what_the_set_does_not_hold() -> None:
    lines = str(score(FACES.__getitem__, SIDES)).splitlines()
    assert lines[0].startswith("overall") and "290/290" in lines[0]
    assert lines[-1].startswith("side") and "252/252" in lines[-1]
    assert not [line for line in lines if "nan" in line]
