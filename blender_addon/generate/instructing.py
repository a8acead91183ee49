"""Asks the server how a line is played: what its voice says, and what a direction asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import bpy

from ..character.meshes import active_character, character_by_uid
from ..compat import sequencer_scene
from ..core.directing import heard_sentence, laid_strips
from ..core.errors import CharacterError, LineError, StripError, TakeError
from ..line.reading import read_line
from ..strips.adding import free_the_render
from ..strips.copying import lay_strips
from ..strips.reading import strips_of_line
from ..takes import undo_step
from ..vendor import messages
from .request import audio_info

_GONE = "The character was removed while the server was asked. Add it again, and ask once more."


class Asked(NamedTuple):
    """A question, the sound that goes with it, and what is done with the answer."""

    request: messages.InstructRequest
    audio: bytes | Path | None
    on_answer: Callable[[messages.Instruction], None]


def hear(context: Any) -> Asked:
    """Ask for the instruction of the active character's line; it becomes the direction.

    Raises:
        SoliloquyError: there is no line, or it cannot be heard.
    """
    scene, character = context.scene, _character(context)
    recording = read_line(character.line, context)
    strips = strips_of_line(context, recording.start_frame, recording.seconds, character.uid)
    request = messages.InstructRequest(
        request_id=uuid4().hex,
        audio=audio_info(recording),
        transcript=character.line.transcript.strip(),
        language=character.line.language.strip() or "en",
        phones=strips.phones,
    )
    uid, scene_name = character.uid, scene.name

    def fill(found: messages.Instruction) -> None:
        settings = _found(scene_name, uid).generation
        settings.direction = settings.heard = found.text
        settings.heard_facts = heard_sentence(found)
        settings.directed_by = "TEXT"
        undo_step.push_soon("Direction from the voice")

    return Asked(request, recording.audio, fill)


def read_out(context: Any) -> Asked:
    """Ask which Action Units the direction means; they become strips over the line.

    Raises:
        SoliloquyError: there is no direction, or no line of a known length.
    """
    scene, character = context.scene, _character(context)
    text = character.generation.direction.strip()
    if not text:
        raise TakeError("The direction is empty. Write it, or press From the Voice.")
    recording = read_line(character.line, context)
    if recording.seconds is None:
        raise LineError(
            f"How long '{recording.filename}' is cannot be told from here. Add it to the Sequencer "
            "as a sound strip, and choose that in Line."
        )
    request = messages.InstructRequest(uuid4().hex, text=text, seconds=recording.seconds)
    uid, scene_name, start = character.uid, scene.name, recording.start_frame

    def lay(found: messages.Instruction) -> None:
        _found(scene_name, uid)
        if bpy.context.scene.name != scene_name:
            raise StripError(f"Another scene is open. Go back to '{scene_name}', and try again.")
        strips = laid_strips(found)
        if not strips:
            raise StripError("Nothing in this direction moves a muscle, so there are no strips.")
        lay_strips(bpy.context, strips, start, uid)
        free_the_render(sequencer_scene(bpy.context))
        undo_step.push_soon("Direction as AU strips")

    return Asked(request, None, lay)


def _character(context: Any) -> Any:
    character = active_character(context.scene)
    if character is None:
        raise CharacterError("There is no character yet.")
    return character


def _found(scene_name: str, uid: str) -> Any:
    """The character that was asked for, wherever undo has put it."""
    scene = bpy.data.scenes.get(scene_name)
    character = character_by_uid(scene, uid) if scene is not None else None
    if character is None:
        raise CharacterError(_GONE)
    return character
