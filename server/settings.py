"""What the person who runs the server may decide: address, device, limits, patience.

One frozen value, passed down; nothing here is read from the environment or from a global.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from .errors import BadRequest

DEFAULT_ADDRESS: Final = "tcp://127.0.0.1:5557"


@dataclass(frozen=True)
class Limits:
    """How much a client may ask for; exceeding one gives `Failed("limit")`.

    Attributes:
        message_bytes: header and frames of one message; with a clip to regenerate a part of it is
            about 1 KiB a frame.
        header_bytes: the header alone.
        audio_bytes: size of an uploaded file.
        audio_seconds: length of a line, also without audio.
        requests_per_client: waiting and running together.
        queue: requests of all clients, waiting and running.
        clients: clients remembered; beyond it the longest silent idle one is forgotten.
        takes: takes of one request.
        strips, phones: entries of one request. text: characters of a direction or transcript.
        image_bytes: size of a picture file that is the direction.
    """

    message_bytes: int = 32 << 20
    header_bytes: int = 4 << 20
    audio_bytes: int = 1 << 30
    audio_seconds: float = 3600.0
    requests_per_client: int = 16
    queue: int = 64
    clients: int = 256
    takes: int = 16
    strips: int = 1000
    phones: int = 100_000
    text: int = 100_000
    image_bytes: int = 8 << 20

    def as_mapping(self) -> Mapping[str, float]:
        """Name -> value, as `Welcome` carries it."""
        return {name: float(value) for name, value in asdict(self).items()}


@dataclass(frozen=True)
class Settings:
    """Everything a server needs to know at its start.

    Attributes:
        bind: ZeroMQ address; anything but loopback demands `keys`.
        device: "auto", "cpu" or "cuda".
        ears: recogniser by name; "auto" is the best whose weights are free to use.
        keys: folder with the server's key pair and the allowed clients, or None.
        limits: see `Limits`.
        flame: FLAME files that frames are made for, beside the built-in head.
        warm_up: load what the first requests need at once, beside answering.
        batch_windows: most windows that are denoised together.
        active_requests: most requests that are listened to or performed at the same time.
        listeners: threads that read and understand audio; with two, an hour does not keep a short
            line waiting.
        upload_timeout: seconds without an audio chunk after which an upload is given up.
        client_timeout: seconds of silence after which a client is taken for gone.
        ping_interval: seconds between heartbeats to each client.
        outbox_bytes: what may wait for a slow client before its work is paused.
    """

    bind: str = DEFAULT_ADDRESS
    device: str = "auto"
    ears: str = "auto"
    keys: Path | None = None
    limits: Limits = field(default_factory=Limits)
    flame: tuple[Path, ...] = ()
    warm_up: bool = False
    batch_windows: int = 16
    active_requests: int = 8
    listeners: int = 2
    upload_timeout: float = 30.0
    client_timeout: float = 120.0
    ping_interval: float = 5.0
    outbox_bytes: int = 8 << 20

    def __post_init__(self) -> None:
        """Refuse settings that cannot work.

        Raises:
            BadRequest: a count is below one, a time is not positive, or the device is unknown.
        """
        if self.device not in ("auto", "cpu", "cuda"):
            raise BadRequest(f"Device '{self.device}' is unknown.", "Use auto, cpu or cuda.")
        for name in ("batch_windows", "active_requests", "listeners", "outbox_bytes"):
            if getattr(self, name) < 1:
                raise BadRequest(f"{name} is {getattr(self, name)}.", "It must be at least 1.")
        for name in ("upload_timeout", "client_timeout", "ping_interval"):
            if not getattr(self, name) > 0:
                raise BadRequest(f"{name} is {getattr(self, name)}.", "It must be positive.")
