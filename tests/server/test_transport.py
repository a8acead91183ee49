"""Over the real socket: the same clip as in process, limits, cancelling, batching, clean ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_generator import ToyGenerator, toy_listen, toy_service

from server.door import is_loopback
from server.errors import BadRequest
from server.registry import Registry
from server.service import Service
from server.settings import Limits, Settings
from server.transport import ServerThread, Transport
from server.wire.assemble import Take, TakeAssembler
from server.wire.client import Client, ServerLost
from server.wire.messages import (
    Accepted,
    AudioInfo,
    Chunk,
    Event,
    Failed,
    GenerateRequest,
    Result,
)

SECOND = np.full(16000, 0.1, np.float32)
REQUEST = GenerateRequest("r1", generator="toy", audio=AudioInfo("f32le", 16000))
SILENT = GenerateRequest("r1", generator="toy", seconds=2.0)


@pytest.fixture
def toy() -> ToyGenerator:
    return ToyGenerator()


@pytest.fixture
def server(toy: ToyGenerator) -> Iterator[ServerThread]:
    with ServerThread(service=toy_service(toy)) as running:
        yield running


@pytest.fixture
def client(server: ServerThread) -> Iterator[Client]:
    with Client(server.address) as connected:
        yield connected


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "this did not happen in time"
        time.sleep(0.005)
    return value


def finish(client: Client, *request_ids: str, seconds: float = 30.0) -> dict[str, list[Event]]:
    """Collect events until each request has its end."""
    events: dict[str, list[Event]] = {request_id: [] for request_id in request_ids}
    open_ids = set(request_ids)
    deadline = time.monotonic() + seconds
    while open_ids:
        assert time.monotonic() < deadline, f"no end of {open_ids}: {events}"
        event = client.wait(0.05)
        if event is None or isinstance(event, ServerLost):
            continue
        events[event.request_id].append(event)
        if isinstance(event, Failed) or (isinstance(event, Result) and event.last):
            open_ids.discard(event.request_id)
    return events


def assembled(events: list[Event]) -> Take:
    assembler = TakeAssembler()
    for event in events:
        if isinstance(event, Chunk):
            assembler.add(event)
    result = events[-1]
    assert isinstance(result, Result), result
    return assembler.finish(result)


def test_a_line_over_the_wire_is_the_line_made_in_process(client: Client) -> None:
    inside: list[Event] = []
    toy_service().perform(REQUEST, np.tile(SECOND, 3), inside.append)
    here = assembled(inside)
    there = assembled(list(client.perform(REQUEST, np.tile(SECOND, 3))))
    assert np.array_equal(here.coefficients, there.coefficients)
    assert here.names == there.names
    assert all(np.array_equal(here.layers[k], there.layers[k]) for k in here.layers)
    assert there.result.notes == here.result.notes
    assert there.result.phones == here.result.phones


def test_a_file_is_uploaded_in_chunks_with_credits(client: Client, tmp_path: Path) -> None:
    import soundfile

    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(16000 * 300, np.int16), 16000)  # 9.6 MB, 19 chunks
    request = replace(REQUEST, audio=AudioInfo(filename="long.wav"))
    assert assembled(list(client.perform(request, path))).result.n_frames == 9000
    again = replace(request, request_id="r2")
    assert assembled(list(client.perform(again, path.read_bytes()))).result.n_frames == 9000


def test_a_file_of_exactly_whole_chunks_ends_too(client: Client) -> None:
    samples = np.full((512 << 10) // 4 * 2, 0.1, np.float32)
    request = replace(REQUEST, audio=AudioInfo("f32le", 48000))
    assert assembled(list(client.perform(request, samples))).result.n_frames > 0


def test_an_empty_upload_is_bad_audio(client: Client) -> None:
    events = list(client.perform(replace(REQUEST, audio=AudioInfo(filename="x.wav")), b""))
    assert isinstance(events[-1], Failed)
    assert (events[-1].code, "empty" in events[-1].message) == ("bad_audio", True)


def test_hello_tells_what_the_server_can_do(client: Client) -> None:
    welcome = client.hello()
    assert welcome is not None
    assert welcome.generators == ("toy",)
    assert welcome.limits["takes"] == 16
    assert client.connected


def test_windows_of_two_clients_are_made_in_one_batch(
    server: ServerThread, toy: ToyGenerator
) -> None:
    toy.hold = threading.Event()
    with Client(server.address) as one, Client(server.address) as two, Client(server.address) as x:
        x.submit(replace(SILENT, request_id="x", seconds=0.5))
        until(toy.entered.is_set)  # the device is busy while the two arrive
        one.submit(replace(SILENT, request_id="a", seed=1))
        two.submit(replace(SILENT, request_id="b", seed=2))
        until(lambda: server.n_prepared == 3)
        toy.hold.set()
        first = assembled(finish(one, "a")["a"])
        second = assembled(finish(two, "b")["b"])
    assert 2 in toy.batches
    assert first.result.provenance["seed"] == 1
    assert second.result.provenance["seed"] == 2
    assert first.result.n_frames == second.result.n_frames == 60


def test_a_request_that_breaks_the_generator_does_not_break_its_neighbours(
    server: ServerThread, toy: ToyGenerator, client: Client
) -> None:
    toy.hold, toy.fail_for_seed = threading.Event(), 13
    for seed in (1, 13, 2):
        client.submit(replace(SILENT, request_id=f"s{seed}", seed=seed))
    until(lambda: server.n_prepared == 3)
    toy.hold.set()
    events = finish(client, "s1", "s13", "s2")
    broken = events["s13"][-1]
    assert isinstance(broken, Failed)
    assert broken.code == "internal"
    assert "the toy broke" in broken.message
    assert assembled(events["s1"]).result.n_frames == assembled(events["s2"]).result.n_frames == 60


def test_takes_of_one_request_cannot_keep_another_client_waiting(
    server: ServerThread, toy: ToyGenerator
) -> None:
    toy.step_seconds = 0.01
    with Client(server.address) as greedy, Client(server.address) as modest:
        greedy.submit(replace(SILENT, request_id="long", seconds=3000.0, takes=16))
        until(toy.entered.is_set)
        started = time.monotonic()
        modest.submit(replace(SILENT, request_id="short"))
        finish(modest, "short")
        assert time.monotonic() - started < 10  # the long line would take minutes
        greedy.cancel("long")
        assert finish(greedy, "long")["long"][-1].code == "cancelled"  # type: ignore[union-attr]


def test_requests_beyond_the_active_ones_wait_and_are_told_their_position() -> None:
    toy = ToyGenerator()
    toy.hold = threading.Event()
    service = toy_service(toy, active_requests=1)
    with ServerThread(service=service) as server, Client(server.address) as client:
        for name in "abc":
            client.submit(replace(SILENT, request_id=name))
            time.sleep(0.05)
        until(toy.entered.is_set)
        client.cancel("b")
        time.sleep(0.2)
        toy.hold.set()
        events = finish(client, "a", "b", "c")
    positions = [e.queue_position for e in events["c"] if isinstance(e, Accepted)]
    assert positions == [2, 1, 0]
    assert isinstance(events["b"][-1], Failed)
    assert isinstance(events["c"][-1], Result)


class TestCancel:
    """A cancel at every stage ends in `Failed("cancelled")`, and the server works on."""

    def check(self, client: Client, toy: ToyGenerator) -> None:
        started = time.monotonic()
        client.cancel("r1")
        last = finish(client, "r1")["r1"][-1]
        assert isinstance(last, Failed)
        assert last.code == "cancelled"
        assert time.monotonic() - started < 15.0
        toy.hold = None
        after = replace(SILENT, request_id="after")
        assert assembled(list(client.perform(after))).result.n_frames == 60

    def test_while_uploading(self, client: Client, toy: ToyGenerator) -> None:
        client.submit(REQUEST, np.zeros(10 << 20, np.float32))
        until(client.poll)
        self.check(client, toy)

    def test_while_listening(self) -> None:
        listening = threading.Event()

        def slow_listen(audio: Any, *, on_heard: Callable[[float], None], **kwargs: Any) -> Any:
            for _ in range(1000):
                listening.set()
                on_heard(0.1)
                time.sleep(0.01)
            return toy_listen(audio, on_heard=on_heard, **kwargs)

        toy = ToyGenerator()
        service = Service(
            Settings(bind="tcp://127.0.0.1:*"),
            Registry("cpu", {"toy": lambda _device: toy}),
            slow_listen,
        )
        with ServerThread(service=service) as server, Client(server.address) as client:
            client.submit(REQUEST, SECOND)
            until(listening.is_set)
            self.check(client, toy)

    def test_while_a_window_is_made(self, client: Client, toy: ToyGenerator) -> None:
        toy.hold = threading.Event()
        client.submit(REQUEST, SECOND)
        until(toy.entered.is_set)
        self.check(client, toy)

    def test_of_something_that_is_over_or_never_was_changes_nothing(
        self, client: Client, toy: ToyGenerator
    ) -> None:
        list(client.perform(SILENT))
        client.cancel("r1")
        client.cancel("nobody")
        after = replace(SILENT, request_id="after")
        assert assembled(list(client.perform(after))).result.n_frames == 60


def test_one_cancelled_request_leaves_the_others_of_its_batch(
    server: ServerThread, toy: ToyGenerator, client: Client
) -> None:
    toy.hold = threading.Event()
    client.submit(replace(SILENT, request_id="a"))
    client.submit(replace(SILENT, request_id="b"))
    until(lambda: server.n_prepared == 2)
    client.cancel("a")
    time.sleep(0.1)
    toy.hold.set()
    events = finish(client, "a", "b")
    assert isinstance(events["a"][-1], Failed)
    assert isinstance(events["b"][-1], Result)


class TestLimits:
    """Exceeding a limit is answered with `Failed("limit")`; the connection stays."""

    def fails(self, limits: Limits, request: GenerateRequest, audio: Any = None) -> Failed:
        with (
            ServerThread(service=toy_service(limits=limits)) as server,
            Client(server.address) as client,
        ):
            client.submit(request, audio)
            last = finish(client, request.request_id)[request.request_id][-1]
            assert isinstance(last, Failed)
            assert client.hello() is not None
            assert client.poll() == []
        assert last.code == "limit"
        return last

    def test_audio_bytes(self) -> None:
        failed = self.fails(Limits(audio_bytes=1 << 20), REQUEST, np.zeros(5 << 20, np.float32))
        assert "more than 1 MiB" in failed.message

    def test_audio_seconds(self) -> None:
        failed = self.fails(Limits(audio_seconds=1.0), REQUEST, np.tile(SECOND, 3))
        assert "limit is" in failed.message

    def test_message_bytes(self) -> None:
        request = replace(SILENT, direction="x" * 50_000)
        assert "limit is 10000" in self.fails(Limits(message_bytes=10_000), request).message

    def test_requests_of_one_client_and_of_all(self) -> None:
        toy = ToyGenerator()
        toy.hold = threading.Event()
        service = toy_service(toy, limits=Limits(requests_per_client=2, queue=3))
        with (
            ServerThread(service=service) as server,
            Client(server.address) as one,
            Client(server.address) as two,
        ):
            for name in ("a", "b", "c"):
                one.submit(replace(SILENT, request_id=name))
            last = until(lambda: [e for e in one.poll() if isinstance(e, Failed)])[-1]
            assert (last.request_id, last.code) == ("c", "limit")
            assert "2 open requests" in last.message
            two.submit(replace(SILENT, request_id="d"))
            two.submit(replace(SILENT, request_id="e"))
            last = until(lambda: [e for e in two.poll() if isinstance(e, Failed)])[-1]
            assert (last.request_id, last.code) == ("e", "limit")
            toy.hold.set()
            assert isinstance(finish(two, "d")["d"][-1], Result)


def test_a_request_id_in_use_is_refused_without_touching_the_running_one(
    client: Client, toy: ToyGenerator
) -> None:
    toy.hold = threading.Event()
    client.submit(SILENT)
    until(toy.entered.is_set)
    client.submit(SILENT)
    failed = until(lambda: [e for e in client.poll() if isinstance(e, Failed)])[0]
    assert "running already" in failed.message


def test_after_stop_the_port_is_free_and_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    toy = ToyGenerator()
    toy.hold = threading.Event()
    with ServerThread(service=toy_service(toy)) as server, Client(server.address) as client:
        client.submit(SILENT)
        until(toy.entered.is_set)
        address = server.address
        started = time.monotonic()
        server.stop()
        assert time.monotonic() - started < 15.0
        lost = until(lambda: [e for e in client.poll() if isinstance(e, Failed | ServerLost)])
        assert any(isinstance(e, Failed) and e.code in ("lost", "cancelled") for e in lost)
        with ServerThread(service=toy_service(bind=address)) as again:
            assert again.address == address
            assert client.hello() is not None  # the client finds it by itself
    until(lambda: set(threading.enumerate()) <= before)


def test_a_port_in_use_is_one_clear_sentence(server: ServerThread) -> None:
    with pytest.raises(BadRequest, match="running already"):
        Transport(toy_service(bind=server.address))


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("tcp://127.0.0.1:5557", True),
        ("tcp://127.1.2.3:*", True),
        ("tcp://localhost:5557", True),
        ("tcp://[::1]:5557", True),
        ("inproc://here", True),
        ("ipc:///tmp/x", True),
        ("tcp://0.0.0.0:5557", False),
        ("tcp://*:5557", False),
        ("tcp://192.168.1.4:5557", False),
        ("tcp://eth0:5557", False),
        ("tcp://[::]:5557", False),
    ],
)
def test_what_other_machines_can_reach_is_known(address: str, loopback: bool) -> None:
    assert is_loopback(address) is loopback


def test_without_keys_only_this_machine_may_come_in() -> None:
    with pytest.raises(BadRequest, match="Make keys with `soliloquy keys`"):
        Transport(toy_service(bind="tcp://0.0.0.0:*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_served_process_ends_quickly_and_cleanly_on_a_signal(number: int) -> None:
    program = (
        "from server.settings import Settings; from server.transport import serve;"
        "serve(Settings(bind='tcp://127.0.0.1:*'), lambda a: print(a, flush=True))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            address = process.stdout.readline().strip()
            with Client(address) as client:
                assert client.hello(timeout=30.0) is not None
                started = time.monotonic()
                process.send_signal(number)
                assert process.wait(15.0) == 0
                assert time.monotonic() - started < 15.0
                until(lambda: not client.connected)
            assert process.stderr.read() == ""
        finally:
            process.kill()  # a server that does not answer would be waited for without end
