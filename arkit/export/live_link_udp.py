"""Live Link Face over UDP: packets to the byte, and a thread that sends them at a steady rate.

A packet (version 6, big endian) carries one subject's 61 values in enum order, which is ours (jaw
and mouth left before right, unlike the CSV). Unreal drops a malformed packet without a word, so
everything is checked before it is sent. Sending never blocks: a full socket drops the frame.
No audio travels with it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..clip import ArkitClip
from ..errors import ExportError
from ..names import ARKIT_NAMES, HEAD_AND_EYE_NAMES, INDEX
from ..retime import monotone_interpolate
from .timecode import exact_rate, frame_rate

PORT: Final = 11111
"""`LiveLinkPublishingPort` of the phone app and of Unreal's listener."""

PACKET_VERSION: Final = 6
VALUE_NAMES: Final[tuple[str, ...]] = (*ARKIT_NAMES, *HEAD_AND_EYE_NAMES)
"""Order of the values in a packet."""

_DEVICE_ID_LENGTH: Final = 36
_LONGEST_SUBJECT: Final = 255
_NAMESPACE: Final = uuid.UUID("b6f9c6c2-9d0e-4f0e-8a37-3d1c2c1b6a11")


def device_id_for(subject: str) -> str:
    """Return a device id that stays the same for a subject, so Unreal sees one device again."""
    return str(uuid.uuid5(_NAMESPACE, subject))


def encode_packet(
    values: ArrayLike | None,
    *,
    subject: str,
    frame: int,
    sub_frame: float = 0.0,
    rate: Fraction | float = 60,
    device_id: str | None = None,
) -> bytes:
    """Return one datagram.

    Args:
        values: [61] in the order of `VALUE_NAMES`, or None when there is no face.
        subject: the name shown in Unreal's Live Link panel.
        frame, sub_frame, rate: scene time as a frame of a rate; sub_frame is 0 <= s < 1.
        device_id: a UUID with dashes; None derives one from the subject.

    Raises:
        ExportError: a subject, id, time or value that Unreal would drop in silence.
    """
    name = subject.encode("utf-8")
    if not 0 < len(name) <= _LONGEST_SUBJECT:
        raise ExportError(
            f"a Live Link subject needs 1 to {_LONGEST_SUBJECT} bytes, got {len(name)}"
        )
    device = (device_id_for(subject) if device_id is None else device_id).encode("ascii", "replace")
    if len(device) != _DEVICE_ID_LENGTH:
        raise ExportError(f"a Live Link device id is a UUID of 36 characters, got '{device_id}'")
    if not 0.0 <= sub_frame < 1.0:
        raise ExportError(f"the sub-frame must be at least 0 and below 1, got {sub_frame}")
    exact = frame_rate(float(rate)) if isinstance(rate, float) else Fraction(rate)
    head = struct.pack(">Bi", PACKET_VERSION, len(device)) + device
    head += struct.pack(">i", len(name)) + name
    head += struct.pack(">ifii", _as_int32(frame), sub_frame, exact.numerator, exact.denominator)
    if values is None:
        return head
    array = np.asarray(values, np.float64)
    if array.shape != (len(VALUE_NAMES),) or not np.isfinite(array).all():
        raise ExportError(
            f"a Live Link packet carries 61 finite values, got {list(array.shape)}"
            + ("" if np.isfinite(array).all() else " with some that are not numbers")
        )
    return head + struct.pack(">B", len(array)) + array.astype(">f4").tobytes()


def _as_int32(frame: int) -> int:
    return (frame + 2**31) % 2**32 - 2**31


def face_values(
    coefficients: ArrayLike,
    head: ArrayLike = (0.0, 0.0, 0.0),
    eyes: ArrayLike = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    *,
    swap_mouth_sides: bool = False,
) -> NDArray[np.float64]:
    """Return the 61 values of a face: [52] coefficients, then head [3] and eyes [2, 3] in radians.

    Angles become degrees / 50, which a MetaHuman turns back into degrees.
    """
    shapes = np.clip(np.asarray(coefficients, np.float64), 0.0, 1.0)
    if swap_mouth_sides:
        shapes = shapes.copy()
        left, right = INDEX["mouthLeft"], INDEX["mouthRight"]
        shapes[[left, right]] = shapes[[right, left]]
    angles = np.concatenate([np.ravel(head), np.ravel(eyes)]).astype(np.float64)
    return np.concatenate([shapes, np.degrees(angles) / 50.0])


@dataclass(frozen=True)
class LiveFace:
    """One subject's face at a moment.

    Attributes:
        subject: the name shown in Unreal.
        values: [61], see `face_values`; None when there is no face.
        seconds: scene time.
        fps: the scene's rate, in which the time is told to Unreal.
    """

    subject: str
    values: NDArray[np.float64] | None
    seconds: float
    fps: float = 60.0

    def packet(self) -> bytes:
        """Return the datagram for this face.

        Raises:
            ExportError: see `encode_packet`.
        """
        rate = frame_rate(self.fps)
        position = Fraction(self.seconds) * rate
        frame = position.numerator // position.denominator
        sub_frame = float(np.float32(position - frame))
        if sub_frame >= 1.0:  # rounding up to the next frame
            frame, sub_frame = frame + 1, 0.0
        return encode_packet(
            self.values, subject=self.subject, frame=frame, sub_frame=sub_frame, rate=rate
        )


FaceSource = Callable[[float], Iterable[LiveFace]]
"""Returns the faces to send, given seconds since the stream began; must be quick."""


