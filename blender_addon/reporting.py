"""What our operators share: an error becomes a report, and Blender is never left half changed."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import bpy

from . import compat
from .core.errors import SoliloquyError
from .vendor import arkit_errors, flame_errors

_KINDS: Final = ("actions", "armatures", "collections", "materials", "meshes", "objects", "sounds")
"""Data-blocks that operators make; shape keys go with their mesh."""

_Result: TypeAlias = set[str]


class ReportsErrors:
    """Mixin before `bpy.types.Operator`: `execute`, `invoke` and `modal` may raise.

    What they raise of ours, and what the disk refuses, is reported as a sentence, and the operator
    is cancelled, by its `cancel` too where it was modal. Whatever the `execute` of an operator that
    is one undo step raised, what it had added to the file until then is taken away again:
    data-blocks, strips, characters, takes. What was there before it changes last, when nothing can
    be refused any more.
    """

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Wrap what the class itself defines; Blender counts the arguments, so each by its own."""
        super().__init_subclass__(**arguments)
        for name, wrap in (("execute", _executing), ("invoke", _told), ("modal", _modal)):
            if name in cls.__dict__:
                setattr(cls, name, wrap(cls.__dict__[name]))


def _executing(execute: Callable[[Any, Any], _Result]) -> Callable[[Any, Any], _Result]:
    @functools.wraps(execute)
    def executing(self: Any, context: Any) -> _Result:
        is_one_step = "UNDO" in getattr(self, "bl_options", ())
        cleaned = nothing_left_behind() if is_one_step else contextlib.nullcontext()
        with _reported(self) as cancelled, cleaned:
            return execute(self, context)
        return cancelled

    return executing


def _told(handle: Callable[[Any, Any, Any], _Result]) -> Callable[[Any, Any, Any], _Result]:
    @functools.wraps(handle)
    def told(self: Any, context: Any, event: Any) -> _Result:
        with _reported(self) as cancelled:
            return handle(self, context, event)
        return cancelled

    return told


def _modal(handle: Callable[[Any, Any, Any], _Result]) -> Callable[[Any, Any, Any], _Result]:
    @functools.wraps(handle)
    def modal(self: Any, context: Any, event: Any) -> _Result:
        with _reported(self) as cancelled:
            try:
                return handle(self, context, event)
            except Exception:
                self.cancel(context)  # its timer, the status bar
                raise
        return cancelled

    return modal


@contextlib.contextmanager
def _reported(operator: Any) -> Iterator[_Result]:
    try:
        yield {"CANCELLED"}
    except (SoliloquyError, arkit_errors.ArkitError, flame_errors.FlameError, OSError) as error:
        operator.report({"ERROR"}, str(error))


@contextlib.contextmanager
def nothing_left_behind() -> Iterator[None]:
    """When the block raises, take away what it added to the file."""
    known = {item.session_uid for item in _data_blocks()}
    counts = {scene.session_uid: _counts(scene) for scene in bpy.data.scenes}
    try:
        yield
    except Exception:
        for scene in bpy.data.scenes:
            _cut(scene, *counts.get(scene.session_uid, _counts(scene)))
        bpy.data.batch_remove([item for item in _data_blocks() if item.session_uid not in known])
        raise


def _data_blocks() -> Iterator[Any]:
    return (item for kind in _KINDS for item in getattr(bpy.data, kind))


def _counts(scene: Any) -> tuple[dict[str, int], set[str] | None]:
    """Takes of each character of a scene, and the names of its strips, None without an editor."""
    takes = {character.uid: len(character.takes) for character in scene.soliloquy.characters}
    editor = scene.sequence_editor
    return takes, {s.name for s in compat.strips_of(editor)} if editor is not None else None


def _cut(scene: Any, takes: dict[str, int], strips: set[str] | None) -> None:
    settings, editor = scene.soliloquy, scene.sequence_editor
    if editor is not None:
        for strip in [s for s in compat.strips_of(editor) if s.name not in (strips or ())]:
            compat.strips_of(editor).remove(strip)
        if strips is None:
            scene.sequence_editor_clear()
    for index in reversed(range(len(settings.characters))):
        character = settings.characters[index]
        if character.uid not in takes:
            settings.characters.remove(index)
            continue
        for late in reversed(range(takes[character.uid], len(character.takes))):
            character.takes.remove(late)
        character.take_index = min(character.take_index, max(0, len(character.takes) - 1))
    settings.character_index = min(settings.character_index, max(0, len(settings.characters) - 1))
