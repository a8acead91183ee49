"""One request from the command line: over the wire when a server is up, else in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from arkit.clip import ArkitClip, Contact, Phone
from arkit.names import ARKIT_NAMES
from server.commands.ports import is_taken
from server.errors import SoliloquyError
from server.service import Service
from server.settings import Settings
from server.wire.assemble import Take, TakeAssembler
from server.wire.client import Client
from server.wire.messages import (
    GUESSED_SECONDS,
    Chunk,
    ClipData,
    Event,
    Failed,
    GenerateRequest,
    Instruction,
    InstructRequest,
    Progress,
    Request,
    Result,
    Welcome,
)

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
    """Perform a request and return its takes as clips; arguments and errors as `perform_takes`."""
    takes = perform_takes(request, audio, address=address, device=device, on_progress=on_progress)
    return [clip_of(take) for take in takes]


def perform_takes(
    request: GenerateRequest,
    audio: Path | None,
    *,
    address: str | None,
    device: str,
    on_progress: OnProgress,
    ears: str = "auto",
) -> list[Take]:
    """Perform a request and return its takes.

    Args:
        request: what is wanted; `audio` is the recording that goes with it, or None.
        address: a server that answers there is used; None performs in this process.
        device: for performing in this process.
        on_progress: takes stage and fraction.
        ears: recogniser by name, for performing in this process.

    Raises:
        PerformanceFailed: with the one sentence that the server gave.
    """
    assembler = TakeAssembler()
    takes: list[Take] = []
    for event in _events(request, audio, address, device, on_progress, ears=ears):
        if isinstance(event, Chunk):
            assembler.add(event)
        elif isinstance(event, Result):
            takes.append(assembler.finish(event))
    return takes


def instruction(
    request: InstructRequest,
    audio: Path | None,
    *,
    address: str | None,
    device: str,
    on_progress: OnProgress,
) -> Instruction:
    """Return the answer to a request for an instruction; arguments as `perform_takes`.

    Raises:
        PerformanceFailed: with the one sentence that the server gave.
    """
    events = _events(request, audio, address, device, on_progress)
    return next(event for event in events if isinstance(event, Instruction))


def _events(
    request: Request,
    audio: Path | None,
    address: str | None,
    device: str,
    on_progress: OnProgress,
    *,
    ears: str = "auto",
) -> Iterator[Event]:
    """Yield the events of a request, of a server that is up or made in this process."""
    for event in _any_events(request, audio, address, device, ears):
        if isinstance(event, Failed):
            raise PerformanceFailed(event)
        if isinstance(event, Progress):
            on_progress(event.stage, event.fraction)
        yield event


def _any_events(
    request: Request, audio: Path | None, address: str | None, device: str, ears: str
) -> Iterator[Event]:
    if address is not None and is_taken(address):
        with Client(address, name="soliloquy") as client:
            welcome = client.hello(timeout=0.5)
            if welcome is not None:
                yield from client.perform(understood(request, welcome), audio)
                return
    yield from Service(Settings(device=device, ears=ears)).stream(request, audio)


def understood(request: Request, welcome: Welcome) -> Request:
    """Return a request that the server knows: an older one refuses to be asked to guess words."""
    if isinstance(request, GenerateRequest) and not welcome.limits.get(GUESSED_SECONDS):
        return replace(request, guess_words=False)
    return request


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
