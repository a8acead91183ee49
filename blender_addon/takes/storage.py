"""The list of takes of a character: adding, finding out what was there before, switching."""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import uuid4

import bpy

from ..character.flame_head import is_flame_head, joints_of
from ..character.meshes import is_in_file, shaped_meshes
from ..core import take_data
from ..core.errors import TakeError
from ..vendor import clip
from .animation import WrittenAction, assign, check_assignable, current_action

DATA_KEY = "soliloquy_take"
"""Custom property of a take's first action that holds its clip."""

EARLIER = "Earlier animation"


def new_take(character: Any, name: str) -> Any:
    """Add an empty take to the list."""
    take = character.takes.add()
    take.uid = uuid4().hex
    take.name = name
    return take


def take_actions(character: Any) -> set[int]:
    """Session identifiers of all actions that takes of the character know."""
    return {
        track.action.session_uid
        for take in character.takes
        for track in take.tracks
        if track.action is not None
    }


def played_on(character: Any) -> list[tuple[Any, Any]]:
    """Each object that takes play on, and what of it is animated: shape keys, FLAME's joints."""
    found: list[tuple[Any, Any]] = []
    for mesh in shaped_meshes(character):
        found.append((mesh.object, mesh.key))
        rig = joints_of(mesh.object) if is_flame_head(mesh.object) else None
        if rig is not None:
            found.append((rig, rig))
    return found


def remember_earlier(character: Any) -> None:
    """Keep what plays now as a take of its own, unless takes know it already."""
    known = take_actions(character)
    current = [(item, current_action(data)) for item, data in played_on(character)]
    unknown = [(item, a) for item, a in current if a and a.action.session_uid not in known]
    if not unknown:
        return
    take = new_take(character, EARLIER)
    take.is_original = True
    for item, action in unknown:
        action.action.use_fake_user = True
        add_track(take, item, action)


def add_track(take: Any, item: Any, action: WrittenAction) -> None:
    """Add one mesh's action to a take."""
    track = take.tracks.add()
    track.object, track.action, track.slot = item, action.action, action.slot


def check_playable(character: Any) -> None:
    """Raise where takes of a character cannot be switched.

    Raises:
        TakeError: a mesh is in NLA tweak mode.
    """
    for _, data in played_on(character):
        check_assignable(data)


def use_take(character: Any, index: int) -> list[str]:
    """Make a take play on all meshes of the character; returns notes for the user.

    Raises:
        TakeError: the take does not exist or has lost all its actions, or a mesh is in NLA tweak
            mode; nothing is changed then.
    """
    if not 0 <= index < len(character.takes):
        raise TakeError(f"There is no take number {index + 1}. Choose one from the list.")
    check_playable(character)
    take = character.takes[index]
    if not _played(take):
        raise TakeError(f"The take '{take.name}' has lost its actions. Generate it again.")
    remember_earlier(character)
    take = character.takes[index]  # where it is now: another take may have been added
    found = {track.object: track for track in _played(take)}
    known = take_actions(character)
    for item, data in played_on(character):
        track = found.get(item)
        if track is not None:
            assign(data, WrittenAction(track.action, track.slot))
            continue
        current = current_action(data)
        if current is not None and current.action.session_uid in known:
            assign(data, None)
    character.take_index = index
    n_lost = len(take.tracks) - len(found)
    return [f"{n_lost} meshes of '{take.name}' are gone."] if n_lost else []


def _played(take: Any) -> list[Any]:
    """The tracks of a take that can be played still."""
    return [t for t in take.tracks if t.action is not None and is_in_file(t.object)]


def delete_take(character: Any, index: int) -> None:
    """Delete a take with its actions, which frees the shape keys that it played on.

    When it played, the take before it plays next, else the shape keys go to rest.

    Raises:
        TakeError: it plays, and a mesh is in NLA tweak mode; nothing is changed then.
    """
    plays = playing_take(character) == index
    if plays:
        check_playable(character)
    actions = [t.action for t in character.takes[index].tracks if t.action is not None]
    for _, data in played_on(character) if plays else ():
        current = current_action(data)
        if current is not None and current.action in actions:
            assign(data, None)
    character.takes.remove(index)
    for action in actions:
        bpy.data.actions.remove(action)
    character.take_index = max(0, min(index - 1, len(character.takes) - 1))
    if plays and character.takes:
        with contextlib.suppress(TakeError):  # that one has lost its actions: rest is what is left
            use_take(character, character.take_index)


def playing_take(character: Any) -> int:
    """Index of the take that plays on the character's meshes, -1 when none does."""
    playing = set()
    for _, data in played_on(character):
        current = current_action(data)
        if current is not None:
            playing.add(current.action.session_uid)
    for index, take in enumerate(character.takes):
        if any(t.action is not None and t.action.session_uid in playing for t in take.tracks):
            return index
    return -1


def is_flame_take(take: Any) -> bool:
    """Whether a take plays on a FLAME head: what only blendshapes have cannot be done with it."""
    return any(
        track.object is not None and track.object.type == "ARMATURE" for track in take.tracks
    )


def load_clip(take: Any) -> clip.ArkitClip:
    """The clip of a take, with its layers.

    Raises:
        TakeError: the take has none (earlier animation), or lost it.
    """
    if take.is_original:
        raise TakeError("Earlier animation is not a take: it has no generated clip.")
    for track in take.tracks:
        if track.action is not None and DATA_KEY in track.action:
            return take_data.unpack(track.action[DATA_KEY])
    raise TakeError(f"The take '{take.name}' has lost its data. Generate it again.")
