"""A server that is lied to, flooded, stalled and deserted goes on serving the others."""

from __future__ import annotations

import gc
import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq
from test_transport import SECOND, SILENT, assembled, finish, until
from toy_generator import ToyGenerator, toy_service

from server.transport import ServerThread
from server.wire import codec, link
from server.wire.client import Client, ServerLost
from server.wire.errors import WireError
from server.wire.messages import (
    AudioChunk,
    AudioInfo,
    Cancel,
    Chunk,
    Credit,
    Event,
    Failed,
    GenerateRequest,
    Hello,
    Ping,
    Pong,
    Result,
    Welcome,
)

UPLOAD = GenerateRequest("r1", generator="toy", audio=AudioInfo("f32le", 16000))


class RawClient:
    """A socket that can say anything."""

    def __init__(self, address: str, receive_at_most: int = 1000) -> None:
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.rcvhwm = receive_at_most
        self.socket.connect(address)

    def send(self, *messages: object) -> None:
        for message in messages:
            self.socket.send_multipart(codec.encode(message))  # type: ignore[arg-type]

    def receive(self, seconds: float = 5.0) -> object:
        assert self.socket.poll(int(seconds * 1000)), "the server did not answer"
        return codec.decode(self.socket.recv_multipart(), codec.SERVER_TYPES, codec.CLIENT_LIMITS)

    def receive_a(self, kind: type, seconds: float = 5.0):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            message = self.receive(seconds)
            if isinstance(message, kind):
                return message
        raise AssertionError(f"no {kind.__name__} came")

    def close(self) -> None:
        self.socket.close(0)
        self.context.term()


@pytest.fixture
def toy() -> ToyGenerator:
    return ToyGenerator()


@pytest.fixture
def server(toy: ToyGenerator) -> Iterator[ServerThread]:
    service = toy_service(
        toy, upload_timeout=0.5, client_timeout=1.0, ping_interval=0.2, outbox_bytes=1 << 20
    )
    with ServerThread(service=service) as running:
        yield running


@pytest.fixture
def raw(server: ServerThread) -> Iterator[RawClient]:
    client = RawClient(server.address)
    yield client
    client.close()


def works(server: ServerThread, seconds: float = 10.0) -> None:
    """A well-behaved client gets its line, soon."""
    started = time.monotonic()
    with Client(server.address) as client:
        assert assembled(list(client.perform(SILENT))).result.n_frames == 60
    assert time.monotonic() - started < seconds


def test_garbage_frames_are_answered_and_change_nothing(
    server: ServerThread, raw: RawClient
) -> None:
    chance = random.Random(0)
    for _ in range(300):
        frames = [chance.randbytes(chance.randrange(200)) for _ in range(chance.randrange(1, 6))]
        raw.socket.send_multipart(frames)
    for _ in range(10):
        assert isinstance(raw.receive_a(Failed), Failed)
    works(server)


