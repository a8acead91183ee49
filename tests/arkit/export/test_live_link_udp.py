"""Live Link packets to the byte, decoded by a second reader, and sent on time."""

from __future__ import annotations

import hashlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkit.clip import ArkitClip
from arkit.errors import ExportError
from arkit.export.live_link_udp import (
    ClipSource,
    LatestFaces,
    LiveFace,
    LiveLinkSender,
    LiveLinkStreamer,
    encode_packet,
    face_values,
    stream_clips,
)
from arkit.names import INDEX

SO_TIMESTAMPNS = 35  # Linux; Python has no name for it
GOLDEN_UUID = "00000000-0000-0000-0000-000000000001"


@dataclass
class Decoded:
    device: str
    subject: str
    frame: int
    sub_frame: float
    rate: tuple[int, int]
    values: tuple[float, ...] | None


def decode(data: bytes) -> Decoded:
    """A reader written from the packet's layout, field by field."""
    assert data[0] == 6, "wrong version: dropped"
    (id_length,) = struct.unpack_from(">i", data, 1)
    assert id_length == 36
    device = data[5:41].decode("ascii")
    (n,) = struct.unpack_from(">i", data, 41)
    subject = data[45 : 45 + n].decode("utf-8")
    frame, sub_frame, numerator, denominator = struct.unpack_from(">ifii", data, 45 + n)
    assert denominator > 0 and 0 <= sub_frame < 1
    values = None
    if len(data) > 61 + n:
        assert data[61 + n] == 61, "wrong count: dropped"
        assert len(data) == 306 + n, "truncated: dropped"
        values = struct.unpack_from(">61f", data, 62 + n)
    return Decoded(device, subject, frame, sub_frame, (numerator, denominator), values)


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(2.0)
        yield sock


def test_the_golden_packet() -> None:
    values = np.zeros(61)
    values[17], values[52] = 1.0, 0.25
    packet = encode_packet(
        values, subject="A2E", frame=123, sub_frame=0.5, rate=60, device_id=GOLDEN_UUID
    )
    assert len(packet) == 309
    assert packet[:66].hex() == (
        "060000002430303030303030302d303030302d303030302d303030302d30303030303030303030303100"
        "000003413245" "0000007b3f0000000000003c000000013d00"
    )  # fmt: skip
    assert (
        hashlib.sha256(packet).hexdigest()
        == "061bee6b625a60bdc68f2b3004c6ab443615dd63b602c22c9760e309b2f0cfb2"
    )


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(0, 1, exclude_max=True, width=32),
    st.sampled_from([15, 24, 25, 30, 60, 120]),
    st.integers(0, 100),
)
def test_any_packet_decodes_to_what_went_in(
    subject: str, frame: int, sub_frame: float, rate: int, seed: int
) -> None:
    values = np.random.default_rng(seed).uniform(0, 1, 61)
    decoded = decode(
        encode_packet(values, subject=subject, frame=frame, sub_frame=sub_frame, rate=rate)
    )
    assert (decoded.subject, decoded.frame, decoded.sub_frame) == (subject, frame, sub_frame)
    assert decoded.rate == (rate, 1)
    assert decoded.values == pytest.approx(values, abs=1e-7)


def test_values_travel_in_enum_order_with_degrees_by_fifty() -> None:
    face = np.zeros(52)
    face[INDEX["jawLeft"]], face[INDEX["mouthRight"]] = 0.3, 0.6
    packet = encode_packet(
        face_values(face, np.radians([25.0, -5.0, 0.0])), subject="A", frame=0, rate=30
    )
    values = decode(packet).values
    assert values is not None
    assert (values[15], values[16]) == pytest.approx((0.3, 0.0))
    assert (values[21], values[22]) == pytest.approx((0.0, 0.6))
    assert values[52:55] == pytest.approx((0.5, -0.1, 0.0))
    swapped = face_values(face, swap_mouth_sides=True)
    assert (swapped[21], swapped[22]) == pytest.approx((0.6, 0.0))


def test_no_face_is_the_packet_without_values() -> None:
    decoded = decode(encode_packet(None, subject="Hero", frame=7, rate=60))
    assert decoded.values is None and decoded.frame == 7


