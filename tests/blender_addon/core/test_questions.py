"""Questions to the server, and what directions that are no typed words look like."""

from __future__ import annotations

import numpy as np
import pytest

from blender_addon.core.directing import heard_sentence, laid_strips, pose_sentence, worn
from blender_addon.core.job import Job, State, made_of
from blender_addon.core.question import Question
from blender_addon.core.story import told_direction
from server.wire import messages as m

ANSWER = m.Instruction(
    "q", "The brows are lowered.", "angry", 0.62, {"AU4": 0.8, "AU7": 0.3}, 0.7,
    (m.StripSpec("AU4", 0.0, 1.5, ((0.0, 0.8),)), m.StripSpec("AU7", 1.0, 1.0)),
)  # fmt: skip


def test_a_question_goes_from_sent_to_answered() -> None:
    asked = Question("q")
    for event, state in (
        (m.Accepted("q", 2), State.WAITING),
        (m.Progress("q", "listen", 0.3), State.RUNNING),
        (ANSWER, State.DONE),
    ):
        asked.apply(event)
        assert asked.state is state
    assert asked.answer is ANSWER and asked.is_over and asked.fraction == 1.0


def test_events_of_others_and_late_ones_move_nothing() -> None:
    asked = Question("q")
    asked.apply(m.Failed("other", "limit", "Too long."))
    assert asked.state is State.SENT
    asked.cancelled()
    asked.apply(ANSWER)
    assert asked.answer is None and asked.state is State.CANCELLED


@pytest.mark.parametrize(
    ("failed", "state"),
    [
        (m.Failed("q", "cancelled", "The request was cancelled."), State.CANCELLED),
        (m.Failed("q", "unavailable", "No weights.", "Get them."), State.FAILED),
    ],
)
def test_a_question_can_end_without_an_answer(failed: m.Failed, state: State) -> None:
    asked = Question("q")
    asked.apply(failed)
    assert asked.state is state
    assert state is not State.FAILED or asked.text == "No weights. Get them."


def test_a_pose_is_told_by_its_strongest_shapes() -> None:
    pose = {"jawOpen": 0.01, "mouthPucker": 0.4, "browInnerUp": 1.2, "noseSneerLeft": 0.1}
    assert worn(pose) == {"browInnerUp": 1.0, "mouthPucker": 0.4, "noseSneerLeft": 0.1}
    assert pose_sentence(pose, 2) == "browInnerUp 1.00, mouthPucker 0.40 and 1 more"
    assert pose_sentence({}) == ""


def test_an_instruction_is_told_and_laid() -> None:
    assert heard_sentence(ANSWER) == "angry 0.6, 70% sure: AU4 0.8, AU7 0.3"
    (strip,) = laid_strips(ANSWER)
    assert (strip.kind, strip.name, strip.start, strip.end) == ("au", "AU4", 0.0, 1.5)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (m.GenerateRequest("r", pose={"jawOpen": 0.5}), "pose: jawOpen 0.50"),
        (m.GenerateRequest("r", image=b"png"), "a picture"),
        (
            m.GenerateRequest("r", direction="furious", blend=m.DirectionBlend("calm", 0.25)),
            "75% furious + 25% calm",
        ),
        (m.GenerateRequest("r", blend=m.DirectionBlend("calm")), "50% neutral + 50% calm"),
    ],
)
def test_the_list_of_takes_tells_every_kind_of_direction(
    request_: m.GenerateRequest, told: str
) -> None:
    assert told_direction(request_) == told


def test_a_take_with_flame_frames_becomes_a_flame_clip_too() -> None:
    job, n = Job("r"), 3
    frames = m.FlameFrames(
        "head-1", np.ones((n, 4), np.float32), np.full((n, 3), 0.1, np.float32),
        np.zeros((n, 3), np.float32), np.zeros((n, 2, 3), np.float32),
    )  # fmt: skip
    zeros = np.zeros((n, 1), np.float32)
    job.apply(
        m.Chunk(
            "r", 0, 0, ("jawOpen",), zeros, np.zeros((n, 3), np.float32),
            np.zeros((n, 2, 3), np.float32), {}, frames,
        )
    )  # fmt: skip
    job.apply(m.Result("r", 0, n, 25.0, contacts=(("lips", 0.0, 0.04),)))
    (arrived,) = job.ready
    made = made_of(arrived)
    assert made.flame is not None
    assert (made.flame.basis_id, made.flame.fps, made.flame.n_frames) == ("head-1", 25.0, n)
    assert np.allclose(made.flame.jaw, 0.1) and made.flame.contacts == (("lips", 0.0, 0.04),)


def test_a_take_whose_flame_frames_stop_on_the_way_is_refused() -> None:
    job = Job("r")
    zeros = np.zeros((1, 1), np.float32)
    angles = (np.zeros((1, 3), np.float32), np.zeros((1, 2, 3), np.float32))
    frames = m.FlameFrames("head-1", np.ones((1, 4), np.float32), angles[0], angles[0], angles[1])
    job.apply(m.Chunk("r", 0, 0, ("jawOpen",), zeros, *angles, {}, frames))
    job.apply(m.Chunk("r", 0, 1, ("jawOpen",), zeros, *angles, {}))
    assert job.state is State.FAILED and "changed its columns" in job.text
