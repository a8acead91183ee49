"""What client and server say to each other: dataclasses, no sockets, no meaning.

Numpy and the standard library only, relative imports only: the Blender add-on carries a copy.
Times are seconds from the first audible sample. Arrays are float32 and travel as raw frames
beside the JSON header (see `codec`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

WIRE_VERSION: Final = 1
LATER: Final = {"later": True}
"""Marks a field that version 1 did not have from its start: it is left out where it has its default
value, so that an older side understands every message that makes no use of it."""
GUESSED_SECONDS: Final = "guessed_seconds"
"""Entry of `Welcome.limits`: the longest line whose words are guessed. 0 where this server cannot;
a server without it is older than `GenerateRequest.guess_words`, and refuses that."""
OUTPUTS: Final[tuple[str, ...]] = ("arkit52", "arkit51", "flame")


@dataclass(frozen=True)
class AudioInfo:
    """How the audio of a request arrives.

    Attributes:
        encoding: "file" (the original file's bytes) or "f32le" (mono float32 samples).
        sample_rate: Hz; needed for "f32le", ignored for "file".
        trim_start, trim_end: audible part in seconds of the file; None means its end.
        playback_rate: speed at which the strip plays (1.0 = as recorded).
        filename: for messages to the user only.
    """

    encoding: str = "file"
    sample_rate: int = 0
    trim_start: float = 0.0
    trim_end: float | None = None
    playback_rate: float = 1.0
    filename: str = ""


@dataclass(frozen=True)
class StripSpec:
    """An AU strip: which muscle, when, how strongly.

    Attributes:
        au: "AU12", "AU12L", "AU12R".
        start, end: seconds, end exclusive.
        keys: (seconds, intensity 0..1) in absolute seconds; one key is a constant intensity.
        mode: "hold" (kept up through the strip) or "accent" (excited inside the strip).
        ease_in, ease_out: seconds of onset and offset.
    """

    au: str
    start: float
    end: float
    keys: tuple[tuple[float, float], ...] = ((0.0, 1.0),)
    mode: str = "hold"
    ease_in: float = 0.15
    ease_out: float = 0.2


@dataclass(frozen=True)
class DirectionStrip:
    """A direction in words over a span of time."""

    text: str
    start: float
    end: float
    intensity: float = 1.0


@dataclass(frozen=True)
class DirectionBlend:
    """A second direction in words, mixed into the first.

    Attributes:
        text: how it is played as well.
        share: 0 is the first direction (words, pose or image) alone, 1 is this one alone.
    """

    text: str
    share: float = 0.5


@dataclass(frozen=True)
class TimedPhone:
    """A speech sound with its times in seconds."""

    phone: str
    start: float
    end: float


@dataclass(frozen=True)
class ClipData:
    """A clip that a client sends along: the take to change, or one whose style is wanted.

    Attributes:
        names: columns of `coefficients` and of every layer; blendshapes that are absent are at 0.
        fps: frame i stands at i / fps seconds.
        coefficients: [T, len(names)], 0..1.
        head: [T, 3] radians, or [0, 3] for none. eyes: [T, 2, 3] radians, or [0, 2, 3] for none.
        layers: name -> [T, len(names)], summing to the unclamped coefficients.
    """

    names: tuple[str, ...]
    fps: float
    coefficients: NDArray[np.float32]
    head: NDArray[np.float32]
    eyes: NDArray[np.float32]
    layers: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


@dataclass(frozen=True)
class GenerateRequest:
    """One line to perform. Every field but the audio has a default.

    Attributes:
        request_id: unique per client.
        generator: "cafe_talk", "articulate", ...; "" is the best that the server has.
        audio: how audio arrives, or None for a silent motion of `seconds`.
        seconds: length without audio.
        guidance: "audio", "emotion" (alpha), "strips" (beta) -> scale.
        guidance_mode: "paper" for a paper's own formula, "" for the generator's default.
        pose: blendshape name -> value, a posed expression as the direction.
        phones: the user's corrected phones; obeyed when given.
        base: the take of which a part is made anew, at the request's fps.
        regenerate_start, regenerate_end, regenerate_regions: span (seconds) and face regions to
            make anew; everything outside stays bit-identical to `base`.
        style: name of a talking style, or "".
        style_clip: a performance whose talking style is wanted; stronger than `style`.
        steps: denoising steps, None for the generator's default.
        blend: a second direction, mixed into the first.
        image: bytes of a picture file of a face, whose expression is the direction.
        flame_basis: `basis_id` of the FLAME model that `output` "flame" is for; "" is the
            built-in head.
        guess_words: whether the words of an English line without transcript are guessed: slower,
            and better heard.
    """

    request_id: str
    generator: str = ""
    audio: AudioInfo | None = None
    seconds: float = 0.0
    direction: str = ""
    direction_strips: tuple[DirectionStrip, ...] = ()
    pose: Mapping[str, float] = field(default_factory=dict)
    emotion: str = "neutral"
    intensity: float = 0.5
    style: str = ""
    strips: tuple[StripSpec, ...] = ()
    transcript: str = ""
    language: str = "en"
    phones: tuple[TimedPhone, ...] = ()
    guidance: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    takes: int = 1
    output: str = "arkit52"
    fps: float = 30.0
    regenerate_start: float | None = None
    regenerate_end: float | None = None
    regenerate_regions: tuple[str, ...] = ()
    steps: int | None = None
    guidance_mode: str = field(default="", metadata=LATER)
    base: ClipData | None = field(default=None, metadata=LATER)
    style_clip: ClipData | None = field(default=None, metadata=LATER)
    blend: DirectionBlend | None = field(default=None, metadata=LATER)
    image: bytes = field(default=b"", metadata=LATER)
    flame_basis: str = field(default="", metadata=LATER)
    guess_words: bool = field(default=False, metadata=LATER)


@dataclass(frozen=True)
class InstructRequest:
    """Asks how a line is played: `Instruction` answers.

    Attributes:
        request_id: unique per client, also among `GenerateRequest`s.
        audio: the recording that is listened to, or None: then `text` is read.
        text: a direction to be read instead: what it asks of the face.
        seconds: length of the line that `text` is for; ignored with audio.
        transcript, language, phones: as in `GenerateRequest`.
        weights: "" for the default ones, or the name of others, such as "research".
    """

    request_id: str
    audio: AudioInfo | None = None
    text: str = ""
    seconds: float = 0.0
    transcript: str = ""
    language: str = "en"
    phones: tuple[TimedPhone, ...] = ()
    weights: str = ""


@dataclass(frozen=True)
class AudioChunk:
    """At most 1 MiB of audio; `last` ends it."""

    request_id: str
    seq: int
    last: bool
    data: bytes = b""


@dataclass(frozen=True)
class Credit:
    """The server will take `chunks` more audio chunks."""

    request_id: str
    chunks: int


@dataclass(frozen=True)
class Cancel:
    request_id: str


@dataclass(frozen=True)
class Ping:
    nonce: int = 0


@dataclass(frozen=True)
class Pong:
    nonce: int = 0


@dataclass(frozen=True)
class Hello:
    """Asks what the server is and can do."""

    client: str = ""


@dataclass(frozen=True)
class GeneratorFacts:
    """What a generator can be asked for.

    Attributes:
        problem: one sentence on why it cannot be used on this server, "" when it can.
        styles: names of talking styles. emotions: names that `emotion` may have.
        controls: fields of a request that it obeys.
    """

    problem: str = ""
    styles: tuple[str, ...] = ()
    emotions: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Welcome:
    """What the server is and can do.

    Attributes:
        generators: names, the default one first.
        facts: generator -> what it can be asked for.
        warming: what it still loads ahead of the first request ("performance", "instruction");
            empty when all is ready. Whoever is connected is told again when this changes.
    """

    server_version: str
    device: str
    generators: tuple[str, ...]
    limits: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, GeneratorFacts] = field(default_factory=dict, metadata=LATER)
    warming: tuple[str, ...] = field(default=(), metadata=LATER)


@dataclass(frozen=True)
class Accepted:
    """The request will be performed; sent again whenever its position changes.

    Attributes:
        queue_position: requests ahead of it; 0 when its turn has come.
    """

    request_id: str
    queue_position: int = 0


@dataclass(frozen=True)
class Progress:
    """Stage ("listen" or "perform") and how much of the whole request is done, 0..1."""

    request_id: str
    stage: str
    fraction: float


@dataclass(frozen=True)
class FlameFrames:
    """Frames in FLAME's coefficients, columns in the order of the basis.

    Attributes:
        basis_id: of the model that the expressions are of.
        expression: [n, E]. jaw, neck: [n, 3] rotation vectors in radians. eyes: [n, 2, 3].
    """

    basis_id: str
    expression: NDArray[np.float32]
    jaw: NDArray[np.float32]
    neck: NDArray[np.float32]
    eyes: NDArray[np.float32]


@dataclass(frozen=True)
class Chunk:
    """Final frames, in order. All arrays of a result travel in chunks, so memory stays flat.

    Attributes:
        take: 0-based take number.
        start_frame: index of the first frame of this chunk in the take.
        names: columns of `coefficients` and of every layer.
        coefficients: [n, len(names)].
        head: [n, 3] radians. eyes: [n, 2, 3] radians.
        layers: name -> [n, len(names)], summing to the unclamped coefficients.
        flame: the same frames on a FLAME head, where `output` was "flame".
    """

    request_id: str
    take: int
    start_frame: int
    names: tuple[str, ...]
    coefficients: NDArray[np.float32]
    head: NDArray[np.float32]
    eyes: NDArray[np.float32]
    layers: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    flame: FlameFrames | None = field(default=None, metadata=LATER)


@dataclass(frozen=True)
class Result:
    """A take is complete; its frames were sent before in chunks.

    Attributes:
        n_frames: frames of the whole take.
        contacts: (kind, start, end).
        provenance: generator, seed, weights hash, versions, request: enough to make it again.
        timings: stage -> seconds.
    """

    request_id: str
    take: int
    n_frames: int
    fps: float
    contacts: tuple[tuple[str, float, float], ...] = ()
    phones: tuple[TimedPhone, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    last: bool = True  # no further take of this request follows


@dataclass(frozen=True)
class Instruction:
    """How a line is played, in words that a person can edit; the answer to `InstructRequest`.

    Attributes:
        text: the instruction.
        emotion: one word. intensity: 0..1.
        aus: Action Unit -> 0..1, with sides where one is named ("AU12L").
        confidence: 0..1.
        strips: the same as AU strips over the line.
        notes: sentences for the user.
        provenance: weights and what else is needed to get it again. timings: stage -> seconds.
    """

    request_id: str
    text: str
    emotion: str = "neutral"
    intensity: float = 0.5
    aus: Mapping[str, float] = field(default_factory=dict)
    confidence: float = 0.0
    strips: tuple[StripSpec, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """A request ended without a result.

    Attributes:
        code: "cancelled", "bad_audio", "bad_request", "limit", "version", "unavailable",
            "internal"; "lost" comes from the client itself when the server is gone.
        message: what happened, with which value. hint: what to do.
    """

    request_id: str
    code: str
    message: str
    hint: str = ""


Request: TypeAlias = GenerateRequest | InstructRequest
"""What opens a request: the same road for audio, queue, limits and `Cancel`."""
ClientMessage: TypeAlias = Request | AudioChunk | Cancel | Ping | Pong | Hello
Event: TypeAlias = Accepted | Progress | Chunk | Result | Instruction | Failed
ServerMessage: TypeAlias = Event | Credit | Ping | Pong | Welcome
