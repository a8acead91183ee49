"""Shows a take on the face while it is made, and leaves no trace of that.

Only values of shape keys are set, never an action. What they were before is kept on the Key
data-block itself, so that it comes back even out of an undo step or a file that was saved in
between; keyed ones are evaluated anew from their animation.
"""

from __future__ import annotations

import json
from typing import Any, Final

import bpy
import numpy as np

from .. import compat
from ..character.matching import character_match
from ..character.meshes import ShapedMesh, character_by_uid, shaped_meshes
from ..core.keyframes import plan_keys
from ..core.live_take import LiveTake
from ..core.target import Target
from ..core.timing import scene_rate
from ..takes.animation import current_action, key_path
from ..vendor import messages

RESTING: Final = "soliloquy_resting"
"""Custom property of a Key data-block: shape key -> its value before the preview, as JSON."""

_FRAME: Final = np.zeros(1, np.float32)


class Preview:
    """The take of one request on the face of its character."""

    def __init__(self, target: Target, fps: float) -> None:
        self._target = target
        self._live = LiveTake(fps)
        self._last: dict[tuple[int, str], float] = {}  # what was set, to see what the user moves
        self.is_paused = False

    @property
    def seconds(self) -> float:
        """How far the take is made."""
        return self._live.seconds

    def add(self, chunk: messages.Chunk) -> None:
        """Take in frames; `show` shows them."""
        self._live.add(chunk)

    def written(self, n_takes: int) -> None:
        """The first `n_takes` takes are on the character: give the shape keys back to them."""
        self._live.written(n_takes)
        self.rest()

    def show(self) -> None:
        """Set the shape keys as they will be at the scene's current frame."""
        scene = self._scene()
        character = character_by_uid(scene, self._target.character_uid) if scene else None
        if character is None or self.is_paused:
            return
        rate = scene_rate(scene.render.fps, scene.render.fps_base)
        seconds = (scene.frame_current_final - self._target.start_frame) / rate
        coefficients = self._live.at(seconds)
        if coefficients is None:
            self.rest()
            return
        weights = character_match(character).weights
        for mesh in shaped_meshes(character):
            if mesh.key.library is None and mesh.key.is_editable:
                drives = weights.get(mesh.object.name, {})
                self._set(mesh, plan_keys(coefficients, drives, _FRAME).curves)

    def rest(self) -> None:
        """Give every shape key its own value back."""
        for key in bpy.data.shape_keys:
            if RESTING in key:
                self._keep_moved(key)
        self._last.clear()
        rest_all()

    def forget_values(self) -> None:
        """After undo: what was set before says nothing any more."""
        self._last.clear()

    def _set(self, mesh: ShapedMesh, values: dict[str, Any]) -> None:
        key = mesh.key
        if RESTING in key:
            self._keep_moved(key)
        else:
            blocks = key.key_blocks
            key[RESTING] = json.dumps({name: blocks[name].value for name in values})
        for name, value in values.items():
            block = key.key_blocks[name]
            block.value = float(value[0])
            self._last[key.session_uid, name] = block.value

    def _keep_moved(self, key: Any) -> None:
        """A slider that the user has moved meanwhile stays where they put it."""
        resting = json.loads(key[RESTING])
        for name in resting:
            block, last = key.key_blocks.get(name), self._last.get((key.session_uid, name))
            moved = block is not None and last is not None and abs(block.value - last) > 1e-6
            if moved and not _is_keyed(key, name):
                resting[name] = block.value
        key[RESTING] = json.dumps(resting)

    def _scene(self) -> Any | None:
        uid, name = self._target.scene_uid, self._target.scene_name
        found = next((s for s in bpy.data.scenes if s.session_uid == uid), None)
        return found or bpy.data.scenes.get(name)


def _is_keyed(key: Any, shape_key: str) -> bool:
    playing = current_action(key)
    if playing is None:
        return False
    curves = compat.curves_of(playing.action, playing.slot)
    return bool(curves) and curves.find(key_path(shape_key)) is not None


def rest_all() -> None:
    """Undo whatever a preview has left in this file."""
    for key in bpy.data.shape_keys:
        if RESTING not in key or not key.is_editable:
            continue
        for name, value in json.loads(key[RESTING]).items():
            block = key.key_blocks.get(name)
            if block is not None:
                block.value = value
        del key[RESTING]
        key.update_tag(refresh={"TIME"})  # keyed ones are evaluated anew
