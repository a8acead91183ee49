"""Directions in words become faces, by the shipped weights."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
import torch

from arkit.names import ARKIT_NAMES
from server.evaluation import language as evaluation
from server.language.express import default_director, emotion_of, express, pose_embedding


def moved(text: str, group: str) -> float:
    return evaluation.movement(express(text).blendshapes, group)


def test_json_carries_what_the_command_promises() -> None:
    data = express("slightly amused").to_json()
    assert {"aus", "blendshapes", "confidence", "nearest", "notes"} <= data.keys()
    assert tuple(data["blendshapes"]) == ARKIT_NAMES
    assert 0.0 < data["confidence"] <= 1.0
    json.dumps(data)


@pytest.mark.parametrize("text", ["", "   ", "?!", "qwrtz plmkn", "1 2 3"])
def test_what_nobody_understands_is_neutral_with_a_note(text: str) -> None:
    found = express(text)
    assert not any(found.blendshapes.values())
    assert found.notes
    assert found.emotion == "neutral"


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("you just won the lottery", "smile"),
        ("the dog died this morning", "brow_inner"),
        ("somebody scratched his new car", "brow_down"),
        ("there is a spider on my pillow", "eye_wide"),
        ("a hair in the soup", "nose"),
    ],
)
def test_situations_move_the_face(text: str, group: str) -> None:
    assert moved(text, group) > evaluation.MOVES


def test_explicit_actions_overrule_a_feeling() -> None:
    assert moved("surprised, mouth closed", "jaw") < 0.05
    assert moved("surprised", "jaw") > 0.3
    assert moved("angry without lowering the brows", "brow_down") < 0.05


def test_denied_joy_does_not_smile() -> None:
    for text in ("not happy", "she is not at all amused", "far from happy", "not very happy"):
        assert moved(text, "smile") < 0.05, text


def test_two_feelings_both_show() -> None:
    shapes = express("happy and sad at the same time").blendshapes
    assert evaluation.movement(shapes, "smile") > 0.3
    assert evaluation.movement(shapes, "brow_inner") > 0.3


def test_head_motions_are_told_and_move_no_blendshape() -> None:
    found = express("nods")
    assert found.head and not any(found.blendshapes.values())
    assert any("head" in note for note in found.notes)


def test_au_codes_are_taken_as_written() -> None:
    assert express("AU12 at 0.7").aus == {"AU12": 0.7}
    assert express("AU12L 40%").aus == {"AU12L": 0.4}


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("overjoyed", "happy"),
        ("furious", "angry"),
        ("grief-stricken", "sad"),
        ("terrified", "fearful"),
        ("revolted", "disgusted"),
        ("astonished", "surprised"),
        ("scornful", "contemptuous"),
        ("", "neutral"),
        ("the speaker is neutral: the face is at rest", "neutral"),
        ("the face looks cross, the brows drawn together", "angry"),
        ("the brows are lowered clearly", "angry"),
    ],
)
def test_the_coarse_emotion_is_named(text: str, emotion: str) -> None:
    found = emotion_of(text)
    assert found.emotion == emotion
    assert sum(found.scores.values()) == pytest.approx(1.0, abs=0.01)


def test_intensity_rises_with_degree() -> None:
    values = [emotion_of(text).intensity for text in ("slightly angry", "angry", "very angry")]
    assert values == sorted(values) and values[0] < values[-1]


def test_the_same_text_is_the_same_face() -> None:
    first, second = express("a bitter little smile"), express("a bitter little smile")
    assert first.blendshapes == second.blendshapes
    assert np.array_equal(first.embedding, second.embedding)


def test_poses_that_differ_little_are_near_and_others_far() -> None:
    smile = pose_embedding({"mouthSmileLeft": 0.7, "mouthSmileRight": 0.7})
    more = pose_embedding({"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8})
    frown = pose_embedding({"browDownLeft": 0.8, "browDownRight": 0.8, "mouthFrownLeft": 0.6})
    assert float(smile @ more) > float(smile @ frown)


def test_text_and_its_expression_are_near_in_the_joint_space() -> None:
    director = default_director()
    texts = ("overjoyed", "furious", "grief-stricken", "revolted")
    poses = np.stack([director.express(text).embedding for text in texts])
    words = director.expclip.embed_text(director.encoder.encode(texts))
    assert ((words @ poses.T).argmax(1) == np.arange(len(texts))).mean() >= 0.75


def test_a_mouth_that_shows_nothing_is_not_taken_for_a_denied_laugh() -> None:
    shapes = express("he is furious but you cannot see it in his mouth").blendshapes
    assert shapes["browDownLeft"] > 0.5 and shapes["jawOpen"] < 0.05
    laugh = express("happy, though not laughing").blendshapes
    assert laugh["mouthSmileLeft"] > 0.5 and laugh["jawOpen"] < 0.05


def test_the_embedding_of_a_direction_knows_its_side() -> None:
    director = default_director()
    poses = {side: director.express(f"smile on the {side}").embedding for side in ("left", "right")}
    for side, other in (("left", "right"), ("right", "left")):
        told = director.text_embedding(f"a smile, but only with the {side} half of the mouth")
        assert float(told @ poses[side]) > float(told @ poses[other])
        assert np.isclose(np.linalg.norm(told), 1.0, atol=1e-5)


def test_the_development_directions_are_mostly_right() -> None:
    scores, _ = evaluation.score_directions(evaluation.read_directions(), express)
    assert scores["all"] >= 0.85
    assert scores["order"] >= 0.95 and scores["side"] >= 0.9


def test_a_text_takes_a_few_milliseconds_on_one_core() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    express("warm up")
    started = time.process_time()
    for _ in range(20):
        express("slightly angry but smiling on the left")
    torch.set_num_threads(threads)
    assert (time.process_time() - started) / 20 < 0.015


def test_signs_without_words_are_not_called_empty() -> None:
    found = express("😡😡")
    assert not any(found.blendshapes.values())
    assert list(found.notes) == [
        "'😡😡' has no words, so the face is neutral: say how the line is played."
    ]
