"""Live Link over UDP while the scene plays or is scrubbed; with a packet decoder of its own."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import bpy
import numpy as np
from acting import formula

from arkit.names import INDEX

from . import tools
from .exporting import formula_clip, take_on


class Packet(NamedTuple):
    subject: str
    frame: int
    sub_frame: float
    rate: tuple[int, int]
    values: tuple[float, ...]


def decode(data: bytes) -> Packet:
    """Read a packet by the published layout, and nothing of ours."""
    assert data[0] == 6, "version"
    (length,) = struct.unpack_from(">i", data, 1)
    assert length == 36 and data[5:41].count(b"-") == 4
    (n,) = struct.unpack_from(">i", data, 41)
    subject = data[45 : 45 + n].decode()
    frame, sub_frame, numerator, denominator = struct.unpack_from(">ifii", data, 45 + n)
    assert data[61 + n] == 61 and len(data) == 306 + n
    values = struct.unpack_from(">61f", data, 62 + n)
    return Packet(subject, frame, sub_frame, (numerator, denominator), values)


_PATIENCE = 20.0  # seconds; a packet comes within one of 60 unless the machine is very busy
_STAMPED = sys.platform == "linux"
_SO_TIMESTAMPNS = 35  # not in Python's socket module


class Listener:
    """What Unreal would be: takes in packets in a thread of its own.

    On Linux the kernel says when each came, so that this thread, which shares its interpreter with
    Blender, is not taken for a sender that is late.
    """

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        if _STAMPED:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self.port = self._socket.getsockname()[1]
        self.heard: list[tuple[float, Packet]] = []
        self._open = True
        self._thread = threading.Thread(target=self._run, name="listener", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while self._open:
            try:
                data, told, _, _ = self._socket.recvmsg(2048, 256)
            except TimeoutError:
                continue
            when = time.time()
            if _STAMPED:
                seconds, nanoseconds = struct.unpack("qq", told[0][2])
                when = seconds + 1e-9 * nanoseconds
            self.heard.append((when, decode(data)))

    def until(self, condition: Callable[[Packet], bool]) -> None:
        """Wait until the newest packet fulfils a condition."""
        end = time.monotonic() + _PATIENCE
        while not (self.heard and condition(self.heard[-1][1])):
            assert time.monotonic() < end, self.heard[-3:]
            time.sleep(0.01)

    def next_of(self, frame: int, subject: str, seconds: float = _PATIENCE) -> Packet:
        """The newest packet of a subject once it tells a frame."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _, packet in reversed(self.heard):
                if packet.subject == subject and packet.frame == frame:
                    return packet
            time.sleep(0.01)
        told = sorted({(p.subject, p.frame) for _, p in self.heard})
        raise AssertionError(f"no packet of {subject} at frame {frame}; heard {told[-8:]}")

    def close(self) -> None:
        self._open = False
        self._thread.join()
        self._socket.close()


def _to(listener: Listener, rate: float = 60.0) -> Any:
    settings = bpy.context.scene.soliloquy.export
    settings.live_host, settings.live_port, settings.live_rate = "127.0.0.1", listener.port, rate
    return settings


def _second_face() -> Any:
    from arkit.names import ARKIT_NAMES

    item = tools.face("Other", ARKIT_NAMES)
    blocks = item.data.shape_keys.key_blocks
    blocks.foreach_set("value", np.zeros(len(blocks), np.float32))  # 5.0 adds keys with 1
    tools.select(item)
    assert bpy.ops.soliloquy.add_character() == {"FINISHED"}
    tools.active().name = "Ms. Other"
    return item


def _handlers() -> list[Any]:
    every = (bpy.app.handlers.frame_change_post, bpy.app.handlers.depsgraph_update_post,
             bpy.app.handlers.load_pre)  # fmt: skip
    return [h for handlers in every for h in handlers if h.__module__.endswith("export.live")]


def scrubbing_sends_and_stop_stops(folder: str) -> None:
    from blender_addon.export.live import live_stream

    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.001
    take_on(tools.arkit_face(), formula_clip(24 / 1.001), folder, start=5)
    other = _second_face()
    listener = Listener()
    _to(listener)
    assert bpy.ops.soliloquy.live_link() == {"FINISHED"}
    for frame in (5, 20, 33, 12):
        scene.frame_set(frame)
        packet = listener.next_of(frame, "Face")
        assert packet.rate == (24000, 1001) and abs(packet.sub_frame) < 1e-3
        wanted = formula(np.array([(frame - 5) * 1.001 / 24]), 0)[0]
        assert np.abs(np.array(packet.values[:52]) - wanted).max() < 1e-4
        pitch = 0.2 * (frame - 5) * 1.001 / 24
        assert abs(packet.values[53] - np.degrees(pitch) / 50) < 1e-3, "the head goes along"
        assert not any(listener.next_of(frame, "MsOther").values)
    scene.frame_set(20, subframe=0.25)
    listener.until(lambda packet: abs(packet.sub_frame - 0.25) < 1e-3)
    other.data.shape_keys.key_blocks["jawOpen"].value = 0.5
    bpy.context.view_layer.update()
    listener.until(lambda p: p.subject == "MsOther" and p.values[INDEX["jawOpen"]] == 0.5)
    print(f"Blender was busy {live_stream().seconds_per_update * 1e3:.2f} ms with two characters")
    scene.soliloquy.characters[1].is_streamed = False
    scene.frame_set(21)
    listener.next_of(21, "Face")
    listener.heard.clear()
    listener.until(lambda packet: True)
    assert {p.subject for _, p in listener.heard} == {"Face"}
    assert bpy.ops.soliloquy.live_link() == {"FINISHED"}
    time.sleep(0.1)
    listener.heard.clear()
    scene.frame_set(8)
    time.sleep(0.3)
    assert not listener.heard and not _handlers(), "stop stops"
    assert not [t for t in threading.enumerate() if t.name == "live-link"]
    listener.close()