@pytest.mark.parametrize(
    ("seconds", "fps", "frame", "sub_frame", "rate"),
    [
        (1.0, 24.0, 24, 0.0, (24, 1)),
        (1.0, 23.976, 23, 0.976, (24000, 1001)),
        (0.51, 30.0, 15, 0.3, (30, 1)),
        (-0.5, 30.0, -15, 0.0, (30, 1)),
        (2.0, 12.5, 25, 0.0, (25, 2)),
    ],
)
def test_scene_time_is_told_in_the_scenes_own_rate(
    seconds: float, fps: float, frame: int, sub_frame: float, rate: tuple[int, int]
) -> None:
    decoded = decode(LiveFace("Hero", np.zeros(61), seconds, fps).packet())
    assert (decoded.frame, decoded.rate) == (frame, rate)
    assert decoded.sub_frame == pytest.approx(sub_frame, abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": ""}, "subject"), ({"subject": "x" * 300}, "subject"),
        ({"device_id": "short"}, "device id"), ({"sub_frame": 1.0}, "sub-frame"),
        ({"values": np.zeros(52)}, "61 finite values"),
        ({"values": np.full(61, np.nan)}, "not numbers"), ({"rate": 0.0}, "positive"),
    ],
)  # fmt: skip
def test_what_unreal_would_drop_is_refused(changes: dict, reason: str) -> None:
    arguments = {"values": np.zeros(61), "subject": "A", "frame": 0, "rate": 60.0} | changes
    with pytest.raises(ExportError, match=reason):
        encode_packet(arguments.pop("values"), **arguments)


def test_a_host_or_port_that_is_none_is_refused() -> None:
    with pytest.raises(ExportError, match="port"):
        LiveLinkSender(port=0)
    with pytest.raises(ExportError, match="cannot be found"):
        LiveLinkSender("no.such.host.invalid")


def ramp_clip(fps: float = 30.0, n_frames: int = 300) -> ArkitClip:
    face = np.zeros((n_frames, 52), np.float32)
    face[:, INDEX["jawOpen"]] = np.linspace(0, 1, n_frames)
    return ArkitClip(coefficients=face, fps=fps)


def test_several_subjects_play_together(receiver: socket.socket) -> None:
    clips = {"Hero": ramp_clip(), "Old Man": ramp_clip(24)}
    with LiveLinkSender(port=receiver.getsockname()[1]) as sender:
        streamer = LiveLinkStreamer(sender, ClipSource(clips), rate=60)
        streamer.start()
        packets = [decode(receiver.recv(2048)) for _ in range(40)]
        streamer.stop()
        assert streamer.error is None and not streamer.is_running
    by_subject = {name: [p for p in packets if p.subject == name] for name in clips}
    assert all(len(found) == 20 for found in by_subject.values())
    assert len({p.device for p in packets}) == 2
    for name, found in by_subject.items():
        times = [(p.frame + p.sub_frame) / (p.rate[0] / p.rate[1]) for p in found]
        assert np.diff(times).min() > 0
        jaws = [p.values[17] for p in found if p.values]
        expected = [t * clips[name].fps / (clips[name].n_frames - 1) for t in times]
        assert jaws == pytest.approx(expected, abs=1e-3)


def test_a_clip_loops_or_holds_its_last_frame() -> None:
    clip = ramp_clip(30, 31)
    held = ClipSource({"A": clip})(5.0)[0].values
    looped = ClipSource({"A": clip}, loop=True)(31 / 30 + 0.5)[0].values
    assert held is not None and looped is not None
    assert held[17] == pytest.approx(1.0)
    assert looped[17] == pytest.approx(0.5, abs=1e-6)


