"""The ROUTER: one thread that owns the socket, decodes, keeps limits and never waits for anyone.

It knows sessions, uploads and heartbeats; what a request means is the worker's and the service's.
Exceeding a limit is answered with `Failed`; only a client that is gone is forgotten.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final

import zmq

from .door import open_door
from .errors import BadRequest, Cancelled, LimitExceeded, SoliloquyError
from .service import Service, failure
from .sessions import UPLOAD_CREDITS, Outbox, Session, Upload
from .settings import Settings
from .warming import WarmUp
from .wire import codec
from .wire.errors import WireError
from .wire.messages import (
    Accepted,
    AudioChunk,
    Cancel,
    Credit,
    Failed,
    GenerateRequest,
    Hello,
    InstructRequest,
    Ping,
    Pong,
    Request,
    ServerMessage,
    Welcome,
)
from .worker import Job, Worker

log = logging.getLogger(__name__)

_READ_AT_ONCE: Final = 256  # messages before anything else gets its turn
_MAX_ANSWERS: Final = 1000  # waiting answers beyond which a flooding client gets no more
_IDLE_MS: Final = 250
_RETRY_MS: Final = 5


class Transport:
    """A bound socket and all its clients. `run` blocks; `stop` may be called from any thread.

    Args:
        service: does the work.
        settings: address, keys, limits.

    Attributes:
        address: where clients connect, with the port that was really taken.
        spool_folder: where uploads lie while they are needed.

    Raises:
        BadRequest: the address is not loopback and there are no keys, or it cannot be bound.
        Unavailable: the keys cannot be read.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._settings = service.settings
        self._limits = codec.DecodeLimits(
            header_bytes=self._settings.limits.header_bytes,
            message_bytes=self._settings.limits.message_bytes,
        )
        self._context = zmq.Context(io_threads=1)
        try:
            self._door = open_door(self._context, self._settings)
        except (SoliloquyError, zmq.ZMQError):
            self._context.destroy(linger=0)
            raise
        self._router = self._door.router
        self.address = self._door.address
        self._wake_lock = threading.Lock()
        self._wake_in: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        self._wake_in.bind("inproc://wake")
        self._wake_out: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        self._wake_out.connect("inproc://wake")
        self._wake_in.linger = self._wake_out.linger = 0
        self._stopping = threading.Event()
        self._sessions: dict[bytes, Session] = {}
        self._to_end: queue.SimpleQueue[tuple[Session, str, Path | None]] = queue.SimpleQueue()
        self._folder = tempfile.TemporaryDirectory(prefix="soliloquy_")
        self.spool_folder = Path(self._folder.name)
        self._file_numbers = count()
        self._worker = Worker(service)
        self._warm_up = WarmUp(self._worker, self.spool_folder, self._wake)
        self._told_warming: tuple[str, ...] = ()

    @property
    def n_prepared(self) -> int:
        """Requests that were listened to and are being performed."""
        return self._worker.n_prepared

    @property
    def n_clients(self) -> int:
        """Clients that are known now."""
        return len(self._sessions)

    def stop_soon(self) -> None:
        """End `run` within its idle time; takes no lock, so a signal handler may call it."""
        self._stopping.set()

    def stop(self) -> None:
        """End `run` now."""
        self._stopping.set()
        self._wake()

    def run(self) -> None:
        """Serve until `stop`; then cancel all work, close the socket and join the threads."""
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._wake_out, zmq.POLLIN)
        waiting = False
        if self._settings.warm_up:
            self._warm_up.start()
        try:
            while not self._stopping.is_set():
                poller.poll(_RETRY_MS if waiting else _IDLE_MS)
                while self._wake_out.poll(0):
                    self._wake_out.recv()
                self._read()
                self._end_requests()
                self._tell_warmth()
                self._keep_time()
                waiting = self._flush()
        finally:
            self._close()

    def _close(self) -> None:
        for session in list(self._sessions.values()):
            for request_id in list(session.uploads):
                session.end(request_id)
        self._warm_up.stop()
        if not self._worker.stop():
            log.warning("A worker thread did not end in time.")
        self._flush()
        with self._wake_lock:
            self._wake_in.close(0)
            self._wake_out.close(0)
        self._release()
        self._folder.cleanup()

    def _release(self) -> None:
        self._door.close()
        self._context.destroy(linger=0)

    def _wake(self) -> None:
        with self._wake_lock:
            if not self._wake_in.closed:
                with contextlib.suppress(zmq.Again):
                    self._wake_in.send(b"", zmq.NOBLOCK)

    def _read(self) -> None:
        for _ in range(_READ_AT_ONCE):
            try:
                identity, *frames = self._router.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            session = self._session(identity)
            session.heard = time.monotonic()
            try:
                message = codec.decode(frames, codec.CLIENT_TYPES, self._limits)
                self._handle(session, message)
            except WireError as error:
                self._refuse(session, error.request_id, error.code, error.message, error.hint)
            except Exception as error:
                log.exception("A message could not be handled")
                self._answer(session, failure("", error))

    def _session(self, identity: bytes) -> Session:
        session = self._sessions.get(identity)
        if session is None:
            if len(self._sessions) >= self._settings.limits.clients:
                idle = [s for s in self._sessions.values() if not s.n_requests]
                if idle:
                    self._forget(min(idle, key=lambda s: s.heard))
            now = time.monotonic()
            session = Session(identity, Outbox(self._settings.outbox_bytes), now, now)
            self._sessions[identity] = session
        return session

    def _handle(self, session: Session, message: object) -> None:
        match message:
            case Ping(nonce):
                self._answer(session, Pong(nonce))
            case Hello():
                self._answer(session, self._welcome())
            case GenerateRequest() | InstructRequest():
                self._guarded(session, message.request_id, lambda: self._open(session, message))
            case AudioChunk():
                self._guarded(session, message.request_id, lambda: self._upload(session, message))
            case Cancel(request_id):
                self._cancel(session, request_id)
            case _:
                return  # a Pong: it was heard, and that is all

    def _welcome(self) -> Welcome:
        return replace(self._service.welcome(), warming=self._warm_up.left)

    def _tell_warmth(self) -> None:
        """Welcome everyone anew when more is ready."""
        if self._warm_up.left != self._told_warming:
            self._told_warming = self._warm_up.left
            for session in self._sessions.values():
                self._answer(session, self._welcome())

    def _guarded(self, session: Session, request_id: str, action: Callable[[], None]) -> None:
        try:
            action()
        except SoliloquyError as error:
            self._refuse(session, request_id, error.code, error.message, error.hint)
        except OSError as error:
            self._refuse(
                session, request_id, "internal", f"The audio cannot be stored: {error}.",
                "Is the server's disk full?",
            )  # fmt: skip

    def _open(self, session: Session, request: Request) -> None:
        """Take a new request in.

        Raises:
            SoliloquyError: it cannot be obeyed, or a limit is reached.
        """
        limits, request_id = self._settings.limits, request.request_id
        if session.has(request_id):
            # The open request goes on: only this second one is refused.
            self._answer(
                session,
                Failed("", "bad_request", f"Request '{request_id}' is running already."),
            )
            return
        if session.n_requests >= limits.requests_per_client:
            raise LimitExceeded(
                f"This client has {session.n_requests} open requests, which is the limit.",
                "Wait for one to end, or cancel one.",
            )
        if sum(s.n_requests for s in self._sessions.values()) >= limits.queue:
            raise LimitExceeded(
                f"The server has {limits.queue} open requests, which is its limit.",
                "Try again in a while.",
            )
        self._service.check(request)
        if request.audio is None:
            self._start(session, request, None)
            return
        path = self.spool_folder / f"audio_{next(self._file_numbers)}"
        session.uploads[request_id] = Upload(request, path, time.monotonic(), limits.audio_bytes)
        self._answer(session, Accepted(request_id, self._worker.n_jobs))
        self._answer(session, Credit(request_id, UPLOAD_CREDITS))

    def _upload(self, session: Session, chunk: AudioChunk) -> None:
        """Store a chunk; the last one starts the request.

        Raises:
            SoliloquyError: chunks are missing, or a limit is reached.
        """
        upload = session.uploads.get(chunk.request_id)
        if upload is None:
            if session.ended(chunk.request_id):
                return  # chunks that were on their way when the request ended
            raise BadRequest(
                f"No request '{chunk.request_id}' waits for audio.", "Send the request first."
            )
        upload.take(chunk, time.monotonic())
        if chunk.last:
            upload.close()
            del session.uploads[chunk.request_id]
            self._start(session, upload.request, upload.path)
        elif upload.credits <= UPLOAD_CREDITS // 2:
            more = UPLOAD_CREDITS - upload.credits
            upload.credits += more
            self._answer(session, Credit(chunk.request_id, more))

    def _start(self, session: Session, request: Request, path: Path | None) -> None:
        def on_end() -> None:
            self._to_end.put((session, request.request_id, path))
            self._wake()

        job = Job(
            client=session.identity,
            request=request,
            audio=path,
            emit=lambda event: self._post(session, event),
            can_send=lambda: session.outbox.has_room,
            on_end=on_end,
        )
        session.jobs[request.request_id] = job
        self._worker.submit(job)

    def _cancel(self, session: Session, request_id: str) -> None:
        if request_id in session.uploads:
            session.end(request_id)
            self._answer(session, failure(request_id, Cancelled()))
        elif request_id in session.jobs:
            self._worker.cancel(session.jobs[request_id])

    def _refuse(
        self, session: Session, request_id: str, code: str, message: str, hint: str
    ) -> None:
        """Answer with `Failed`; an upload of that name is over, a running job is not touched."""
        if request_id in session.uploads:
            session.end(request_id)
        elif request_id in session.jobs:
            request_id = ""
        self._answer(session, Failed(request_id, code, message, hint))

    def _answer(self, session: Session, message: ServerMessage) -> None:
        """Send from the socket's own thread; a client that floods us without reading gets less."""
        if len(session.outbox) < _MAX_ANSWERS:
            session.outbox.put(codec.encode(message))

    def _post(self, session: Session, message: ServerMessage) -> None:
        """Send from any thread; encoding happens there, not in the socket's thread."""
        session.outbox.put(codec.encode(message))
        self._wake()

    def _end_requests(self) -> None:
        while not self._to_end.empty():
            session, request_id, path = self._to_end.get()
            session.end(request_id)
            if path is not None:
                path.unlink(missing_ok=True)

    def _keep_time(self) -> None:
        """Ping, and give up silent uploads and silent clients."""
        now = time.monotonic()
        for session in list(self._sessions.values()):
            for request_id, upload in list(session.uploads.items()):
                if now - upload.heard > self._settings.upload_timeout:
                    self._refuse(
                        session, request_id, "limit",
                        f"The upload stopped after {upload.n_bytes} bytes for "
                        f"{self._settings.upload_timeout:g} s.",
                        "Generate again.",
                    )  # fmt: skip
            if now - session.heard > self._settings.client_timeout:
                self._forget(session)
            elif now - session.pinged > self._settings.ping_interval:
                session.pinged = now
                self._answer(session, Ping())

    def _flush(self) -> bool:
        """Send what can be sent; return whether something still waits."""
        waiting = drained = False
        for session in list(self._sessions.values()):
            while (frames := session.outbox.first()) is not None:
                try:
                    self._router.send_multipart([session.identity, *frames], zmq.NOBLOCK)
                except zmq.Again:
                    waiting = True
                    break
                except zmq.ZMQError as error:
                    if error.errno != zmq.EHOSTUNREACH:
                        raise
                    self._forget(session)
                    break
                session.outbox.drop_first()
                drained = True
        if drained:
            self._worker.wake()
        return waiting

    def _forget(self, session: Session) -> None:
        """A client is gone: stop its work and drop what waits for it."""
        self._sessions.pop(session.identity, None)
        for request_id in list(session.uploads):
            session.end(request_id)
        for job in list(session.jobs.values()):
            self._worker.cancel(job)