def test_an_http_browser_at_the_port_changes_nothing(server: ServerThread) -> None:
    import socket

    host, port = server.address.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port))) as web:
        web.sendall(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" * 100)
        works(server)


def test_an_old_client_is_told_to_update(raw: RawClient) -> None:
    header = json.loads(bytes(codec.encode(SILENT)[0])) | {"v": 0}
    raw.socket.send_multipart([json.dumps(header).encode()])
    failed = raw.receive_a(Failed)
    assert (failed.code, failed.request_id) == ("version", "r1")
    assert "Update the Blender add-on" in failed.hint


def test_a_field_of_the_future_is_told_with_its_name(raw: RawClient) -> None:
    header = json.loads(bytes(codec.encode(SILENT)[0])) | {"gaze_target": "camera"}
    raw.socket.send_multipart([json.dumps(header).encode()])
    failed = raw.receive_a(Failed)
    assert failed.code == "version"
    assert "gaze_target" in failed.message


def test_an_oversized_header_is_a_limit_and_the_connection_stays(
    server: ServerThread, raw: RawClient
) -> None:
    raw.socket.send_multipart([b"[" + b"0," * (3 << 20) + b"0]"])
    assert raw.receive_a(Failed).code == "limit"
    raw.send(Hello())
    assert isinstance(raw.receive_a(Welcome), Welcome)
    works(server)


def test_many_empty_frames_are_a_limit(raw: RawClient) -> None:
    raw.socket.send_multipart([b""] * 10_000)
    assert raw.receive_a(Failed).code == "limit"


def test_ten_thousand_tiny_messages_do_not_keep_others_waiting(
    server: ServerThread, raw: RawClient
) -> None:
    ping = codec.encode(Ping())
    for _ in range(10_000):
        raw.socket.send_multipart(ping)
    works(server)
    assert isinstance(raw.receive_a(Pong), Pong)


def test_a_flood_of_requests_is_limited_to_the_open_ones(
    server: ServerThread, raw: RawClient, toy: ToyGenerator
) -> None:
    toy.hold = threading.Event()
    for i in range(1000):
        raw.send(GenerateRequest(f"r{i}", generator="toy", seconds=1.0))
    codes = [raw.receive_a(Failed).code for _ in range(500)]
    assert set(codes) == {"limit"}
    toy.hold.set()
    works(server)


def test_half_an_upload_and_then_silence_is_given_up_and_its_file_removed(
    server: ServerThread, raw: RawClient
) -> None:
    raw.send(UPLOAD)
    raw.receive_a(Credit)
    raw.send(AudioChunk("r1", 0, False, SECOND.tobytes()))
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        message = raw.receive()
        if isinstance(message, Ping):
            raw.send(Pong(message.nonce))
        if isinstance(message, Failed):
            break
    assert isinstance(message, Failed)
    assert message.code == "limit"
    assert f"{SECOND.nbytes} bytes" in message.message
    assert list(server.spool_folder.iterdir()) == []
    raw.send(AudioChunk("r1", 1, True, b""))  # it comes too late, and is nobody's fault
    raw.send(Hello())
    assert isinstance(raw.receive_a(Welcome | Failed), Welcome)
    works(server)


def test_chunks_out_of_order_or_without_a_request_or_credit_are_refused(raw: RawClient) -> None:
    raw.send(AudioChunk("nobody", 0, True, b"1234"))
    assert "No request 'nobody' waits for audio" in raw.receive_a(Failed).message
    raw.send(UPLOAD, AudioChunk("r1", 1, False, b"1234"))
    assert "chunk 1 came when 0 was due" in raw.receive_a(Failed).message
    raw.send(GenerateRequest("r2", generator="toy", audio=AudioInfo("f32le", 16000)))
    raw.socket.setsockopt(zmq.LINGER, 0)
    for seq in range(5000):
        raw.send(AudioChunk("r2", seq, False, b"1234"))
    raw.send(Cancel("r2"))
    assert raw.receive_a(Failed).request_id == "r2"


def test_a_client_that_vanishes_is_forgotten_with_its_work_and_its_files(
    server: ServerThread, toy: ToyGenerator
) -> None:
    toy.hold = threading.Event()
    gone = Client(server.address)
    gone.submit(UPLOAD, SECOND)
    until(toy.entered.is_set)
    assert server.n_clients == 1
    assert len(list(server.spool_folder.iterdir())) == 1
    gone.close()
    until(lambda: server.n_clients == 0 and server.n_prepared == 0)
    until(lambda: list(server.spool_folder.iterdir()) == [])
    toy.hold = None
    works(server)


def test_a_client_that_is_alive_and_idle_is_not_forgotten(server: ServerThread) -> None:
    with Client(server.address, timeout=1.5) as client:
        assert client.hello() is not None
        time.sleep(2.5)
        assert server.n_clients == 1
        assert client.connected
        assert client.poll() == []


def test_a_slow_client_pauses_its_own_work_only(toy: ToyGenerator) -> None:
    with ServerThread(service=toy_service(toy, outbox_bytes=1 << 20)) as server:
        slow = RawClient(server.address, receive_at_most=1)
        slow.send(GenerateRequest("slow", generator="toy", seconds=600.0, fps=60.0))
        until(toy.entered.is_set)
        made = -1
        while made < len(toy.batches):
            made = len(toy.batches)
            time.sleep(1.0)
        assert 0 < made < 600 * 60 / 25, "the whole line was made for nobody"
        works(server, 10.0)
        frames, last = 0, None
        deadline = time.monotonic() + 60
        while not isinstance(last, Result):
            assert time.monotonic() < deadline
            last = slow.receive()
            frames += len(last.coefficients) if isinstance(last, Chunk) else 0
        assert frames == last.n_frames == 600 * 60
        slow.close()


def test_a_caller_that_does_not_poll_bounds_its_own_memory(
    server: ServerThread, toy: ToyGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "_UNREAD_LIMIT", 1 << 20)
    with Client(server.address, timeout=1.0) as client:
        client.submit(GenerateRequest("r1", generator="toy", seconds=600.0, fps=60.0))
        until(toy.entered.is_set)
        time.sleep(2.5)  # longer than any patience: the silence is the caller's own
        assert client._link.unread.value < 3 << 20
        assert assembled(finish(client, "r1", seconds=60.0)["r1"]).result.n_frames == 600 * 60
        assert client._link.unread.value == 0


def test_a_server_that_falls_silent_is_lost_and_open_requests_fail() -> None:
    context = zmq.Context()
    mute = context.socket(zmq.ROUTER)
    port = mute.bind_to_random_port("tcp://127.0.0.1")
    with Client(f"tcp://127.0.0.1:{port}", connect_timeout=0.3, timeout=0.3) as client:
        client.submit(SILENT)
        failed, lost = client.wait(3.0), client.wait(3.0)
        assert isinstance(failed, Failed)
        assert isinstance(lost, ServerLost)
        assert failed.code == "lost"
        assert "No server answers" in failed.message
        assert "soliloquy serve" in failed.hint
    mute.close(0)
    context.term()


def test_without_a_server_hello_is_none_and_close_is_quick() -> None:
    client = Client("tcp://127.0.0.1:9", connect_timeout=0.2)
    assert client.hello(0.1) is None
    client.submit(SILENT)
    started = time.monotonic()
    client.close()
    assert time.monotonic() - started < 5.0
    client.close()  # a second time does nothing


@pytest.mark.parametrize("address", ["nonsense", "tcp://", "tcp://127.0.0.1", "", "tcp://a b"])
def test_what_is_no_address_is_refused_in_one_sentence(address: str) -> None:
    before = threading.active_count()
    with pytest.raises(WireError, match=r"is not a server's address\. It looks like tcp://"):
        Client(address)
    assert threading.active_count() == before


def test_closing_a_client_in_the_middle_of_a_line_is_quick(
    server: ServerThread, toy: ToyGenerator
) -> None:
    client = Client(server.address)
    client.submit(UPLOAD, np.zeros(8 << 20, np.float32))
    time.sleep(0.05)
    started = time.monotonic()
    client.close()
    assert time.monotonic() - started < 5.0


def test_a_request_of_an_unreadable_file_fails_without_a_server(tmp_path: Path) -> None:
    with Client("tcp://127.0.0.1:9", connect_timeout=5) as client:
        client.submit(UPLOAD, tmp_path / "missing.wav")
        event = until(client.poll)[0]
        assert isinstance(event, Failed)
        assert event.code == "bad_audio"


def test_two_hundred_clients_come_and_go(server: ServerThread) -> None:
    for _ in range(200):
        raw = RawClient(server.address)
        raw.send(Hello())
        raw.close()
    works(server)
    until(lambda: server.n_clients == 0, 10.0)


def test_many_lines_leave_no_memory_behind(server: ServerThread) -> None:
    import tracemalloc

    def lines(n: int) -> None:
        with Client(server.address) as client:
            for i in range(n):
                events: list[Event] = finish_line(client, f"m{i}")
                assert isinstance(events[-1], Result)

    lines(5)
    tracemalloc.start()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    lines(15)
    time.sleep(0.1)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 1 << 20


def finish_line(client: Client, request_id: str) -> list[Event]:
    client.submit(GenerateRequest(request_id, generator="toy", seconds=20.0))
    return finish(client, request_id)[request_id]
