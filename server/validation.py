"""Is this request one that can be obeyed? Each refusal names the field, its value and the way out.

Also the other half of honesty: what a generator has no notion of is told, not dropped in silence.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from typing import Final

from arkit.errors import ArkitError
from arkit.names import INDEX, REGIONS
from arkit.strips import AUStrip

from .errors import BadRequest, LimitExceeded
from .regeneration import clip_of, regeneration_of
from .settings import Limits
from .speech.audio import check_audio_info
from .speech.notations import own_phones
from .speech.recogniser import SpeechError
from .wire.messages import OUTPUTS, GenerateRequest, Request, StripSpec

CONTROLS: Final[tuple[str, ...]] = (
    "direction", "direction_strips", "pose", "image", "blend", "emotion", "style", "style_clip",
    "strips", "guidance", "guidance_mode", "steps",
)  # fmt: skip
"""What `Generator.understands` may name."""

GUIDANCE_SCALES: Final[tuple[str, ...]] = ("audio", "emotion", "strips")
GUIDANCE_MODES: Final[tuple[str, ...]] = ("", "default", "paper")
_MAX_GUIDANCE: Final = 20.0
_MAX_FPS: Final = 240.0
_MAX_STEPS: Final = 1000
_MAX_OUTSIDE: Final = 5  # notes on strips outside the line, of which there may be a thousand
_QUOTED: Final = 30  # characters of a direction in a note
_WORD: Final = 64  # characters of a name: generator, emotion, style


def check_request(request: GenerateRequest, limits: Limits) -> None:
    """Refuse a request that cannot be obeyed, before any work is done.

    Raises:
        BadRequest: a field has an impossible value.
        LimitExceeded: it asks for more than the limits allow.
    """
    _check_length(request)
    check_line(request, limits)
    _check_words(request, limits)
    _check_numbers(request, limits)
    _check_directions(request, limits)
    _check_direction_strips(request, limits)
    _check_strips(request.strips, limits)
    _check_regeneration(request)
    if request.style_clip is not None:
        clip_of(request.style_clip, "style_clip")


def ignored_controls(request: GenerateRequest, generator: str, understands: Iterable[str]) -> str:
    """Return one sentence on the controls that are set but not understood, "" when none are."""
    known = set(understands)
    ignored = [name.replace("_", " ") for name in _set_controls(request) if name not in known]
    if not ignored:
        return ""
    verb = "was" if len(ignored) == 1 else "were"
    return (
        f"{', '.join(ignored).capitalize()} {verb} not used: the generator '{generator}' has no "
        "notion of it."
    )


def strips_outside(request: GenerateRequest, seconds: float) -> tuple[str, ...]:
    """Return a sentence on each AU strip and direction strip that lies wholly outside the line.

    Args:
        seconds: length of the line.
    """
    named = [(s.au, s.start, s.end) for s in request.strips]
    named += [
        (f"The direction strip '{_short(s.text)}'", s.start, s.end)
        for s in request.direction_strips
    ]
    notes = [
        f"{name}@{start:g}-{end:g} lies {where} of the line ({seconds:.1f} s) and was not used."
        for name, start, end in named
        if (where := _side_outside(start, end, seconds))
    ]
    more = len(notes) - _MAX_OUTSIDE
    return (*notes[:_MAX_OUTSIDE], *([f"So do {more} more strips."] if more > 0 else []))


def _side_outside(start: float, end: float, seconds: float) -> str:
    return "after the end" if start >= seconds else "before the start" if end <= 0 else ""


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[: _QUOTED - 3]}..."


def _set_controls(request: GenerateRequest) -> list[str]:
    is_set = {
        "direction": bool(request.direction.strip()),
        "direction_strips": bool(request.direction_strips),
        "pose": bool(request.pose),
        "image": bool(request.image),
        "blend": request.blend is not None,
        "emotion": request.emotion not in ("", "neutral"),
        "style": bool(request.style),
        "style_clip": request.style_clip is not None,
        "strips": bool(request.strips),
        "guidance": bool(request.guidance),
        "guidance_mode": request.guidance_mode not in ("", "default"),
        "steps": request.steps is not None,
    }
    return [name for name in CONTROLS if is_set[name]]


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise BadRequest(f"{name} is {value:g}.", f"Use a value from {low:g} to {high:g}.")


def _at_most(name: str, value: float, most: float, unit: str) -> None:
    if value > most:
        raise LimitExceeded(
            f"{name} has {value:g} {unit}; the limit is {most:g}.",
            "Ask for less at once.",
        )


def check_text(name: str, text: str, limits: Limits) -> None:
    """Refuse a text that is too long.

    Raises:
        LimitExceeded: with both lengths.
    """
    _at_most(name, len(text), limits.text, "characters")


def check_line(request: Request, limits: Limits) -> None:
    """Refuse a line that cannot be listened to: its name, audio, words and phones.

    Raises:
        BadRequest: a field has an impossible value.
        LimitExceeded: it asks for more than the limits allow.
    """
    _check_names(request, "request_id", "language")
    if not request.request_id:
        raise BadRequest("request_id is empty.", "Give each request a name of its own.")
    if not request.language:
        raise BadRequest("language is empty.", "Use a code such as 'en'.")
    if request.audio is not None:
        check_audio_info(request.audio)
    elif not request.seconds >= 0:
        raise BadRequest(f"The length is {request.seconds:g} s.", "Use seconds.")
    else:
        _at_most("The motion", request.seconds, limits.audio_seconds, "seconds")
    check_text("The transcript", request.transcript, limits)
    _check_phones(request, limits)


def _check_length(request: GenerateRequest) -> None:
    if request.audio is None and not request.seconds > 0:
        raise BadRequest(
            f"There is no audio, and the length is {request.seconds:g} s.",
            "Send a recording, or a length for a silent motion.",
        )


def _check_names(request: Request, *names: str) -> None:
    for name in names:
        value: str = getattr(request, name)
        if len(value) > _WORD:
            raise BadRequest(
                f"{name} is '{value[:20]}...' with {len(value)} characters.",
                f"Use at most {_WORD}.",
            )


def _check_words(request: GenerateRequest, limits: Limits) -> None:
    _check_names(request, "generator", "emotion", "style", "flame_basis")
    check_text("The direction", request.direction, limits)
    if request.flame_basis and request.output != "flame":
        raise BadRequest(
            f"flame_basis is '{request.flame_basis}', and output is '{request.output}'.",
            "Ask for the output flame, or leave flame_basis out.",
        )


def _check_numbers(request: GenerateRequest, limits: Limits) -> None:
    _between("intensity", request.intensity, 0, 1)
    if not 1 <= request.fps <= _MAX_FPS:
        raise BadRequest(f"fps is {request.fps:g}.", f"Use 1 to {_MAX_FPS:g}.")
    if request.output not in OUTPUTS:
        raise BadRequest(f"output is '{request.output}'.", f"Use {', '.join(OUTPUTS)}.")
    if request.takes < 1:
        raise BadRequest(f"takes is {request.takes}.", "Ask for at least one.")
    _at_most("The request", request.takes, limits.takes, "takes")
    if not 0 <= request.seed < 2**62:
        raise BadRequest(f"seed is {request.seed}.", "Use a whole number from 0 to 2^62.")
    if request.steps is not None:
        _between("steps", request.steps, 1, _MAX_STEPS)
    if request.guidance_mode not in GUIDANCE_MODES:
        raise BadRequest(
            f"guidance_mode is '{request.guidance_mode[:_WORD]}'.", "Use default or paper."
        )
    for name, scale in request.guidance.items():
        if name not in GUIDANCE_SCALES:
            raise BadRequest(
                f"There is no guidance scale '{name}'.", f"Use {', '.join(GUIDANCE_SCALES)}."
            )
        _between(f"The {name} guidance scale", scale, 0, _MAX_GUIDANCE)


def _check_directions(request: GenerateRequest, limits: Limits) -> None:
    for name, value in request.pose.items():
        if name not in INDEX:
            raise BadRequest(
                f"The pose names '{name[:_WORD]}', which is not an ARKit blendshape.",
                "Use Apple's names, such as mouthSmileLeft.",
            )
        _between(f"{name} in the pose", value, 0, 1)
    _at_most("The picture", len(request.image), limits.image_bytes, "bytes")
    if request.blend is not None:
        check_text("The second direction", request.blend.text, limits)
        if not request.blend.text.strip():
            raise BadRequest("The second direction has no text.", "Write it, or leave it out.")
        _between("The share of the second direction", request.blend.share, 0, 1)


def _check_direction_strips(request: GenerateRequest, limits: Limits) -> None:
    _at_most("The request", len(request.direction_strips), limits.strips, "direction strips")
    for strip in request.direction_strips:
        _at_most("A direction strip", len(strip.text), limits.text, "characters")
        if not strip.text.strip():
            raise BadRequest(
                f"The direction strip at {strip.start:g} s has no text.", "Write what is played."
            )
        if not 0 <= strip.start < strip.end:
            raise BadRequest(
                f"The direction strip '{strip.text[:30]}' runs from {strip.start:g} s to "
                f"{strip.end:g} s.",
                "Let it start at 0 or later and end after its start.",
            )
        _between(f"The intensity of '{strip.text[:30]}'", strip.intensity, 0, 1)


def _check_strips(strips: tuple[StripSpec, ...], limits: Limits) -> None:
    _at_most("The request", len(strips), limits.strips, "AU strips")
    for strip in strips:
        try:
            au_strip(strip).unit  # noqa: B018 - looking it up is the check
        except ArkitError as error:
            raise BadRequest(f"{str(error).rstrip('.')}.") from error
        for seconds, intensity in strip.keys:
            if not math.isfinite(seconds):
                raise BadRequest(f"Strip {strip.au} has a key at {seconds} s.", "Use seconds.")
            _between(f"The intensity of strip {strip.au} at {seconds:g} s", intensity, 0, 1)


def au_strip(spec: StripSpec) -> AUStrip:
    """Return a strip of the wire as the value that curves are made from.

    Raises:
        ArkitError: its times, keys or mode make no sense.
    """
    return AUStrip(
        au=spec.au,
        start=spec.start,
        end=spec.end,
        keys=spec.keys,
        mode=spec.mode,
        ease_in=spec.ease_in,
        ease_out=spec.ease_out,
    )


def _check_phones(request: Request, limits: Limits) -> None:
    _at_most("The request", len(request.phones), limits.phones, "phones")
    try:
        phones = own_phones(request.phones)
    except SpeechError as error:
        raise BadRequest(f"{str(error).rstrip('.')}.") from error
    for before, after in itertools.pairwise(phones):
        if after.start < before.end - 1e-3:
            raise BadRequest(
                f"Phone '{after.phone}' starts at {after.start:g} s, before '{before.phone}' ends "
                f"at {before.end:g} s.",
                "Give the phones in order and without overlap.",
            )


def _check_regeneration(request: GenerateRequest) -> None:
    start, end = request.regenerate_start, request.regenerate_end
    if (start is None) != (end is None):
        raise BadRequest(
            f"The span to regenerate runs from {start} to {end}.", "Give both its ends, or none."
        )
    if start is not None and end is not None and not 0 <= start < end:
        raise BadRequest(
            f"The span to regenerate runs from {start:g} s to {end:g} s.",
            "Let it start at 0 or later and end after its start.",
        )
    for region in request.regenerate_regions:
        if region not in REGIONS:
            raise BadRequest(f"There is no face region '{region}'.", f"Use {', '.join(REGIONS)}.")
    regeneration_of(request)
