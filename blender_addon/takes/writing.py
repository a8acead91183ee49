"""Writes one finished take into Blender, a few curves at a time, so that nothing ever stalls.

Between two steps the user may undo, delete or rename: everything is looked up again, and work that
undo has removed is begun anew. Nothing is assigned before all of it is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from .. import compat
from ..character.flame_head import is_flame_head, model_of, rig_of
from ..character.flame_motion import joint_curves, shape_curves
from ..character.matching import character_match
from ..character.meshes import (
    ShapedMesh,
    character_by_uid,
    check_editable,
    hidden_reason,
    object_by_uid,
    shaped_meshes,
)
from ..core.errors import CharacterError, SoliloquyError, TakeError
from ..core.flame_rig import bake
from ..core.keyframes import (
    ClampedKey,
    KeyPlan,
    Weights,
    clamped_keys,
    clamping_sentence,
    contact_frames,
    key_frames,
    plan_keys,
    reduced,
    rows_at,
    tolerance_of,
)
from ..core.take_data import Prepared
from ..core.target import Target, take_name
from ..core.timing import scene_rate
from ..ui import tr
from ..vendor import clip, flame_clip
from .animation import Place, WrittenAction, key_path, write_points
from .baking import LAYERS
from .splice_plan import plan_splice, track_of
from .splicing import replace_keys, values_at
from .storage import DATA_KEY, add_track, check_playable, new_take, remember_earlier, use_take

Edits = Callable[[ShapedMesh, dict[str, Weights], KeyPlan], KeyPlan]

_RESTARTS = 3  # undo steps that one take survives
_KEY_BYTES = 72  # of one key in Blender


@dataclass
class _Part:
    """One object's share: what is written, and how far.

    Attributes:
        places: what each curve of the plan moves; one that is not named moves its shape key.
        contacts: rows of the plan in which something touches.
        ranges: shape key -> ends of its slider. clamped: the keys that go beyond.
    """

    object_uid: int
    object_name: str
    plan: KeyPlan
    action_uid: int
    slot: str
    waiting: list[str] = field(default_factory=list)
    places: Mapping[str, Place] = field(default_factory=dict)
    contacts: Sequence[int] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    clamped: list[ClampedKey] = field(default_factory=list)

    def place(self, name: str) -> Place:
        """What a curve of the plan moves."""
        return self.places.get(name) or (key_path(name), 0)

    def action(self) -> WrittenAction | None:
        """The action being written; None when undo has removed it."""
        found = next((a for a in bpy.data.actions if a.session_uid == self.action_uid), None)
        return WrittenAction(found, self.slot) if found is not None else None

    def item(self) -> Any | None:
        """The object; None when it is gone, or a mesh has lost its shape keys."""
        item = object_by_uid(self.object_uid, self.object_name)
        if item is not None and item.type == "MESH" and item.data.shape_keys is None:
            return None
        return item


class TakeWriter:
    """Writes a clip onto the meshes of its target.

    Args:
        target: where it belongs.
        take: the clip. prepared: what of it is kept in the file.
        number: 0-based number within its request.
        edits: what is added to the plan of a mesh before it is written.
        base: the clip that `take` is a part made anew of, when the target says so.
        flame: the same take for FLAME heads, None where none was asked for.

    Attributes:
        notes: sentences for the user. n_bytes: what was written so far, as Blender keeps it.
    """

    def __init__(
        self,
        target: Target,
        take: clip.ArkitClip,
        prepared: Prepared,
        number: int = 0,
        *,
        base: clip.ArkitClip | None = None,
        edits: Edits | None = None,
        flame: flame_clip.FlameClip | None = None,
    ) -> None:
        self._target = target
        self._take = take
        self._prepared = prepared
        self._number = number
        self._base = base
        self._edits = edits
        self._flame = flame
        self._parts: list[_Part] | None = None
        self._restarts = 0
        self._tolerance = 0.0
        self.notes: list[str] = []
        self.n_bytes = len(prepared.data)

    def step(self, seconds: float) -> bool:
        """Work for about `seconds`; returns whether the take is complete and plays.

        Raises:
            SoliloquyError: it cannot be written; what was written so far is removed.
        """
        deadline = time.perf_counter() + seconds
        try:
            if self._parts is None:
                self._parts = self._begin()
            while self._write_next():
                if time.perf_counter() > deadline:
                    return False
            self._finish()
        except SoliloquyError:
            self.abandon()
            raise
        return True

    def abandon(self) -> None:
        """Remove what was written so far."""
        for part in self._parts or ():
            written = part.action()
            if written is not None:
                bpy.data.actions.remove(written.action)
        self._parts = None

    def _begin(self) -> list[_Part]:
        scene, character = self._find()
        self.notes = [*self._take.notes, *character_match(character).warnings]
        meshes = shaped_meshes(character)
        for mesh in meshes:
            check_editable(mesh)
        check_playable(character)
        match = character_match(character).weights
        weights = {m.object.session_uid: dict(match.get(m.object.name, {})) for m in meshes}
        heads = [m for m in meshes if self._flame is not None and is_flame_head(m.object)]
        meshes = [mesh for mesh in meshes if weights[mesh.object.session_uid] and mesh not in heads]
        if not meshes and not heads:
            raise CharacterError(
                f"No shape key of '{character.name}' can be keyed. See the report in Character."
            )
        rate = scene_rate(scene.render.fps, scene.render.fps_base)
        frames = key_frames(self._take.n_frames, self._target.start_frame, rate, self._take.fps)
        name = take_name(self._target.label, self._take_number(character))
        parts = []
        for mesh in meshes:
            plan = self._plan(character, mesh, weights[mesh.object.session_uid], frames)
            full_name = name if len(meshes) == 1 else f"{name} {mesh.object.name}"
            written = WrittenAction(*self._new_action(character, mesh, full_name))
            parts.append(_part(mesh.object, plan, written))
            parts[-1].ranges = mesh.ranges
        for mesh in heads:
            parts += self._flame_parts(mesh, frames, f"{name} {mesh.object.name}")
        self._leave_out(character, parts, frames)
        self.notes += [reason for m in (*meshes, *heads) if (reason := hidden_reason(m))]
        return parts

    def _leave_out(self, character: Any, parts: Sequence[_Part], frames: Any) -> None:
        """Decide how far the curves may miss, and where they may not."""
        wanted = self._target.tolerance
        if wanted is None and self._target.splice is not None:
            wanted = self._base_take(character).tolerance or None
        n_keys = sum(len(part.plan.frames) * len(part.plan.curves) for part in parts)
        self._tolerance = tolerance_of(wanted, n_keys)
        if wanted is None and self._tolerance > 0.0:
            said = tr(
                "This take is long: keys that straight lines replace to within {tolerance:g} are "
                "left out. Advanced > Leave Out Keys changes that."
            )
            self.notes.append(said.format(tolerance=self._tolerance))
        touching = frames[contact_frames(self._take)]
        for part in parts:
            part.contacts = rows_at(part.plan.frames, touching).tolist()

    def _flame_parts(self, mesh: ShapedMesh, frames: Any, name: str) -> list[_Part]:
        """The shape keys of a FLAME head, and its joints."""
        assert self._flame is not None
        rig, model = rig_of(mesh.object), model_of(mesh.object)
        curves = bake(model, self._flame)
        shaped = WrittenAction(*compat.new_action(name, mesh.key))
        turned = WrittenAction(*compat.new_action(f"{name} joints", rig, "OBJECT"))
        both = (
            (mesh.object, shaped, shape_curves(curves, mesh.key)),
            (rig, turned, joint_curves(curves, rig, model.parents)),
        )
        return [_part_of_places(item, written, found, frames) for item, written, found in both]

    def _plan(self, character: Any, mesh: ShapedMesh, drives: Any, frames: Any) -> KeyPlan:
        if self._target.splice is None or self._base is None:
            plan = plan_keys(self._take.coefficients, drives, frames)
            return self._edits(mesh, drives, plan) if self._edits is not None else plan
        base_take = self._base_take(character)
        clips = (self._base, self._take)
        splice = self._target.splice
        return plan_splice(base_take, mesh, drives, frames, clips=clips, splice=splice)

    def _new_action(self, character: Any, mesh: ShapedMesh, name: str) -> tuple[Any, str]:
        """A new action, or a copy of the one that a part of is made anew."""
        if self._target.splice is None:
            return compat.new_action(name, mesh.key)
        track = track_of(self._base_take(character), mesh)
        if track is None:
            return compat.new_action(name, mesh.key)
        action = track.action.copy()
        action.name = name
        action.use_fake_user = True
        action.pop(DATA_KEY, None)
        return action, track.slot

    def _base_take(self, character: Any) -> Any:
        uid = self._target.splice.take_uid if self._target.splice else ""
        found = next((take for take in character.takes if take.uid == uid), None)
        if found is None:
            raise TakeError("The take was deleted while a part of it was made. Undo, or generate.")
        return found

    def _write_next(self) -> bool:
        """Write one curve; returns whether there may be another."""
        for part in self._parts or ():
            if not part.waiting:
                continue
            written = part.action()
            if written is None:
                self._restart()
                return True
            shape_key = part.waiting.pop(0)
            path, index = place = part.place(shape_key)
            values = part.plan.curves[shape_key]
            if part.places and self._target.splice is not None:
                values = self._spliced(part, place, values)
            # Reducing takes long enough to be done curve by curve.
            one = KeyPlan(part.plan.frames, {shape_key: values})
            if part.ranges:
                part.clamped += clamped_keys(one, part.ranges)
            one = reduced(one, self._tolerance, part.contacts)
            points = one.points(shape_key)
            self.n_bytes += _KEY_BYTES * len(points)
            curve = compat.curves_of(written.action, written.slot).find(path, index=index)
            if curve is None:
                write_points(written, place, points)
            else:
                step = float(np.diff(part.plan.frames[:2]).sum())
                replace_keys(curve, points, step)
            return True
        return False

    def _spliced(self, part: _Part, place: Place, values: Any) -> Any:
        """A curve of a FLAME head that outside the span is the earlier take's, edits and all."""
        splice = self._target.splice
        _, character = self._find()
        tracks = self._base_take(character).tracks
        track = next((t for t in tracks if t.object == part.item() and t.action), None)
        curve = None
        if track is not None:
            curve = compat.curves_of(track.action, track.slot).find(place[0], index=place[1])
        if curve is None or splice is None:
            return values
        share = splice.part.share_of_new(self._take.times, self._take.seconds)
        kept = share < 1.0
        old = values_at(curve, part.plan.frames[kept])
        mixed = np.array(values, np.float32)
        mixed[kept] = share[kept] * mixed[kept] + (1.0 - share[kept]) * old
        return mixed

    def _restart(self) -> None:
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise TakeError("The keys were undone while they were written. Generate again.")
        self.abandon()
        self._parts = self._begin()

    def _finish(self) -> None:
        _, character = self._find()
        written = [(part.item(), part.action()) for part in self._parts or ()]
        if any(action is None for _, action in written):
            self._restart()
            self.step(60.0)
            return
        check_playable(character)
        remember_earlier(character)
        number = self._take_number(character)
        take = new_take(character, f"{self._target.label} {number}")
        if self._target.splice is not None:
            base = self._base_take(character)
            take.name = f"{base.name} again"
            take.baked = base.baked
            take.tolerance = max(base.tolerance, self._tolerance)
            for name in LAYERS:
                setattr(take, name, getattr(base, name))
        facts = self._take.provenance
        take.generator = str(facts.get("generator") or self._target.generator)
        take.seed = self._target.seed + self._number
        take.direction = self._target.direction or str(facts.get("instruction", ""))
        take.words = str(facts.get("guessed_words", ""))
        take.heard_part = self._target.heard_part
        take.pose = self._prepared.pose
        take.start_frame = self._target.start_frame
        take.seconds = self._take.seconds
        take.tolerance = self._tolerance
        for item, action in written:
            if item is not None and action is not None:
                add_track(take, item, action)
        written[0][1].action[DATA_KEY] = self._prepared.data
        sentences = [clamping_sentence(part.clamped) for part in self._parts or ()]
        self.notes += [sentence for sentence in sentences if sentence]
        self.notes += use_take(character, len(character.takes) - 1)
        take.notes = "\n".join(self.notes)

    def _find(self) -> tuple[Any, Any]:
        target = self._target
        scene = next((s for s in bpy.data.scenes if s.session_uid == target.scene_uid), None)
        scene = scene or bpy.data.scenes.get(target.scene_name)
        character = character_by_uid(scene, target.character_uid) if scene is not None else None
        if scene is None or character is None:
            raise TakeError(
                "The character was removed while its line was made, so there is nowhere to write "
                "the take. Undo, or add it again, and generate once more."
            )
        return scene, character

    def _take_number(self, character: Any) -> int:
        return 1 + sum(1 for take in character.takes if not take.is_original)


def _part(item: Any, plan: KeyPlan, written: WrittenAction) -> _Part:
    return _Part(
        item.session_uid, item.name, plan, written.action.session_uid, written.slot,
        list(plan.curves),
    )  # fmt: skip


def _part_of_places(
    item: Any, written: WrittenAction, curves: Mapping[Place, Any], frames: Any
) -> _Part:
    places = {f"{path} {index}": (path, index) for path, index in curves}
    plan = KeyPlan(frames, {name: curves[place] for name, place in places.items()})
    part = _part(item, plan, written)
    part.places = places
    return part