class LiveLinkSender:
    """A UDP socket to one editor machine that never blocks.

    Attributes:
        sent, dropped: datagrams given to the network, and those that it would not take.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = PORT) -> None:
        """Resolve the host and open the socket.

        Raises:
            ExportError: no such host, or a port outside 1..65535.
        """
        if not 0 < port < 65536:
            raise ExportError(f"the Live Link port must be 1 to 65535, got {port}; usual is {PORT}")
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
            self._socket = socket.socket(family, kind, protocol)
        except (OSError, UnicodeError) as error:
            raise ExportError(f"the machine '{host}' cannot be found: {error}") from error
        self._socket.setblocking(False)
        self._address = address
        self.sent = 0
        self.dropped = 0

    def send(self, face: LiveFace) -> bool:
        """Send one face; return whether the network took it.

        Raises:
            ExportError: see `encode_packet`.
        """
        packet = face.packet()
        try:
            self._socket.sendto(packet, self._address)
        except OSError:  # a full buffer, no listener, no network: the next frame tries again
            self.dropped += 1
            return False
        self.sent += 1
        return True

    def close(self) -> None:
        """Close the socket; may be called twice."""
        self._socket.close()

    def __enter__(self) -> LiveLinkSender:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the socket."""
        self.close()


class LatestFaces:
    """A source that repeats the newest face of every subject: what a scrubbing host fills.

    The host's thread calls `put` and `remove`; the streamer's thread reads. Repeating keeps a
    subject alive in Unreal while the host stands still.
    """

    def __init__(self) -> None:
        """Start without subjects."""
        self._lock = threading.Lock()
        self._faces: dict[str, LiveFace] = {}

    def put(self, face: LiveFace) -> None:
        """Replace the subject's face."""
        with self._lock:
            self._faces[face.subject] = face

    def remove(self, subject: str) -> None:
        """Stop sending a subject."""
        with self._lock:
            self._faces.pop(subject, None)

    def __call__(self, seconds: float) -> Sequence[LiveFace]:
        """Return the newest faces, whatever the time."""
        with self._lock:
            return tuple(self._faces.values())


@dataclass(frozen=True)
class ClipSource:
    """A source that plays clips, one a subject, in time with the stream.

    Attributes:
        clips: subject -> clip.
        start: seconds into the clips at which the stream begins.
        loop: begin again at the end; otherwise the last frame stays.
        swap_mouth_sides: exchange mouthLeft and mouthRight, for takes from phones.
    """

    clips: Mapping[str, ArkitClip]
    start: float = 0.0
    loop: bool = False
    swap_mouth_sides: bool = False
    _tables: dict[str, NDArray[np.float64]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay the clips out as [T, 61], so that a tick only interpolates.

        Raises:
            ExportError: there is no clip, or one without frames.
        """
        if not self.clips or any(not clip.n_frames for clip in self.clips.values()):
            raise ExportError("there is nothing to stream: select a take with at least one frame")
        tables = {}
        for subject, clip in self.clips.items():
            rows = zip(clip.coefficients, np.asarray(clip.head), np.asarray(clip.eyes), strict=True)
            tables[subject] = np.stack(
                [face_values(*row, swap_mouth_sides=self.swap_mouth_sides) for row in rows]
            )
        object.__setattr__(self, "_tables", tables)

    def __call__(self, seconds: float) -> list[LiveFace]:
        """Return every subject's face at `start + seconds`."""
        return [self._face(subject, self.start + seconds) for subject in self.clips]

    def _face(self, subject: str, at: float) -> LiveFace:
        clip, table = self.clips[subject], self._tables[subject]
        position = at * clip.fps
        if self.loop:
            position %= len(table)
        first = int(np.clip(np.floor(position) - 1, 0, max(len(table) - 4, 0)))
        near = table[first : first + 4]
        values = monotone_interpolate(np.arange(len(near)) + first, near, [position])[0]
        return LiveFace(subject, values, at, clip.fps)


def _ask_for_real_time() -> None:
    """Let the calling thread wake on time on a busy machine, where the system grants it (Linux).

    It works for a fraction of a millisecond per tick, so it takes nothing from others.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


class LiveLinkStreamer:
    """A thread that sends a source's faces at a steady rate, without drift and without bursts.

    A tick that comes late is sent at once and the next one keeps its own time; ticks missed
    altogether (a sleeping laptop) are skipped.
    """

    def __init__(self, sender: LiveLinkSender, source: FaceSource, rate: float = 60.0) -> None:
        """Prepare the thread; `start` runs it.

        Raises:
            ExportError: the rate is not positive.
        """
        self._period = float(1 / exact_rate(rate))
        self._sender = sender
        self._source = source
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live-link", daemon=True)
        self.error: Exception | None = None
        """What ended the stream before `stop`, if anything did."""

    @property
    def is_running(self) -> bool:
        """Whether packets are being sent."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to send; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it (at most a tick); may be called twice."""
        self._stopping.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        _ask_for_real_time()
        began = time.perf_counter()
        tick = 0
        try:
            while not self._stopping.is_set():
                for face in self._source(tick * self._period):
                    self._sender.send(face)
                late = (time.perf_counter() - began) / self._period
                tick = max(tick + 1, int(late))
                self._stopping.wait(began + tick * self._period - time.perf_counter())
        except Exception as error:  # noqa: BLE001 - a thread has no caller; the owner reads it
            self.error = error


def stream_clips(
    clips: Mapping[str, ArkitClip],
    seconds: float,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    rate: float = 60.0,
) -> int:
    """Send clips for a time and return the number of packets; blocks, for the command line.

    Raises:
        ExportError: nothing to send, no such host, or the stream broke off.
    """
    with contextlib.closing(LiveLinkSender(host, port)) as sender:
        streamer = LiveLinkStreamer(sender, ClipSource(clips), rate)
        streamer.start()
        time.sleep(seconds)
        streamer.stop()
        if streamer.error is not None:
            raise ExportError(f"the Live Link stream broke off: {streamer.error}")
        return sender.sent
