"""The product in one function: a request and its audio in, events out. No sockets, no threads.

    check the request -> read and listen -> plan the takes -> make windows -> chunks -> result

The transport runs the same steps on its own threads (`worker`), so that a line performed in
process and one performed over the wire are the same clip.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from arkit.clip import Phone

from . import __version__
from .errors import BadAudio, BadRequest, Cancelled, InternalError, SoliloquyError
from .flame_output import FlameModels, FlameOutput
from .generators.base import CheckCancel, Speech
from .instructing import (
    Instruct,
    at_natural_speed,
    check_instruct_request,
    heard_instruction,
    read_instruction,
)
from .performance import LISTEN_SHARE, OnEvent, Performance, make_windows
from .regeneration import digest, regeneration_of
from .registry import Registry, resolve_device
from .settings import Settings
from .speech.audio import AudioSource, AudioStream
from .speech.recogniser import FEATURE_RATE, Samples, SpeechError
from .speech.tempo import at_rate
from .speech.words import guessed_seconds
from .validation import CONTROLS, check_request, ignored_controls, strips_outside
from .wire.messages import (
    GUESSED_SECONDS,
    WIRE_VERSION,
    Accepted,
    ClipData,
    Event,
    Failed,
    GenerateRequest,
    Instruction,
    InstructRequest,
    Progress,
    Request,
    TimedPhone,
    Welcome,
)

__all__ = ["Service", "failure", "never_cancel"]

_SILENCE_DB: Final = -100.0
_TELLS_ITSELF: Final = frozenset(CONTROLS) - {"steps", "guidance_mode", "style_clip"}
"""Controls that a generator without `understands` speaks of in its own notes."""


class Listen(Protocol):
    """What `server.speech.listen.listen` is, as far as the service calls it."""

    def __call__(
        self,
        audio: Samples | Iterable[Samples],
        *,
        transcript: str = "",
        language: str = "en",
        phones: Sequence[Phone | TimedPhone] = (),
        guess_words: bool = False,
        on_heard: Callable[[float], None],
    ) -> Speech: ...


def never_cancel() -> None:
    """Let everything run to its end."""


class Service:
    """Everything that a request needs: settings, generators, ears.

    Args:
        settings: limits and device.
        registry: generators by name; the shipped ones by default.
        listen: how a line is heard; the shipped ears by default.
        instruct: how a voice becomes an instruction; the shipped networks by default.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        registry: Registry | None = None,
        listen: Listen | None = None,
        instruct: Instruct | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.registry = registry or Registry(resolve_device(self.settings.device))
        self._listen = listen or _default_listen(self.settings.ears)
        self._instruct = instruct
        self._flame_models = FlameModels(self.settings.flame)

    def welcome(self) -> Welcome:
        """Return what this server is and can do."""
        return Welcome(
            server_version=__version__,
            device=self.registry.device,
            generators=self.registry.names,
            limits={
                **self.settings.limits.as_mapping(),
                GUESSED_SECONDS: guessed_seconds(self.settings.ears),
            },
            facts=self.registry.facts(),
        )

    def perform(
        self,
        request: Request,
        audio: AudioSource | None,
        on_event: OnEvent,
        check_cancel: CheckCancel = never_cancel,
    ) -> None:
        """Perform a line from its start to its last result, or answer with its instruction.

        Args:
            request: what is wanted.
            audio: a file's path or bytes, float32 samples, or None for a silent motion.
            on_event: takes `Accepted`, `Progress`, `Chunk` and `Result` (or `Instruction`) in
                order, or one `Failed`.
            check_cancel: called often; raises `Cancelled` to stop.
        """
        try:
            self.check(request)
            on_event(Accepted(request.request_id))
            if isinstance(request, InstructRequest):
                on_event(self.instruct(request, audio, on_event, check_cancel))
                return
            performance = self.prepare(request, audio, on_event, check_cancel)
            while not performance.done:
                check_cancel()
                for plan, frames in make_windows(
                    performance.generator, performance.due, check_cancel
                ):
                    performance.deliver(plan, frames)
        except SoliloquyError as error:
            on_event(failure(request.request_id, error))

    def stream(self, request: Request, audio: AudioSource | None) -> Iterator[Event]:
        """Perform a line in a thread and yield its events as they come; closing it cancels."""
        events: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        unwanted = threading.Event()

        def check_cancel() -> None:
            if unwanted.is_set():
                raise Cancelled

        def work() -> None:
            try:
                self.perform(request, audio, events.put, check_cancel)
                events.put(None)
            except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
                events.put(error)

        thread = threading.Thread(target=work, name="perform", daemon=True)
        thread.start()
        try:
            while (event := events.get()) is not None:
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            unwanted.set()
            thread.join()

    def instruct(
        self,
        request: InstructRequest,
        audio: AudioSource | None,
        emit: OnEvent,
        check_cancel: CheckCancel = never_cancel,
    ) -> Instruction:
        """Listen to a voice, or read a direction, and say what the face should show.

        Raises:
            SoliloquyError: the audio cannot be read, or weights are not there.
        """
        _check_goes_together(request, audio)
        if request.audio is None:
            return read_instruction(request)
        started = time.perf_counter()
        rate = request.audio.playback_rate
        speech, notes = self._hear(at_natural_speed(request), audio, emit, check_cancel)
        listened = time.perf_counter() - started
        check_cancel()
        found = heard_instruction(request, speech, speech.seconds / rate, self._instruct)
        return replace(
            found,
            notes=tuple(dict.fromkeys((*notes, *found.notes))),
            provenance={**found.provenance, **_provenance(request, audio)},
            timings={"read_and_listen": listened, **found.timings},
        )

    def check(self, request: Request) -> None:
        """Refuse what cannot be obeyed, before any work.

        Raises:
            BadRequest: a field has an impossible value, or there is no such generator.
            LimitExceeded: it asks for more than the settings allow.
            Unavailable: the generator cannot be used on this machine.
        """
        if isinstance(request, InstructRequest):
            check_instruct_request(request, self.settings.limits)
            return
        check_request(request, self.settings.limits)
        generator, _ = self._chosen(request)
        self.registry.check(generator)
        if request.image:
            self.registry.check_image(generator)
        styles = self.registry.facts()[generator].styles if request.style else ()
        if styles and request.style not in styles:
            raise BadRequest(
                f"'{generator}' has no style '{request.style}'.", f"Use one of {', '.join(styles)}."
            )

    def prepare(
        self,
        request: GenerateRequest,
        audio: AudioSource | None,
        emit: OnEvent,
        check_cancel: CheckCancel = never_cancel,
    ) -> Performance:
        """Read, listen and plan; the windows are then made through the returned performance.

        Raises:
            SoliloquyError: the audio cannot be read, or the request cannot be planned.
        """
        _check_goes_together(request, audio)
        name, note = self._chosen(request)
        request = replace(request, generator=name)
        generator = self.registry.get(name)
        understands = getattr(generator, "understands", _TELLS_ITSELF)
        flame = self._flame_output(request)
        started = time.perf_counter()
        speech, notes = self._hear(request, audio, emit, check_cancel)
        listened = time.perf_counter()
        performance = Performance(
            request=request,
            speech=speech,
            generator=generator,
            emit=emit,
            check_cancel=check_cancel,
            notes=tuple(
                note
                for note in (
                    note,
                    *notes,
                    ignored_controls(request, generator.name, understands),
                    *strips_outside(request, speech.seconds),
                )
                if note
            ),
            provenance=_provenance(request, audio),
            regeneration=regeneration_of(request),
            flame=flame,
        )
        performance.plan()
        performance.timings["read_and_listen"] = listened - started
        performance.timings["plan"] = time.perf_counter() - listened
        return performance

    def _flame_output(self, request: GenerateRequest) -> FlameOutput | None:
        """Find the model, which may take seconds the first time: never in the socket's thread."""
        if request.output != "flame":
            return None
        model = self._flame_models.get(request.flame_basis)
        return FlameOutput(model, model is self._flame_models.get(""))

    def _chosen(self, request: GenerateRequest) -> tuple[str, str]:
        """Return the generator's name and a note, when the default had to give way."""
        return (request.generator, "") if request.generator else self.registry.default()

    def _hear(
        self,
        request: Request,
        audio: AudioSource | None,
        emit: OnEvent,
        check_cancel: CheckCancel,
    ) -> tuple[Speech, tuple[str, ...]]:
        if audio is None or request.audio is None:
            return silence(request.seconds, request.phones), ()
        info = request.audio
        stream = AudioStream(
            audio, info, self.settings.limits.audio_seconds * max(info.playback_rate, 1.0)
        )

        def on_heard(seconds: float) -> None:
            check_cancel()
            share = seconds / max(stream.seconds or stream.expected_seconds or seconds, 1e-9)
            emit(Progress(request.request_id, "listen", LISTEN_SHARE * min(share, 1.0)))

        on_heard(0.0)
        rate = info.playback_rate
        phones = tuple(replace(p, start=p.start * rate, end=p.end * rate) for p in request.phones)
        try:
            speech = self._listen(
                _checked(stream.blocks(), check_cancel),
                transcript=request.transcript,
                language=request.language,
                phones=phones,
                guess_words=isinstance(request, GenerateRequest) and request.guess_words,
                on_heard=on_heard,
            )
        except SpeechError as error:
            name = f"'{info.filename}'" if info.filename else "The line"
            raise BadAudio(f"{name} was not understood: {error}.") from error
        return at_rate(speech, rate), stream.notes


