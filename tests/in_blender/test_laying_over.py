"""Carrying over computes beside Blender."""

from __future__ import annotations

from blender_runner import RunCase


def test_it_is_shown_and_written_by_blenders_own_thread(blender: RunCase) -> None:
    blender("laying_over", "it_is_shown_and_written_by_blenders_own_thread")


def test_escape_ends_it_at_once_and_nothing_is_written(blender: RunCase) -> None:
    blender("laying_over", "escape_ends_it_at_once_and_nothing_is_written")


def test_what_fails_beside_or_after_is_reported_and_leaves_nothing(blender: RunCase) -> None:
    blender("laying_over", "what_fails_beside_or_after_is_reported_and_leaves_nothing")


def test_a_mesh_that_changed_meanwhile_is_refused(every_blender: RunCase) -> None:
    every_blender("laying_over", "a_mesh_that_changed_meanwhile_is_refused")
