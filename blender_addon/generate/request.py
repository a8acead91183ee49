"""Builds a request from what the panels say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from ..character.flame_head import BASIS_KEY, FILE_KEY, is_flame_head
from ..character.matching import character_match
from ..character.meshes import active_character, shaped_meshes
from ..core.errors import CharacterError, LineError, SoliloquyError, TakeError
from ..core.splicing import Splice, check_size, clip_data
from ..core.story import told_direction
from ..core.target import Target
from ..core.timing import scene_rate
from ..line.guessing import is_guessed
from ..line.reading import Recording, find_strip, read_line
from ..strips.reading import LineStrips, strips_of_line
from ..takes.storage import load_clip
from ..vendor import messages, names, splicing
from .directions import check_directions, directions
from .order import Order
from .properties import generator_name, wanted_tolerance
from .session import session
from .style import style_clip


def build_order(context: Any) -> Order:
    """Read character, line and settings of the scene.

    Raises:
        SoliloquyError: something is missing; the sentence says what.
    """
    scene = context.scene
    character = active_character(scene)
    if character is None or not shaped_meshes(character):
        raise CharacterError(_no_character(character))
    if not _is_playable(character):
        raise CharacterError(
            f"No shape key of '{character.name}' can be played. See the report in Character."
        )
    recording = read_line(character.line, context)
    settings = character.generation
    target = Target(
        scene_uid=scene.session_uid,
        scene_name=scene.name,
        character_uid=character.uid,
        start_frame=recording.start_frame,
        label=recording.label,
        heard_part=recording.heard_part,
        generator=generator_name(settings) or session().default_generator,
        seed=settings.seed,
        tolerance=wanted_tolerance(settings),
    )
    strips = strips_of_line(context, recording.start_frame, recording.seconds, character.uid)
    request = _request(scene, character, recording, strips)
    target = replace(target, direction=told_direction(request))
    live = settings.is_live and request.output != "flame"  # joints are not shown while made
    return Order(target, request, recording.audio, live=live)


def build_regeneration(context: Any) -> Order:
    """As `build_order`, for the chosen take: only the preview range and the chosen regions.

    Raises:
        SoliloquyError: something is missing, or there is nothing to make anew.
    """
    character = active_character(context.scene)
    reason = why_not_regenerate(context)
    if reason or character is None:
        raise TakeError(reason)
    take = character.takes[character.take_index]
    base = load_clip(take)
    check_size(base, _message_limit())
    order = build_order(context)
    start, end = _span(context.scene, take)
    part = splicing.Part(start, end, frozenset(_regions(character)))
    seed = 1 + max(take.seed for take in character.takes)
    target = replace(
        order.target,
        start_frame=take.start_frame,
        label=take.name,
        seed=seed,
        splice=Splice(take.uid, part),
    )
    request = replace(
        order.request,
        fps=base.fps,
        seed=seed,
        takes=1,
        base=clip_data(base),
        regenerate_start=part.start,
        regenerate_end=part.end,
        regenerate_regions=tuple(sorted(part.regions)),
    )
    return Order(target, request, order.audio, base, order.live)


def _span(scene: Any, take: Any) -> tuple[float, float]:
    """Seconds of the preview range, or of the whole take without one.

    Raises:
        TakeError: the preview range lies outside the take.
    """
    if not scene.use_preview_range:
        return 0.0, take.seconds
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    start = (scene.frame_preview_start - take.start_frame) / rate
    end = (scene.frame_preview_end + 1 - take.start_frame) / rate
    start, end = max(start, 0.0), min(end, take.seconds)
    if end <= start:
        raise TakeError("The preview range lies outside the chosen take. Move it over the take.")
    return start, end


def _message_limit() -> float | None:
    """Bytes of a message that the server takes, None before it was heard."""
    welcome = session().welcome
    return welcome.limits.get("message_bytes") if welcome is not None else None


def _regions(character: Any) -> set[str]:
    return set(character.generation.regions)


def why_not_regenerate(context: Any) -> str:
    """Why the chosen take cannot be made anew in part; empty when it can."""
    reason = why_not(context)
    character = active_character(context.scene)
    if reason or character is None:
        return reason
    if not 0 <= character.take_index < len(character.takes):
        return "No take is chosen in Takes."
    if character.takes[character.take_index].is_original:
        return "This is your own animation, not a take."
    if not character.generation.regions:
        return "No region of the face is chosen."
    if not context.scene.use_preview_range and len(_regions(character)) == len(names.REGIONS):
        return "Set a preview range (P in the timeline) or choose regions; else use Generate."
    return ""


def _request(
    scene: Any,
    character: Any,
    recording: Recording,
    strips: LineStrips,
) -> messages.GenerateRequest:
    settings, line = character.generation, character.line
    rate = scene_rate(scene.render.fps, scene.render.fps_base)
    return messages.GenerateRequest(
        request_id=uuid4().hex,
        generator=generator_name(settings),
        audio=audio_info(recording),
        **directions(settings),
        **_output(character),
        emotion=settings.emotion,
        intensity=settings.intensity,
        style=settings.style.strip() if settings.style_source == "NAME" else "",
        style_clip=style_clip(scene, character) if settings.style_source == "CLIP" else None,
        guidance=_guidance(settings),
        guidance_mode=settings.guidance_mode if settings.guidance_mode == "paper" else "",
        steps=settings.steps or None,
        strips=strips.aus,
        direction_strips=strips.directions,
        phones=strips.phones,
        transcript=line.transcript.strip(),
        language=line.language.strip() or "en",
        guess_words=is_guessed(line),
        seed=settings.seed,
        takes=settings.takes,
        fps=rate if settings.curve_rate == "SCENE" else settings.curve_fps,
    )


def audio_info(recording: Recording) -> messages.AudioInfo:
    """How the sound of a line travels."""
    return messages.AudioInfo(
        trim_start=recording.trim_start,
        trim_end=recording.trim_end,
        playback_rate=recording.playback_rate,
        filename=recording.filename,
    )


def _flame_head(character: Any) -> Any | None:
    """The first FLAME head of a character, None without one."""
    found = (mesh.object for mesh in shaped_meshes(character) if is_flame_head(mesh.object))
    return next(found, None)


def _is_playable(character: Any) -> bool:
    return _flame_head(character) is not None or character_match(character).is_usable


def _output(character: Any) -> dict[str, str]:
    """What a FLAME head needs beside blendshapes; the built-in one is every server's own."""
    head = _flame_head(character)
    if head is None:
        return {}
    return {"output": "flame", "flame_basis": head[BASIS_KEY] if head.get(FILE_KEY) else ""}


