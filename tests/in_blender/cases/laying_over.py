"""Long work beside Blender: how it is shown, ended, and what it may find when it comes back."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import bpy

from . import tools


class _Window:
    """What a modal operator asks of a window: timers, handlers, the status bar."""

    def __init__(self) -> None:
        self.said: list[str | None] = []
        self.timers = self.handlers = 0
        self.window = object()
        self.workspace = SimpleNamespace(status_text_set=self.said.append)
        self.window_manager = SimpleNamespace(
            event_timer_add=self._add, event_timer_remove=self._remove, modal_handler_add=self._hand
        )

    def _add(self, _step: float, window: object) -> object:
        assert window is self.window
        self.timers += 1
        return object()

    def _remove(self, _timer: object) -> None:
        self.timers -= 1

    def _hand(self, _operator: object) -> None:
        self.handlers += 1


def _operator(compute: Callable[[Any], Any], write: Callable[[Any], None]) -> Any:
    from blender_addon.character.laying_over import LaysOver

    class Slow(LaysOver):
        def __init__(self) -> None:
            self.reports: list[tuple[set[str], str]] = []

        def read(self, _context: Any) -> Any:
            return compute

        def write(self, _context: Any, found: Any) -> set[str]:
            write(found)
            return {"FINISHED"}

        def report(self, kind: set[str], text: str) -> None:
            self.reports.append((kind, text))

    return Slow()


def _until_over(operator: Any, window: _Window) -> set[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        result = operator.modal(window, SimpleNamespace(type="TIMER"))
        if result != {"PASS_THROUGH"}:
            return result
        time.sleep(0.01)
    raise AssertionError("it never ended")


def _slow(progress: Any) -> str:
    for step in range(20):
        progress(step / 20)
        time.sleep(0.005)
    return f"found beside {threading.main_thread() is not threading.current_thread()}"


def it_is_shown_and_written_by_blenders_own_thread() -> None:
    written: list[tuple[str, bool]] = []

    def write(found: str) -> None:
        written.append((found, threading.current_thread() is threading.main_thread()))

    operator, window = _operator(_slow, write), _Window()
    assert operator.invoke(window, None) == {"RUNNING_MODAL"}
    assert (window.timers, window.handlers) == (1, 1)
    click = operator.modal(window, SimpleNamespace(type="LEFTMOUSE"))
    assert click == {"RUNNING_MODAL"}, "nothing is changed by hand meanwhile"
    assert operator.modal(window, SimpleNamespace(type="MIDDLEMOUSE")) == {"PASS_THROUGH"}
    assert _until_over(operator, window) == {"FINISHED"}
    assert written == [("found beside True", True)]
    assert window.said[-1] is None and window.timers == 0
    # The thread may be a step ahead of the first word.
    assert re.search(r"\b\d+%   \(Esc cancels\)", str(window.said[0])), window.said[0]


def escape_ends_it_at_once_and_nothing_is_written() -> None:
    from blender_addon.character.laying_over import is_laying_over, stop_laying_over

    def endless(progress: Any) -> None:
        while True:
            progress(0.5)
            time.sleep(0.005)

    def write(_found: Any) -> None:
        raise AssertionError("nothing may be written")

    operator, window = _operator(endless, write), _Window()
    operator.invoke(window, None)
    assert is_laying_over()
    assert operator.modal(window, SimpleNamespace(type="ESC")) == {"CANCELLED"}
    assert window.said[-1] is None and window.timers == 0 and not operator.reports
    stop_laying_over()
    assert not is_laying_over()
    operator.invoke(window, None)
    operator.cancel(window)  # another file is loaded
    deadline = time.monotonic() + 60
    while any(t.name == "soliloquy-work" for t in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def what_fails_beside_or_after_is_reported_and_leaves_nothing() -> None:
    from blender_addon.core.errors import CharacterError

    def refused(_progress: Any) -> None:
        raise CharacterError("No nose is found.")

    def half(_found: Any) -> None:
        bpy.data.meshes.new("half a preview")
        raise CharacterError("It was changed.")

    for compute, write, said in (
        (refused, lambda _found: None, "No nose is found."),
        (_slow, half, "It was changed."),
    ):
        operator, window = _operator(compute, write), _Window()
        operator.invoke(window, None)
        assert _until_over(operator, window) == {"CANCELLED"}
        assert operator.reports == [({"ERROR"}, said)]
        assert window.said[-1] is None and window.timers == 0
    assert "half a preview" not in bpy.data.meshes


def a_mesh_that_changed_meanwhile_is_refused() -> None:
    from blender_addon.character.transfer import read_head
    from blender_addon.core.errors import CharacterError

    face, other = tools.arkit_face(), tools.face("Other", ())
    character = tools.character_of(face, other)
    bpy.context.view_layer.update()
    joined = read_head(character, "-Y").joined
    assert joined.meshes() == [face, other]

    def refused() -> str:
        try:
            joined.meshes()
        except CharacterError as error:
            return str(error)
        return ""

    other.data.shape_keys.reference_key.data[1].co.x += 0.1
    assert refused() == "'Other' was changed meanwhile. Try again."
    other.data.shape_keys.reference_key.data[1].co.x -= 0.1
    assert not refused()
    other.location.x += 0.5
    bpy.context.view_layer.update()
    assert "'Other'" in refused()
    bpy.data.objects.remove(other)
    assert "'Other'" in refused()
