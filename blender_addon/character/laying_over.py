"""Operators that lay the built-in head over a character: seconds of work in a thread of its own.

What the work needs is read before it begins, and what it found is written after it has ended; in
between Blender draws, the view can be turned, and Esc ends it with nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ..core.progress import Progress, Work, silent
from ..reporting import ReportsErrors, nothing_left_behind
from ..ui import tr

_LOOK: Final = 0.1  # seconds between two looks at how far it is
_PASSED_ON: Final = frozenset({
    "MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE", "TRACKPADPAN", "TRACKPADZOOM", "MOUSEROTATE",
    "NDOF_MOTION", "MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "WINDOW_DEACTIVATE", "TIMER",
})  # fmt: skip
"""Events that turn the view or change nothing; others would change what is being computed."""

_running: list[Work[Any]] = []


class LaysOver(ReportsErrors):
    """Modal in a window, waiting in background.

    A subclass has `read(context)`, which reads Blender and returns what is computed without it, and
    `write(context, found)`, which changes Blender and returns the operator's result.
    """

    _work: Work[Any] | None = None
    _timer = None

    def read(self, context: Any) -> Callable[[Progress], Any]:
        """What is to be computed."""
        raise NotImplementedError

    def write(self, context: Any, found: Any) -> set[str]:
        """Use what was computed."""
        raise NotImplementedError

    def invoke(self, context, _event):
        """In a window: begin, and listen for Esc while it runs."""
        self._work = Work(self.read(context))
        _running.append(self._work)
        manager = context.window_manager
        self._timer = manager.event_timer_add(_LOOK, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """Keep the status bar true; end on Esc."""
        if event.type == "ESC":
            self.cancel(context)
            return {"CANCELLED"}
        if self._work.is_over:
            work = self._work
            self.cancel(context)
            with nothing_left_behind():
                return self.write(context, work.result())
        if event.type == "TIMER":
            said = tr("The built-in head is laid over this one: {share:.0%}   (Esc cancels)")
            context.workspace.status_text_set(said.format(share=self._work.share))
        return {"PASS_THROUGH"} if event.type in _PASSED_ON else {"RUNNING_MODAL"}

    def execute(self, context):
        """In background and from scripts: returns when it has ended."""
        return self.write(context, self.read(context)(silent))

    def cancel(self, context):
        """It is over, was refused, the window closes or another file is loaded."""
        context.workspace.status_text_set(None)
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        if self._work is not None:
            self._work.cancel()
            _running[:] = [work for work in _running if not work.is_over]
            self._work = None


def stop_laying_over() -> None:
    """End what still computes, and wait for it."""
    while _running:
        _running.pop().close()


def is_laying_over() -> bool:
    """Whether something is still computed."""
    return any(not work.is_over for work in _running)
