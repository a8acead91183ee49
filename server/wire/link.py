"""The client's own thread: it owns the DEALER socket, its heartbeat and the uploads.

A lost server fails all open requests, and a fresh socket drops what was queued for the old one.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import zmq
from zmq.utils.monitor import recv_monitor_message

from . import codec
from .errors import WireError
from .messages import (
    AudioChunk,
    Cancel,
    ClientMessage,
    Credit,
    Event,
    Failed,
    Hello,
    Instruction,
    Ping,
    Pong,
    Request,
    Result,
    Welcome,
)

_CHUNK_BYTES: Final = 512 << 10
_PING_INTERVAL: Final = 2.0  # seconds
_UNREAD_LIMIT: Final = 96 << 20  # bytes of events; beyond it the socket is left unread
_RETRY_REFUSED: Final = 2.0  # seconds; a refused socket does not try again by itself
_RETRY_SILENT: Final = 60.0  # seconds; a fresh socket drops the pings that wait for a server
_START_IT: Final = "Start it with `soliloquy serve`, then generate again."
_CONNECTION_EVENTS: Final = (
    zmq.Event.DISCONNECTED
    | zmq.Event.HANDSHAKE_FAILED_AUTH
    | zmq.Event.HANDSHAKE_FAILED_NO_DETAIL
    | zmq.Event.HANDSHAKE_FAILED_PROTOCOL
)


@dataclass(frozen=True)
class ServerLost:
    """The server does not answer any more; every open request has `Failed` with code "lost"."""

    message: str
    hint: str


ClientEvent: TypeAlias = Event | ServerLost


@dataclass(frozen=True)
class ClientKeys:
    """CURVE keys in Z85 text: this client's pair and the server's public key."""

    public: str
    secret: str = field(repr=False)
    server_public: str = ""

    @classmethod
    def from_files(cls, own_secret: Path, server_public: Path) -> ClientKeys:
        """Read the two key files that `soliloquy keys` writes.

        Raises:
            WireError: a file cannot be read or holds no such key.
        """
        import zmq.auth

        try:
            public, secret = zmq.auth.load_certificate(own_secret)
            server, _ = zmq.auth.load_certificate(server_public)
        except (OSError, ValueError) as error:
            raise WireError(
                f"The keys cannot be read: {error}.", "Run `soliloquy keys`."
            ) from error
        if secret is None:
            raise WireError(f"{own_secret} holds no secret key.", "Name the `.key_secret` file.")
        return cls(public.decode(), secret.decode(), server.decode())


@dataclass
class _Open:
    """A request that has no last result yet, and what of its audio is still to be sent."""

    audio: BinaryIO | None = None
    credits: int = 0
    seq: int = 0

    def close(self) -> None:
        if self.audio is not None:
            self.audio.close()
            self.audio = None


class Counter:
    """A number that two threads add to."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.value = 0

    def add(self, amount: int) -> None:
        with self._lock:
            self.value += amount


