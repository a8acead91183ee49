"""What directions say in so many words: degree, side, denial, clauses, parts and motions."""

from __future__ import annotations

import pytest

from server.language import faces
from server.language.reading import Content
from server.language.scope import read


def only(text: str) -> Content:
    contents = read(text).contents
    assert len(contents) == 1, f"{text!r} reads as {[c.text for c in contents]}"
    return contents[0]


def shown(text: str) -> dict[str, float]:
    return faces.compact(
        faces.union(c.shown() for c in read(text).contents if not c.negated)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "au"),
    [
        ("the corners of the mouth turn up", "AU12"),
        ("lift the corners of your lips", "AU12"),
        ("mouth corners sag", "AU15"),
        ("her eyebrows are knitted together", "AU4"),
        ("both brows shoot up", "AU2"),
        ("the inner ends of the eyebrows rise", "AU1"),
        ("eyes narrowed to slits", "AU7"),
        ("open your eyes wide", "AU5"),
        ("press the lips together", "AU24"),
        ("lips puckered as if to kiss", "AU18"),
        ("the nose crinkles", "AU9"),
        ("puff out your cheeks", "AU34"),
        ("the tongue pokes out", "AU19"),
        ("the jaw hangs open", "AU26"),
        ("he bites his lower lip", "AU32"),
        ("teeth clamp down on the lower lip", "AU32"),
        ("her gaze drops to the floor", "AU64"),
        ("the upper lip curls", "AU10"),
        ("stick the chin out", "AU29"),
    ],
)
def test_a_part_and_its_motion_make_the_action_unit(text: str, au: str) -> None:
    assert shown(text).get(au, 0.0) > 0.4


@pytest.mark.parametrize(
    ("weak", "strong"),
    [
        ("slightly angry", "angry"),
        ("angry", "very angry"),
        ("very angry", "extremely angry"),
        ("barely smiling", "slightly smiling"),
        ("brows a little raised", "brows raised"),
        ("lips pressed", "lips pressed very hard"),
        ("AU12 at 0.3", "AU12 at 0.6"),
        ("smile at 20%", "smile at 90%"),
        ("a touch of disgust", "disgust"),
    ],
)
def test_more_is_more(weak: str, strong: str) -> None:
    assert max(shown(weak).values()) < max(shown(strong).values())


@pytest.mark.parametrize(
    ("text", "side", "au"),
    [
        ("raise your left eyebrow", "L", "AU2"),
        ("a smirk on the right side of the mouth", "R", "AU12"),
        ("wink with the right eye", "R", "AU46"),
        ("the nose wrinkles on the left", "L", "AU9"),
        ("pull only the left corner of the lips down", "L", "AU15"),
        ("slide the jaw to the left", "L", "AU30"),
        ("smile only on the right", "R", "AU12"),
        ("a smile on the viewer's left", "R", "AU12"),
        ("AU12R", "R", "AU12"),
    ],
)
def test_a_side_moves_that_side_only(text: str, side: str, au: str) -> None:
    other = {"L": "R", "R": "L"}[side]
    aus = shown(text)
    assert aus.get(au + side, 0.0) > 0.4
    assert not any(code.endswith(other) for code in aus)
    assert au not in aus


def test_two_sides_in_one_sentence_keep_apart() -> None:
    aus = shown("his right brow lowers while the left one lifts")
    assert aus["AU4R"] > 0.5 and aus["AU2L"] > 0.5
    assert "AU4L" not in aus and "AU2R" not in aus


@pytest.mark.parametrize(
    "text", ["right now he smiles", "she smiles all right", "what is left of her smile"]
)
def test_right_and_left_are_not_always_sides(text: str) -> None:
    assert not any(content.side for content in read(text).contents)


@pytest.mark.parametrize(
    "text",
    ["not smiling", "no trace of a smile", "she never smiles", "the smile fades from her face",
     "he stops smiling", "without a smile", "don't smile", "he isn't smiling at all"],
)  # fmt: skip
def test_a_denied_smile_is_denied(text: str) -> None:
    assert only(text).negated


@pytest.mark.parametrize(
    "text", ["can't stop smiling", "she cannot help smiling", "not without a smile"]
)
def test_what_only_sounds_like_a_denial_is_none(text: str) -> None:
    assert not only(text).negated


def test_but_ends_a_denial() -> None:
    first, second = read("not sad but angry").contents
    assert first.negated and not second.negated


def test_neither_and_nor_deny_both() -> None:
    assert [c.negated for c in read("neither happy nor sad").contents] == [True, True]


def test_a_denial_goes_on_over_or_and_stops_at_a_new_clause() -> None:
    contents = read("without smiling or frowning, glare").contents
    assert [c.negated for c in contents] == [True, True, False]


def test_a_part_that_must_not_move_is_still() -> None:
    contents = read("angry, but the brows do not move").contents
    assert contents[0].family == "anger"
    assert contents[1].kind == "still" and "AU4L" in contents[1].face


def test_a_feeling_told_of_the_eyes_stays_in_the_upper_face() -> None:
    aus = shown("fear in the eyes")
    assert "AU5" in aus and "AU20" not in aus


def test_motions_win_over_feelings_beside_a_part() -> None:
    assert shown("brows low").get("AU4", 0.0) > 0.5


def test_words_that_are_held_out_are_not_read() -> None:
    assert read("crestfallen").contents
    assert not read("crestfallen", frozenset({"crestfallen"})).contents


def test_facs_letters_are_intensities() -> None:
    assert only("AU12C").number == 0.5
    assert only("AU28B").face.keys() == {"AU28B"}
