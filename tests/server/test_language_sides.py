"""Sides however they are said: which half of the face moves, and which words are no sides."""

from __future__ import annotations

import pytest

from server.language.express import express
from server.language.sides import find_sides, is_direction, plain_sides
from server.language.words import tokens

MOVES = 0.12


def said(text: str) -> str:
    return " ".join(plain_sides(tokens(text))[0])


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("brow (L) up", "brow left up"),
        ("R brow up", "right brow up"),
        ("L12", "au12l"),
        ("leftmost corner", "left corner"),
        ("one eyebrow up, the other down", "right eyebrow up , the left one down"),
        ("raise the right brow, not the left", "raise the right brow"),
        ("smile, but not on the left", "smile on the right"),
        ("the left brow instead of the right rises", "the left brow rises"),
        ("smile, more on the left than on the right", "smile <left"),
        ("the right brow is higher than the left", "the brow up <right"),
        ("a grin, lopsided to the left", "a grin to the left"),
        ("the right half of the mouth smiles", "the right side of mouth smiles"),
        ("a smile on camera left", "a smile on right"),
    ],
)
def test_a_side_is_brought_to_left_or_right(text: str, plain: str) -> None:
    assert said(text) == plain


def test_a_side_as_the_viewer_sees_it_is_noted() -> None:
    _, notes = plain_sides(tokens("smile at the viewer's left"))
    assert notes == ["Read 'the viewer left' as the character's right."]


@pytest.mark.parametrize(
    "text",
    ["she left the room", "smile right now", "nothing left but grief", "he left him", "all right"],
)
def test_words_that_are_no_sides_are_left_alone(text: str) -> None:
    words, _ = plain_sides(tokens(text))
    assert find_sides(words, frozenset()) == []


def test_a_side_may_be_a_half_or_a_direction() -> None:
    half, way = tokens("smile on the left"), tokens("the jaw slides to the left")
    assert not is_direction(half, half.index("left"))
    assert is_direction(way, way.index("left"))


@pytest.mark.parametrize(
    ("text", "moves", "still"),
    [
        ("smirk with the left corner", "mouthSmileLeft", "mouthSmileRight"),
        ("right side: brow up", "browOuterUpRight", "browOuterUpLeft"),
        ("on the left, raise the brow and the mouth corner", "mouthSmileLeft", "browOuterUpRight"),
        ("the jaw slides to the right", "jawRight", "jawLeft"),
        ("lips pursed and pulled to the left", "mouthLeft", "mouthRight"),
        ("blink with the right eye only", "eyeBlinkRight", "eyeBlinkLeft"),
        ("the lid of the right eye droops", "eyeBlinkRight", "eyeBlinkLeft"),
        ("left corner up, right corner down", "mouthFrownRight", "mouthSmileRight"),
        ("raise the left eyebrow without raising the right", "browOuterUpLeft", "browOuterUpRight"),
        ("eyes to the upper right", "eyeLookUpLeft", "eyeLookOutLeft"),
        ("lower the right lip corner", "mouthFrownRight", "mouthFrownLeft"),
    ],
)  # fmt: skip
def test_the_side_that_is_asked_moves_and_the_other_does_not(
    text: str, moves: str, still: str
) -> None:
    shapes = express(text).blendshapes
    assert shapes[moves] > MOVES
    assert shapes[still] <= MOVES


def test_where_one_side_does_more_both_move() -> None:
    shapes = express("both corners of the mouth rise, the left one more").blendshapes
    assert shapes["mouthSmileLeft"] > shapes["mouthSmileRight"] + 0.1 > MOVES


@pytest.mark.parametrize(
    ("text", "moved", "still"),
    [
        ("lower the left eyebrow, menacing", "browDownLeft", "browDownRight"),
        ("in pain, she screws up her left eye", "eyeSquintLeft", "eyeSquintRight"),
        ("amused, the left corner of her mouth rises", "mouthSmileLeft", "mouthSmileRight"),
    ],
)
def test_a_feeling_keeps_off_the_other_side_of_what_one_side_does(
    text: str, moved: str, still: str
) -> None:
    shapes = express(text).blendshapes
    assert shapes[moved] > 0.3
    assert shapes[still] < MOVES


@pytest.mark.parametrize(
    "text",
    [
        "the smile begins and ends on the left",
        "smile, though the right half refuses to follow",
        "leave the right out of it: smile",
        "smile with the left, the right having none of it",
    ],
)
def test_a_side_said_apart_or_left_out_holds_for_what_moves(text: str) -> None:
    shapes = express(text).blendshapes
    assert shapes["mouthSmileLeft"] > 0.3
    assert shapes["mouthSmileRight"] < MOVES


@pytest.mark.parametrize(
    "text", ["a bruise on the right knee makes him wince", "he winces, his left hand on the wall"]
)
def test_a_hand_or_a_knee_on_a_side_is_no_side_of_the_face(text: str) -> None:
    shapes = express(text).blendshapes
    assert shapes["eyeSquintLeft"] == shapes["eyeSquintRight"] > 0.3


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("raise the left brow, its mate is flat", "raise the left brow"),
        ("the left corner falls, bring up the brow above it", "the left brow"),
        ("the left eye shuts and that lid twitches", "the left lid"),
        ("the left, no, the right brow goes up", "right brow goes up"),
        ("down comes the left corner", "the left corner goes down"),
        ("the brow over his left eye climbs", "left brow climbs"),
        ("sneer, char left", "on the left"),
        ("a smile lateralised to the right", "on the right"),
    ],
)
def test_a_side_told_by_another_is_found(text: str, plain: str) -> None:
    assert plain in said(text)


@pytest.mark.parametrize(
    "text",
    ["she looks right at the lens", "enters stage left and smiles", "it feels right, smile",
     "there is nothing left to say, smile", "left, right and centre people laugh"],
)  # fmt: skip
def test_words_that_are_no_side_turn_nothing(text: str) -> None:
    assert not express(text).aus.keys() & {"AU61", "AU62"}
    assert not any(code.endswith(("L", "R")) for code in express(text).aus)