def _guidance(settings: Any) -> dict[str, float]:
    if not settings.use_guidance:
        return {}
    return {name: getattr(settings, f"guidance_{name}") for name in ("audio", "emotion", "strips")}


def _no_character(character: Any | None) -> str:
    if character is None:
        return "There is no character yet. Press Add Soliloquy Head above, or use your own meshes."
    return (
        f"No mesh of '{character.name}' has shape keys. Carry them over in Character, add the "
        "right meshes there, or add the Soliloquy head."
    )


def why_not(context: Any) -> str:
    """Why Generate cannot be pressed now; empty when it can. Cheap enough for a panel."""
    if session().is_busy:
        return "A line is being made."
    character = active_character(context.scene)
    try:
        if character is None or not shaped_meshes(character):
            raise CharacterError(_no_character(character))
        if not _is_playable(character):
            raise CharacterError("No shape key can be played: see the report in Character.")
        _check_line(character.line, context)
        check_directions(character.generation)
    except SoliloquyError as error:
        return str(error)
    return ""


def _check_line(line: Any, context: Any) -> None:
    """Refuse a line without sound. Cheap enough for a panel.

    Raises:
        LineError: nothing is chosen, or it is gone.
    """
    if line.source == "STRIP":
        find_strip(line, context)
    elif not line.filepath:
        raise LineError("No sound file is chosen in Line.")


def why_not_heard(context: Any) -> str:
    """Why the voice of the line cannot be listened to now; empty when it can."""
    if session().is_asking:
        return "The server is being asked already."
    character = active_character(context.scene)
    if character is None:
        return _no_character(character)
    try:
        _check_line(character.line, context)
    except SoliloquyError as error:
        return str(error)
    return ""
