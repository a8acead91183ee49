"""The state of one question to the server: how is this line played, what does this direction ask?

Fed with the events of the wire, like a `Job`; it knows neither sockets nor Blender.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..vendor import messages
from .job import FINAL, State, stage_text


@dataclass
class Question:
    """One `InstructRequest` on its way.

    Attributes:
        request_id: events of other requests are ignored.
        fraction: how much is done, 0..1.
        text: what is going on, or how it ended, for the user.
        answer: what came back, None before.
    """

    request_id: str
    state: State = State.SENT
    fraction: float = 0.0
    text: str = "Connecting"
    answer: messages.Instruction | None = None

    @property
    def is_over(self) -> bool:
        return self.state in FINAL

    def apply(self, event: object) -> None:
        """Take in one event of the wire; nothing moves a question that is over."""
        if self.is_over or getattr(event, "request_id", "") != self.request_id:
            return
        match event:
            case messages.Accepted(queue_position=position):
                self.state = State.WAITING
                self.text = f"Waiting behind {position} others" if position else "Accepted"
            case messages.Progress(stage=stage, fraction=fraction):
                self.state, self.text = State.RUNNING, stage_text(stage)
                self.fraction = max(self.fraction, min(fraction, 1.0))
            case messages.Instruction():
                self.state, self.fraction, self.text = State.DONE, 1.0, event.text
                self.answer = event
            case messages.Failed(code="cancelled"):
                self.cancelled()
            case messages.Failed(message=message, hint=hint):
                self.fail(f"{message} {hint}".strip())

    def cancelled(self) -> None:
        """The user, or a new file, ended it."""
        self.state, self.text = State.CANCELLED, "Cancelled."

    def fail(self, text: str) -> None:
        """It ended without an answer."""
        self.state, self.text = State.FAILED, text
