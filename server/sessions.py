"""What the server knows of one client: its requests, its uploads and what waits to be sent.

The outbox is filled by the worker's threads and emptied by the socket's thread.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from .errors import BadRequest, LimitExceeded
from .wire import codec
from .wire.messages import AudioChunk, Request
from .worker import Job

UPLOAD_CREDITS: Final = 8
"""Chunks that a client may send ahead."""
_ENDED_REMEMBERED: Final = 256


@dataclass
class Upload:
    """Audio on its way into a file.

    Attributes:
        heard: clock time of the last chunk.
        credits: chunks that the client may still send.
    """

    request: Request
    path: Path
    heard: float
    max_bytes: int
    credits: int = UPLOAD_CREDITS
    seq: int = 0
    n_bytes: int = 0
    _stream: BinaryIO | None = None

    def take(self, chunk: AudioChunk, now: float) -> None:
        """Write a chunk.

        Raises:
            BadRequest: chunks are missing or came without credit.
            LimitExceeded: the file is larger than allowed.
        """
        if chunk.seq != self.seq:
            raise BadRequest(
                f"Audio chunk {chunk.seq} came when {self.seq} was due.", "Send it again."
            )
        if self.credits < 1:
            raise BadRequest("An audio chunk came without credit.", "Wait for `Credit`.")
        self.n_bytes += len(chunk.data)
        if self.n_bytes > self.max_bytes:
            raise LimitExceeded(
                f"The audio has more than {self.max_bytes >> 20} MiB.",
                "Send a compressed file, such as .flac, or a part.",
            )
        if self._stream is None:
            self._stream = self.path.open("wb")
        self._stream.write(chunk.data)
        self.seq += 1
        self.credits -= 1
        self.heard = now

    def close(self) -> None:
        """Finish the file; an upload without any byte leaves an empty one."""
        if self._stream is None:
            self.path.touch()
        else:
            self._stream.close()

    def discard(self) -> None:
        """Throw the file away."""
        self.close()
        self.path.unlink(missing_ok=True)


class Outbox:
    """Encoded messages that wait for the socket, counted in bytes."""

    def __init__(self, full_bytes: int) -> None:
        self._messages: deque[tuple[list[codec.Frame], int]] = deque()
        self._lock = threading.Lock()
        self._full_bytes = full_bytes
        self._n_bytes = 0

    def put(self, frames: list[codec.Frame]) -> None:
        """Append a message; never blocks and never refuses."""
        size = sum(len(frame) for frame in frames)
        with self._lock:
            self._messages.append((frames, size))
            self._n_bytes += size

    def first(self) -> list[codec.Frame] | None:
        """Return the oldest message without removing it."""
        with self._lock:
            return self._messages[0][0] if self._messages else None

    def drop_first(self) -> None:
        """Remove the oldest message: it was sent."""
        with self._lock:
            _, size = self._messages.popleft()
            self._n_bytes -= size

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def has_room(self) -> bool:
        """Whether more frames should be made for this client."""
        return self._n_bytes < self._full_bytes


@dataclass(eq=False)
class Session:
    """One client.

    Attributes:
        identity: routing id of the socket.
        heard, pinged: clock times of the last message from and the last ping to the client.
    """

    identity: bytes
    outbox: Outbox
    heard: float
    pinged: float
    jobs: dict[str, Job] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    _ended: deque[str] = field(default_factory=lambda: deque(maxlen=_ENDED_REMEMBERED))

    @property
    def n_requests(self) -> int:
        """Requests uploading, waiting and running."""
        return len(self.jobs) + len(self.uploads)

    def has(self, request_id: str) -> bool:
        """Whether a request of this name is open."""
        return request_id in self.jobs or request_id in self.uploads

    def ended(self, request_id: str) -> bool:
        """Whether a request of this name ended a short while ago."""
        return request_id in self._ended

    def end(self, request_id: str) -> None:
        """Forget a request."""
        self.jobs.pop(request_id, None)
        upload = self.uploads.pop(request_id, None)
        if upload is not None:
            upload.discard()
        self._ended.append(request_id)