def playing_sends_every_frame(folder: str, rate: float) -> None:
    """As playback does: a frame at its time, whatever the network does meanwhile."""
    scene = bpy.context.scene
    take_on(tools.arkit_face(), formula_clip(24.0), folder)
    listener = Listener()
    _to(listener, rate)
    bpy.ops.soliloquy.live_link()
    began, slowest = time.perf_counter(), 0.0
    for frame in range(1, 49):
        before = time.perf_counter()
        scene.frame_set(frame)
        slowest = max(slowest, time.perf_counter() - before)
        time.sleep(max(0.0, began + frame / 24 - time.perf_counter()))
    seconds = time.perf_counter() - began
    bpy.ops.soliloquy.live_link()
    times = np.array([when for when, _ in listener.heard])
    frames = [packet.frame for _, packet in listener.heard]
    print(
        f"{len(times)} packets in {seconds:.2f} s at rate {rate:g}; frame_set {slowest * 1e3:.1f}"
    )
    # What a busy machine leaves out is left out; order and values are right whatever happens.
    assert 0.3 * rate * seconds < len(times) < 1.1 * rate * seconds + 3
    assert frames == sorted(frames), "in order"
    assert len(set(frames)) > (0.3 if rate >= 30 else 0.1) * 48, len(set(frames))
    for _, packet in listener.heard:
        wanted = formula(np.array([(packet.frame - 1) / 24]), 0)[0]
        assert np.abs(np.array(packet.values[:52]) - wanted).max() < 1e-4, packet.frame
    listener.close()


def what_it_refuses_and_how_it_ends(folder: str) -> None:
    import addon_utils

    from blender_addon.export.live import live_stream

    take_on(tools.arkit_face(), formula_clip(24.0), folder)
    listener = Listener()
    settings = _to(listener)
    settings.live_host = "192.0.2.1"
    assert "online access is off" in tools.error_of(bpy.ops.soliloquy.live_link)
    assert live_stream() is None and not _handlers()
    settings.live_host = "127.0.0.1"
    bpy.ops.soliloquy.live_link()
    bpy.ops.soliloquy.remove_character()
    bpy.context.scene.frame_set(7)
    assert live_stream().subjects == () and not live_stream().error
    bpy.ops.wm.read_homefile(use_empty=True)
    assert live_stream() is None and not _handlers(), "another file ends it"
    _to(listener)
    bpy.ops.soliloquy.live_link()
    addon_utils.disable(tools.MODULE, default_set=True)
    assert not _handlers()
    assert not [t for t in threading.enumerate() if t.name == "live-link"]
    listener.close()


_METRONOME = """
import sys, time
seconds, began, late = float(sys.argv[1]), time.perf_counter(), []
for beat in range(1, round(60 * seconds)):
    time.sleep(max(0.0, began + beat / 60 - time.perf_counter()))
    late.append(time.perf_counter())
gaps = sorted(abs(b - a - 1 / 60) for a, b in zip(late, late[1:]))
print(gaps[int(0.99 * len(gaps))])
"""
"""A process that does nothing but wake 60 times a second: what this machine can keep just now."""

_QUIET = 0.0015  # seconds; where such a process is later than this, no bound says anything of ours


def a_minute_while_blender_works(folder: str, length: float) -> None:
    """Jitter of the packets while Blender plays at 24 fps, and what Blender is held up by it."""
    scene = bpy.context.scene
    bpy.ops.soliloquy.add_head()
    formula_clip(24.0).save(f"{folder}/line.npz")
    bpy.ops.soliloquy.import_take(filepath=f"{folder}/line.npz")
    listener = Listener()
    _to(listener)
    metronome = subprocess.Popen(
        [sys.executable, "-I", "-c", _METRONOME, str(length)], stdout=subprocess.PIPE, text=True
    )
    held = []
    for on in (False, True):
        if on:
            bpy.ops.soliloquy.live_link()
        began, slow = time.perf_counter(), []
        for frame in range(1, round(24 * (length if on else 5)) + 1):
            before = time.process_time()
            scene.frame_set(1 + frame % 48)
            slow.append(time.process_time() - before)
            time.sleep(max(0.0, began + frame / 24 - time.perf_counter()))
        held.append(float(np.median(slow)))
    bpy.ops.soliloquy.live_link()
    elapsed = time.perf_counter() - began
    times = np.array([when for when, _ in listener.heard])
    gaps = np.abs(np.diff(times) - 1 / 60)
    print(f"{len(times)} packets in {elapsed:.1f} s; jitter p50 {np.median(gaps) * 1e3:.2f} ms, "
          f"p99 {np.quantile(gaps, 0.99) * 1e3:.2f} ms, most {gaps.max() * 1e3:.1f} ms; "
          f"frame_set {held[0] * 1e3:.2f} ms without, {held[1] * 1e3:.2f} ms with")  # fmt: skip
    listener.close()
    own = float(metronome.communicate()[0])
    if own > _QUIET:
        print(f"machine too busy for a bound: a process of its own is {own * 1e3:.2f} ms late")
        return
    assert abs(len(times) - 60 * elapsed) < 0.02 * 60 * elapsed + 2
    assert np.quantile(gaps, 0.99) < 0.004
