"""One request from the command line: over the wire when a server is up, else in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from arkit.clip import ArkitClip, Contact, Phone
from arkit.names import ARKIT_NAMES
from server.errors import SoliloquyError
from server.service import Service
from server.settings import Settings
from server.wire.assemble import Take, TakeAssembler
from server.wire.client import Client
from server.wire.messages import Chunk, ClipData, Event, Failed, GenerateRequest, Progress, Result

OnProgress = Callable[[str, float], None]


class PerformanceFailed(SoliloquyError):  # noqa: N818 - reads as the event it comes from
    """The request ended with `Failed`; `code` is the event's."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.message, failed.hint)
        self.event_code = failed.code


def perform(
    request: GenerateRequest,
    audio: Path | None,
    *,
    address: str | None,
    device: str,
    on_progress: OnProgress,
) -> list[ArkitClip]:
    """Perform a request and return its takes.

    Args:
        request: what is wanted; `audio` is the recording that goes with it, or None.
        address: a server that answers there is used; None performs in this process.
        device: for performing in this process.
        on_progress: takes stage and fraction.

    Raises:
        PerformanceFailed: with the one sentence that the server gave.
    """
    if address is not None:
        with Client(address, name="soliloquy animate") as client:
            if client.hello(timeout=0.5) is not None:
                return _collect(client.perform(request, audio), on_progress)
    return _collect(_in_process(request, audio, device), on_progress)


def _in_process(request: GenerateRequest, audio: Path | None, device: str) -> Iterator[Event]:
    yield from Service(Settings(device=device)).stream(request, audio)


def _collect(events: Iterator[Event], on_progress: OnProgress) -> list[ArkitClip]:
    assembler = TakeAssembler()
    clips: list[ArkitClip] = []
    for event in events:
        match event:
            case Progress(stage=stage, fraction=fraction):
                on_progress(stage, fraction)
            case Chunk():
                assembler.add(event)
            case Result():
                clips.append(clip_of(assembler.finish(event)))
            case Failed():
                raise PerformanceFailed(event)
            case _:
                continue
    return clips


def clip_data(clip: ArkitClip) -> ClipData:
    """Return a clip as it travels in a request."""
    assert clip.head is not None and clip.eyes is not None  # a clip fills absent ones with zeros
    return ClipData(
        ARKIT_NAMES, clip.fps, clip.coefficients, clip.head, clip.eyes, dict(clip.layers)
    )


def clip_of(take: Take) -> ArkitClip:
    """Return a take from the wire as a clip, columns put in place by name."""
    columns = [ARKIT_NAMES.index(name) for name in take.names]

    def placed(values: np.ndarray) -> np.ndarray:
        whole = np.zeros((len(values), len(ARKIT_NAMES)), np.float32)
        whole[:, columns] = values
        return whole

    result = take.result
    return ArkitClip(
        coefficients=placed(take.coefficients),
        fps=result.fps,
        head=take.head,
        eyes=take.eyes,
        layers={name: placed(layer) for name, layer in take.layers.items()},
        contacts=tuple(Contact(*contact) for contact in result.contacts),
        phones=tuple(Phone(p.phone, p.start, p.end) for p in result.phones),
        notes=result.notes,
        provenance={**result.provenance, "timings": dict(result.timings)},
    )
