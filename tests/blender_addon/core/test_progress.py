"""Work beside the main thread: its progress, its result, and its end."""

from __future__ import annotations

import threading

import pytest

from blender_addon.core.progress import CancelledError, Progress, Work, part


def test_a_part_tells_its_share_of_the_whole() -> None:
    told: list[float] = []
    half = part(told.append, 0.5, 1.0)
    part(half, 0.0, 0.5)(1.0)
    half(1.0)
    assert told == [0.75, 1.0]


def test_work_gives_what_was_found_and_never_goes_back() -> None:
    work = Work(lambda progress: [progress(share) for share in (0.2, 0.7, 0.4)])
    assert work.result() == [None] * 3
    assert work.is_over and work.share == 0.7


def test_what_the_work_raises_is_raised_for_the_one_who_waits() -> None:
    def failing(_progress: Progress) -> None:
        raise ValueError("no head")

    with pytest.raises(ValueError, match="no head"):
        Work(failing).result()


def test_cancelled_work_ends_at_its_next_step() -> None:
    cancelled, steps = threading.Event(), []

    def endless(progress: Progress) -> None:
        while True:
            progress(0.0)
            steps.append(cancelled.is_set())
            cancelled.wait(10.0)

    work = Work(endless)
    work.cancel()
    cancelled.set()
    with pytest.raises(CancelledError):
        work.result()
    assert steps.count(True) <= 1
