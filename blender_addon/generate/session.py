"""The running side of the add-on: one client, at most one job, and the pump that moves it on.

The client's worker thread owns the socket and never sees Blender. `pump` runs on the main thread,
called by a timer and by the modal operator in a window, and in a loop in background and in tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from threading import Thread
from typing import Any, Final, TypeAlias

import bpy

from ..core.errors import ServerError, SoliloquyError
from ..core.job import Job, Made, made_of
from ..core.question import Question
from ..core.splicing import Splice, with_story
from ..core.take_data import Prepared, prepare
from ..core.target import Target
from ..takes import undo_step
from ..takes.writing import TakeWriter
from ..vendor import assemble, clip, messages
from .client import endpoint, load_soon, open_client
from .order import Order
from .preview import Preview

PUMP_SECONDS: Final = 0.012
"""Time for one pump: it may run between two redraws without being noticed."""

_GREETING_SECONDS: Final = 2.0
"""How long an order waits to know what the server can."""
_EVENTS: Final = 8  # taken in between two looks at the clock

_Packed: TypeAlias = "Future[tuple[Made, Prepared]]"


class Session:
    """Client, job and writer of this Blender."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self.question: Question | None = None
        self.lost: str = ""
        self.preview: Preview | None = None
        self._client: Any = None
        self._endpoint: tuple[str, Any] = ("", None)
        self._target: Target | None = None
        self._packer: ThreadPoolExecutor | None = None
        self._packing: list[_Packed] = []
        self._writer: TakeWriter | None = None
        self._n_written = 0
        self._notes: list[str] = []
        self._base: clip.ArkitClip | None = None
        self._on_written: Callable[[], None] | None = None
        self._on_answer: Callable[[messages.Instruction], None] | None = None
        self._has_news = False  # frames that the preview has not shown
        self._unsent: Order | None = None
        self._patient_until = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether a job is on its way."""
        return self.job is not None and not self.job.is_over

    @property
    def is_asking(self) -> bool:
        """Whether a question is on its way."""
        return self.question is not None and not self.question.is_over

    @property
    def welcome(self) -> messages.Welcome | None:
        """What the server said of itself, None before it was heard."""
        return self._client.welcome if self._client is not None else None

    @property
    def connected(self) -> bool:
        return self._client is not None and self._client.connected

    @property
    def was_asked(self) -> bool:
        """Whether a server was ever looked for."""
        return self._client is not None

    @property
    def generators(self) -> tuple[str, ...]:
        """Generators that can be used, empty before the server was heard."""
        welcome = self.welcome
        if welcome is None:
            return ()
        facts = welcome.facts
        return tuple(n for n in welcome.generators if n not in facts or not facts[n].problem)

    @property
    def default_generator(self) -> str:
        """The one that performs when none is named, "" before the server was heard."""
        return next(iter(self.generators), "")

    def facts_of(self, generator: str) -> messages.GeneratorFacts | None:
        """What a generator ("" for the default) can be asked for; None when it is not known."""
        welcome = self.welcome
        return welcome.facts.get(generator or self.default_generator) if welcome else None

    def connect(self, address: str) -> None:
        """Open a client for `address`, unless there is one; does not wait for an answer.

        Raises:
            ServerError: the address cannot be used.
        """
        wanted = endpoint(address)
        if self._client is not None and self._endpoint == wanted:
            return
        if self.is_busy or self.is_asking:
            raise ServerError("A line is being made. Wait for it or cancel it, then reconnect.")
        opened = open_client(*wanted)
        self._close_client()
        self._client, self._endpoint = opened, wanted
        self.lost = ""

    def greet(self, timeout: float) -> bool:
        """Ask who is there and wait for the answer. For background mode and tests."""
        return self._client is not None and self._client.hello(timeout) is not None

    def silence(self, address: str) -> str:
        """What to tell the user while nobody answers."""
        refusal = self._client.refusal if self._client is not None else ""
        if self.lost or refusal:
            return self.lost or refusal
        return f"No server answers at {address}. Start it with `soliloquy serve`."

    def start(
        self,
        address: str,
        order: Order,
        on_written: Callable[[], None] | None = None,
    ) -> None:
        """Send a request; `pump` does the rest.

        Args:
            on_written: called after each take that was written (redraw, undo step).

        Raises:
            ServerError: another job is on its way, or the address cannot be used.
        """
        if self.is_busy:
            raise ServerError("A line is being made already. Wait for it or cancel it.")
        self.connect(address)
        preview = Preview(order.target, order.request.fps) if order.live else None
        self._unsent = order
        self._patient_until = time.monotonic() + _GREETING_SECONDS
        self._send_when_known()
        self._target = order.target
        self._n_written = 0
        self._notes = []
        self._base = order.base
        self._on_written = on_written
        self.lost = ""
        self.job, self.preview = Job(order.request.request_id), preview

    def ask(
        self,
        address: str,
        request: messages.InstructRequest,
        audio: Any,
        on_answer: Callable[[messages.Instruction], None],
    ) -> None:
        """Send a question; `pump` hands its answer to `on_answer`. A line may be made meanwhile.

        Raises:
            ServerError: another question is on its way, or the address cannot be used.
        """
        if self.is_asking:
            raise ServerError("The voice is being listened to already. Wait for it or cancel it.")
        self.connect(address)
        self._client.submit(request, audio)
        self._on_answer = on_answer
        self.question = Question(request.request_id)

    def cancel_question(self) -> None:
        """End the question now."""
        if self.question is not None and self.is_asking:
            self._client.cancel(self.question.request_id)
            self.question.cancelled()

    def cancel(self) -> None:
        """End the job now: late events are ignored, and nothing half-written stays."""
        if self.job is None or self.job.is_over:
            return
        self._client.cancel(self.job.request_id)
        self._drop_work()
        self.job.cancelled()

    def pump(self, seconds: float = PUMP_SECONDS) -> bool:
        """Take in what has arrived and write for about `seconds`; whether there is more to come."""
        begun = time.thread_time()
        self._take_in_events(begun + seconds)
        self._send_when_known()
        self._answer()
        if self.job is None:
            return self.is_asking
        if self.job.is_over:
            self._drop_work()
            return self.is_asking
        self._show_preview()
        try:
            self._pack_ready(self.job)
            if time.thread_time() - begun < seconds:  # else a take came in: enough for one time
                self._write(self.job, seconds)
        except SoliloquyError as error:
            self.job.fail(str(error))
            self._client.cancel(self.job.request_id)
            self._drop_work()
        return self.is_asking or not self.job.is_over

    def _send_when_known(self) -> None:
        """Send the order; one that guesses words when the server has greeted, as not all can."""
        order = self._unsent
        if order is None:
            return
        request, welcome = order.request, self.welcome
        if request.guess_words:
            if welcome is None and time.monotonic() < self._patient_until:
                return
            if welcome is None or not welcome.limits.get(messages.GUESSED_SECONDS):
                request = replace(request, guess_words=False)
        self._unsent = None
        self._client.submit(request, order.audio)

    def _answer(self) -> None:
        """Hand an answer on, once."""
        asked, on_answer = self.question, self._on_answer
        if asked is None or asked.answer is None or on_answer is None:
            return
        self._on_answer = None
        try:
            on_answer(asked.answer)
        except SoliloquyError as error:
            asked.fail(str(error))

    def wait(self) -> None:
        """Pump until job and question are over. For background mode and tests."""
        while self.pump(seconds=1.0):
            time.sleep(0.005)

    def forget(self) -> None:
        """Another file is loaded: drop job and question and their stories."""
        self.cancel()
        self.cancel_question()
        self.job = self.question = None

    def close(self) -> None:
        """Stop the threads and close the socket."""
        self.cancel()
        self.cancel_question()
        self._close_client()
        if self._packer is not None:
            self._packer.shutdown(wait=True, cancel_futures=True)
            self._packer = None

    def _take_in_events(self, deadline: float) -> None:
        """What has arrived, as far as the time goes: a fast server sends minutes in a moment."""
        while self._client is not None and time.thread_time() < deadline:
            events = self._client.poll(_EVENTS)
            for event in events:
                self._take_in(event)
            if not events:
                return

    def _take_in(self, event: Any) -> None:
        if hasattr(event, "request_id"):
            if self.question is not None:
                self.question.apply(event)
            if self.job is not None:
                self.job.apply(event)
                self._preview_event(event)
        else:
            self.lost = f"{event.message} {event.hint}".strip()

    def _preview_event(self, event: Any) -> None:
        is_ours = self.job is not None and event.request_id == self.job.request_id
        if self.preview is not None and is_ours and isinstance(event, messages.Chunk):
            self.preview.add(event)
            self._has_news = True

    def _show_preview(self) -> None:
        """Once a pump at most: every showing makes Blender deform the meshes."""
        if self.preview is not None and self._has_news:
            self._has_news = False
            self.preview.show()

    def _pack_ready(self, job: Job) -> None:
        """Sorting and compressing a take is long enough to be noticed: it has its own thread."""
        if job.ready and self._packer is None:
            self._packer = ThreadPoolExecutor(1, thread_name_prefix="soliloquy-pack")
        splice = self._target.splice if self._target is not None else None
        while job.ready and self._packer is not None:
            arrived = job.ready.pop(0)
            self._packing.append(self._packer.submit(_pack, arrived, splice, self._base))

    def _write(self, job: Job, seconds: float) -> None:
        if self._writer is None and self._packing and self._packing[0].done():
            made, prepared = self._packing.pop(0).result()
            assert self._target is not None
            self._writer = TakeWriter(
                self._target, made.clip, prepared, self._n_written,
                base=self._base, flame=made.flame,
            )  # fmt: skip
        if job.received_all:
            job.writing()
        if self._writer is not None and self._writer.step(seconds):
            self._notes += [n for n in self._writer.notes if n not in self._notes]
            self._writer = None
            self._n_written += 1
            if self.preview is not None:
                self.preview.written(self._n_written)
            if self._on_written is not None:
                self._on_written()
        elif self._writer is not None:
            undo_step.warm(self._writer.n_bytes)
        if job.received_all and self._writer is None and not self._packing and not job.ready:
            takes = "1 take" if self._n_written == 1 else f"{self._n_written} takes"
            job.done(" ".join([f"{takes} written.", *self._notes]))
            self._drop_work()

    def _drop_work(self) -> None:
        if self.preview is not None:
            self.preview.rest()
        self.preview = self._unsent = None
        if self._writer is not None:
            self._writer.abandon()
        self._writer = None
        for packed in self._packing:
            packed.cancel()
        self._packing = []
        undo_step.cool()

    def _close_client(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def _pack(
    arrived: assemble.Arrived, splice: Splice | None, base: clip.ArkitClip | None
) -> tuple[Made, Prepared]:
    """A take as a clip, with its story when it is a part made anew, and what is kept of it."""
    made = made_of(arrived)
    if splice is not None and base is not None:
        made = replace(made, clip=with_story(base, made.clip, splice))
    return made, prepare(made.clip)


_sessions: list[Session] = []
_loading: list[Thread] = []


def session() -> Session:
    """The session of this Blender; made when first asked for: in a window, by the panels."""
    if not _sessions:
        _sessions.append(Session())
        if not bpy.app.background:
            _loading.append(load_soon())
    return _sessions[0]


def close_session() -> None:
    """End the session, when the add-on is switched off."""
    while _loading:
        _loading.pop().join()
    while _sessions:
        _sessions.pop().close()