def serve(settings: Settings, on_ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until interrupted or terminated; call it in the main thread.

    Args:
        settings: address, device, keys, limits.
        on_ready: told the address once clients can connect.

    Raises:
        SoliloquyError: the address or the keys cannot be used.
    """
    transport = Transport(Service(settings))
    before = [
        (number, signal.signal(number, lambda *_: transport.stop_soon()))
        for number in (signal.SIGINT, signal.SIGTERM)
    ]
    try:
        on_ready(transport.address)
        transport.run()
    finally:
        for number, handler in before:
            signal.signal(number, handler)


class ServerThread:
    """A server in a thread of this process, for tests and for `demo`.

    Attributes:
        address: where clients connect, known after entering.
    """

    def __init__(self, settings: Settings | None = None, service: Service | None = None) -> None:
        self._service = service or Service(settings or Settings(bind="tcp://127.0.0.1:*"))
        self._transport: Transport | None = None
        self._thread: threading.Thread | None = None
        self.address = ""

    def start(self) -> None:
        """Bind and serve.

        Raises:
            SoliloquyError: the address or the keys cannot be used.
        """
        self._transport = Transport(self._service)
        self.address = self._transport.address
        self._thread = threading.Thread(target=self._transport.run, name="server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancel all work, close the socket, join the threads."""
        if self._transport is not None and self._thread is not None:
            self._transport.stop()
            self._thread.join(10.0)

    @property
    def n_prepared(self) -> int:
        """Requests that were listened to and are being performed."""
        return 0 if self._transport is None else self._transport.n_prepared

    @property
    def n_clients(self) -> int:
        """Clients that are known now."""
        return 0 if self._transport is None else self._transport.n_clients

    @property
    def spool_folder(self) -> Path:
        """Where uploads lie while they are needed."""
        assert self._transport is not None
        return self._transport.spool_folder

    def __enter__(self) -> ServerThread:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