def test_the_newest_face_is_repeated_while_the_host_stands_still(receiver: socket.socket) -> None:
    faces = LatestFaces()
    faces.put(LiveFace("Hero", face_values(np.full(52, 0.25)), 1.0, 24))
    with LiveLinkSender(port=receiver.getsockname()[1]) as sender:
        streamer = LiveLinkStreamer(sender, faces, rate=30)
        streamer.start()
        first = decode(receiver.recv(2048))
        faces.put(LiveFace("Hero", face_values(np.full(52, 0.75)), 2.0, 24))
        later = [decode(receiver.recv(2048)) for _ in range(5)]
        faces.remove("Hero")
        streamer.stop()
    assert first.frame == 24 and first.values is not None
    assert first.values[:52] == pytest.approx([0.25] * 52)
    assert later[-1].frame == 48


def test_sending_to_nobody_neither_blocks_nor_fails() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = time.perf_counter()
    with LiveLinkSender(port=port) as sender:
        face = LiveFace("Hero", np.zeros(61), 0.0)
        for _ in range(200):
            sender.send(face)
        assert sender.sent + sender.dropped == 200
    assert time.perf_counter() - started < 2.0


def test_a_source_that_breaks_ends_the_stream_and_says_why(receiver: socket.socket) -> None:
    def broken(_: float) -> list[LiveFace]:
        raise ExportError("the take was deleted")

    with LiveLinkSender(port=receiver.getsockname()[1]) as sender:
        streamer = LiveLinkStreamer(sender, broken)
        streamer.start()
        deadline = time.monotonic() + 5
        while streamer.is_running and time.monotonic() < deadline:
            time.sleep(0.01)
        assert "deleted" in str(streamer.error)
        streamer.stop()
        streamer.stop()


def test_nothing_to_stream_is_refused() -> None:
    with pytest.raises(ExportError, match="nothing to stream"):
        ClipSource({})
    with pytest.raises(ExportError, match="nothing to stream"):
        ClipSource({"A": ArkitClip(coefficients=np.zeros((0, 52)), fps=30)})


def arrivals(receiver: socket.socket, seconds: float, rate: float) -> np.ndarray:
    """Arrival time and scene time of each packet while a clip streams for some seconds, [N, 2].

    On Linux the kernel stamps each packet as it arrives, so that a receiver that wakes late on a
    busy machine is not taken for a sender that sends late.
    """
    got: list[tuple[float, bytes]] = []
    receiver.settimeout(0.5)
    stamped = sys.platform == "linux"
    if stamped:
        receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def receive() -> None:
        while True:
            try:
                data, ancillary, _, _ = receiver.recvmsg(2048, 256 if stamped else 0)
            except TimeoutError:
                return
            at = time.perf_counter()
            if stamped:
                seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
                at = seconds + 1e-9 * nanoseconds
            got.append((at, data))

    thread = threading.Thread(target=receive)
    thread.start()
    n_sent = stream_clips({"Hero": ramp_clip()}, seconds, port=receiver.getsockname()[1], rate=rate)
    thread.join()
    assert len(got) == n_sent
    packets = [(at, decode(data)) for at, data in got]
    return np.array([(at, (p.frame + p.sub_frame) / p.rate[0]) for at, p in packets])


@pytest.mark.parametrize("rate", [24.0, 60.0])
def test_packets_come_at_their_rate_without_drift(receiver: socket.socket, rate: float) -> None:
    at, scene = arrivals(receiver, 1.5, rate).T
    assert 0.5 * 1.5 * rate < len(at) <= 1.5 * rate + 0.1 * rate
    assert np.diff(scene).min() > 0.99 / rate, "no burst after a pause"
    # What a packet tells and when it comes agree, however busy the machine is.
    lag = (at - at[0]) - (scene - scene[0])
    assert abs(np.median(lag)) < 0.03


@pytest.mark.slow
def test_sixty_packets_a_second_for_a_minute_jitter_under_4_ms(receiver: socket.socket) -> None:
    at, _ = arrivals(receiver, 60.0, 60.0).T
    jitter = np.abs(np.diff(at) - 1 / 60)
    assert len(at) == pytest.approx(3600, abs=30)
    assert np.percentile(jitter, 99) < 0.004, f"{1000 * np.percentile(jitter, 99):.2f} ms"


def test_rates_are_fractions() -> None:
    packet = encode_packet(np.zeros(61), subject="A", frame=0, rate=Fraction(24000, 1001))
    assert decode(packet).rate == (24000, 1001)
