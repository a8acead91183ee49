"""The second and third sets of sides are well formed, unchanged and judged as they say."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest
from frozen_directions import (
    SIDES_2_PATH,
    SIDES_3_PATH,
    Direction,
    FrozenSet,
    Rate,
    load_frozen,
    score,
)

from arkit.names import INDEX


@dataclass(frozen=True)
class Sides:
    """A frozen set of sides with what is known of it."""

    path: Path
    sha256: str
    counts: dict[str, int]

    @cached_property
    def all(self) -> FrozenSet:
        return load_frozen(self.path)

    @cached_property
    def sided(self) -> list[Direction]:
        return [d for d in self.all.directions if d.subkind == "side"]

    @cached_property
    def traps(self) -> list[Direction]:
        return [d for d in self.all.directions if d.subkind != "side"]

    @cached_property
    def faces(self) -> dict[str, dict[str, float]]:
        """The obedient face of each text."""
        return {d.text: self.obedient(d) for d in self.all.directions}

    def obedient(
        self, direction: Direction, option: int = 0, value: float = 0.5
    ) -> dict[str, float]:
        """Move one allowed group per demand, the first by default, and nothing else."""
        groups = (demand[min(option, len(demand) - 1)] for demand in direction.must_move)
        return {name: value for group in groups for name in self.all.groups[group]}


SECOND = Sides(
    SIDES_2_PATH,
    "8531ce544e3f85fa59eb8560e0919eabe96982d161ce458b10de327508919dc0",
    {"side": 252, "trap_word": 31, "trap_elsewhere": 7},
)
THIRD = Sides(
    SIDES_3_PATH,
    "3550e16caec40f921ca8125a1bcd8a6c5caa3d6763e5ea1f26fcf547e3f3d3e4",
    {"side": 175, "trap_word": 18, "trap_elsewhere": 17},
)


@pytest.fixture(params=[SECOND, THIRD], ids=["second", "third"])
def sides(request: pytest.FixtureRequest) -> Sides:
    return request.param


SWAP = {"Left": "Right", "Right": "Left"}


def _mirrored(face: dict[str, float]) -> dict[str, float]:
    return {
        re.sub(r"(Left|Right)$", lambda m: SWAP[m.group()], name): value
        for name, value in face.items()
    }


def _unsided(face: dict[str, float]) -> dict[str, float]:
    return _mirrored(face) | face


def _words(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def test_the_file_is_frozen(sides: Sides) -> None:
    # Unix line ends, so that a checkout on Windows passes too.
    content = sides.path.read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(content).hexdigest() == sides.sha256


def test_there_are_enough_of_either_side_and_of_traps(sides: Sides) -> None:
    assert Counter(d.subkind for d in sides.all.directions) == sides.counts
    named = Counter(
        name.rsplit("_", 1)[1]
        for d in sides.sided
        for name in {group for demand in d.must_move for group in demand[:1]}
        if name.endswith(("_left", "_right"))
    )
    assert named["left"] / named.total() == pytest.approx(0.5, abs=0.02)


def test_groups_and_thresholds_are_those_of_the_first_set(sides: Sides) -> None:
    first = load_frozen()
    assert (sides.all.moves_at, sides.all.still_below) == (first.moves_at, first.still_below)
    for name, members in sides.all.groups.items():
        assert members == first.groups.get(name, members), name
        assert set(members) <= set(INDEX), name
    for pair in sides.all.pairs:
        left, right = sides.all.groups[pair]
        assert left.endswith("Left")
        assert left.removesuffix("Left") == right.removesuffix("Right")


def test_ids_and_texts_are_unique_and_none_is_in_the_first_set(sides: Sides) -> None:
    assert len({d.id for d in sides.all.directions}) == len(sides.all.directions)
    first = {_words(text) for d in load_frozen().directions for text in (d.text, d.weaker_text)}
    texts = {_words(d.text) for d in sides.all.directions}
    assert len(texts) == len(sides.all.directions)
    assert not texts & first
    assert not [d.id for d in sides.all.directions if re.search(r"\bAU ?\d", d.text, re.IGNORECASE)]


def test_every_demand_names_known_groups(sides: Sides) -> None:
    for direction in sides.all.directions:
        named = {group for demand in direction.must_move for group in demand}
        assert direction.must_move, direction.id
        assert named | set(direction.must_not_move) <= set(sides.all.groups), direction.id
        assert not named & set(direction.must_not_move), direction.id
        assert direction.even == (direction in sides.traps), direction.id


@pytest.mark.parametrize("option", [0, 1, 2, 3])
def test_an_obedient_face_is_right_and_its_mirror_image_wrong(sides: Sides, option: int) -> None:
    faces = {d.text: sides.obedient(d, option) for d in sides.all.directions}
    report = score(faces.__getitem__, sides.all)
    assert [(o.direction.id, o.problems) for o in report.outcomes if not o.right] == []
    assert report.side == Rate(len(sides.sided), len(sides.sided))
    mirrored = score(lambda text: _mirrored(faces[text]), sides.all)
    assert mirrored.side == Rate(0, len(sides.sided))
    assert mirrored.rate(kind="trap") == Rate(len(sides.traps), len(sides.traps))


@pytest.mark.parametrize("option", [0, 1, 2, 3])
def test_an_unsided_face_is_wrong_for_every_side_and_right_for_every_trap(
    sides: Sides, option: int
) -> None:
    faces = {d.text: _unsided(sides.obedient(d, option)) for d in sides.all.directions}
    report = score(faces.__getitem__, sides.all)
    assert report.side == Rate(0, len(sides.sided))
    assert report.rate(kind="trap") == Rate(len(sides.traps), len(sides.traps))


def test_a_still_face_and_a_face_that_moves_everything_are_wrong(sides: Sides) -> None:
    assert score(lambda _: {}, sides.all).overall == Rate(0, len(sides.all.directions))
    assert score(lambda _: dict.fromkeys(INDEX, 1.0), sides.all).side == Rate(0, len(sides.sided))


def test_each_demand_of_a_sided_direction_counts(sides: Sides) -> None:
    for dropped in range(3):
        faces = {
            d.text: {
                name: 0.5
                for i, demand in enumerate(d.must_move)
                if i != dropped
                for name in sides.all.groups[demand[0]]
            }
            for d in sides.sided
        }
        report = score(lambda text, faces=faces: faces.get(text, {}), sides.all)
        assert not [
            o.direction.id
            for o in report.outcomes
            if o.direction in sides.sided and dropped < len(o.direction.must_move) and o.right
        ]


def test_no_unsided_face_can_be_right_for_a_sided_direction(sides: Sides) -> None:
    def other_side(group: str) -> str:
        return re.sub(r"(left|right)$", lambda m: SWAP[m.group().title()].lower(), group)

    for direction in sides.sided:
        assert any(
            all(other_side(group) in direction.must_not_move for group in demand)
            for demand in direction.must_move
        ), direction.id


@pytest.mark.parametrize("side", ["Left", "Right"])
def test_a_trap_shown_on_one_side_is_wrong(sides: Sides, side: str) -> None:
    def halved(text: str) -> dict[str, float]:
        return {n: v for n, v in sides.faces[text].items() if not n.endswith(SWAP[side])}

    halves = {
        d.text
        for d in sides.traps
        if any(n.endswith(("Left", "Right")) for n in sides.faces[d.text])
    } - {d.text for d in sides.traps if d.must_move == (("look_up",),)}
    report = score(halved, sides.all)
    assert len(halves) > 20
    assert not [o.direction.id for o in report.outcomes if o.direction.text in halves and o.right]


@pytest.mark.parametrize(
    "name", ["mouthSmileLeft", "eyeBlinkRight", "browOuterUpLeft", "jawRight", "mouthLeft"]
)
def test_a_trap_with_a_sided_movement_on_top_is_wrong(sides: Sides, name: str) -> None:
    def skewed(text: str) -> dict[str, float]:
        face = sides.faces[text]
        return face | {name: face.get(name, 0.0) + 0.4}

    assert score(skewed, sides.all).rate(kind="trap") == Rate(0, len(sides.traps))


def test_a_difference_too_small_to_see_is_even(sides: Sides) -> None:
    def leaning(text: str) -> dict[str, float]:
        return {n: v + 0.1 * n.endswith("Left") for n, v in sides.faces[text].items()}

    assert score(leaning, sides.all).rate(kind="trap") == Rate(len(sides.traps), len(sides.traps))


def test_the_report_leaves_out_what_the_set_does_not_hold(sides: Sides) -> None:
    lines = str(score(sides.faces.__getitem__, sides.all)).splitlines()
    assert lines[0].startswith("overall") and f"{len(sides.all.directions)}/" in lines[0]
    assert lines[-1].startswith("side") and f"{len(sides.sided)}/" in lines[-1]
    assert not [line for line in lines if "nan" in line]


def test_no_text_stands_in_two_sets() -> None:
    second, third = ({_words(d.text) for d in one.all.directions} for one in (SECOND, THIRD))
    assert not second & third
