"""The state of a job, event by event."""

from __future__ import annotations

import numpy as np
import pytest

from arkit.names import ARKIT_51_NAMES, ARKIT_NAMES
from blender_addon.core.job import Job, State, made_of
from server.wire.messages import Accepted, Chunk, Failed, Progress, Result, TimedPhone


def chunk(start: int, n: int, take: int = 0, names: tuple[str, ...] = ARKIT_NAMES) -> Chunk:
    values = np.full((n, len(names)), (start + 1) / 100, np.float32)
    angles = np.zeros((n, 3), np.float32)
    return Chunk(
        "r", take, start, names, values, angles, np.zeros((n, 2, 3), "f4"), {"lips": values}
    )


def test_a_line_goes_from_sent_to_a_ready_clip() -> None:
    job = Job("r")
    job.apply(Accepted("r", 2))
    assert job.state is State.WAITING and "2" in job.text
    job.apply(Progress("r", "perform", 0.4))
    assert (job.state, job.fraction, job.text) == (State.RUNNING, 0.4, "Performing")
    job.apply(chunk(0, 10))
    job.apply(chunk(10, 5))
    phones = (TimedPhone("m", 0.0, 0.1),)
    job.apply(Result("r", 0, 15, 30.0, (("lips", 0.0, 0.1),), phones, ("A note.",), {"seed": 7}))
    (arrived,) = job.ready
    take = made_of(arrived).clip
    assert (take.n_frames, take.fps, take.notes, take.provenance["seed"]) == (
        15, 30.0, ("A note.",), 7,
    )  # fmt: skip
    assert take.contacts[0].kind == "lips" and take.phones[0].phone == "m"
    assert np.allclose(take.layers["lips"], take.coefficients)
    assert job.received_all and not job.is_over


def test_51_columns_leave_the_tongue_at_rest() -> None:
    job = Job("r")
    job.apply(chunk(0, 4, names=ARKIT_51_NAMES))
    job.apply(Result("r", 0, 4, 30.0))
    take = made_of(job.ready[0]).clip
    assert take.coefficients.shape == (4, 52) and not take.curve("tongueOut").any()


def test_two_takes_arrive_as_two_clips_and_the_second_ends_it() -> None:
    job = Job("r")
    job.apply(chunk(0, 4, take=0))
    job.apply(chunk(0, 4, take=1))
    job.apply(Result("r", 0, 4, 30.0, last=False))
    assert len(job.ready) == 1 and not job.received_all
    job.apply(Result("r", 1, 4, 30.0))
    assert len(job.ready) == 2 and job.received_all


def test_progress_never_runs_backwards() -> None:
    job = Job("r")
    job.apply(Progress("r", "perform", 0.6))
    job.apply(Progress("r", "perform", 0.3))
    assert job.fraction == 0.6


def test_events_of_another_request_change_nothing() -> None:
    job = Job("r")
    job.apply(Failed("other", "internal", "No."))
    assert job.state is State.SENT


def test_a_failure_shows_what_happened_and_what_to_do() -> None:
    job = Job("r")
    job.apply(Failed("r", "bad_audio", "It is a text file.", "Choose a recording."))
    assert (job.state, job.text) == (State.FAILED, "It is a text file. Choose a recording.")


def test_late_events_do_not_wake_a_cancelled_job() -> None:
    job = Job("r")
    job.cancelled()
    job.apply(chunk(0, 4))
    job.apply(Result("r", 0, 4, 30.0))
    assert job.state is State.CANCELLED and not job.ready


def test_lost_frames_fail_the_job_with_their_numbers() -> None:
    job = Job("r")
    job.apply(chunk(0, 4))
    job.apply(chunk(8, 4))
    assert job.state is State.FAILED and "8" in job.text


def test_a_blendshape_that_nobody_knows_fails_the_job() -> None:
    job = Job("r")
    job.apply(chunk(0, 4, names=("jawOpen", "earWiggle")))
    job.apply(Result("r", 0, 4, 30.0))
    assert job.state is State.FAILED and "earWiggle" in job.text


@pytest.mark.parametrize("state", [State.DONE, State.FAILED, State.CANCELLED])
def test_final_states_are_final(state: State) -> None:
    assert Job("r", state).is_over
