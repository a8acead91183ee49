"""Memory for an undo step to come."""

from __future__ import annotations

from blender_addon.core.warm_memory import AT_ONCE, PIECE, WarmMemory


def test_it_grows_a_little_at_a_time_as_far_as_it_is_wanted() -> None:
    memory = WarmMemory()
    memory.want(3 * PIECE + 5)
    assert memory.n_bytes == 3 * PIECE
    wanted = (2 * AT_ONCE + 1) * PIECE
    grown = []
    for _ in range(4):
        memory.want(wanted)
        grown.append(memory.n_bytes // PIECE)
    assert grown == [3 + AT_ONCE, 2 * AT_ONCE + 1, 2 * AT_ONCE + 1, 2 * AT_ONCE + 1]


def test_it_never_shrinks_but_is_given_back_at_once() -> None:
    memory = WarmMemory()
    memory.want(10 * PIECE)
    memory.want(0)
    assert memory.n_bytes == 10 * PIECE
    memory.give_back()
    assert memory.n_bytes == 0
