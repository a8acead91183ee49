"""Who works on what, when: listener threads prepare requests, one thread owns the device.

The device thread collects the next window of every active plan of one generator and has them made
in one batch, also across requests. Clients share it fairly: the request that waited longest goes
first. A request whose client is slow is left out until its outbox has drained.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from .errors import Cancelled, SoliloquyError
from .generators.base import Plan
from .performance import OnEvent, Performance, make_windows
from .service import Service, failure
from .wire.messages import Accepted, InstructRequest, Request

log = logging.getLogger(__name__)

_RECHECK_SECONDS = 0.05  # how soon a slow client is looked at again


@dataclass(eq=False)
class Job:
    """One request on its way through the worker.

    Attributes:
        client: whose it is, for fairness.
        audio: the uploaded file, or None.
        emit: takes events; called from the worker's threads.
        can_send: False while the client's outbox is full.
        on_end: called once, after the last event.
        last_served: turn in which it last had a window made.
        position: requests that were ahead of it when last told.
    """

    client: bytes
    request: Request
    audio: Path | None
    emit: OnEvent
    can_send: Callable[[], bool] = lambda: True
    on_end: Callable[[], None] = lambda: None
    performance: Performance | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    last_served: int = 0
    position: int = -1

    def check_cancel(self) -> None:
        """Raise when nobody wants this any more.

        Raises:
            Cancelled: it was cancelled.
        """
        if self.cancelled.is_set():
            raise Cancelled


class Worker:
    """Threads that turn jobs into events.

    Args:
        service: does the work.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._settings = service.settings
        self._changed = threading.Condition()
        self._waiting: list[Job] = []
        self._started: list[Job] = []
        self._stopping = False
        self._turn = count(1)
        names = [f"listener-{i}" for i in range(self._settings.listeners)]
        self._threads = [
            *(threading.Thread(target=self._listen_loop, name=n, daemon=True) for n in names),
            threading.Thread(target=self._device_loop, name="device", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def n_jobs(self) -> int:
        """Jobs waiting and running."""
        with self._changed:
            return len(self._waiting) + len(self._started)

    @property
    def n_prepared(self) -> int:
        """Jobs whose windows are being made."""
        with self._changed:
            return sum(job.performance is not None for job in self._started)

    def submit(self, job: Job) -> None:
        """Put a job into the queue; `Accepted` follows with its position."""
        with self._changed:
            self._waiting.append(job)
            self._changed.notify_all()
        self._tell_positions()

    def cancel(self, job: Job) -> None:
        """Ask for an end: between two steps a running job stops, a waiting one leaves the queue."""
        job.cancelled.set()
        with self._changed:
            is_waiting = job in self._waiting
            if is_waiting:
                self._waiting.remove(job)
            self._changed.notify_all()
        if is_waiting:
            self._finish(job, Cancelled())
            self._tell_positions()

    def wake(self) -> None:
        """Look again: an outbox has drained."""
        with self._changed:
            self._changed.notify_all()

    def stop(self, timeout: float = 5.0) -> bool:
        """Cancel everything and join the threads; False when one did not end in time."""
        with self._changed:
            self._stopping = True
            for job in (*self._waiting, *self._started):
                job.cancelled.set()
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout)
        return not any(thread.is_alive() for thread in self._threads)

    def _tell_positions(self) -> None:
        with self._changed:
            moved = []
            for position, job in enumerate(self._waiting, start=len(self._started)):
                if job.position != position:
                    job.position = position
                    moved.append(job)
        for job in moved:
            job.emit(Accepted(job.request.request_id, job.position))

    def _next_waiting(self) -> Job | None:
        """Return the next job to prepare: of the client with fewest running, the oldest."""
        if not self._waiting or len(self._started) >= self._settings.active_requests:
            return None
        running = Counter(job.client for job in self._started)
        return min(self._waiting, key=lambda job: running[job.client])

    def _listen_loop(self) -> None:
        while True:
            with self._changed:
                job = self._next_waiting()
                while job is None and not self._stopping:
                    self._changed.wait()
                    job = self._next_waiting()
                if job is None or self._stopping:
                    return
                self._waiting.remove(job)
                self._started.append(job)
            self._tell_positions()
            self._prepare(job)

    def _prepare(self, job: Job) -> None:
        if job.position != 0:
            job.emit(Accepted(job.request.request_id, 0))
        try:
            job.check_cancel()
            if isinstance(job.request, InstructRequest):
                self._instruct(job, job.request)
                return
            performance = self._service.prepare(job.request, job.audio, job.emit, job.check_cancel)
        except Exception as error:  # noqa: BLE001 - one bad line must not end the server
            self._finish(job, error)
            return
        with self._changed:
            job.performance = performance
            self._changed.notify_all()

    def _instruct(self, job: Job, request: InstructRequest) -> None:
        """Listening is all there is to an instruction, so it ends here."""
        answer = self._service.instruct(request, job.audio, job.emit, job.check_cancel)
        job.check_cancel()
        job.emit(answer)
        self._finish(job, None)

    def _device_loop(self) -> None:
        while True:
            with self._changed:
                while not (batch := self._choose()):
                    if self._stopping and not self._started:
                        return
                    self._changed.wait(_RECHECK_SECONDS if self._started else None)
            if all(job.cancelled.is_set() for job, _ in batch):
                for job in {job for job, _ in batch}:
                    self._finish(job, Cancelled())
                continue
            self._make(batch)

    def _choose(self) -> list[tuple[Job, Plan]]:
        """Return the next batch: windows of one generator, one per plan, longest waiting first.

        Cancelled jobs come alone, so that they can be ended.
        """
        prepared = [job for job in self._started if job.performance is not None]
        cancelled = [job for job in prepared if job.cancelled.is_set()]
        if cancelled:
            return [(job, plan) for job in cancelled for plan in _performance(job).due]
        ready = sorted((j for j in prepared if j.can_send()), key=lambda j: j.last_served)
        if not ready:
            return []
        generator = _performance(ready[0]).generator
        jobs = [job for job in ready if _performance(job).generator is generator]
        batch: list[tuple[Job, Plan]] = []
        dues = {job: list(_performance(job).due) for job in jobs}
        while len(batch) < self._settings.batch_windows and any(dues.values()):
            for job in jobs:
                if dues[job] and len(batch) < self._settings.batch_windows:
                    batch.append((job, dues[job].pop(0)))
        return batch

    def _make(self, batch: list[tuple[Job, Plan]]) -> None:
        """Make one window of each plan and send what became final."""
        jobs = list(dict.fromkeys(job for job, _ in batch))
        for job in jobs:
            job.last_served = next(self._turn)
        owner = {id(plan): job for job, plan in batch}

        def check_cancel() -> None:
            if all(job.cancelled.is_set() for job in jobs):
                raise Cancelled

        try:
            generator = _performance(jobs[0]).generator
            made = list(make_windows(generator, [plan for _, plan in batch], check_cancel))
        except Exception as error:  # noqa: BLE001 - one bad request must not end the others
            self._isolate(batch, jobs, error)
            return
        for plan, frames in made:
            job = owner[id(plan)]
            if job.cancelled.is_set() or job.performance is None:
                continue
            try:
                job.performance.deliver(plan, frames)
            except Exception as error:  # noqa: BLE001 - as above
                self._finish(job, error)
        for job in jobs:
            if job.performance is not None and job.performance.done:
                self._finish(job, None)

    def _isolate(self, batch: list[tuple[Job, Plan]], jobs: list[Job], error: Exception) -> None:
        """After a failed batch: end the only job, or run jobs one by one to find the bad one."""
        if len(jobs) == 1 or isinstance(error, Cancelled):
            for job in jobs:
                self._finish(job, error)
            return
        for job in jobs:
            self._make([(j, plan) for j, plan in batch if j is job])

    def _finish(self, job: Job, error: BaseException | None) -> None:
        """Tell the end of a job and forget it; a second end is ignored."""
        with self._changed:
            if job in self._started:
                self._started.remove(job)
            job.performance = None
            self._changed.notify_all()
        if error is not None:
            if not isinstance(error, SoliloquyError):
                log.error("Request %s failed", job.request.request_id, exc_info=error)
            job.emit(failure(job.request.request_id, error))
        job.on_end()


def _performance(job: Job) -> Performance:
    assert job.performance is not None
    return job.performance