class Link:
    """The socket and everything that happens in its thread.

    Attributes:
        inbox: events with their size in bytes, for the caller. unread: bytes in it.
        commands: what the caller wants done, run in the thread.
        stop: set to end the thread.
        welcome, welcomed_at: what the server said of itself, and when (monotonic clock).
        connected: whether the server was heard since the connection was made.
        refused_at: when the server last refused us for our keys (monotonic clock).

    Raises:
        WireError: ZeroMQ can make nothing of the address.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        address: str,
        keys: ClientKeys | None,
        timeouts: tuple[float, float],
        name: str,
    ) -> None:
        self.name = name
        self.stop = threading.Event()
        self.welcome: Welcome | None = None
        self.welcomed_at = -1.0
        self.connected = False
        self.refused_at = -1e9
        self.inbox: queue.SimpleQueue[tuple[ClientEvent, int]] = queue.SimpleQueue()
        self.unread = Counter()
        self.commands: queue.SimpleQueue[Callable[[Link], object]] = queue.SimpleQueue()
        self._context = context
        self._address = address
        self._keys = keys
        self._connect_timeout, self._timeout = timeouts
        self._open: dict[str, _Open] = {}
        self._heard = time.monotonic()
        self._pinged = 0.0
        try:
            self._connect()  # here, so that a wrong address is told to the caller
        except zmq.ZMQError as error:
            self._disconnect()
            raise WireError(
                f"'{address}' is not a server's address.", "It looks like tcp://127.0.0.1:5557."
            ) from error

    def run(self) -> None:
        """Serve commands, socket and heartbeat until `stop` is set."""
        wake: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        wake.linger = 0
        wake.connect("inproc://wake")
        try:
            while not self.stop.is_set():
                self._step(wake)
        except Exception as error:
            self._lose(f"The client failed with {type(error).__name__}: {error}.", "Try again.")
            raise
        finally:
            for entry in self._open.values():
                entry.close()
            self._disconnect()
            wake.close(0)

    def _step(self, wake: zmq.Socket[bytes]) -> None:
        self._wait(wake)
        while not self.commands.empty():
            self.commands.get()(self)
        self._read_socket()
        self._read_monitor()
        self._heartbeat()

    def _connect(self) -> None:
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.sndhwm = 0  # uploads are bounded by credits
        self._socket.rcvhwm = 64
        self._socket.reconnect_ivl = 100
        self._socket.reconnect_ivl_max = 1000
        if self._keys is not None:
            self._socket.curve_publickey = self._keys.public.encode()
            self._socket.curve_secretkey = self._keys.secret.encode()
            self._socket.curve_serverkey = self._keys.server_public.encode()
        self._monitor = self._socket.get_monitor_socket(_CONNECTION_EVENTS)
        self._socket.connect(self._address)
        self.connected = False
        self._refused = False
        self._heard = time.monotonic()
        self.send(Hello(self.name))

    def _disconnect(self) -> None:
        self._socket.disable_monitor()
        self._monitor.close(0)
        self._socket.close(0)

    def _wait(self, wake: zmq.Socket[bytes]) -> None:
        poller = zmq.Poller()
        poller.register(wake, zmq.POLLIN)
        poller.register(self._monitor, zmq.POLLIN)
        if self.unread.value < _UNREAD_LIMIT:
            poller.register(self._socket, zmq.POLLIN)
        for socket, _ in poller.poll(200):
            if socket is wake:
                while wake.poll(0):
                    wake.recv()

    def open(self, request: Request, audio: bytes | Path | None) -> None:
        """Send a request and remember it; its audio waits for credits."""
        request_id = request.request_id
        if request_id in self._open:
            self._fail(request_id, "bad_request", f"Request '{request_id}' is running already.")
            return
        try:
            frames = codec.encode(request)
            stream = audio.open("rb") if isinstance(audio, Path) else None
        except OSError as error:
            self._fail(request_id, "bad_audio", f"'{audio}' cannot be read: {error}.")
            return
        except WireError as error:
            self._fail(request_id, error.code, error.message, error.hint)
            return
        if isinstance(audio, bytes):
            stream = BytesIO(audio)
        if not self._open and not self.connected:
            self._heard = time.monotonic()  # the wait for a first answer starts now
        self._open[request_id] = _Open(stream)
        if not self._put(frames):
            self._lose(*self._nobody())

    def cancel(self, request_id: str) -> None:
        """Stop an upload at once and tell the server."""
        entry = self._open.get(request_id)
        if entry is not None:
            entry.close()
            self.send(Cancel(request_id))

    def send(self, message: ClientMessage) -> bool:
        """Put a message on the socket without waiting; False when the server refused us."""
        return self._put(codec.encode(message))

    def _put(self, frames: list[codec.Frame]) -> bool:
        try:
            self._socket.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:  # a refused socket has no way out, and would wait for ever
            return False
        return True

    def _read_socket(self) -> None:
        for _ in range(64):
            if self.unread.value >= _UNREAD_LIMIT:
                self._heard = time.monotonic()  # silence is our own doing
                return
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._heard = time.monotonic()
            self.connected = True
            try:
                message = codec.decode(frames, codec.SERVER_TYPES, codec.CLIENT_LIMITS)
            except WireError as error:
                self._fail(error.request_id, error.code, error.message, error.hint)
                continue
            self._handle(message, sum(map(len, frames)))

    def _handle(self, message: object, size: int) -> None:
        match message:
            case Welcome():
                self.welcome = message
                self.welcomed_at = time.monotonic()
            case Ping(nonce):
                self.send(Pong(nonce))
            case Pong():
                return
            case Credit(request_id, chunks):
                self._upload(request_id, chunks)
            case Failed(request_id, code, text, hint):
                self._fail(request_id, code, text, hint)
            case Result(request_id=request_id, last=True) | Instruction(request_id=request_id):
                self._forget(request_id)
                self._emit(message, size)
            case _:
                self._emit(message, size)  # type: ignore[arg-type]

    def _upload(self, request_id: str, chunks: int) -> None:
        entry = self._open.get(request_id)
        if entry is None:
            return
        entry.credits += chunks
        while entry.audio is not None and entry.credits > 0:
            data = entry.audio.read(_CHUNK_BYTES)
            last = len(data) < _CHUNK_BYTES
            if not self.send(AudioChunk(request_id, entry.seq, last, data)):
                self._lose(*self._nobody())
                return
            entry.seq += 1
            entry.credits -= 1
            if last:
                entry.close()

    def _read_monitor(self) -> None:
        while self._monitor.poll(0):
            event = recv_monitor_message(self._monitor)["event"]
            if event == zmq.Event.DISCONNECTED:
                if self.connected or (self._open and not self._refused):
                    self._lose(f"The server at {self._address} closed the connection.")
                    return
            else:
                self._refused, self.refused_at = True, time.monotonic()
                if self._open:
                    self._lose(*self._nobody())
                    return

    def _heartbeat(self) -> None:
        now = time.monotonic()
        if now - self._pinged >= min(_PING_INTERVAL, self._timeout / 3):
            self._pinged = now
            self.send(Ping())
        silent = now - self._heard
        if self.connected and silent > self._timeout:
            self._lose(f"The server at {self._address} has been silent for {silent:.0f} s.")
        elif not self.connected and self._open and silent > self._connect_timeout:
            self._lose(*self._nobody())
        elif not self.connected and silent > (_RETRY_REFUSED if self._refused else _RETRY_SILENT):
            self._reconnect()

    def _nobody(self) -> tuple[str, str]:
        """Say why no server can be reached, and what to do."""
        if self._refused:
            return self.refusal
        return f"No server answers at {self._address}.", _START_IT

    @property
    def refusal(self) -> tuple[str, str]:
        """What is wrong, and what to do, when the server refuses us; both sides look the same."""
        if self._keys is None:
            return (
                f"The server at {self._address} asks for keys, and this client has none.",
                "Ask its owner for keys made with `soliloquy keys`.",
            )
        return (
            f"The server at {self._address} refused these keys.",
            "Either this client's public key is not allowed there (`soliloquy keys FOLDER --allow "
            "FILE`, then a new start), or the server's key given here is not that server's.",
        )

    def _lose(self, message: str, hint: str = _START_IT) -> None:
        """Give up all open requests; a fresh socket drops what was queued for the old server."""
        for request_id in list(self._open):
            self._fail(request_id, "lost", message, hint)
        self._emit(ServerLost(message, hint), 0)
        self._reconnect()

    def _reconnect(self) -> None:
        self._disconnect()
        self._connect()

    def _fail(self, request_id: str, code: str, message: str, hint: str = "") -> None:
        self._forget(request_id)
        self._emit(Failed(request_id, code, message, hint), 0)

    def _forget(self, request_id: str) -> None:
        entry = self._open.pop(request_id, None)
        if entry is not None:
            entry.close()

    def _emit(self, event: ClientEvent, size: int) -> None:
        self.unread.add(size)
        self.inbox.put((event, size))
