"""The client that the command line and the Blender add-on share: it never blocks its caller.

A worker thread owns the DEALER socket. `submit` and `cancel` put a command into a queue and
return; `poll` returns the events that arrived since. Nothing here calls back into the caller's
code, so Blender's data is only ever touched by Blender's own thread.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import zmq
from numpy.typing import NDArray

from .errors import WireError
from .link import ClientEvent, ClientKeys, Link, ServerLost
from .messages import Event, Failed, Hello, Instruction, Request, Result, Welcome

__all__ = ["DEFAULT_ADDRESS", "AudioSource", "Client", "ClientEvent", "ClientKeys", "ServerLost"]

_REFUSAL_SECONDS: Final = 6.0  # a refused client asks again every two seconds
DEFAULT_ADDRESS: Final = "tcp://127.0.0.1:5557"
AudioSource: TypeAlias = bytes | Path | NDArray[np.float32] | None
"""A file's bytes, a file, mono float32 samples (for encoding "f32le"), or nothing."""


class Client:
    """A connection to a server.

    Args:
        address: ZeroMQ address of the server.
        keys: needed for a server that is not on this machine.
        timeout: seconds of silence from a server that was there, until it counts as lost.
        connect_timeout: the same for a server that was never heard.
        name: for the server's log.

    Raises:
        WireError: the address is none.
    """

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        keys: ClientKeys | None = None,
        *,
        timeout: float = 60.0,
        connect_timeout: float = 3.0,
        name: str = "soliloquy",
    ) -> None:
        self.address = address
        self._context = zmq.Context(io_threads=1)
        self._wake_lock = threading.Lock()
        self._wake: zmq.Socket[bytes] = self._context.socket(zmq.PAIR)
        self._wake.linger = 0
        self._wake.bind("inproc://wake")
        try:
            self._link = Link(self._context, address, keys, (connect_timeout, timeout), name)
        except WireError:
            self._wake.close(0)
            self._context.term()
            raise
        self._thread = threading.Thread(target=self._link.run, name="soliloquy", daemon=True)
        self._thread.start()

    def submit(self, request: Request, audio: AudioSource = None) -> None:
        """Send a request; returns at once, events follow in `poll`.

        Args:
            request: `request.audio` says how the audio arrives; None when there is none.
            audio: what is uploaded in chunks.

        Raises:
            WireError: audio and `request.audio` do not fit, or the client is closed.
        """
        if (audio is None) != (request.audio is None):
            raise WireError("A request's `audio` field and the audio given must go together.")
        if isinstance(audio, np.ndarray):
            audio = np.ascontiguousarray(audio, "<f4").tobytes()
        self._command(lambda link: link.open(request, audio))

    def cancel(self, request_id: str) -> None:
        """Ask for an end; `Failed` with code "cancelled" follows unless it was just done."""
        self._command(lambda link: link.cancel(request_id))

    def poll(self, most: int = 1000) -> list[ClientEvent]:
        """Return the events that have arrived, oldest first; never waits."""
        events: list[ClientEvent] = []
        while len(events) < most:
            try:
                event, size = self._link.inbox.get_nowait()
            except queue.Empty:
                break
            self._link.unread.add(-size)
            events.append(event)
        return events

    def wait(self, timeout: float) -> ClientEvent | None:
        """Return the next event, or None after `timeout` seconds. For programs, not for Blender."""
        try:
            event, size = self._link.inbox.get(timeout=timeout)
        except queue.Empty:
            return None
        self._link.unread.add(-size)
        return event

    def perform(self, request: Request, audio: AudioSource = None) -> Iterator[Event]:
        """Send a request and yield its events until it is over. For programs, not for Blender."""
        self.submit(request, audio)
        while True:
            event = self.wait(1.0)
            if event is None or isinstance(event, ServerLost):
                continue
            if event.request_id == request.request_id:
                yield event
                if isinstance(event, Failed | Instruction):
                    return
                if isinstance(event, Result) and event.last:
                    return

    def hello(self, timeout: float = 2.0) -> Welcome | None:
        """Ask who is there and wait for the answer; None when nobody answers in time."""
        asked = time.monotonic()
        self._command(lambda link: link.send(Hello(link.name)))
        while time.monotonic() - asked < timeout:
            if self._link.welcomed_at >= asked:
                return self.welcome
            time.sleep(0.01)
        return None

    @property
    def welcome(self) -> Welcome | None:
        """What the server said of itself when last heard, None before."""
        return self._link.welcome

    @property
    def connected(self) -> bool:
        """Whether the server has been heard within the time limit."""
        return self._link.connected

    @property
    def refusal(self) -> str:
        """Why the server does not let us in, as sentences; empty when it does, or is not there."""
        lately = time.monotonic() - self._link.refused_at < _REFUSAL_SECONDS
        return " ".join(self._link.refusal) if lately and not self.connected else ""

    def close(self) -> None:
        """Stop at once: open requests are given up, the socket is closed without lingering."""
        if self._link.stop.is_set():
            return
        self._link.stop.set()
        self._notify()
        self._thread.join(2.0)
        with self._wake_lock:
            self._wake.close(0)
            if not self._thread.is_alive():  # else it would wait for the thread, for ever
                self._context.term()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _command(self, command: Callable[[Link], object]) -> None:
        if self._link.stop.is_set():
            raise WireError("This client is closed.", "Open a new one.")
        self._link.commands.put(command)
        self._notify()

    def _notify(self) -> None:
        with self._wake_lock:
            if self._wake.closed:
                return
            try:
                self._wake.send(b"", zmq.NOBLOCK)
            except zmq.Again:
                return  # a thousand wake-ups are waiting already
