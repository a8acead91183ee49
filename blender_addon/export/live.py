"""Live Link while Blender plays or scrubs: the faces of the scene, sent by a thread of their own.

Whenever the frame or a shape key changes, the values that are seen are laid down for the sending
thread, which repeats the newest ones at its rate: a subject stays alive in Unreal while Blender
stands still. The thread never sees Blender, and Blender never waits for the network.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ..character.matching import character_match
from ..character.meshes import shaped_meshes
from ..core.address import is_local
from ..core.errors import ExportError, SoliloquyError
from ..core.export_names import subject_name, unique
from ..core.readback import coefficients_from_keys
from ..core.timing import scene_rate
from ..takes.storage import load_clip, playing_take
from ..vendor import arkit_errors, clip, live_link_udp, names


@dataclass(frozen=True)
class _Angles:
    """Head and eyes of the take that plays: no shape key holds them."""

    take_uid: str
    start_frame: float
    clip: clip.ArkitClip | None

    def at(self, frame: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
        """Head [3] and eyes [2, 3] at a scene frame, in radians; the ends are held."""
        if self.clip is None or not self.clip.n_frames:
            return np.zeros(3), np.zeros((2, 3))
        place = (frame - self.start_frame) / rate * self.clip.fps
        place = min(max(place, 0.0), self.clip.n_frames - 1.0)
        first = min(int(place), self.clip.n_frames - 1)
        last = min(first + 1, self.clip.n_frames - 1)
        mixed = [
            (1 - (place - first)) * row[first] + (place - first) * row[last]
            for row in (np.asarray(self.clip.head), np.asarray(self.clip.eyes))
        ]
        return mixed[0], mixed[1]


class LiveStream:
    """Sends the characters of whatever scene changes, until it is closed.

    Attributes:
        error: why it ended by itself, empty while all is well.
        seconds_per_update: how long Blender was busy with the last change.
    """

    def __init__(self, host: str, port: int, rate: float, swap_mouth_sides: bool) -> None:
        """Open the socket and start the thread.

        Raises:
            ExportError: online access is off and the host is elsewhere, or there is no such host.
        """
        if not is_local(f"tcp://{host}:{port}") and not bpy.app.online_access:
            raise ExportError(
                f"'{host}' is not this computer, and Blender's online access is off. Allow it in "
                "Preferences > System > Network, or send to 127.0.0.1."
            )
        try:
            self._sender = live_link_udp.LiveLinkSender(host, port)
        except arkit_errors.ArkitError as error:
            raise ExportError(str(error)) from error
        self._swap = swap_mouth_sides
        self._faces = live_link_udp.LatestFaces()
        self._streamer = live_link_udp.LiveLinkStreamer(self._sender, self._faces, rate)
        self._angles: dict[str, _Angles] = {}
        self.subjects: tuple[str, ...] = ()
        self.seconds_per_update = 0.0
        self._streamer.start()

    @property
    def error(self) -> str:
        return str(self._streamer.error or "")

    @property
    def counts(self) -> tuple[int, int]:
        """Packets sent, and those that the network would not take."""
        return self._sender.sent, self._sender.dropped

    def update(self, scene: Any) -> None:
        """Lay down every character's face as it is seen now."""
        began = time.perf_counter()
        streamed = [c for c in scene.soliloquy.characters if c.is_streamed and shaped_meshes(c)]
        subjects = unique(subject_name(c.subject, c.name) for c in streamed)
        for subject in set(self.subjects) - set(subjects):
            self._faces.remove(subject)
        rate = scene_rate(scene.render.fps, scene.render.fps_base)
        for character, subject in zip(streamed, subjects, strict=True):
            self._faces.put(self._face(character, subject, scene.frame_current_final, rate))
        self.subjects = tuple(subjects)
        self.seconds_per_update = time.perf_counter() - began

    def _face(self, character: Any, subject: str, frame: float, rate: float) -> Any:
        head, eyes = self._angles_of(character).at(frame, rate)
        values = live_link_udp.face_values(
            seen_coefficients(character), head, eyes, swap_mouth_sides=self._swap
        )
        return live_link_udp.LiveFace(subject, values, frame / rate, rate)

    def _angles_of(self, character: Any) -> _Angles:
        index = playing_take(character)
        take = character.takes[index] if index >= 0 else None
        uid = take.uid if take is not None else ""
        known = self._angles.get(character.uid)
        if known is None or known.take_uid != uid:
            known = _Angles(uid, take.start_frame if take is not None else 0.0, _stored(take))
            self._angles[character.uid] = known
        return known

    def close(self) -> None:
        """End the thread, then the socket."""
        self._streamer.stop()
        self._sender.close()


def _stored(take: Any | None) -> clip.ArkitClip | None:
    try:
        return load_clip(take) if take is not None else None
    except SoliloquyError:
        return None  # earlier animation, or a take that lost its data: the head stays still


def seen_coefficients(character: Any) -> np.ndarray:
    """Coefficients [52] that the shape keys of a character show now; 0 where none plays one."""
    weights = character_match(character).weights
    sampled = []
    for mesh in shaped_meshes(character):
        blocks = mesh.key.key_blocks
        values = np.empty(len(blocks), np.float32)
        blocks.foreach_get("value", values)
        drives = weights.get(mesh.object.name, {})
        shown = {b.name: v for b, v in zip(blocks, values, strict=True) if b.name in drives}
        sampled.append((drives, {name: np.array([value]) for name, value in shown.items()}))
    return coefficients_from_keys(np.zeros((1, len(names.ARKIT_NAMES)), np.float32), sampled)[0]


_streams: list[LiveStream] = []


def live_stream() -> LiveStream | None:
    """The stream that runs, if one does."""
    return _streams[0] if _streams else None


def start_stream(scene: Any, host: str, port: int, rate: float, swap_mouth_sides: bool) -> None:
    """Begin to send; an earlier stream ends.

    Raises:
        ExportError: see `LiveStream`.
    """
    stop_stream()
    _streams.append(LiveStream(host, port, rate, swap_mouth_sides))
    bpy.app.handlers.frame_change_post.append(_on_frame)
    bpy.app.handlers.depsgraph_update_post.append(_on_change)
    bpy.app.handlers.load_pre.append(_before_load)
    _streams[0].update(scene)


def stop_stream() -> None:
    """End the stream and its handlers; may be called when there is none."""
    for handlers, handler in _HANDLERS:
        if handler in handlers:
            handlers.remove(handler)
    while _streams:
        _streams.pop().close()


@persistent
def _on_frame(scene: Any, *_: Any) -> None:
    for stream in _streams:
        stream.update(scene)


@persistent
def _on_change(scene: Any, depsgraph: Any) -> None:
    if depsgraph.id_type_updated("KEY"):
        _on_frame(scene)


@persistent
def _before_load(*_: Any) -> None:
    stop_stream()


_HANDLERS = (
    (bpy.app.handlers.frame_change_post, _on_frame),
    (bpy.app.handlers.depsgraph_update_post, _on_change),
    (bpy.app.handlers.load_pre, _before_load),
)