def silence(seconds: float, phones: Sequence[TimedPhone] = ()) -> Speech:
    """Return a line without sound, for silent facial motion; given phones are mouthed."""
    from .speech.notations import own_phones
    from .speech.recogniser import without_gaps

    n_frames = int(seconds * FEATURE_RATE) + 1
    return Speech(
        samples=np.zeros(0, np.float32),
        seconds=seconds,
        phones=without_gaps(own_phones(phones), seconds),
        loudness=np.full(n_frames, _SILENCE_DB, np.float32),
    )


def failure(request_id: str, error: BaseException) -> Failed:
    """Return the event that tells of an error; an unexpected one is named as our fault."""
    if not isinstance(error, SoliloquyError):
        error = InternalError(
            f"The server failed with {type(error).__name__}: {error}.",
            "Please report this with the server's log.",
        )
    return Failed(request_id, error.code, error.message, error.hint)


def _default_listen(ears: str) -> Listen:
    from .speech.ears import Ears

    return Ears(ears).listen


def _checked(blocks: Iterator[Samples], check_cancel: CheckCancel) -> Iterator[Samples]:
    for block in blocks:
        check_cancel()
        yield block


def _check_goes_together(request: Request, audio: AudioSource | None) -> None:
    if (audio is None) != (request.audio is None):
        raise BadRequest("The request's audio and its `audio` field do not go together.")


def _provenance(request: Request, audio: AudioSource | None) -> dict[str, object]:
    facts: dict[str, object] = {"soliloquy": __version__, "wire": WIRE_VERSION}
    for name in ("base", "style_clip"):
        clip: ClipData | None = getattr(request, name, None)
        if clip is not None:
            facts[f"{name}_sha256"] = digest(clip)
    if isinstance(request, GenerateRequest) and request.image:
        facts["image_sha256"] = hashlib.sha256(request.image).hexdigest()
    if audio is not None:
        facts["audio_sha256"] = _sha256(audio)
    return facts


def _sha256(audio: AudioSource) -> str:
    if isinstance(audio, Path):
        with audio.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    data = audio if isinstance(audio, bytes) else np.ascontiguousarray(audio, "<f4").tobytes()
    return hashlib.sha256(data).hexdigest()
